"""A corpus in the BEIR layout as documents, and the real sets the project is measured by."""

import json
from pathlib import Path

import pytest

from footnote_qa.eval.datasets.beir import BeirSource, corpus_source, index_folder, on_files
from footnote_qa.eval.datasets.loading import load
from footnote_qa.eval.types import Case, Place, QuestionSet
from footnote_qa.index.errors import SourceError, UnreadableDocumentError
from footnote_qa.index.types import Problem, SourceFile

SETS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "eval"


def corpus_of(folder: Path, *rows: dict[str, object]) -> Path:
    path = folder / "corpus.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def public_set(name: str) -> QuestionSet:
    if not (SETS / name).is_dir():
        pytest.skip(f"the public question set {name} is not in ../shared/data/eval")
    return load(SETS / name)


def files_of(corpus: Path) -> list[SourceFile]:
    files = list(BeirSource(corpus).files())
    assert not [file for file in files if isinstance(file, Problem)]
    return [file for file in files if isinstance(file, SourceFile)]


def test_each_row_is_a_plain_text_and_they_come_sorted(tmp_path: Path) -> None:
    corpus = corpus_of(
        tmp_path,
        {"_id": "b.pdf#page=2", "title": "B", "text": "zwölf\n\nMonate", "url": "https://b.test"},
        {"_id": "a", "text": "eins"},
    )

    first, second = files_of(corpus)

    assert (first.document, first.title, first.url) == ("a", None, None)
    assert (second.document, second.title, second.url) == ("b.pdf#page=2", "B", "https://b.test")
    assert {first.name, second.name} == {"row.txt"}
    assert (first.read(), second.read()) == (b"eins", "zwölf\n\nMonate".encode())
    assert second.size_bytes == len(second.read())


def test_a_byte_order_mark_and_blank_lines_do_not_shift_the_rows(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_bytes(b'\xef\xbb\xbf{"_id": "b", "text": "B"}\n\n{"_id": "a", "text": "A"}')

    files = files_of(corpus)

    assert [(file.document, file.read()) for file in files] == [("a", b"A"), ("b", b"B")]


def test_a_row_that_changed_since_it_was_listed_is_not_read_as_another(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, {"_id": "a", "text": "A"})
    (file,) = files_of(corpus)
    corpus_of(tmp_path, {"_id": "z", "text": "Z"})

    with pytest.raises(UnreadableDocumentError, match="was changed while it was read"):
        file.read()


def test_a_corpus_that_vanished_is_an_error_of_the_source(tmp_path: Path) -> None:
    source = BeirSource(tmp_path / "corpus.jsonl")

    with pytest.raises(SourceError, match=r"corpus\.jsonl cannot be read"):
        list(source.files())


def test_a_set_without_a_corpus_has_no_source_and_one_with_it_has() -> None:
    without = QuestionSet(name="s", digest="0" * 64, cases=())
    having = QuestionSet(name="s", digest="0" * 64, cases=(), corpus=Path("corpus.jsonl"))

    assert corpus_source(without) is None
    assert corpus_source(having) == BeirSource(Path("corpus.jsonl"))


def test_the_index_of_a_set_is_named_after_the_set_and_its_bytes() -> None:
    questions = QuestionSet(name="s", digest="0123456789abcdef" * 4, cases=())

    assert index_folder(Path("data"), questions) == Path("data/eval/s-0123456789ab")


def test_on_the_real_files_a_row_becomes_the_page_it_was_cut_from(tmp_path: Path) -> None:
    corpus = corpus_of(
        tmp_path,
        {"_id": "a.pdf#page=3", "text": "x", "group": "a.pdf", "page": 3},
        {"_id": "whole", "text": "y"},
    )
    relevant = (Place(document="a.pdf#page=3", grade=2), Place(document="whole"))
    case = Case(id="1", question="?", relevant=relevant)
    questions = QuestionSet(name="s", digest="0" * 64, cases=(case,), corpus=corpus)

    moved = on_files(questions)

    assert moved.cases[0].relevant == (
        Place(document="a.pdf", page=3, grade=2),
        Place(document="whole"),
    )
    assert moved.corpus is None


@pytest.mark.parametrize(
    ("name", "questions", "unanswerable", "documents"),
    [
        ("northwind_pdf", 246, 45, 263),
        ("claude_docs", 100, 0, 232),
        ("squad2_public", 6307, 3288, 636),
        ("mtrag_human159", 152, 9, 350),
    ],
)
def test_the_public_sets_have_the_counts_that_their_notes_give(
    name: str, questions: int, unanswerable: int, documents: int
) -> None:
    loaded = public_set(name)

    assert len(loaded.cases) == questions
    assert sum(not case.answerable for case in loaded.cases) == unanswerable
    assert loaded.corpus is not None
    assert len(files_of(loaded.corpus)) == documents


def test_every_relevant_page_of_northwind_is_a_page_of_a_real_pdf() -> None:
    questions = on_files(public_set("northwind_pdf"))

    places = [place for case in questions.cases for place in case.relevant]

    assert len(places) == 201
    assert all(place.page for place in places)
    pdfs = {path.name for path in (SETS / "northwind_pdf" / "pdfs").glob("*.pdf")}
    assert {place.document for place in places} <= pdfs
