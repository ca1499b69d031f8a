"""The commands `footnote eval …`."""

import asyncio
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import SOME_FAILED, JsonOption, eval_app, print_json, shared_of

if TYPE_CHECKING:
    from bot.settings import Settings
    from eval.run import Subject
    from eval.types import QuestionSet
    from index.generation import IndexDirectory
    from index.search import LiveIndex
    from index.types import Source


@eval_app.command("run")
def run(
    context: typer.Context,
    questions: Annotated[
        Path, typer.Argument(metavar="SET", help="A .jsonl file, or a folder in the BEIR layout.")
    ],
    *,
    retrieval_only: Annotated[
        bool, typer.Option("--retrieval-only", help="Search, but do not answer.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Take so many questions, at even steps.")
    ] = None,
    use_index: Annotated[
        bool,
        typer.Option("--index", help="Ask the served index even if the set brings a corpus."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a question set to the index and score passages, answers and refusals.

    A folder that brings its own corpus gets an index of its own, built once; the served index is
    left alone. The record of the run is kept under runs/ in the data directory.

    [bold]Examples[/]

        footnote eval run examples/questions.jsonl
        footnote eval run path/to/beir-folder --retrieval-only --limit 200
    """
    from bot.bars import question_progress
    from eval.dataset import load
    from eval.run import run as measure
    from eval.run import save, to_json

    settings = shared_of(context).settings
    loaded = load(questions)
    loaded, index = _index_for(settings, loaded, use_index=use_index, quiet=as_json)
    subject = _subject(settings, index, retrieval_only=retrieval_only)
    with question_progress(hidden=as_json) as progress:
        result = asyncio.run(measure(loaded, subject, limit=limit, progress=progress))
    record = save(result, settings.data_dir)
    if as_json:
        print_json(to_json(result))
    else:
        from bot.console import stdout
        from eval.table import table

        stdout().print(table(result))
        stdout().print(f"  record: {record}", style="dim", markup=False)
    if result.failed:
        raise typer.Exit(SOME_FAILED)


def _index_for(
    settings: "Settings", questions: "QuestionSet", *, use_index: bool, quiet: bool
) -> "tuple[QuestionSet, LiveIndex]":
    from bot import wiring
    from eval.beir import corpus_source, index_folder, on_files
    from index.generation import IndexDirectory

    source = corpus_source(questions)
    if source is None or use_index:
        return on_files(questions), wiring.live_index(settings)
    directory = IndexDirectory(index_folder(settings.data_dir, questions))
    _build_corpus(settings, directory, source, quiet=quiet)
    return questions, wiring.live_index(settings, directory)


def _build_corpus(
    settings: "Settings", directory: "IndexDirectory", source: "Source", *, quiet: bool
) -> None:
    from bot import wiring
    from bot.bars import build_progress

    options = wiring.build_options(settings)
    with build_progress(hidden=quiet) as progress:
        builder = wiring.builder(settings, options, progress=progress, directory=directory)
        builder.build((), sources=[source])


def _subject(settings: "Settings", index: "LiveIndex", *, retrieval_only: bool) -> "Subject":
    from bot import wiring
    from eval.run import Subject
    from prompts import load as prompt

    described = {
        "footnote": metadata.version("footnote"),
        "generation": index.generation.manifest.generation,
        "model": index.generation.manifest.model,
        "chunk_tokens": index.generation.manifest.chunk_tokens,
        "search": settings.search.model_dump(mode="json"),
        "providers": [provider.name for provider in settings.models.providers],
        "prompts": {"answer": prompt("answer").digest},
    }

    def text_of(document: str) -> str | None:
        found = index.generation.passages.document(document)
        return None if found is None else found.text

    ask = None if retrieval_only else wiring.engine(settings, index).aask
    return Subject(searcher=index, ask=ask, text_of=text_of, settings=described)
