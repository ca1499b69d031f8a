"""How much longer does a run take than the answers it asks for: less than 5 % is promised."""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from footnote_qa.bot import composition, evaluation
from footnote_qa.bot.settings import Settings
from footnote_qa.bot.types import Question
from footnote_qa.eval.datasets import corpus_source, index_folder, load
from footnote_qa.eval.runs import Options, at_even_steps, run_questions, save
from footnote_qa.eval.types import Case, QuestionSet
from footnote_qa.index.storage import Generation, IndexDirectory

PROMISED = 0.05


def main() -> None:
    """Time the engine alone and a complete run, in turn, on the same questions and index.

    Time of the processor, all threads together: other work on the machine does not count in it.
    """
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("set", type=Path, help="a question set that brings its own corpus")
    arguments.add_argument("--data-dir", type=Path, default=Path(".footnote-demo"))
    arguments.add_argument("--limit", type=int, default=100)
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    questions = load(chosen.set)
    settings = Settings(data_dir=chosen.data_dir)
    generation = _index(settings, questions)
    cases = at_even_steps(questions.cases, chosen.limit)
    _engine_s(settings, generation, cases)  # once unmeasured: files come into memory
    pairs = []
    for _ in range(chosen.rounds):
        alone = _engine_s(settings, generation, cases)
        whole = _run_s(settings, generation, questions, limit=chosen.limit)
        pairs.append((alone, whole))
        print(
            f"engine alone {alone:7.3f} s   complete run {whole:7.3f} s   {whole / alone - 1:+.1%}"
        )
    # The machine's other work lengthens either side by chance: the middle round is the figure.
    overhead = statistics.median(whole / alone - 1 for alone, whole in pairs)
    print(f"overhead {overhead:+.1%} over {len(cases)} questions (promised: below {PROMISED:.0%})")
    raise SystemExit(overhead >= PROMISED)


def _index(settings: Settings, questions: QuestionSet) -> Generation:
    source = corpus_source(questions)
    if source is None:
        raise SystemExit(f"{questions.name} brings no corpus")
    directory = IndexDirectory(index_folder(settings.data_dir, questions))
    options = composition.build_options(settings)
    builder = composition.builder(
        settings, options, progress=lambda _step, _done, _total: None, directory=directory
    )
    builder.build((), sources=[source])
    return directory.open_best()


def _engine_s(settings: Settings, generation: Generation, cases: list[Case]) -> float:
    index = evaluation.FixedIndex(generation, composition.fusion(settings))
    engine = composition.engine(settings, index)

    async def ask_all() -> None:
        for case in cases:
            await engine.aask(Question(text=case.question, audience=None, history=case.history))

    started = time.process_time()
    asyncio.run(ask_all())
    return time.process_time() - started


def _run_s(
    settings: Settings, generation: Generation, questions: QuestionSet, *, limit: int
) -> float:
    measured = evaluation.subject(settings, generation)
    with tempfile.TemporaryDirectory() as folder:
        options = Options(limit=limit, journals=Path(folder) / "rows")
        started = time.process_time()
        result = asyncio.run(run_questions(questions, measured, options))
        save(result, Path(folder))
        return time.process_time() - started


if __name__ == "__main__":
    main()
