"""A search within some documents finds the best of these, however many others fit better."""

import os
from datetime import UTC, datetime

import numpy as np
import pytest

from footnote_qa.index.search import Fusion, LiveIndex
from footnote_qa.index.sources import AudienceRule, SourceSpec
from footnote_qa.index.storage import LexicalIndex, LexicalRow, Within, write_lexical
from footnote_qa.index.types import Audience
from tests.fakes.building import make_builder
from tests.fakes.embedder import HashEmbedder

OLD, NEW = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
QUESTION = "What is a deductible of the Standard Plan?"
TEXTS = {
    **{f"sales/{n}.md": f"# Plan {n}\n\nThe deductible of the standard plan.\n" for n in range(12)},
    "sales/glossary.md": "# Words\n\n**Deductible**: what a person pays of the Standard Plan.\n",
    "hr/plan.md": "# Standard Plan\n\nAsk the office.\n",
    "hr/leave.TXT": "A plan for leave.\n",
    "hr/secret.md": "# Pay\n\nThe deductible of the director's plan.\n",
    "hrx/plan.md": "# Another\n\nThe deductible of the plan.\n",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, embedder: HashEmbedder) -> LiveIndex:
    folder = tmp_path_factory.mktemp("within")
    for name, text in TEXTS.items():
        path = folder / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        at = (OLD if "secret" in name or "sales" in name else NEW).timestamp()
        os.utime(path, (at, at))
    rules = (AudienceRule(match="hr/secret*", audience=("board",)),)
    spec = SourceSpec(path=str(folder / "docs"), rules=rules)
    make_builder(folder, embedder).build([spec])
    return LiveIndex(folder / "index", fusion=Fusion(candidates=3))


def found(index: LiveIndex, within: Within | None, audience: Audience = frozenset()) -> set[str]:
    result = index.search(QUESTION, k=50, audience=audience, within=within)
    return {one.chunk.document for one in result.passages}


def test_others_that_fit_better_take_no_place(index: LiveIndex) -> None:
    best = found(index, None)

    assert "hrx/plan.md" not in best
    assert found(index, Within(source="hrx")) == {"hrx/plan.md"}


@pytest.mark.parametrize(
    ("within", "audience", "expected"),
    [
        (Within(source="hr"), frozenset(), {"hr/plan.md", "hr/leave.TXT"}),
        (Within(source="hr"), frozenset({"board"}), {"hr/plan.md", "hr/leave.TXT", "hr/secret.md"}),
        (Within(source="hr"), None, {"hr/plan.md", "hr/leave.TXT", "hr/secret.md"}),
        (Within(suffix="txt"), frozenset(), {"hr/leave.TXT"}),
        (Within(suffix="d"), None, set()),
        (Within(source="h"), None, set()),
        (Within(source="%"), None, set()),
        (
            Within(changed_since=datetime(2025, 1, 1, tzinfo=UTC), suffix="md"),
            None,
            {"hr/plan.md", "hrx/plan.md"},
        ),
        (Within(changed_since=datetime(2027, 1, 1, tzinfo=UTC)), None, set()),
        (Within(source="hr", suffix="md", changed_since=NEW), None, {"hr/plan.md"}),
    ],
)
def test_nothing_else_is_found_and_nobody_sees_more(
    index: LiveIndex, within: Within, audience: Audience, expected: set[str]
) -> None:
    assert found(index, within, audience) == expected


@pytest.mark.parametrize(
    ("question", "raised"),
    [(QUESTION, "hr/plan.md"), ("What is a deductible?", "sales/glossary.md")],
)
def test_titles_and_definitions_of_other_documents_are_not_raised_into_it(
    index: LiveIndex, question: str, raised: str
) -> None:
    """The first question names a title, the second asks for a definition."""
    everywhere, there = (
        {
            one.chunk.document
            for one in index.search(question, k=50, audience=None, within=w).passages
        }
        for w in (None, Within(source="hrx"))
    )

    assert raised in everywhere
    assert there == {"hrx/plan.md"}


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("words")
    rng = np.random.default_rng(1)
    rows = [
        LexicalRow(
            id=id_, words=" ".join(rng.choice(["plan", "leave", "car", "a"], 9)), audience=()
        )
        for id_ in range(300)
    ]
    write_lexical(folder, rows)
    return LexicalIndex(folder)


@pytest.mark.parametrize("count", [0, 1, 20, 29, 31, 150, 299, 300])
@pytest.mark.parametrize("k", [1, 10, 400])
def test_words_are_searched_in_few_and_in_many_chunks_with_the_same_scores(
    words: LexicalIndex, count: int, k: int
) -> None:
    rng = np.random.default_rng(count)
    only = frozenset(rng.choice(300, count, replace=False).tolist())
    every = words.search("leave plan", 300, groups=None)

    some = words.search("leave plan", k, groups=None, only=only)

    expected = [(id_, score) for id_, score in every if id_ in only][:k]
    assert [score for _, score in some] == pytest.approx([score for _, score in expected])
    assert {id_ for id_, _ in some} <= only
    assert k < 400 or dict(some) == pytest.approx(dict(expected))
