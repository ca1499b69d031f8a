"""Claims for the entailment network, and the ways to make one wrong."""

import json
import random
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from training.claims import (
    Pair,
    answered,
    both_changed,
    copied,
    labelled,
    spoilt,
    statement,
)
from training.squad import Example

TEXT = "The fee is 3 euros. Ann Lee pays Bob Ray on Monday. Rain fell all day long there."


def chooser(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - no secret


def a_pair(claim: str, evidence: str = TEXT) -> Pair:
    return Pair(claim=claim, evidence=evidence, is_supported=True, source="begin")


@pytest.mark.parametrize(
    ("source", "shared"), [("begin", "text"), ("wice", "claim"), ("healthver", "claim")]
)
def test_no_text_or_claim_is_used_for_training_and_for_testing(
    tmp_path: Path, source: str, shared: str
) -> None:
    rows = [
        {"source": source, "text": f"{n // 2} text", "claim": f"{n // 2} claim", "label": "x"}
        for n in range(80)
    ]
    for n, row in enumerate(rows):
        row["claim" if shared == "text" else "text"] += str(n)
    (tmp_path / "pairs.jsonl").write_text("\n".join(map(json.dumps, rows)))

    taught, held = labelled(tmp_path / "pairs.jsonl")

    name = "evidence" if shared == "text" else "claim"
    assert taught
    assert held
    assert not {getattr(one, name) for one in taught} & {getattr(one, name) for one in held}


def test_a_question_with_its_answer_is_one_statement() -> None:
    assert statement("How many rooms are there?", "Five") == "Five rooms are there."


def test_a_right_statement_has_its_sentence_beside_it_and_a_wrong_one_has_not() -> None:
    start = TEXT.index("3 euros")
    asked = Example(
        id="1",
        article="a",
        source="a",
        question="How much is the fee?",
        title="",
        context=TEXT,
        answers=((start, start + 7),),
    )

    right, wrong = answered([asked], chooser(1))

    assert right.is_supported
    assert "3 euros" in right.evidence
    assert not wrong.is_supported
    assert "3 euros" not in wrong.evidence


def test_every_way_to_spoil_a_claim_changes_it_and_leaves_its_evidence() -> None:
    claim = "Once Ann Lee pays Bob Ray 3 euros before noon, it is not late."
    chance = chooser(1)

    made = [spoilt(a_pair(claim), "Rain fell all day long.", chance) for _ in range(200)]

    said = {one.claim for one in made if one}
    assert all(one is None or (one.evidence == TEXT and not one.is_supported) for one in made)
    assert claim not in said
    for part in ("after noon", "it is late", "Only once", "rain fell", "Bob Ray pays Ann Lee"):
        assert any(part in one for one in said), part


def test_what_the_evidence_says_too_is_not_spoilt() -> None:
    evidence = "It ends before noon. It ends after noon."

    made = {
        one.claim
        if (one := spoilt(a_pair("It ends before noon.", evidence), "x", chooser(n)))
        else ""
        for n in range(40)
    }

    assert "It ends after noon." not in made


def test_the_same_word_is_exchanged_in_claim_and_evidence() -> None:
    made = both_changed(a_pair("It costs 3 euros."), chooser(3))

    assert made is not None
    assert made.is_supported
    assert made.claim != "It costs 3 euros."
    assert made.evidence != TEXT


def test_sentences_of_documents_have_their_neighbours_beside_them() -> None:
    made = list(copied([TEXT], chooser(1)))

    assert made
    assert all(one.claim in one.evidence for one in made)
