"""The command `footnote mcp`."""

from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import app, shared_of

if TYPE_CHECKING:
    from footnote_qa.index.types import Audience


@app.command("mcp")
def mcp(
    context: typer.Context,
    *,
    http: Annotated[
        bool,
        typer.Option(
            "--http",
            help="Serve streamable HTTP on 127.0.0.1 instead of standard input and output.",
        ),
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port for --http.")] = 8765,
    audience: Annotated[
        list[str] | None,
        typer.Option(
            help="Also use documents of this group. Repeat it for more groups. Without it, only "
            "public documents are used.",
        ),
    ] = None,
    all_documents: Annotated[
        bool, typer.Option("--all-documents", help="Use every document, whoever may see it.")
    ] = False,
) -> None:
    """Serve other programs' models by the Model Context Protocol: ask, search, read documents.

    Your client starts this command by itself: see docs/mcp.md for its settings. With --http, each
    request needs a key: one of `footnote keys add`, which has its own audience, or the one that is
    printed if there is none.
    """
    import asyncio

    from footnote_qa.bot import composition
    from footnote_qa.bot.api import Footnote
    from footnote_qa.bot.errors import SettingsError
    from footnote_qa.bot.state import KeyRepository

    shared = shared_of(context)
    groups: Audience = None if all_documents else frozenset(audience or ())
    try:
        from footnote_qa.bot.mcp import access_of, serve_http, serve_stdio
    except ModuleNotFoundError as error:
        raise SettingsError(
            'footnote mcp needs a package that is missing: pip install "footnote-qa[mcp]"'
        ) from error
    if all_documents and audience:
        raise SettingsError("give --audience or --all-documents, not both")
    with Footnote.of(shared.settings) as bot:
        if not http:
            asyncio.run(serve_stdio(bot, groups))
            return
        with composition.store(shared.settings) as store:
            find, key = access_of(KeyRepository(store.database), groups)
            if not key and (audience or all_documents):
                raise SettingsError("each key has its own audience: leave the option out")

            def started(address: str) -> None:
                told = f"serving {address}" + (f" with the key {key}" if key else "")
                typer.secho(f"footnote: {told}", err=True)

            asyncio.run(serve_http(bot, find, port=port, started=started))
