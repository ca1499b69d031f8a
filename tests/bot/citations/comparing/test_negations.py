import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.bot.citations.comparing.negations import contradicts, denied_before


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("Trips are refundable.", "Trips are not refundable."),
        ("You need a key.", "You don’t need a key."),
        ("Pets are not allowed.", "Pets are allowed in the garden."),
        ("Reisen sind erstattbar.", "Reisen sind nicht erstattbar."),
        ("A key is needed.", "No key is needed."),
        ("Trips are only refundable by card.", "Trips are not refundable."),
        ("Smoking is forbidden.", "Smoking is not forbidden."),
    ],
)
def test_sentence_and_evidence_that_deny_different_things_contradict(
    sentence: str, evidence: str
) -> None:
    assert contradicts(sentence, evidence)


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("Trips are not refundable.", "Trips are not refundable."),
        ("Dental care is not covered.", "Dental care is excluded."),
        ("You get 30 days.", "You get 30 days. Unused days do not carry over."),
        ("Not only staff may park.", "Staff and guests may park."),
        ("Staff and guests may park.", "Not only staff but also guests may park."),
        ("See room 5.", "See room No. 5."),
        ("You cannot pay cash.", "No cash is accepted."),
        ("Some definitions prevent a framework.", "Some definitions do not fit a framework."),
        ("Imports may not be taxed.", "The article prevented taxes on imports."),
    ],
)
def test_sentence_and_evidence_with_the_same_negation_agree(sentence: str, evidence: str) -> None:
    assert not contradicts(sentence, evidence)


@pytest.mark.parametrize(
    ("before", "quote", "denied"),
    [
        ("You may not ", "carry days over", True),
        ("Never ", "share your password", True),
        ("This is not new. ", "You may carry days over", False),
        ("Not A but ", "the second one counts", False),
        ("No visitors; ", "staff may park here", False),
    ],
)
def test_negation_before_a_quote_in_its_clause_is_seen(
    before: str, quote: str, denied: bool
) -> None:
    assert denied_before(before + quote, len(before)) is denied


def test_what_denies_the_opposite_of_the_evidence_does_not_contradict_it() -> None:
    assert not contradicts("The path is not closed in winter.", "In winter the path is open.")
    assert contradicts("The path is not open in winter.", "In winter the path is open.")


@given(st.text(), st.text())
def test_no_text_makes_the_comparison_raise(sentence: str, evidence: str) -> None:
    contradicts(sentence, evidence)
    denied_before(evidence, len(evidence) // 2)
