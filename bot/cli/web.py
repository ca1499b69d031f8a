"""The command `footnote serve`."""

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import LogFormatOption, app, shared_of
from footnote_qa.bot.cli.changes import changes_in_words
from footnote_qa.bot.cli.logging import configure

if TYPE_CHECKING:
    from footnote_qa.bot.settings import Settings
    from footnote_qa.bot.web import Backend

INSTALL = 'pip install "footnote-qa[web]"'


@app.command("serve")
def serve(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(help="Port of the pages; 0 takes any free one.")] = 8766,
    log_format: LogFormatOption = None,
) -> None:
    """Serve web pages to ask, to search and to read the documents, on this machine.

    Open the address that is printed. It has a token; nobody gets in without it.
    """
    from footnote_qa.bot import composition
    from footnote_qa.bot.errors import SettingsError
    from footnote_qa.bot.slack import Freshness

    try:
        from footnote_qa.bot import web
    except ModuleNotFoundError as error:
        raise SettingsError(f"the pages need packages that are not installed: {INSTALL}") from error
    shared = shared_of(context)
    settings = shared.settings
    configure(verbose=not shared.quiet, form=log_format or shared.log_format)

    def begun(address: str) -> None:
        typer.echo(f"Open {address} in a browser on this machine. Stop with Ctrl-C.")

    with (
        ExitStack() as closing,
        composition.store(settings) as store,
        Freshness(lambda: changes_in_words(settings)) as freshness,
    ):
        site = web.site_of(
            settings.web,
            store.database,
            _backend(settings, closing),
            answers_folder=composition.answers_folder(settings),
            stale=freshness.told,
        )
        asyncio.run(web.serve(site, port=port, begun=begun))


def _backend(settings: "Settings", closing: ExitStack) -> "Backend":
    """Return what opens the index when it is first needed, so that there may be none yet."""
    from footnote_qa.bot import composition, web

    def opened() -> "web.Opened":
        index = composition.live_index(settings)
        engine = composition.engine(settings, index)
        closing.enter_context(composition.following(settings, index))
        return web.Opened(index=index, engine=engine)

    return web.Backend(opened)
