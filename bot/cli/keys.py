"""The commands `footnote keys add`, `list` and `revoke`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import Json, JsonOption, keys_app, print_json, shared_of

if TYPE_CHECKING:
    from footnote_qa.bot.state import ApiKey

SCOPES = ("ask", "search", "documents", "feedback", "builds")


@keys_app.command("add")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the key is for, such as intranet.")],
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"What it may use: {', '.join(SCOPES)}. Repeat it.  [default: ask]"),
    ] = None,
    audience: Annotated[
        list[str] | None,
        typer.Option(help="Also use the documents of this group. Repeat it for more groups."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Use every document, whoever may see it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a key for the HTTP API and `footnote mcp --http`, and print it once.

    Without --audience, the key uses public documents only.

    [bold]Example[/]

        footnote keys add intranet --scope ask --scope search --audience staff
    """
    from footnote_qa.bot import composition
    from footnote_qa.bot.errors import QuestionError
    from footnote_qa.bot.state import KeyRepository, Scope

    if unknown := [one for one in scope or () if one not in SCOPES]:
        raise QuestionError(f"unknown scope {unknown[0]!r}: use {', '.join(SCOPES)}")
    if everything and audience:
        raise QuestionError("--everything needs no --audience: leave one of them out")
    scopes = [Scope(one) for one in scope or ("ask",)]
    groups = None if everything else frozenset(audience or ())
    with composition.store(shared_of(context).settings) as store:
        text, key = KeyRepository(store.database).add(name, scopes=scopes, audience=groups)
    if as_json:
        print_json({"key": text, **_json(key)})
        return
    typer.echo(text)
    typer.echo(f"This is key {key.id}. It is not shown again.", err=True)


@keys_app.command("list")
def list_keys(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the keys, without their secrets."""
    from footnote_qa.bot import composition
    from footnote_qa.bot.state import KeyRepository

    with composition.store(shared_of(context).settings) as store:
        rows = [_json(key) for key in KeyRepository(store.database).all()]
    if as_json:
        print_json({"keys": rows})
        return
    from rich.markup import escape
    from rich.table import Table

    from footnote_qa.bot.cli.console import stdout

    table = Table("key", "name", "scopes", "documents of", "made", "revoked", box=None)
    for row in rows:
        cells = (row["id"], row["name"], row["scopes"], row["audience"], row["created_at"])
        table.add_row(*(escape(_shown(cell)) for cell in cells), str(row["revoked_at"] or ""))
    stdout().print(table if rows else "There is no key. Make one with footnote keys add NAME.")


@keys_app.command("revoke")
def revoke(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="The key's id, as `footnote keys list` shows it.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a key invalid from now on."""
    from footnote_qa.bot import composition
    from footnote_qa.bot.errors import QuestionError
    from footnote_qa.bot.state import KeyRepository

    with composition.store(shared_of(context).settings) as store:
        done = KeyRepository(store.database).revoke(key)
    if not done:
        raise QuestionError(f"there is no valid key {key!r}: run footnote keys list")
    if as_json:
        print_json({"revoked": key})
    else:
        typer.echo(f"{key} is revoked")


def _json(key: "ApiKey") -> Json:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "audience": None if key.audience is None else sorted(key.audience),
        "created_at": _time(key.created_at),
        "revoked_at": _time(key.revoked_at),
    }


def _time(at: float | None) -> str | None:
    from footnote_qa.bot.json_output import time_json

    return None if at is None else time_json(datetime.fromtimestamp(at, UTC))


def _shown(cell: object) -> str:
    if cell is None:
        return "everybody and every group"
    return ", ".join(map(str, cell)) or "everybody" if isinstance(cell, list) else str(cell)
