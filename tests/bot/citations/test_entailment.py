import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from footnote_qa.bot.citations import Reason, check
from footnote_qa.bot.citations.comparing.languages import covered
from footnote_qa.bot.citations.entailment import EntailmentCheck
from footnote_qa.bot.engine.context import show
from footnote_qa.bot.types import Evidence, Sentence
from footnote_qa.index.types import Vectors
from tests.fakes.searcher import a_passage

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "eval" / "squad2_public"


class Encoder:
    """Says that all texts mean the same, or that none do; remembers what it was asked."""

    def __init__(self, cosine: float) -> None:
        self.cosine = cosine
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Vectors:
        assert len(texts) == 1
        other = [self.cosine, float(np.sqrt(1 - self.cosine**2))]
        made = [1.0, 0.0] if not self.asked or texts[0] == self.asked[0] else other
        self.asked += texts
        return np.array([made], dtype=np.float32)


def test_more_of_the_words_and_a_nearer_meaning_make_it_likelier() -> None:
    said, evidence = "The monthly parking fee is low.", "Parking is cheap for the staff."

    near = EntailmentCheck(Encoder(0.9))(said, evidence)
    far = EntailmentCheck(Encoder(0.1))(said, evidence)
    words = EntailmentCheck(Encoder(0.9))(said, "The monthly fee for parking is low.")

    assert 0 < far < near < words < 1


TWO = (
    "Parking in the north garage costs 3 euros a day. "
    "The lunch room on the second floor opens at noon."
)


def checked_text(sentence: str, quote: str, *texts: str) -> tuple[str, list[str], list[Reason]]:
    shown = show([a_passage(text, rank=at, id=at) for at, text in enumerate(texts, 1)])
    evidence = Evidence(passage_id=shown[0].id, quote=quote)
    made = check(
        [Sentence(text=sentence, evidence=(evidence,))], shown, EntailmentCheck(Encoder(0.2))
    )
    quotes = [citation.quote for citation in made.citations]
    return made.text, quotes, [one.reason for one in made.removed]


def test_quote_that_proves_something_else_is_replaced_by_the_sentence_that_proves_it() -> None:
    text, quotes, removed = checked_text(
        "The lunch room opens at noon.", "north garage costs 3 euros a day", TWO
    )

    assert text == "The lunch room opens at noon [1]."
    assert quotes == ["The lunch room on the second floor opens at noon."]
    assert removed == []


def test_sentence_can_be_cited_again_from_another_passage() -> None:
    _, quotes, _ = checked_text(
        "Visitors park free of charge.",
        "north garage costs 3 euros a day",
        TWO,
        "As agreed, visitors park free of charge.",
    )

    assert quotes == ["As agreed, visitors park free of charge."]


def test_sentence_that_nothing_shown_proves_is_removed() -> None:
    assert checked_text("Directors fly in first class.", "north garage costs 3 euros", TWO) == (
        "",
        [],
        [Reason.NOT_PROVEN],
    )


def test_sentence_that_the_passages_deny_is_not_cited_with_a_weaker_one() -> None:
    text, _, removed = checked_text(
        "Unused leave days are paid out at the end.",
        "north garage costs 3 euros",
        TWO,
        "Unused leave days are not paid out at the end.",
        "Unused leave days at the end of the year are told to the team.",
    )

    assert (text, removed) == ("", [Reason.NOT_PROVEN])


def test_sentence_without_evidence_is_cited_with_the_sentence_that_proves_it() -> None:
    shown = show([a_passage(TWO)])

    made = check([Sentence(text="Parking costs 3 euros.")], shown, EntailmentCheck(Encoder(0.9)))

    assert [one.quote for one in made.citations] == [TWO[:47] + "."]


def test_right_quote_is_kept_although_another_sentence_is_near() -> None:
    text = "Parking costs 3 euros a day. Parking costs more at night."

    _, quotes, _ = checked_text("Parking costs 3 euros a day.", "Parking costs 3 euros a day", text)

    assert quotes == ["Parking costs 3 euros a day"]


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the public questions in ../shared/data")
@pytest.mark.slow
def test_planted_quotes_of_public_data_are_caught_and_right_ones_kept() -> None:
    """By words alone, as meaning needs a model; benchmarks/calibrate_support.py measures both."""
    rows = []
    for article in json.loads((DATA / "squad_format.json").read_text(encoding="utf-8"))["data"]:
        rows += [paragraph["context"] for paragraph in article["paragraphs"]]
    texts = random.Random(0).sample([t for t in rows if t.count(". ") > 3], 100)  # noqa: S311
    kept, caught = 0, 0
    for text in texts:
        parts = [part for part in text.split(". ") if len(part) > 40]
        right, wrong = parts[0], parts[-1]
        kept += checked_text(f"{right}.", right, text)[1] == [right]
        caught += checked_text(f"{right}.", wrong, text)[1] != [wrong]

    assert kept >= 97
    assert caught >= 97


def test_share_of_words_counts_forms_of_a_word_as_one() -> None:
    assert covered("Costs are covered.", "The policy covers every cost.") == 1.0
    assert covered("the of", "anything") is None
