"""Read question sets in the BEIR layout: corpus, questions and relevance judgements."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import Field, ValidationError, model_validator

from footnote_qa.eval.datasets.json_lines import IdLine, TurnLine, Word, read_unique, text_lines
from footnote_qa.eval.types import Baseline, QuestionSet
from footnote_qa.index.errors import SourceError, UnreadableDocumentError
from footnote_qa.index.types import Problem, ProblemKind, Source, SourceFile

CORPUS, QUERIES, QRELS, META = "corpus.jsonl", "queries.jsonl", "qrels.tsv", "meta.json"


class CorpusRow(IdLine):
    """One document; `group` and `page` say which file and page it was cut from."""

    id: Word = Field(alias="_id")
    text: str
    title: str = ""
    url: str | None = None
    group: str | None = None
    page: int | None = Field(default=None, ge=1)


class QueryLine(IdLine):
    """One question; fields that the BEIR layout does not define are optional."""

    id: Word = Field(alias="_id")
    text: Word
    answers: tuple[str, ...] = ()
    answerable: bool = True
    history: tuple[TurnLine, ...] = ()
    type: str | None = None

    @model_validator(mode="after")
    def _has_one_meaning(self) -> "QueryLine":
        if not self.answerable and self.answers:
            raise ValueError("answerable is false, but answers are given")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A document that is relevant to a question.

    Attributes:
        query: Id of the question.
        document: Id of the document.
        grade: How relevant, 1 or more.
    """

    query: str
    document: str
    grade: int


@dataclass(frozen=True, slots=True)
class BeirSource:
    """A corpus as a source: each row is one plain text.

    Only ids and offsets are kept in memory; a text is read when needed.

    Attributes:
        corpus: The file `corpus.jsonl`.
    """

    corpus: Path

    def files(self) -> Iterator[SourceFile | Problem]:
        """Yield one file per row, sorted by document; a row that changed meanwhile is a problem."""
        for document, offset in sorted(_offsets(self.corpus)):
            try:
                yield self._file(document, offset)
            except UnreadableDocumentError as error:
                yield Problem(document=document, kind=error.kind, reason=error.reason)

    def _file(self, document: str, offset: int) -> SourceFile:
        row = _row_at(self.corpus, document, offset)

        def read() -> bytes:
            return _row_at(self.corpus, document, offset).text.encode()

        return SourceFile(
            document=document,
            name="row.txt",  # the suffix makes it plain text, whatever the id looks like
            title=row.title or None,
            size_bytes=len(row.text.encode()),
            modified_at=None,
            url=row.url,
            audience=(),
            read=read,
        )


def corpus_source(questions: QuestionSet) -> Source | None:
    """Return the source of the documents in *questions*; None if the set has no corpus."""
    return BeirSource(questions.corpus) if questions.corpus else None


def index_folder(data_dir: Path, questions: QuestionSet) -> Path:
    """Return the folder of the index for the corpus of *questions*."""
    return data_dir / "eval" / f"{questions.name}-{questions.digest[:12]}"


def on_files(questions: QuestionSet) -> QuestionSet:
    """Return *questions* with rows of the corpus replaced by the files and pages they come from.

    Use this for an index that was built from those files, not from the corpus. A row without a
    file and page stays as it is.
    """
    if questions.corpus is None:
        return questions
    origins = {
        row.id: (row.group, row.page)
        for row in read_unique(questions.corpus, CorpusRow, wrong=[])
        if row.group and row.page
    }
    cases = []
    for case in questions.cases:
        places = [
            replace(place, document=origins[place.document][0], page=origins[place.document][1])
            if place.document in origins
            else place
            for place in case.relevant
        ]
        cases.append(replace(case, relevant=tuple(places)))
    return replace(questions, cases=tuple(cases), corpus=None)


def row_ids(corpus: Path, wrong: list[str]) -> frozenset[str]:
    """Return the ids of a corpus; one entry is added to *wrong* for each invalid line."""
    return frozenset(row.id for row in read_unique(corpus, CorpusRow, wrong))


def judgements(
    qrels: Path,
    queries: Mapping[str, QueryLine],
    documents: Collection[str],
    *,
    wrong: list[str],
) -> Iterator[Judgement]:
    """Yield the relevance judgements, in the order of the file.

    Args:
        qrels: Lines of question, document and grade between tabs; a heading line may come first.
        queries: All questions by id.
        documents: All ids of the corpus; empty if there is no corpus.
        wrong: Receives one entry for each wrong line.
    """
    # An unreadable line elsewhere may be the one that is missing here.
    complete = not wrong
    met: set[tuple[str, str]] = set()
    for number, line in text_lines(qrels, wrong):
        if number == 1 and line.startswith("query-id\t"):
            continue
        try:
            judgement = _judgement(line)
            if complete:
                _check_known(judgement, queries, documents)
            _check_new((judgement.query, judgement.document), met)
        except ValueError as error:
            wrong.append(f"{qrels.name} line {number}: {error}")
            continue
        if judgement.grade > 0:
            yield judgement


def baselines(path: Path, wrong: list[str]) -> tuple[Baseline, ...]:
    """Read the scores of other systems; the file is free-form, so only known entries are taken."""
    if not path.is_file():
        return ()
    try:
        meta = json.loads(path.read_bytes())
    except ValueError as error:
        wrong.append(f"{path.name}: {error}")
        return ()
    entries = meta.get("baselines") if isinstance(meta, dict) else None
    found = []
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        scores = entry.get("last") if isinstance(entry, dict) else None
        if isinstance(scores, dict):
            numbers = {k: float(v) for k, v in scores.items() if isinstance(v, int | float)}
            found.append(Baseline(name=name, scores=numbers))
    return tuple(found)


def _judgement(line: str) -> Judgement:
    fields = line.split("\t")
    if len(fields) != 3:  # noqa: PLR2004 - the three that the message names
        raise ValueError(f"{len(fields)} fields between tabs, not query-id, corpus-id, score")
    query, document, grade = fields
    try:
        return Judgement(query=query, document=document, grade=int(grade))
    except ValueError as error:
        raise ValueError(f"the score {grade!r} is not an integer") from error


def _check_known(
    judgement: Judgement, queries: Mapping[str, QueryLine], documents: Collection[str]
) -> None:
    query = queries.get(judgement.query)
    if query is None:
        raise ValueError(f"there is no question {judgement.query!r}")
    if not query.answerable and judgement.grade > 0:
        raise ValueError(f"question {judgement.query!r} is unanswerable, but this is relevant")
    if documents and judgement.document not in documents:
        raise ValueError(f"there is no document {judgement.document!r}")


def _check_new(pair: tuple[str, str], met: set[tuple[str, str]]) -> None:
    if pair in met:
        raise ValueError(f"{pair[0]!r} and {pair[1]!r} occur before")
    met.add(pair)


def _offsets(corpus: Path) -> Iterator[tuple[str, int]]:
    try:
        with corpus.open("rb") as file:
            offset = 0
            for raw in file:
                if raw.strip():
                    yield CorpusRow.model_validate_json(_without_mark(raw, offset)).id, offset
                offset += len(raw)
    except (OSError, ValidationError) as error:
        raise SourceError(f"{corpus} cannot be read: restore the question set") from error


def _row_at(corpus: Path, document: str, offset: int) -> CorpusRow:
    try:
        with corpus.open("rb") as file:
            file.seek(offset)
            row = CorpusRow.model_validate_json(_without_mark(file.readline(), offset))
    except (OSError, ValidationError) as error:
        raise _changed(corpus) from error
    if row.id != document:
        raise _changed(corpus)
    return row


def _changed(corpus: Path) -> UnreadableDocumentError:
    reason = f"{corpus} was changed while it was read: start again"
    return UnreadableDocumentError(ProblemKind.UNREADABLE, reason)


def _without_mark(raw: bytes, offset: int) -> bytes:
    return raw.removeprefix(b"\xef\xbb\xbf") if offset == 0 else raw
