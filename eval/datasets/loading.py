"""Load and check a question set from disk."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from footnote_qa.bot.types import Turn
from footnote_qa.eval.datasets.beir import (
    CORPUS,
    META,
    QRELS,
    QUERIES,
    QueryLine,
    baselines,
    judgements,
    row_ids,
)
from footnote_qa.eval.datasets.json_lines import CaseLine, TurnLine, read_unique
from footnote_qa.eval.errors import QuestionSetError
from footnote_qa.eval.types import Case, Place, QuestionSet


def load(path: Path) -> QuestionSet:
    """Read a question set: a file in JSON Lines or YAML, or a folder in the BEIR layout.

    Raises:
        QuestionSetError: It cannot be used; names all wrong lines together.
    """
    wrong: list[str] = []
    try:
        questions = _load_folder(path, wrong) if path.is_dir() else _load_lines(path, wrong)
    except OSError as error:
        reason = error.strerror or str(error)
        raise QuestionSetError(path, [f"it cannot be read: {reason}"]) from error
    if not questions.cases and not wrong:
        wrong.append("it holds no question")
    if wrong:
        raise QuestionSetError(path, wrong)
    return questions


def _load_lines(path: Path, wrong: list[str]) -> QuestionSet:
    lines = list(read_unique(path, CaseLine, wrong))
    cases = tuple(line.case() for line in lines if line.reviewed)
    drafts = len(lines) - len(cases)
    if drafts and not cases:
        wrong.append(f"all {drafts} questions are drafts: run `footnote eval review {path}` first")
    return QuestionSet(name=path.stem, digest=_digest([path]), cases=cases, drafts=drafts)


def _load_folder(folder: Path, wrong: list[str]) -> QuestionSet:
    corpus, queries_path, qrels = (folder / name for name in (CORPUS, QUERIES, QRELS))
    missing = [path.name for path in (queries_path, qrels) if not path.is_file()]
    if missing:
        raise QuestionSetError(folder, [f"there is no {' and no '.join(missing)} in it"])
    documents = row_ids(corpus, wrong) if corpus.is_file() else frozenset()
    queries = {line.id: line for line in read_unique(queries_path, QueryLine, wrong)}
    relevant: dict[str, list[Place]] = {}
    for judgement in judgements(qrels, queries, documents, wrong=wrong):
        place = Place(document=judgement.document, grade=judgement.grade)
        relevant.setdefault(judgement.query, []).append(place)
    return QuestionSet(
        name=folder.resolve().name,
        digest=_digest([path for path in (corpus, queries_path, qrels) if path.is_file()]),
        cases=tuple(_case(line, relevant.get(line.id, ())) for line in queries.values()),
        corpus=corpus if documents else None,
        baselines=baselines(folder / META, wrong),
    )


def _case(line: QueryLine, relevant: Sequence[Place]) -> Case:
    return Case(
        id=line.id,
        question=line.text,
        answers=line.answers,
        answerable=line.answerable,
        relevant=tuple(relevant),
        history=_turns(line.history),
        tags=(line.type,) if line.type else (),
    )


def _turns(lines: Sequence[TurnLine]) -> tuple[Turn, ...]:
    return tuple(Turn(role=line.role, text=line.content) for line in lines)


def _digest(files: Sequence[Path]) -> str:
    if len(files) == 1:
        return _file_digest(files[0])
    parts = [f"{path.name} {_file_digest(path)}\n" for path in files]
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
