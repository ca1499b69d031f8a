"""The command `footnote plugins`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from footnote_qa.bot.cli.app import SOME_FAILED, Json, JsonOption, app, print_json, shared_of

if TYPE_CHECKING:
    from footnote_qa.bot.settings import Settings
    from footnote_qa.plugins import Kind


@app.command("plugins")
def plugins(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the plug-ins: of installed packages, and of the settings. Exit status 1 if one fails.

    Each is loaded once to see whether it works, in a process of its own and without secrets.
    """
    rows = list(_rows(shared_of(context).settings))
    if as_json:
        print_json({"plugins": rows})
    else:
        _show(rows)
    if any(row["fault"] for row in rows):
        raise typer.Exit(SOME_FAILED)


def _rows(settings: "Settings") -> Iterator[Json]:
    from footnote_qa.plugins.check import faults_of
    from footnote_qa.plugins.registry import Kind, installed

    named = list(_named(settings))
    found = [one for kind in Kind for one in installed(kind)]
    faults = faults_of([(one.kind, one.target) for one in found] + [(k, r) for k, r, _ in named])
    for one, fault in zip(found, faults, strict=False):
        yield {
            "kind": str(one.kind),
            "name": one.name,
            "target": one.target,
            "distribution": one.distribution,
            "version": one.version,
            "setting": "",
            "fault": fault,
        }
    for (kind, reference, setting), fault in zip(named, faults[len(found) :], strict=True):
        yield {
            "kind": str(kind),
            "name": reference,
            "target": "" if reference.startswith("plugin:") else reference,
            "distribution": "",
            "version": "",
            "setting": setting,
            "fault": fault,
        }


def _named(settings: "Settings") -> "Iterator[tuple[Kind, str, str]]":
    """Yield kind, reference and setting of each plug-in that the settings name."""
    from footnote_qa.plugins.registry import Kind, is_reference

    index, search = settings.index, settings.search
    named = [
        *((Kind.SOURCE, one.reader or "", f"sources ({one.name})") for one in settings.sources),
        *((Kind.CONNECTOR, one.kind, f"sources ({one.name})") for one in settings.sources),
        *(
            (Kind.PARSER, reference, f'documents.parsers."{suffix}"')
            for suffix, reference in settings.documents.parsers.items()
        ),
        (Kind.EMBEDDER, index.model, "index.model"),
        (Kind.VECTOR_STORE, index.vectors, "index.vectors"),
        (Kind.RERANKER, search.reranker, "search.reranker"),
        *(
            (Kind.LLM, one.class_path or "", f"models.providers ({one.name})")
            for one in settings.models.providers
        ),
        *((Kind.METRIC, reference, "eval.metrics") for reference in settings.eval.metrics),
        *((Kind.SLACK_FEATURE, one.plugin, "slack.features") for one in settings.slack.features),
    ]
    for kind, reference, setting in named:
        if is_reference(reference) and not Path(reference).exists():
            yield kind, reference, setting


def _show(rows: list[Json]) -> None:
    from rich.table import Table
    from rich.text import Text

    from footnote_qa.bot.cli.console import stdout

    if not rows:
        stdout().print("There are no plug-ins: docs/plugins.md says how to write one.")
        return
    table = Table("", "kind", "name", "from", "fault", box=None, pad_edge=False)
    for row in rows:
        mark = Text("✕", style="bold red") if row["fault"] else Text("●", style="bold green")
        origin = row["setting"] or f"{row['distribution']} {row['version']}"
        table.add_row(
            mark,
            *(Text(str(one)) for one in (row["kind"], row["name"], origin)),
            Text(str(row["fault"])),
        )
    stdout().print(table)
