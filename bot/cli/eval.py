"""The commands `footnote eval run`, `compare` and `report`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from footnote_qa.bot.cli.app import SOME_FAILED, Json, JsonOption, eval_app, print_json, shared_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from footnote_qa.bot.settings import Settings
    from footnote_qa.eval.reports import Tried
    from footnote_qa.eval.runs import Options, RunResult
    from footnote_qa.eval.types import QuestionSet
    from footnote_qa.index.storage import IndexDirectory
    from footnote_qa.index.types import Source


SetArgument = Annotated[
    Path,
    typer.Argument(metavar="SET", help="A .jsonl or .yaml file, or a folder in the BEIR layout."),
]


@eval_app.command("run")
def run(
    context: typer.Context,
    questions: SetArgument,
    *,
    retrieval_only: Annotated[
        bool,
        typer.Option("--retrieval-only", help="Only search: write no answers, score the passages."),
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask only this number of questions, at even steps.")
    ] = None,
    use_index: Annotated[
        bool,
        typer.Option(
            "--index", help="Ask the index in use, even if the set has its own documents."
        ),
    ] = False,
    parallel: Annotated[
        int,
        typer.Option(
            min=1,
            help="How many questions to ask at the same time. With models this is faster, but "
            "each answer takes longer.",
        ),
    ] = 1,
    similarity: Annotated[
        bool,
        typer.Option(
            "--similarity", help="Also compare the meaning of answers. This takes a fifth longer."
        ),
    ] = False,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh", help="Measure every question again; use no results of an interrupted run."
        ),
    ] = False,
    matrix: Annotated[
        list[str] | None,
        typer.Option(
            help="Try several values of a setting, such as search.k=4,8. Can be repeated."
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="A name for this run, to compare it by.")] = "",
    note: Annotated[str, typer.Option(help="What you tried in it.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Ask the questions of a set, and score passages, answers and refusals.

    If the set has its own documents, they get their own index; the index in use does not change.
    The record of the run is stored under runs/ in the data directory. To continue a run that was
    interrupted, give the same command again.

    [bold]Examples[/]

        footnote eval run examples/questions.jsonl
        footnote eval run path/to/beir-folder --retrieval-only --limit 200
        footnote eval run questions.jsonl --matrix search.k=4,8 --matrix index.chunk_tokens=100,200
    """
    from footnote_qa.bot.evaluation import journals
    from footnote_qa.eval.datasets import load
    from footnote_qa.eval.runs import Options

    shared = shared_of(context)
    settings = shared.settings
    kept = None if fresh else journals(settings)
    options = Options(
        limit=limit, parallel=parallel, journals=kept, name=name.strip(), note=note.strip()
    )
    asking = _Asking(
        load(questions),
        options,
        retrieval_only=retrieval_only,
        similarity=similarity,
        use_index=use_index,
        quiet=as_json or shared.quiet,
    )
    if matrix:
        _try_all(settings, asking, matrix, as_json=as_json)
        return
    result = asking.ask(settings)
    if as_json:
        from footnote_qa.eval.runs import to_json

        print_json(to_json(result))
    else:
        from footnote_qa.bot.cli.console import stdout
        from footnote_qa.eval.reports import run_table

        stdout().print(run_table(result))
        record = settings.data_dir / "runs" / result.run / "run.json"
        stdout().print(f"  record: {record}", style="dim", markup=False)
    if result.failed:
        raise typer.Exit(SOME_FAILED)


@eval_app.command("compare")
def compare(
    context: typer.Context,
    before: Annotated[str, typer.Argument(help="A run: its id, the start of its id, or its file.")],
    after: Annotated[str, typer.Argument(help="The run to compare it with.")],
    *,
    margin: Annotated[
        list[str] | None,
        typer.Option(help="How much worse a metric may become, such as f1=0.05. Can be repeated."),
    ] = None,
    unclear: Annotated[
        Literal["pass", "mean", "fail"] | None,
        typer.Option(
            help="Where the questions cannot tell whether a metric fell: pass, decide by the mean, "
            "or fail.  [default: pass, or eval.gate.unclear]"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two runs question by question, and say which differences are chance.

    The exit status is 1 if a metric became worse by more than its margin, with the entire interval
    of the change, so a build server can use this command.
    """
    from footnote_qa.eval.reports import compare as comparing
    from footnote_qa.eval.runs import load_record

    settings = shared_of(context).settings
    margins = dict(settings.eval.gate.margins) | _margins(margin or [])
    data_dir = settings.data_dir
    found = comparing.compare_runs(
        load_record(before, data_dir),
        load_record(after, data_dir),
        margins,
        rule=comparing.Unclear(unclear or settings.eval.gate.unclear),
    )
    if as_json:
        print_json(comparing.to_json(found))
    else:
        from footnote_qa.bot.cli.console import stdout
        from footnote_qa.eval.reports import comparison_table

        stdout().print(comparison_table(found))
    if not found.passed:
        raise typer.Exit(SOME_FAILED)


@eval_app.command("report")
def report(
    context: typer.Context,
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="A run. Without it, the newest.")
    ] = None,
    *,
    against: Annotated[str | None, typer.Option(help="Another run to compare it with.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for report.html and report.md. Without it, the folder of the run."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a report about a run: figures, plots, and every question with its evidence."""
    from footnote_qa.eval.errors import ChoiceError
    from footnote_qa.eval.reports import Unclear, write
    from footnote_qa.eval.runs import load_record, records

    settings = shared_of(context).settings
    known = records(settings.data_dir)
    if run_id is None and not known:
        raise ChoiceError("there is no run yet: start with `footnote eval run SET`")
    record = load_record(run_id or str(known[-1]), settings.data_dir)
    other = load_record(against, settings.data_dir) if against else None
    folder = out or settings.data_dir / "runs" / record.run
    rule = Unclear(settings.eval.gate.unclear)
    written = write(record, folder, against=other, history=known, rule=rule)
    if as_json:
        print_json({"run": record.run, "files": [str(path) for path in written]})
    else:
        for path in written:
            typer.echo(path)


class _Asking:
    """A question set and how it is asked, ready to be put to one index after the other."""

    def __init__(
        self,
        questions: "QuestionSet",
        options: "Options",
        *,
        retrieval_only: bool,
        similarity: bool,
        use_index: bool,
        quiet: bool,
    ) -> None:
        self.questions = questions
        self.quiet = quiet
        self._options = options
        self._retrieval_only = retrieval_only
        self._similarity = similarity
        self._use_index = use_index

    def ask(self, settings: "Settings", *, varied: bool = False) -> "RunResult":
        """Measure, and keep the record; *varied* settings get an index of their own."""
        from dataclasses import replace

        from footnote_qa.bot.cli.console import question_progress
        from footnote_qa.bot.evaluation import subject
        from footnote_qa.eval.runs import run_questions as measure
        from footnote_qa.eval.runs import save

        questions, directory = self._index_for(settings, varied=varied)
        generation = directory.open_best()
        measured = subject(
            settings,
            generation,
            retrieval_only=self._retrieval_only,
            similarity=self._similarity,
            served=directory.current,
        )
        with question_progress(hidden=self.quiet) as progress:
            options = replace(self._options, progress=progress)
            result = asyncio.run(measure(questions, measured, options))
        generation.close()
        save(result, settings.data_dir)
        return result

    def _index_for(
        self, settings: "Settings", *, varied: bool
    ) -> "tuple[QuestionSet, IndexDirectory]":
        from footnote_qa.bot import composition
        from footnote_qa.eval.datasets import corpus_source, index_folder, on_files
        from footnote_qa.index.storage import IndexDirectory

        source = corpus_source(self.questions)
        if source is not None and not self._use_index:
            directory = IndexDirectory(index_folder(settings.data_dir, self.questions))
            self._build(settings, directory, sources=[source])
            return self.questions, directory
        if not varied:
            return on_files(self.questions), composition.current_index(settings)
        directory = IndexDirectory(settings.data_dir / "eval" / "matrix")
        self._build(settings, directory)
        return on_files(self.questions), directory

    def _build(
        self,
        settings: "Settings",
        directory: "IndexDirectory",
        *,
        sources: "Sequence[Source] | None" = None,
    ) -> None:
        from footnote_qa.bot import composition
        from footnote_qa.bot.cli.console import build_progress
        from footnote_qa.eval.errors import RunError

        specs = () if sources else composition.source_specs(settings)
        options = composition.build_options(settings)
        with build_progress(hidden=self.quiet) as progress:
            builder = composition.builder(settings, options, progress=progress, directory=directory)
            built = builder.build(specs, sources=sources)
        if not built.promoted:
            faults = "; ".join(check.message for check in built.gate if not check.passed)
            raise RunError(f"the index for the questions did not pass its checks: {faults}")


def _try_all(settings: "Settings", asking: _Asking, axes: list[str], *, as_json: bool) -> None:
    from footnote_qa.bot.evaluation import with_values
    from footnote_qa.eval.reports import Tried, combinations

    tried, failed = [], 0
    for values in combinations(axes):
        varied = any(name.startswith("index.") for name in values)
        result = asking.ask(with_values(settings, values), varied=varied)
        tried.append(Tried(values=values, run=result.run, metrics=result.metrics))
        failed += result.failed
    if as_json:
        print_json(_tried_json(asking.questions.name, tried))
    else:
        from footnote_qa.bot.cli.console import stdout
        from footnote_qa.eval.reports import matrix_table

        stdout().print(matrix_table(tried))
    if failed:
        raise typer.Exit(SOME_FAILED)


def _tried_json(name: str, tried: "list[Tried]") -> Json:
    from dataclasses import asdict

    from footnote_qa.eval.reports import frontier, judged_by

    return {
        "set": name,
        "runs": [
            {
                "run": one.run,
                "values": dict(one.values),
                "metrics": {metric: asdict(found) for metric, found in one.metrics.items()},
            }
            for one in tried
        ],
        "judged_by": judged_by(tried),
        "frontier": [one.run for one in frontier(tried)],
    }


def _margins(given: list[str]) -> dict[str, float]:
    from footnote_qa.eval.errors import ChoiceError

    margins = {}
    for each in given:
        name, _, number = each.partition("=")
        try:
            margins[name.strip()] = float(number)
        except ValueError as error:
            raise ChoiceError(
                f"--margin {each!r}: write a metric and a number, such as f1=0.05"
            ) from error
    return margins
