import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.bot.ages import ago
from footnote_qa.bot.slack.messages import texts
from footnote_qa.bot.slack.messages.blocks import (
    Frame,
    Message,
    answer_message,
    cut_at_sentence,
    note,
)
from footnote_qa.bot.slack.messages.elements import LIMITS
from footnote_qa.bot.slack.messages.texts import JOINER
from footnote_qa.bot.slack.preview.server import message_html
from footnote_qa.bot.types import Answer, Citation, Status, Usage
from footnote_qa.index.types import Chunk, Passage
from tests.fakes.slack_display import Shown, show
from tests.fakes.slack_limits import problems

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FRAME = Frame(now=NOW)
INJECTION = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "injection"
WIKI = "https://wiki.example/parking"


def cited(label: int = 1, **changes: object) -> Citation:
    fields: dict[str, object] = {
        "label": label,
        "document": "parking.md",
        "title": "Parking",
        "page": 3,
        "heading": ("Site", "Fees"),
        "start": 0,
        "end": 21,
        "quote": "Parking is three euro",
        "url": WIKI,
        "modified_at": NOW - timedelta(days=61),
    }
    return Citation(**(fields | changes))  # type: ignore[arg-type]  # a mixed bag of fields


def passage(text: str, title: str = "Parking", url: str | None = None) -> Passage:
    chunk = Chunk(
        id=1,
        document="parking.md",
        title=title,
        start=0,
        end=len(text),
        text=text,
        heading=(),
        page=None,
        url=url,
        modified_at=None,
        audience=(),
    )
    return Passage(chunk=chunk, rank=1, fused=0.5, cosine=None, bm25=None)


def answer(status: Status = Status.ANSWERED, **changes: object) -> Answer:
    fields: dict[str, object] = {
        "status": status,
        "text": "It costs three euro [1]." if status is Status.ANSWERED else "",
        "citations": (cited(),) if status is Status.ANSWERED else (),
        "nearest": (),
        "message": "",
        "reference": "ref-1",
        "generation": "gen-000042",
        "indexed_at": NOW - timedelta(hours=2),
        "answerer": "offline",
        "usage": Usage(),
        "ms": 1.0,
    }
    return Answer(**(fields | changes))  # type: ignore[arg-type]  # a mixed bag of fields


def seen(message: Message) -> Shown:
    posted = {"text": message.text, "blocks": list(message.blocks)}
    assert problems(posted["blocks"]) == []
    assert problems(list(message.simpler)) == []
    shown = show(posted)
    shown.text = shown.text.replace(JOINER, "")
    return shown


def test_an_answer_is_shown_with_its_sources_and_its_generation() -> None:
    shown = seen(answer_message(answer(), FRAME))

    assert shown.text.split("\n") == [
        "It costs three euro [1].",
        "",
        "Sources (1)",
        "[1] Parking · page 3 · changed 2025-12-30 (2 months ago) · Site › Fees",
        "Parking is three euro",
        "",
        "Index gen-000042, built 2 hours ago (2026-03-01 10:00 UTC)",
        "",
    ]
    assert shown.links == [WIKI]


def test_a_quote_that_the_answer_says_is_not_shown_twice() -> None:
    shown = seen(answer_message(answer(text="**Parking** is three euro [1]."), FRAME))

    assert shown.text.count("is three euro") == 1
    assert "[1] Parking · page 3" in shown.text


def bold_words(message: Message) -> list[str]:
    found = re.findall(r"<b>(.*?)</b>", message_html(message).partition("<details")[0])
    return [words.replace(JOINER, "") for words in found]


def test_the_words_that_answer_are_bold_whatever_was_cleaned_before_them() -> None:
    text = " \u200bIt costs\r\nthree euro [1]."
    start = text.index("three")

    message = answer_message(answer(text=text, highlights=((start, start + 10),)), FRAME)

    assert bold_words(message) == ["three euro"]
    assert bold_words(replace(message, blocks=message.simpler))[:1] == ["three euro"]
    assert "*" not in message.text
    assert seen(message).text.startswith("It costs\nthree euro [1].")


def test_words_beyond_the_cut_of_a_long_answer_are_not_bold() -> None:
    long = "This is said at length, in words [1].\n\n" * 400
    places = ((8, 12), (len(long) - 20, len(long) - 12))

    message = answer_message(answer(text=long, highlights=places), FRAME)

    assert bold_words(message) == ["said"]


def test_a_source_without_an_address_is_no_link() -> None:
    for url in (None, "javascript:alert(1)"):
        shown = seen(answer_message(answer(citations=(cited(url=url),)), FRAME))

        assert shown.links == []
        assert "[1] Parking" in shown.text


def test_a_source_without_a_title_is_named_by_its_document() -> None:
    shown = seen(answer_message(answer(citations=(cited(title="\u200b "),)), FRAME))

    assert "[1] parking.md · page 3" in shown.text


def test_a_refusal_shows_its_message_and_the_nearest_passages() -> None:
    found = answer(
        Status.NOT_FOUND,
        message="The documents don't say.",
        nearest=(passage("Bikes may\nstand here.", url=WIKI), passage("No cars.")),
    )

    shown = seen(answer_message(found, FRAME))

    assert shown.text.startswith(
        "The documents don't say.\n\nNearest passages (2)\n"
        "• Parking\nBikes may stand here.\n• Parking\nNo cars.\n"
    )
    assert shown.links == [WIKI]


def test_a_remark_is_shown_under_an_answer() -> None:
    shown = seen(answer_message(answer(message="No model could be reached."), FRAME))

    assert "No model could be reached." in shown.text


def test_a_failure_shows_a_fixed_sentence_and_its_reference() -> None:
    failed = answer(Status.FAILED, message="boom: secret", reference="ref-9")

    message = answer_message(failed, FRAME)

    assert message == Message(text=texts.FAILED.format(reference="ref-9"))


def test_a_long_answer_is_cut_after_a_sentence_and_keeps_its_sources() -> None:
    long = "This is said at length, in words [1]. " * 400

    shown = seen(answer_message(answer(text=long), FRAME))

    said = shown.text.partition("\n\nSources (")[0].replace("\n", " ").replace("  ", " ")
    assert said == ("This is said at length, in words [1]. " * 400)[: len(said)]
    assert said.endswith("[1].")
    assert len(said) > 3500
    assert texts.CUT in shown.text
    assert "[1] Parking · page 3" in shown.text


def test_an_answer_that_fits_is_not_said_to_be_cut() -> None:
    shown = seen(answer_message(answer(text="A sentence [1]. " * 100 + "\n"), FRAME))

    assert texts.CUT not in shown.text


@pytest.mark.parametrize("count", [1, 8, 60])
def test_however_many_sources_there_are_each_is_named(count: int) -> None:
    citations = tuple(
        cited(
            n, title=f"{n} " + "long title " * 30, quote="quoted words " * 90, heading=("h" * 500,)
        )
        for n in range(1, count + 1)
    )

    message = answer_message(answer(text="Long [1]. " * 900, citations=citations), FRAME)

    shown = seen(message)
    assert [n for n in range(1, count + 1) if f"[{n}] {n} long" not in shown.text] == []
    assert len(shown.text) <= LIMITS["message_chars"]
    assert len(message.text) <= LIMITS["fallback_chars"]


def test_the_text_for_notifications_has_the_answer_and_the_titles() -> None:
    message = answer_message(answer(text="<b> & c [1]."), FRAME)

    assert message.text.replace(JOINER, "") == "&lt;b&gt; &amp; c [1].\nSources: [1] Parking"


EVIL = st.sampled_from(
    ["<!channel>", "<@U1>", "https://evil.example/?q=", "evil.com", "a@b.com", "\u202e", "\x00"]
) | st.text(max_size=40)
EVIL_TEXT = st.lists(EVIL, max_size=8).map("".join)


@given(EVIL_TEXT, EVIL_TEXT, EVIL_TEXT, EVIL_TEXT)
def test_whatever_documents_and_models_say_only_the_index_links(
    text: str, title: str, quote: str, message: str
) -> None:
    citation = cited(title=title, quote=quote, document=title, heading=(quote, title))
    near = passage(quote, title=title)

    said = seen(answer_message(answer(text=text, citations=(citation,), message=message), FRAME))
    refused = seen(
        answer_message(answer(Status.UNSUPPORTED, message=message, nearest=(near,)), FRAME)
    )

    assert (said.pings, said.links) == ([], [WIKI])
    assert (refused.pings, refused.links) == ([], [])


@pytest.mark.skipif(not INJECTION.is_dir(), reason="needs the shared injection texts")
def test_no_known_injection_pings_or_links_wherever_it_is() -> None:
    lines = [line for path in INJECTION.glob("*.jsonl") for line in path.read_text().splitlines()]
    texts = [str(json.loads(line)["text"]) for line in lines]

    for text in texts:
        citation = cited(title=text, quote=text, document=text, heading=(text,))
        shown = seen(answer_message(answer(text=text, citations=(citation,), message=text), FRAME))

        assert (shown.pings, shown.links) == ([], [WIKI])

    assert len(texts) > 200


@given(st.text(alphabet=".a@:/", max_size=20_000))
def test_the_worst_text_stays_within_slacks_limits(text: str) -> None:
    shown = show({"blocks": list(answer_message(answer(text=text), FRAME).blocks)})

    assert len(shown.text) <= LIMITS["message_chars"]


@given(st.text(alphabet="ab .!?\n[1]", max_size=300), st.integers(1, 200))
def test_a_cut_is_a_beginning_within_its_limit(text: str, max_chars: int) -> None:
    cut = cut_at_sentence(text, max_chars)

    assert len(cut) <= max_chars
    assert text.startswith(cut)


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=25), "1 day ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=30), "1 month ago"),
        (timedelta(days=364), "11 months ago"),
        (timedelta(days=366), "1 year ago"),
        (timedelta(days=800), "2 years ago"),
    ],
)
def test_ages_are_shown_in_the_largest_full_unit(elapsed: timedelta, said: str) -> None:
    assert ago(NOW - elapsed, NOW) == said


def test_no_fixed_sentence_holds_mark_up() -> None:
    fixed = [v for k, v in vars(texts).items() if k.isupper() and isinstance(v, str)]

    shown = [show({"text": note(sentence).text}) for sentence in fixed]

    assert len(fixed) > 10
    assert [s for s in shown if s.pings or s.links] == []
    assert [s for s in fixed if set(s) & set("<>&")] == []
