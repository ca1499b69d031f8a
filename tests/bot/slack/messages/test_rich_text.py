import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.bot.slack.messages.blocks import Frame, answer_message
from footnote_qa.bot.slack.messages.rich_text import Part, item_element, joined_lists, parts
from footnote_qa.bot.slack.messages.texts import JOINER
from tests.bot.slack.messages.test_blocks import NOW, answer
from tests.fakes.slack_display import show
from tests.fakes.slack_limits import problems


def told(text: str) -> list[tuple[str, str]]:
    return [(part.kind, words(part)) for part in parts(text)]


def words(part: Part) -> str:
    if part.rows:
        return " / ".join("|".join(row) for row in part.rows)
    return "".join(piece.text for piece in part.pieces)


def numbered(part: Part) -> str:
    return words(part) if part.number is None else f"{part.number}. {words(part)}"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("One [1].\n\nTwo [2].", [("text", "One [1]."), ("text", "Two [2].")]),
        ("- a\n- b\n  - c", [("item", "a"), ("item", "b"), ("item", "c")]),
        ("1986. What a year", [("text", "1986. What a year")]),
        ("1. one\n2. two", [("item", "one"), ("item", "two")]),
        ("1.", [("text", "1.")]),
        ("1. one\n2.", [("item", "one"), ("text", "2.")]),
        ("```py\nx = 1\n```", [("code", "x = 1")]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", [("table", "a|b / 1|2")]),
        ("# Title", [("text", "Title")]),
        ("call __init__ and 5 * 3 * 2", [("text", "call __init__ and 5 * 3 * 2")]),
        ("see [here](https://evil.example)", [("text", "see here")]),
        ("![image](https://evil.example)", [("text", "image")]),
        ("so [1](see below) it is", [("text", "so [1](see below) it is")]),
        ("It is so [1](evil) it", [("text", "It is so [1](evil) it")]),
        ("[1]: it is so", [("text", "[1]: it is so")]),
        ("<b>bold</b>", [("text", "<b>bold</b>")]),
        ("> quoted", [("text", "> quoted")]),
        ("", []),
    ],
)
def test_an_answer_is_taken_apart(text: str, seen: list[tuple[str, str]]) -> None:
    assert told(text) == seen


def test_styles_are_kept() -> None:
    (part,) = parts("a **b** *c* `d` ***e***")

    styled = {piece.text: set(piece.styles) for piece in part.pieces if piece.styles}
    assert styled == {"b": {"bold"}, "c": {"italic"}, "d": {"code"}, "e": {"bold", "italic"}}


@given(st.text(alphabet="ab1 .*_-#|>`~\n+=:", max_size=200))
def test_no_letter_gets_lost(text: str) -> None:
    seen = "".join(numbered(part) for part in parts(text))

    # The word behind a fence names the language of the code, which nobody needs to see.
    without_fences = re.sub(r"(?m)^ {0,3}(?:[-+*>] *)*(`{3,}|~{3,}).*$", "", text)
    assert re.sub(r"[^ab1]", "", without_fences) in _letters(seen, text)


def _letters(seen: str, text: str) -> str:
    letters = re.sub(r"[^ab1]", "", seen)
    # Alignment rows and fences aside, nothing is added either.
    assert len(letters) <= len(re.sub(r"[^ab1]", "", text))
    return letters


@given(st.text(alphabet="ab <@!>[]()|*_-#`\n.:/", max_size=400))
def test_whatever_the_markup_the_blocks_are_taken_and_inert(text: str) -> None:
    message = answer_message(answer(text=text or "x"), Frame(now=NOW, question_id="q"))

    shown = show({"blocks": list(message.blocks)})
    assert problems(list(message.blocks)) == []
    assert problems(list(message.simpler)) == []
    assert (shown.pings, shown.links) == ([], ["https://wiki.example/parking"])


def test_a_second_table_and_one_that_is_too_big_become_text() -> None:
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    wide = "|" + " x |" * 21 + "\n|" + "---|" * 21 + "\n\n"

    message = answer_message(answer(text=table + table + wide), Frame(now=NOW))

    kinds = [block["type"] for block in message.blocks]
    assert kinds.count("table") == 1
    assert problems(list(message.blocks)) == []
    assert show({"blocks": list(message.blocks)}).text.replace(JOINER, "").count("1 | 2") == 1


def test_a_long_piece_of_code_is_cut_into_blocks_that_fit() -> None:
    code = "```\n" + "x = 1\n" * 700 + "```"

    message = answer_message(answer(text=code), Frame(now=NOW))

    assert problems(list(message.blocks)) == []


def bold(text: str, *words: str) -> list[str]:
    places = [(text.index(one), text.index(one) + len(one)) for one in words]
    found = parts(text, places)
    plain = parts(text)
    assert ["".join(p.text for p in part.pieces) for part in found] == [
        "".join(p.text for p in part.pieces) for part in plain
    ]
    assert [part.rows for part in found] == [part.rows for part in plain]
    return [p.text for part in found for p in part.pieces if "bold" in p.styles]


@pytest.mark.parametrize(
    ("text", "words", "seen"),
    [
        ("There are 30 days [1]. By May [2].", ["30 days", "May"], ["30 days", "May"]),
        ("Bring:\n- a form\n- a `pass` too", ["form", "pass"], ["form", "pass"]),
        ("It costs 5 * 3 * 2 euros, call __init__", ["3 * 2", "init"], ["3 * 2", "init"]),
        ("Ask at evil.example or <!here>", ["evil", "<!here>"], ["evil", "<!here>"]),
        ("היתרה היא 30 ימים בשנה", ["30 ימים"], ["30 ימים"]),
        ("so *it* is", ["it"], ["it"]),
        ("so * it* is", ["* it"], ["* it"]),
        ("so \\*it is", ["*it"], []),  # would part an escape from what it escapes
        ("see [the plan](https://a.example)", ["plan](http"], []),
        ("30 days [1] a year", ["days [1] a"], []),
        ("one\ntwo", ["one\ntwo"], []),
        ("cafe\u0301 here", ["cafe"], []),  # its accent would be left behind
        ("\u0645\u06cc\u200c\u062e\u0648", ["\u0645\u06cc"], []),
        ("\ufdd0 and 30 days", ["30 days"], []),  # it holds what would mark the words
    ],
)
def test_words_are_bold_where_nothing_else_changes(
    text: str, words: list[str], seen: list[str]
) -> None:
    assert bold(text, *words) == seen


@given(st.text(alphabet="ab1 .*_-#|>`~\n+=:[]()!\\", max_size=60), st.data())
def test_whatever_is_bold_all_words_stay_as_they_were(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    found = parts(text, [(start, end)])

    assert [(p.kind, words(p)) for p in found] == [(p.kind, words(p)) for p in parts(text)]


def test_steps_are_one_numbered_list_and_a_step_left_out_leaves_its_number_out() -> None:
    items = [item_element(part) for part in parts("1. one\n2. two\n4. four\n   - deep")]

    lists = joined_lists(items)

    assert [(one["style"], one.get("offset", 0), one["indent"]) for one in lists] == [
        ("ordered", 0, 0),
        ("ordered", 3, 0),
        ("bullet", 0, 1),
    ]
    assert str(lists[0]["elements"]).count("rich_text_section") == 2
