import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.bot.citations.quotes import MIN_RUN_SHARE, find, fold, is_long_enough, run

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "eval" / "squad2_public"


@pytest.mark.parametrize(
    ("quote", "text", "found"),
    [
        ("don't pay twice", "You don’t pay\n  twice.", "don’t pay\n  twice"),
        ("the 2025-2026 plan", "See the 2025–2026 plan.", "the 2025–2026 plan"),
        ("effective rate", "the eﬀective rate", "eﬀective rate"),
        ("cooperation is key", "co\u00adoperation is key", "co\u00adoperation is key"),
        ("The fee is due", "The **fee** is _due_", "The **fee** is _due"),
        ("Gold 500 euros", "| Gold | 500 euros |", "Gold | 500 euros"),
        ("bring: a pen a book", "Bring:\n- a pen\n- a book", "Bring:\n- a pen\n- a book"),
        ("DAYS OF LEAVE", "thirty days of leave", "days of leave"),
        ("three days per year.", "three days per year, at most", "three days per year"),
        ("caf\u00e9 au lait", "cafe\u0301 au lait", "cafe\u0301 au lait"),
        ("max_tokens is 5", "`max_tokens` is 5", "max_tokens` is 5"),
    ],
)
def test_quote_is_found_across_typography(quote: str, text: str, found: str) -> None:
    span = find(quote, text)

    assert span is not None
    assert text[slice(*span)] == found


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("100 users a day", "up to 2,100 users a day"),
        ("5 days of leave", "1.5 days of leave"),
        ("5 degrees below", "-5 degrees below"),
        ("it lasts for 5", "it lasts for 50 days"),
        ("it lasts for 5", "it lasts for 5-10 days"),
        ("it costs up to 5", "it costs up to 5.50 euros"),
        ("able to work at home", "unable to work at home"),
        ("you may carry over", "you may not carry over"),
        ("", "anything"),
        ("…", "anything at all"),
    ],
)
def test_quote_that_cuts_a_word_or_a_number_or_is_not_there_is_not_found(
    quote: str, text: str
) -> None:
    assert find(quote, text) is None


def test_a_later_complete_occurrence_is_found_after_a_cut_one() -> None:
    text = "2,100 users; then 100 users"

    assert find("100 users", text) == (18, 27)


def test_words_of_scripts_without_spaces_are_found_inside_a_sentence() -> None:
    text = "年次有給休暇は二十日です。"

    assert find("休暇は二十日", text) == (4, 10)


@given(st.text(), st.integers(0, 30), st.integers(1, 30))
def test_what_is_found_of_a_slice_folds_to_the_slice(text: str, start: int, length: int) -> None:
    quote = text[start : start + length]

    span = find(quote, text)

    if span is not None:
        said = fold(quote).text
        assert fold(text[slice(*span)]).text.strip(" .,;:!?…\"'") == said.strip(" .,;:!?…\"'")


@given(st.text())
def test_folding_keeps_an_offset_for_each_character(text: str) -> None:
    folded = fold(text)

    assert len(folded.text) == len(folded.origin)
    assert list(folded.origin) == sorted(folded.origin)
    assert all(0 <= at < len(text) for at in folded.origin)


@pytest.mark.parametrize(
    ("text", "quote", "enough"),
    [
        ("it costs 3 euros", "3 euros", False),
        ("| parking | 3 euros |", "3 euros", True),
        ("Parking:\n- free\nelse", "free", True),
        ("on the first of May", "of the first", True),
        ("indistinguishable", "indistinguishable", True),
        ("go to it now", "go to it", True),
        ("a word here", "a word", False),
    ],
)
def test_quote_needs_twelve_characters_or_three_words_or_a_complete_line_or_cell(
    text: str, quote: str, enough: bool
) -> None:
    start = max(0, text.find(quote))

    assert is_long_enough(text, start, start + len(quote)) is enough


def test_slip_in_a_short_quote_is_not_forgiven() -> None:
    assert not any(
        run("Unused days lapse at the end of Marchx", "Unused days lapse at the end of March.")
    )


@given(st.text(alphabet="ab c.", min_size=1), st.text(alphabet="ab c.", min_size=1))
def test_run_is_a_piece_of_the_text_and_of_the_quote(quote: str, text: str) -> None:
    for start, end in run(quote, text):
        found = fold(text[start:end]).text
        assert found in fold(quote).text
        assert len(found) >= len(fold(quote).text) * MIN_RUN_SHARE


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the public texts in ../shared/data")
def test_slips_of_a_copyist_are_found_in_real_text_and_inventions_are_not() -> None:
    lines = (DATA / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    chosen = random.Random(0)  # noqa: S311 - the same texts each time
    texts = [json.loads(line)["text"] for line in chosen.sample(lines, 300)]
    found = {"as it is": 0, "slip at the end": 0, "slip in the middle": 0, "word left out": 0}

    for text in texts:
        words = text.split()
        at = chosen.randrange(len(words) - 20)
        part = words[at : at + 20]
        made = {
            "as it is": part,
            "slip at the end": [*part[:-1], "sideways"],
            "slip in the middle": [*part[:10], "sideways", *part[11:]],
            "word left out": part[:9] + part[10:],
        }
        for name, quote in made.items():
            joined = " ".join(quote)
            found[name] += find(joined, text) is not None or any(run(joined, text))

    assert found["as it is"] == 300
    assert found["slip at the end"] >= 270
    assert found["slip in the middle"] == 0
    assert found["word left out"] <= 3
