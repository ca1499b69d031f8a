"""The commands `footnote index …`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import (
    SOME_FAILED,
    USAGE,
    Json,
    JsonOption,
    Shared,
    index_app,
    print_json,
    shared_of,
)

if TYPE_CHECKING:
    from rich.console import Console

    from footnote_qa.bot.settings import Settings
    from footnote_qa.index.building import BuildOptions, BuildResult, Preview
    from footnote_qa.index.sources import SourceSpec
    from footnote_qa.index.storage import IndexDirectory, Manifest

_SHOWN_PROBLEMS = 20
INTERRUPTED = 130  # what shells say of a command that was stopped by Ctrl-C


@index_app.command("build")
def build(
    context: typer.Context,
    *,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH",
            help="Folders or files to index. They replace the documents of earlier builds. "
            "Without a path, the sources of the settings or, if they name none, of the last build.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what a build would do, and change nothing.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Parse and chunk every document again.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Put the new index into use even if its checks fail.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Build the index, check it, and put it into use in one step.

    Only new and changed documents are parsed and embedded. If a file cannot be read, it is listed
    with the reason, the others are indexed, and the exit status is 1.

    [bold]Examples[/]

        footnote index build docs/
        footnote index build --dry-run
    """
    from footnote_qa.bot import composition, upkeep
    from footnote_qa.bot.api import builder_with_gate, sources_to_build
    from footnote_qa.bot.cli.console import build_progress

    shared = shared_of(context)
    settings, hidden = shared.settings, as_json or shared.quiet
    composition.current_index(settings)  # without paths, the sources are those of the newest
    specs = sources_to_build(settings, paths, force=force)
    options = composition.build_options(settings, full=full, force=force)
    if dry_run:
        _dry_run(shared, specs, options, as_json=as_json)
        return
    try:
        with build_progress(hidden=hidden) as progress:
            builder = builder_with_gate(settings, options, progress)
            result = upkeep.build_index(settings, builder, specs)
    except KeyboardInterrupt:
        _say_stopped(shared, as_json=as_json)
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        from footnote_qa.bot.json_output import build_json

        print_json(build_json(result))
    else:
        show_build(result)
    is_old = any(note.kind not in {"partly", "recognised"} for note in result.notes)
    if result.problems or is_old or not result.promoted:
        raise typer.Exit(SOME_FAILED)


def _say_stopped(shared: Shared, *, as_json: bool) -> None:
    message = "stopped: the earlier index stays in use, and the next build continues from here"
    if as_json:
        print_json({"error": message})
    shared.note(message)


def _dry_run(
    shared: Shared,
    specs: "tuple[SourceSpec, ...]",
    options: "BuildOptions",
    *,
    as_json: bool,
) -> None:
    from footnote_qa.bot.api import builder_with_gate
    from footnote_qa.bot.cli.console import build_progress
    from footnote_qa.index.building import preview

    with build_progress(hidden=as_json or shared.quiet) as progress:
        seen = preview(builder_with_gate(shared.settings, options, progress), specs)
    if as_json:
        print_json(_preview_json(seen))
        return
    from footnote_qa.bot.cli.console import stdout

    console = stdout()
    for entry in seen.plan:
        if entry.action != "unchanged":
            reason = f"  {entry.problem.reason}" if entry.problem else ""
            console.print(f"{entry.action:<10} {entry.document}{reason}", markup=False)
    same = sum(entry.action == "unchanged" for entry in seen.plan)
    console.print(
        f"{len(seen.plan) - same} to do, {same} unchanged; {seen.to_embed} chunks to embed, "
        f"{seen.to_reuse} to reuse; about {seen.seconds:.0f} s. Nothing was written.",
        markup=False,
    )


def _preview_json(seen: "Preview") -> Json:
    from footnote_qa.bot.json_output import problem_json

    def count(action: str) -> int:
        return sum(entry.action == action and entry.problem is None for entry in seen.plan)

    counted = ("added", "changed", "renamed", "removed", "unchanged")
    return {
        "plan": [{"document": entry.document, "action": str(entry.action)} for entry in seen.plan],
        "documents": {name: count(name) for name in counted}
        | {"failed": sum(entry.problem is not None for entry in seen.plan)},
        "chunks": {"total": seen.chunks, "embedded": seen.to_embed, "reused": seen.to_reuse},
        "problems": [problem_json(entry.problem) for entry in seen.plan if entry.problem],
        "seconds": seen.seconds,
    }


def show_build(result: "BuildResult") -> None:
    """Print the results of a build."""
    from footnote_qa.bot.cli.console import stdout

    console = stdout()
    said = [*result.problems, *[note for note in result.notes if note.kind != "recognised"]]
    for problem in said[:_SHOWN_PROBLEMS]:
        console.print(f"  {problem.kind:<11} {problem.document}: {problem.reason}", markup=False)
    if len(said) > _SHOWN_PROBLEMS:
        hidden = len(said) - _SHOWN_PROBLEMS
        console.print(f"  … and {hidden} more: footnote index documents", markup=False)
    recognised = [note for note in result.notes if note.kind == "recognised"]
    if recognised:
        console.print(
            f"  {len(recognised)} read by text recognition, such as {recognised[0].document}: "
            "footnote index documents",
            markup=False,
            soft_wrap=True,
        )
    if result.left_out:
        count = len(result.left_out)
        console.print(
            f"  {count} left out (ignore files, folders of tools, pictures, archives), "
            f"such as {result.left_out[0]}",
            markup=False,
            soft_wrap=True,
        )
    _show_outcome(console, result)


def _show_outcome(console: "Console", result: "BuildResult") -> None:
    if result.advice:
        console.print(f"! {result.advice}", style="yellow", markup=False)
    names = {"unreadable": "not indexed"}
    actions = sorted(result.actions.items())
    counts = [f"{count} {names.get(action, action)}" for action, count in actions]
    embedded = f"{result.chunks} chunks, {result.embedded} embedded"
    line = f"{', '.join(counts) or 'no documents'}; {embedded}; {result.seconds:.1f} s"
    if result.promoted:
        console.print(f"[bold green]●[/] {result.generation} is in use: {line}")
    else:
        console.print(f"[bold red]✕[/] {result.generation} was built, but is not in use: {line}")
        for check in result.gate:
            if not check.passed:
                console.print(f"  {check.name}: {check.message}", markup=False)


@index_app.command("status")
def status(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Show which index is in use, how old it is, and which documents changed since."""
    from footnote_qa.bot import composition
    from footnote_qa.bot.json_output import source_json, time_json

    settings = shared_of(context).settings
    directory = composition.current_index(settings)
    manifest = directory.manifest(directory.served())
    stale, fault = _since(settings, directory)
    value: Json = {
        "generation": manifest.generation,
        "created_at": time_json(manifest.created_at),
        "lexical_only": manifest.lexical_only,
        "documents": manifest.documents,
        "chunks": manifest.chunks,
        "model": manifest.model,
        "stale": stale,
    }
    notes = directory.access.notes()
    value["sources"] = [source_json(note) for note in notes]
    if as_json:
        print_json(value | ({"error": fault} if fault else {}))
    else:
        _show_status(manifest, stale)
        for line in [line for note in notes for line in note.lines(datetime.now(UTC))]:
            typer.secho(line, fg=typer.colors.YELLOW)
    if fault:
        typer.secho(f"footnote: {fault}", fg=typer.colors.RED, err=True)
        raise typer.Exit(SOME_FAILED)


def _since(
    settings: "Settings", directory: "IndexDirectory"
) -> tuple[dict[str, int] | None, str | None]:
    """Return what has changed since the last build, or None and why that is unknown."""
    from footnote_qa.bot import composition
    from footnote_qa.index.building import SOURCES, plan_build
    from footnote_qa.index.errors import SourceError

    name = directory.served()
    if faults := directory.verify(name):
        return None, f"{name} is damaged ({faults[0]}): run footnote index build"
    try:
        plan = plan_build(
            directory,
            composition.source_specs(settings),
            max_file_bytes=settings.index.max_file_mb * composition.MEGABYTE,
            cache=settings.data_dir / "cache" / SOURCES,
        )
    except SourceError as error:
        return None, str(error)
    stale = {
        "added": sum(entry.action in {"added", "renamed"} for entry in plan),
        "changed": sum(entry.action == "changed" for entry in plan),
        "removed": sum(entry.action in {"removed", "renamed"} for entry in plan),
    }
    return stale, None


def _show_status(manifest: "Manifest", stale: dict[str, int] | None) -> None:
    from footnote_qa.bot.cli.console import age, stdout
    from footnote_qa.bot.json_output import time_json

    console = stdout()
    console.print(
        f"[bold]{manifest.generation}[/], built {age(manifest.created_at)} "
        f"({time_json(manifest.created_at)}): {manifest.documents} documents, "
        f"{manifest.chunks} chunks, model {manifest.model}"
    )
    if manifest.lexical_only:
        console.print(
            "[yellow]it searches by words only[/] until its vectors are computed; if no build is "
            "running, run footnote index build"
        )
    if stale is None:
        return
    changes = [f"{count} {name}" for name, count in stale.items() if count]
    if changes:
        console.print(f"[yellow]{', '.join(changes)} since:[/] run footnote index build")
    else:
        console.print("[green]nothing has changed since[/]")


@index_app.command("documents")
def documents(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List every file of the sources; if one is not indexed, with the reason."""
    from footnote_qa.bot import composition
    from footnote_qa.bot.json_output import document_json

    generation = composition.current_index(shared_of(context).settings).open_best()
    rows = generation.passages.rows()
    if as_json:
        print_json(
            {
                "generation": generation.manifest.generation,
                "documents": [document_json(row) for row in rows],
            }
        )
        return
    from rich.table import Table

    from footnote_qa.bot.cli.console import stdout

    table = Table("document", "status", "chunks", "title or reason", box=None, pad_edge=False)
    for row in rows:
        fault = f"{row.kind}: {row.reason}" if row.kind else ""
        is_indexed = row.status == "indexed"
        style = ("yellow" if fault else "") if is_indexed else "red"
        what = " – ".join(filter(None, [row.title, fault])) if is_indexed else fault
        table.add_row(row.document, row.status, str(row.chunks), what, style=style)
    stdout().print(table)


@index_app.command("text")
def text(
    context: typer.Context,
    document: Annotated[
        str, typer.Argument(help="The document's id. `footnote index documents` lists them.")
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Print the stored text of a document. Quotes are copied from it, and offsets count in it."""
    from footnote_qa.bot import composition

    generation = composition.current_index(shared_of(context).settings).open_best()
    found = generation.passages.document(document)
    if found is None:
        message = (
            f"{document!r} is not in {generation.manifest.generation}: footnote index documents"
        )
        if as_json:
            print_json({"error": message})
        typer.secho(f"footnote: {message}", fg=typer.colors.RED, err=True)
        raise typer.Exit(USAGE)
    if as_json:
        print_json(
            {
                "document": found.document,
                "generation": generation.manifest.generation,
                "text": found.text,
            }
        )
    else:
        typer.echo(found.text)
