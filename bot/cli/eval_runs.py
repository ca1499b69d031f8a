"""The commands `footnote eval runs` and `export`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import Json, JsonOption, eval_app, print_json, shared_of

if TYPE_CHECKING:
    from footnote_qa.eval.runs import RunRecord

_SHOWN = ("complete", "f1", "citation_recall", "refusal_recall", "ndcg@10")


class ExportFormat(StrEnum):
    """The form of an exported run."""

    CSV = "csv"
    PARQUET = "parquet"
    JUNIT = "junit"
    GITHUB = "github"


@eval_app.command("runs")
def runs(
    context: typer.Context,
    *,
    questions: Annotated[
        str | None, typer.Option("--set", help="Only runs of this question set, by its name.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs, the newest first, with their names, notes and means.

    [bold]Example[/]

        footnote eval run questions.jsonl --name before --note "k = 8"
        footnote eval runs
        footnote eval compare before after
    """
    from footnote_qa.eval.errors import RunError
    from footnote_qa.eval.runs import load_record, records

    found: list[RunRecord] = []
    shared = shared_of(context)
    for path in reversed(records(shared.settings.data_dir)):
        try:
            found.append(load_record(str(path), shared.settings.data_dir))
        except RunError as error:
            shared.note(str(error))
    found = [one for one in found if questions in {None, one.set}]
    if as_json:
        print_json({"runs": [_run_json(one) for one in found]})
        return
    if not found:
        typer.echo("There is no run yet: start with footnote eval run SET")
        return
    from rich.table import Table
    from rich.text import Text

    from footnote_qa.bot.cli.console import stdout

    names = [name for name in _SHOWN if any(name in one.metrics for one in found)]
    table = Table("run", "name", "set", "questions", *names, "note", box=None, pad_edge=False)
    for one in found:
        means = [f"{one.metrics[n].mean:.3f}" if n in one.metrics else "" for n in names]
        cells = (one.run, one.name, one.set, str(len(one.questions)), *means, one.note)
        table.add_row(*map(Text, cells))
    stdout().print(table)


def _run_json(one: "RunRecord") -> Json:
    return {
        "run": one.run,
        "name": one.name,
        "note": one.note,
        "set": one.set,
        "questions": len(one.questions),
        "metrics": {name: summary.mean for name, summary in one.metrics.items()},
    }


@eval_app.command("export")
def export(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="A run: its id, the start of its id, or its name.")],
    *,
    form: Annotated[ExportFormat, typer.Option("--format", help="The form.")] = ExportFormat.CSV,
    against: Annotated[
        str | None, typer.Option(help="An earlier run to compare it with, for junit and github.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write. Without it, standard output.")
    ] = None,
) -> None:
    """Export a run: a table for spreadsheets and pandas, JUnit's XML, or annotations of GitHub.

    Parquet needs a file to write and the extra parquet.
    With --against, junit and github show which metrics became worse by more than their margin.
    """
    from footnote_qa.eval.errors import ChoiceError
    from footnote_qa.eval.reports import (
        Unclear,
        compare_runs,
        to_csv,
        to_github,
        to_junit,
        to_parquet,
    )
    from footnote_qa.eval.runs import load_record

    settings = shared_of(context).settings
    record = load_record(run, settings.data_dir)
    if form is ExportFormat.PARQUET:
        if out is None:
            raise ChoiceError("--format parquet is no text: name a file with --out")
        out.write_bytes(to_parquet(record))
        return
    margins = dict(settings.eval.gate.margins)
    found = None
    if against is not None:
        rule = Unclear(settings.eval.gate.unclear)
        found = compare_runs(load_record(against, settings.data_dir), record, margins, rule=rule)
    texts = {
        ExportFormat.CSV: lambda: to_csv(record),
        ExportFormat.JUNIT: lambda: to_junit(record, found),
        ExportFormat.GITHUB: lambda: to_github(record, found),
    }
    text = texts[form]()
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8", newline="")
