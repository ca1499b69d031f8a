"""The commands `footnote index generations`, `rollback`, `verify` and `watch`."""

import logging
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import (
    SOME_FAILED,
    JsonOption,
    LogFormatOption,
    index_app,
    print_json,
    shared_of,
)
from footnote_qa.bot.cli.logging import configure

if TYPE_CHECKING:
    from footnote_qa.index.building import BuildResult
    from footnote_qa.index.errors import IndexingError
    from footnote_qa.index.storage import IndexDirectory

log = logging.getLogger(__name__)

GenerationArgument = Annotated[
    str | None, typer.Argument(metavar="[GEN]", help="A generation, such as gen-000042.")
]


@index_app.command("generations")
def generations(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the generations (stored versions) of the index, oldest first."""
    from footnote_qa.bot import composition
    from footnote_qa.bot.json_output import generation_json

    directory = composition.current_index(shared_of(context).settings)
    served, readable = directory.served(), directory.readable()
    rows = [
        generation_json(name, readable.get(name), live=name == served) for name in directory.names()
    ]
    if as_json:
        print_json({"generations": rows})
        return
    from rich.table import Table

    from footnote_qa.bot.cli.console import stdout

    table = Table("", "generation", "built", "documents", "chunks", "gate", box=None)
    for row in rows:
        cells = [str(row[key]) for key in ("generation", "created_at", "documents", "chunks")]
        gate = f"{row['gate']}, words only" if row["lexical_only"] else str(row["gate"])
        table.add_row("●" if row["live"] else "", *cells, gate)
    stdout().print(table)


@index_app.command("rollback")
def rollback(
    context: typer.Context,
    generation: GenerationArgument = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Use it even if its checks had failed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Put an older generation back into use, after checking its checksums.

    Without a name, this is the newest older generation that passed its checks. The next build
    compares the documents with it.
    """
    from footnote_qa.bot import composition

    directory = composition.current_index(shared_of(context).settings)
    left = directory.current()
    manifest = directory.rollback(generation, force=force)
    if as_json:
        print_json({"generation": manifest.generation, "from": left})
    else:
        typer.secho(f"{manifest.generation} is in use again", fg=typer.colors.GREEN)


@index_app.command("purge")
def purge(
    context: typer.Context,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove older generations and everything else that still holds deleted documents.

    These are also removed: texts that were recognised in pictures, files of sources that are no
    longer used, and approved answers that were set aside. There is no rollback after this.
    """
    from footnote_qa.bot import composition, upkeep

    settings = shared_of(context).settings
    directory = composition.current_index(settings)
    served = directory.served()
    older = [name for name in directory.names() if name != served]
    if not yes and not typer.confirm(
        f"Remove {len(older)} generations and keep {served} alone?", default=False
    ):
        raise typer.Exit(SOME_FAILED)
    removed, held = directory.purge()
    left = upkeep.purge_caches(settings)
    if as_json:
        print_json({"generation": served, "removed": removed, "in_use": held, "files": left})
    else:
        typer.echo(f"{len(removed)} generations and {left} other files and folders removed")
        if held:
            typer.secho(f"still read by a bot: {', '.join(held)}", fg=typer.colors.YELLOW)
    if held:
        raise typer.Exit(SOME_FAILED)


@index_app.command("verify")
def verify(
    context: typer.Context, generation: GenerationArgument = None, *, as_json: JsonOption = False
) -> None:
    """Check every checksum of a generation. Without a name, check the one in use."""
    from footnote_qa.bot import composition

    directory = composition.current_index(shared_of(context).settings)
    name = directory.kept(generation) if generation else directory.served()
    faults = _faults(directory, name)
    if as_json:
        print_json({"generation": name, "passed": not faults, "faults": faults})
    elif faults:
        for fault in faults:
            typer.secho(fault, fg=typer.colors.RED)
        typer.echo(f"{name} is damaged: run footnote index build --full")
    else:
        typer.secho(f"{name}: every checksum is right", fg=typer.colors.GREEN)
    if faults:
        raise typer.Exit(SOME_FAILED)


def _faults(directory: "IndexDirectory", name: str) -> list[str]:
    from footnote_qa.index.errors import IndexDamagedError, StaleIndexError

    try:
        return directory.verify(name)
    except (IndexDamagedError, StaleIndexError) as error:
        return [str(error)]


@index_app.command("watch")
def watch(
    context: typer.Context,
    *,
    every: Annotated[
        float | None,
        typer.Option(
            min=1,
            help="Also build every SECONDS, for sources that do not report changes: websites, "
            "network drives.",
        ),
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Listen for webhooks of GitHub, Jira, Confluence and Notion there.",
        ),
    ] = None,
    as_json: JsonOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Build now, and again whenever documents change. Stop it with Ctrl-C.

    Services such as Confluence are asked every ten minutes, or as `every` of the source says. With
    --listen, a service that sends signed webhooks is asked soon after each of them.

    With --json, every build prints one JSON object.
    """
    from footnote_qa.bot import composition, upkeep
    from footnote_qa.bot.api import builder_with_gate, sources_to_build
    from footnote_qa.bot.errors import SettingsError
    from footnote_qa.index.building import Polling, keep_built, listening, quiet, ticks

    settings = shared_of(context).settings
    composition.current_index(settings)  # its sources are those to watch
    if log_format is not None:
        configure(verbose=not shared_of(context).quiet, form=log_format)
    specs = sources_to_build(settings, None)
    polling = Polling(specs)
    builder = replace(
        builder_with_gate(settings, composition.build_options(settings), quiet),
        is_due=polling.is_due,
    )
    roots = [Path(spec.path) for spec in specs if spec.kind == "folder"]
    every = min(filter(None, (every, polling.every_s)), default=None)
    if not roots and every is None:
        raise SettingsError("none of the sources reports changes: add --every SECONDS")

    def report(outcome: "BuildResult | IndexingError") -> None:
        _report(outcome, as_json=as_json)

    with ExitStack() as stack:
        stack.enter_context(suppress(KeyboardInterrupt))  # the way it ends; no build is harmed
        if listen is not None:
            stack.enter_context(listening(specs, listen, polling.wake))
        keep_built(
            (has_changed or polling.is_awaited() for has_changed in ticks(roots, every_s=every)),
            lambda: upkeep.build_index(settings, builder, specs),
            report,
        )


def _report(outcome: "BuildResult | IndexingError", *, as_json: bool) -> None:
    from footnote_qa.bot.cli.index import show_build
    from footnote_qa.bot.json_output import build_json
    from footnote_qa.index.errors import IndexingError

    if isinstance(outcome, IndexingError):
        log.info("build failed", extra={"reason": str(outcome)})
    else:
        log.info(
            "build finished",
            extra={
                "generation": outcome.generation,
                "promoted": outcome.promoted,
                "problems": len(outcome.problems),
                "seconds": outcome.seconds,
            },
        )
    if isinstance(outcome, IndexingError):
        if as_json:
            print_json({"error": str(outcome)})
        typer.secho(f"footnote: {outcome}", fg=typer.colors.RED, err=True)
    elif as_json:
        print_json(build_json(outcome))
    else:
        show_build(outcome)
