import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from footnote_qa.bot.citations.checker import check
from footnote_qa.bot.citations.contradictions import disagreements
from footnote_qa.bot.engine.answer_engine import AnswerEngine
from footnote_qa.bot.engine.context import show
from footnote_qa.bot.llm.portfolio import Portfolio
from footnote_qa.bot.settings import ModelsSettings
from footnote_qa.bot.types import Citation, Evidence, Question, Sentence
from footnote_qa.index.types import Passage
from tests.bot.engine.test_query_engine import ScriptedAnswerer
from tests.fakes.models import quoting
from tests.fakes.searcher import MemorySearcher, a_chunk, a_passage

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "eval"
OLD, NEW = datetime(2024, 2, 1, tzinfo=UTC), datetime(2026, 1, 10, tzinfo=UTC)
LEAVE = "Employees get 25 days of paid leave a year."


def a_version(text: str, title: str = "Leave policy", **changes: Any) -> Passage:
    return a_passage(text, **({"document": f"{title}.md", "title": title} | changes))


def told(cited: Passage, *others: Passage) -> list[str]:
    """Return what is said beside an answer that quotes the first sentence of *cited*."""
    passages = [cited, *others]
    text = cited.chunk.text
    home = next(one for one in show(passages) if one.passage is cited)
    evidence = Evidence(passage_id=home.id, quote=text)
    checked = check([Sentence(text=text, evidence=(evidence,))], [home])
    assert checked.citations
    return disagreements(checked.citations, passages)


def test_newer_document_that_contradicts_is_shown_with_both_dates() -> None:
    notes = told(
        a_version(LEAVE, modified_at=OLD),
        a_version(LEAVE.replace("25", "30"), "Leave policy 2026", modified_at=NEW),
    )

    (note,) = notes
    assert note == (
        "A newer document says otherwise: “Leave policy 2026”, changed on 2026-01-10, has 30 "
        "where [1], changed on 2024-02-01, has 25."
    )


def test_older_document_that_contradicts_is_marked_as_the_older() -> None:
    notes = told(
        a_version(LEAVE, modified_at=NEW),
        a_version(LEAVE.replace("25", "twenty"), "Leave policy (old)", modified_at=OLD),
    )

    (note,) = notes
    assert note == (
        "An older document says otherwise: “Leave policy (old)”, changed on 2024-02-01, has twenty "
        "where [1], changed on 2026-01-10, has 25."
    )


@pytest.mark.parametrize(("ours", "theirs"), [(None, NEW), (OLD, None), (NEW, NEW)])
def test_neither_is_called_newer_where_the_dates_do_not_say(
    ours: datetime | None, theirs: datetime | None
) -> None:
    notes = told(
        a_version(LEAVE, modified_at=ours),
        a_version(LEAVE.replace("25", "30"), "Leave policy, draft", modified_at=theirs),
    )

    assert [note.partition(":")[0] for note in notes] == ["Another document says otherwise"]


@pytest.mark.parametrize(
    ("cited", "other", "title"),
    [
        (LEAVE, "Employees get 30 days of paid leave a year.", "Leave policy v2"),
        (LEAVE, "- Employees get **thirty** days of paid leave a year", "Leave policy"),
        (
            "Unused leave expires on 31 March of the next year.",
            "Unused leave expires on 30 April of the next year.",
            "Leave policy 2026",
        ),
        ("| Deductible | $500 |", "| Deductible | $750 |", "Leave policy 2026"),
        (
            "A contract with the data centre in Oslo may be cancelled with 3 months of notice.",
            "A contract with the data centre in Oslo may be cancelled with 6 months of notice.",
            "Purchasing",
        ),
        (
            "Staff may claim 40 euros a night for a hotel booked on a business trip.",
            "Staff may now claim 55 euros a night for a hotel booked on a business trip.",
            "Leave policy 2026",
        ),
    ],
)
def test_same_sentence_with_another_figure_is_seen(cited: str, other: str, title: str) -> None:
    assert len(told(a_version(cited), a_version(other, title, document="other.md"))) == 1


@pytest.mark.parametrize(
    ("cited", "other", "title"),
    [
        (LEAVE, LEAVE, "Leave policy 2026"),
        (LEAVE, "Employees get 25.0 days of paid leave a year.", "Leave policy 2026"),
        (LEAVE, "Managers get 30 days of paid leave a year.", "Leave policy 2026"),
        (LEAVE, "Employees get 30 days of unpaid training a year.", "Leave policy 2026"),
        (LEAVE, "Employees get 30 days of paid leave a year.", "Leave at Acme"),
        (LEAVE, "Employees get 30 days of paid leave a year.", "Site guide"),
        (
            "A contract with the data centre in Oslo may be cancelled with 3 months of notice.",
            "A contract with the data centre in Oslo may be cancelled with 6 months of notice.",
            "Leave at Acme",
        ),
        ("In 2024 the fee was 3 euros a day.", "In 2025 the fee was 5 euros a day.", "Leave"),
        ("See section 4 of the travel policy.", "See section 7 of the travel policy.", "Leave"),
        ("Teams take 3 to 5 rooms each.", "Teams take 5 to 3 rooms each.", "Leave"),
        (
            "The office in Berlin closes at 5 on Fridays in summer every year.",
            "The office in Munich closes at 4 on Fridays in summer every year.",
            "Leave",
        ),
        (
            "Contractors may not work more than 20 hours a week on site in summer.",
            "Contractors may work more than 10 hours a week on site in summer.",
            "Leave",
        ),
    ],
)
def test_sentence_about_something_else_is_no_disagreement(
    cited: str, other: str, title: str
) -> None:
    assert told(a_version(cited), a_version(other, title, document="other.md")) == []


def test_document_does_not_disagree_with_itself() -> None:
    both = a_version(LEAVE), a_version(LEAVE.replace("25", "30"), start=900)

    assert told(*both) == []


def test_title_in_the_note_can_neither_ping_nor_link() -> None:
    title = "Leave policy <!channel> [1] [x](https://evil.example)"

    (note,) = told(
        a_version(LEAVE),
        a_version(LEAVE.replace("25", "30"), title, document="b.md"),
    )

    assert "“Leave policy !channel x”" in note


def test_answer_says_that_a_newer_document_says_otherwise() -> None:
    old = a_chunk(LEAVE, document="a.md", title="Leave policy", modified_at=OLD)
    new = a_chunk(
        LEAVE.replace("25", "30"), id=2, document="b.md", title="Leave policy", modified_at=NEW
    )
    engine = AnswerEngine(
        MemorySearcher([old, new]),
        Portfolio([], ModelsSettings()),
        fallback=ScriptedAnswerer(quoting),
        k=8,
    )

    answer = engine.ask(Question(text="How many days of leave?"))

    assert answer.text == LEAVE.replace(".", " [1].")
    assert "A newer document says otherwise: “Leave policy”" in answer.message


def whole(passage: Passage, label: int) -> Citation:
    """Return a citation of all that a passage says."""
    chunk = passage.chunk
    return Citation(
        label=label,
        document=chunk.document,
        title=chunk.title,
        page=None,
        heading=(),
        start=chunk.start,
        end=chunk.end,
        quote=chunk.text,
        url=None,
        modified_at=None,
    )


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the public sets in ../shared/data")
@pytest.mark.parametrize(
    ("name", "most", "every"),
    [
        ("northwind_pdf", 1, 24),
        pytest.param("squad2_public", 0, 144, marks=pytest.mark.slow),
    ],
)
def test_public_documents_on_different_subjects_raise_hardly_an_alarm(
    name: str, most: int, every: int, campaign: bool
) -> None:
    """Each question is answered with all that was found for it, more than any answer cites."""
    rows = (DATA / name / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    chunks = [
        a_chunk(
            row["text"],
            id=at,
            start=10_000 * at,
            document=row.get("group") or row["_id"].partition("::")[0],
            title=row["title"],
        )
        for at, row in enumerate(map(json.loads, rows))
    ]
    asked = (
        (DATA / name / "queries.jsonl")
        .read_text(encoding="utf-8")
        .splitlines()[:: 12 if campaign else every]
    )
    searcher = MemorySearcher(chunks)
    alarms = []
    for line in asked:
        found = searcher.search(json.loads(line)["text"], k=8, audience=None).passages
        notes = disagreements([whole(p, at) for at, p in enumerate(found, 1)], found)
        alarms += notes[:1]

    assert len(alarms) <= most, alarms
