"""The commands `footnote sources`: list the sources, try them, and add one."""

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import (
    SOME_FAILED,
    USAGE,
    Json,
    JsonOption,
    print_json,
    shared_of,
    sources_app,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from footnote_qa.bot.settings import Settings
    from footnote_qa.index.access import SyncNote
    from footnote_qa.index.sources import SourceSpec
    from footnote_qa.index.sources.connectors import ConnectorKind, Option
    from footnote_qa.index.sources.sync import Item

SHOWN = 10
Given = dict[str, str | int | float | bool | list[str]]


@sources_app.callback(invoke_without_command=True)
def sources(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List each source: how many items it has, when it was last in step, and what is wrong.

    [bold]Examples[/]

        footnote sources
        footnote sources add confluence
        footnote sources test
    """
    if context.invoked_subcommand is not None:
        return
    rows = _rows(shared_of(context).settings)
    if as_json:
        print_json({"sources": rows})
    else:
        _show(rows)
    if any(row["faults"] for row in rows):
        raise typer.Exit(SOME_FAILED)


def _rows(settings: "Settings") -> list[Json]:
    from footnote_qa.bot import composition
    from footnote_qa.bot.json_output import source_json
    from footnote_qa.index.sources import BUILT_IN, key_of

    notes = {note.source: note for note in composition.index_directory(settings).access.notes()}
    found = []
    for spec in composition.source_specs(settings):
        note = None if spec.kind in BUILT_IN else notes.get(key_of(spec))
        row = source_json(note or _unknown(spec))
        found.append(row | {"place": spec.path or spec.reader})
    return found


def _unknown(spec: "SourceSpec") -> "SyncNote":
    """Return what is said of a source that was never in step, or that is read completely."""
    from footnote_qa.index.access import SyncNote

    name = spec.name or spec.path or spec.reader
    return SyncNote(source="", name=name, kind=spec.kind)


def _show(rows: "Sequence[Json]") -> None:
    from rich.table import Table

    from footnote_qa.bot.cli.console import age, stdout
    from footnote_qa.index.sources import BUILT_IN

    if not rows:
        typer.echo("no sources yet: footnote sources add KIND, or footnote index build FOLDER")
        return
    table = Table("source", "kind", "items", "in step", "errors", box=None, pad_edge=False)
    for row in rows:
        is_service = row["kind"] not in BUILT_IN
        synced = row["synced_at"]
        at = age(datetime.fromisoformat(str(synced))) if synced else "never"
        faults = row["faults"] if isinstance(row["faults"], list) else []
        broken = [f"{row['broken']} items could not be fetched"] if row["broken"] else []
        table.add_row(
            str(row["name"]),
            str(row["kind"]),
            str(row["items"]) if is_service else "",
            at if is_service else "at each build",
            "; ".join([*map(str, faults), *broken]),
            style="red" if faults else "",
        )
    stdout().print(table)


@sources_app.command("test")
def try_out(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Name or place of one source. Without it, all.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Sign in to each service, and show the first items found. Nothing is indexed."""
    from footnote_qa.bot import composition
    from footnote_qa.index.errors import SourceError
    from footnote_qa.index.sources import BUILT_IN

    results: list[Json] = []
    for spec in composition.source_specs(shared_of(context).settings):
        if spec.kind in BUILT_IN or (name is not None and name not in {spec.name, spec.path}):
            continue
        shown: Json = {"name": spec.name or spec.path, "kind": spec.kind}
        try:
            who, items = _tried(spec)
        except SourceError as error:
            results.append(shown | {"error": str(error)})
            _say(f"✕ {shown['name']}: {error}", as_json=as_json, colour=typer.colors.RED)
            continue
        results.append(shown | {"signed_in": who, "items": [_item_json(item) for item in items]})
        _say(f"● {shown['name']}: {who}", as_json=as_json, colour=typer.colors.GREEN)
        _show_items(items, as_json=as_json)
    if as_json:
        print_json({"sources": results})
    if not results:
        _say("no source is a service that can be tried", as_json=as_json)
    if any("error" in one for one in results):
        raise typer.Exit(SOME_FAILED)


def _tried(spec: "SourceSpec") -> "tuple[str, list[Item]]":
    """Return who is signed in and the first items; raises `SourceError`."""
    from footnote_qa.index.errors import SourceError
    from footnote_qa.index.sources import open_connector
    from footnote_qa.index.sources.sync import Item, ItemError, Unlisted

    connector = open_connector(spec, max_file_bytes=100_000_000)
    try:
        who = connector.check()
        found: list[Item] = []
        for event in connector.changes(None):
            if isinstance(event, Unlisted):
                raise SourceError(f"{event.scope}: {event.reason}")
            if isinstance(event, Item):
                found.append(event)
            if len(found) == SHOWN:
                break
    except ItemError as error:
        raise SourceError(error.reason) from error
    return who, found


def _item_json(item: "Item") -> Json:
    return {"path": item.path, "title": item.title, "url": item.url}


def _show_items(items: "Sequence[Item]", *, as_json: bool) -> None:
    for item in items:
        restricted = "  (restricted)" if item.readers else ""
        _say(f"  {item.path}{restricted}", as_json=as_json)
    if not items:
        _say("  nothing was found", as_json=as_json)


def _say(text: str, *, as_json: bool, colour: str | None = None) -> None:
    if not as_json:
        typer.secho(text, fg=colour)


@sources_app.command(
    "add", context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def add(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="Such as confluence or github; ? lists all.")],
    *,
    name: Annotated[str, typer.Option(help="Begins the ids of its documents.")] = "",
    audience: Annotated[
        list[str] | None,
        typer.Option(help="Only this group may see its documents. Repeat it for more groups."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: take the options and the defaults.")
    ] = False,
    untested: Annotated[
        bool, typer.Option("--untested", help="Write the settings although nothing was tried.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Add a service to the settings file, after signing in and showing ten items.

    It asks for what it needs. Each setting of the kind is also an option, such as
    --site https://acme.atlassian.net --spaces ENG. Secrets stay in variables: the settings file
    has their names alone.

    [bold]Example[/]

        footnote sources add confluence --site https://acme.atlassian.net --spaces ENG
    """
    from footnote_qa.bot.errors import SettingsError
    from footnote_qa.index.errors import SourceError
    from footnote_qa.index.sources.connectors import KINDS, kind_of

    service = kind_of(kind)
    if service is None:
        lines = "\n".join(f"  {one.name:<12} {one.title}" for one in KINDS.values())
        raise SettingsError(f"kinds of sources are:\n{lines}\nor a class, written as module:Class")
    asks = sys.stdin.isatty() and not yes
    given, variables = _given(service, context.args)
    if asks:
        _ask(service, given, variables)
    table: Given = {"kind": kind} | ({"name": name} if name else {}) | given
    table |= {f"{secret}_env": variable for secret, variable in variables.items()}
    table |= {"audience": list(audience)} if audience else {}
    spec = _checked(table)
    if not untested:
        try:
            who, items = _tried(spec)
        except SourceError as error:
            raise SettingsError(f"{service.title} was not added: {error}") from error
        _say(f"● {who}", as_json=as_json, colour=typer.colors.GREEN)
        _show_items(items, as_json=as_json)
        if asks and not typer.confirm("Add this source?", default=True):
            raise typer.Exit(USAGE)
    _write(context, table, as_json=as_json)


def _given(kind: "ConnectorKind", words: "Sequence[str]") -> tuple[Given, dict[str, str]]:
    """Return the settings and the variables of secrets from the options of the command line."""
    from footnote_qa.bot.errors import SettingsError

    given: Given = {}
    variables: dict[str, str] = {}
    options = {one.name: one for one in kind.options}
    rest = iter(words)
    for word in rest:
        option, has_value, value = word.removeprefix("--").partition("=")
        option = option.replace("-", "_")
        if not word.startswith("--"):
            raise SettingsError(f"{word!r} is no option: write --setting value")
        if option not in options and not option.endswith("_env"):
            known = ", ".join(f"--{one.replace('_', '-')}" for one in options)
            raise SettingsError(f"{kind.title} has no setting --{option}; it has {known}")
        value = value if has_value else next(rest, "")
        if option.endswith("_env"):
            variables[option.removesuffix("_env")] = value
        else:
            _put(given, options[option], value)
    return given, variables


def _put(given: Given, option: "Option", text: str) -> None:
    from footnote_qa.bot.errors import SettingsError

    if isinstance(option.default, bool):
        given[option.name] = text.lower() in {"true", "yes", "1", ""}
    elif isinstance(option.default, int):
        if not text.isdigit():
            raise SettingsError(f"--{option.name} must be a number")
        given[option.name] = int(text)
    elif isinstance(option.default, tuple):
        known = given.get(option.name)
        more = [each.strip() for each in text.split(",") if each.strip()]
        given[option.name] = [*(known if isinstance(known, list) else []), *more]
    else:
        given[option.name] = text


def _ask(kind: "ConnectorKind", given: Given, variables: dict[str, str]) -> None:
    """Ask for what is missing."""
    for option in kind.options:
        if option.name not in given and (option.is_needed or option.default in {"", ()}):
            text = typer.prompt(
                f"{option.name} ({option.help})",
                default=None if option.is_needed else "",
                show_default=False,
            )
            if text:
                _put(given, option, text)
    for secret in kind.secrets:
        if secret.name in variables:
            continue
        variable = typer.prompt(
            f"Variable with the {secret.name} ({secret.help})", default=secret.variable
        )
        variables[secret.name] = variable
        if not os.environ.get(variable):
            os.environ[variable] = typer.prompt(
                f"{variable} is not set. Its value for this try; it is not stored",
                hide_input=True,
                default="",
                show_default=False,
            )
            typer.echo(f"Put {variable}=… into .env or the environment before the next build.")


def _checked(table: "Mapping[str, object]") -> "SourceSpec":
    """Return the source that a table of the settings file describes; raises `SettingsError`."""
    from pydantic import ValidationError

    from footnote_qa.bot import composition
    from footnote_qa.bot.errors import SettingsError
    from footnote_qa.bot.source_settings import SourceSettings

    try:
        return composition.spec_of(SourceSettings.model_validate(table))
    except ValidationError as error:
        faults = [str(one["msg"]).removeprefix("Value error, ") for one in error.errors()]
        raise SettingsError("; ".join(faults)) from error


def _write(context: typer.Context, table: Given, *, as_json: bool) -> None:
    """Add the table at the end of the settings file; what is in it stays as it is."""
    from footnote_qa.bot.settings import load

    shared = shared_of(context)
    before = shared.config.read_text(encoding="utf-8") if shared.config.exists() else ""
    lines = [f"{name} = {_toml(value)}" for name, value in table.items()]
    gap = "\n" if before and not before.endswith("\n") else ""
    text = f"{before}{gap}\n[[sources]]\n" + "\n".join(lines) + "\n"
    shared.config.parent.mkdir(parents=True, exist_ok=True)
    shared.config.write_text(text.lstrip("\n") if not before else text, encoding="utf-8")
    try:
        load(shared.config, data_dir=shared.data_dir)
    except Exception:
        shared.config.write_text(before, encoding="utf-8")
        raise
    if as_json:
        print_json({"written": str(shared.config), "source": dict(table)})
    else:
        typer.echo(f"{shared.config} has the source now. Next: footnote index build")


def _toml(value: object) -> str:
    import json

    # Texts, numbers, truth and lists are written in TOML as they are in JSON
    return json.dumps(value, ensure_ascii=False)
