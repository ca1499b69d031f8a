"""The documents' own words always pass: sentences of the public data, as a model copies them."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.bot.citations import Reason, check, is_long_enough
from footnote_qa.bot.engine import ReplyReader
from footnote_qa.bot.types import Evidence, Sentence, ShownPassage
from footnote_qa.index.chunking import plain_block, split_sentences
from tests.fakes.searcher import a_passage

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "eval"
PART_CHARS = 3000
MOST_OF_A_PART = 6
FEWEST_WORDS = 3
# Nothing is said by a line of dashes, a lone bracket, a tag or a template's tag
SAYS_NOTHING = {Reason.EMPTY, Reason.QUOTE_NOT_FOUND}


def texts() -> Iterator[tuple[str, str]]:
    for path in sorted(DATA.glob("*/corpus.jsonl")):
        rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines() if row]
        random.Random(1).shuffle(rows)  # noqa: S311 - no secret
        yield from ((row.get("title", ""), row["text"]) for row in rows[:400])
    for path in sorted((DATA / "handbook18f" / "documents").rglob("*.md")):
        yield path.stem, path.read_text(encoding="utf-8")


def sentences(count: int) -> Iterator[tuple[ShownPassage, str, str]]:
    """Yield (passage, sentence as it is, sentence as it reads)."""
    every = [*texts()]
    random.Random(2).shuffle(every)  # noqa: S311 - no secret
    for title, text in every:
        for at in range(0, min(len(text), 2 * PART_CHARS), PART_CHARS):
            part = text[at : at + PART_CHARS].replace("\r\n", "\n")
            shown = ShownPassage(id="1", passage=a_passage(part, title=title))
            for start, end in split_sentences(part)[:MOST_OF_A_PART]:
                read = plain_block(shown.section.masked[start:end])
                if is_long_enough(part, start, end) and any(char.isalpha() for char in read):
                    yield shown, part[start:end], read
                    count -= 1
                    if not count:
                        return


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the public texts in ../shared/data")
def test_copied_sentence_is_never_removed(campaign: bool) -> None:
    lost = []
    for shown, raw, read in sentences(20_000 if campaign else 500):
        evidence = (Evidence(passage_id="1", quote=raw),)
        parts = [Sentence(text=raw, evidence=evidence), Sentence(text=read, evidence=evidence)]
        if len(read.split()) >= FEWEST_WORDS:  # the program cannot look for a word or two
            parts.append(Sentence(text=read, evidence=(Evidence(passage_id="1"),)))
        for part in parts:
            removed = check([part], [shown]).removed
            if removed and not (part.text == raw and removed[0].reason in SAYS_NOTHING):
                lost.append((part.text, removed[0].reason))

    assert lost == []


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the public texts in ../shared/data")
def test_copied_sentence_in_a_reply_is_never_removed_or_marked(campaign: bool) -> None:
    lost = []
    for shown, _, read in sentences(10_000 if campaign else 250):
        if not read[0].isalpha() or not read.endswith("."):
            continue  # Markdown reads other beginnings as lists, headings or code
        reader = ReplyReader(1)
        checked = check([*reader.feed(f"{read} [1]"), *reader.end()], [shown])
        if checked.removed or any(part.marked for part in checked.parts):
            lost.append((read, [one.reason for one in checked.removed]))

    assert lost == []


@pytest.mark.parametrize("name", ["HR's", "IT's", "CEO's", "QA's", "UN's", "Man's"])
def test_short_name_with_a_possessive_is_in_the_passage(name: str) -> None:
    text = f"Lost badges are replaced by {name} Lisbon desk within two days."
    shown = ShownPassage(id="1", passage=a_passage(text))
    said = f"Within two days {name} Lisbon desk replaces lost badges."

    result = check([Sentence(text=said, evidence=(Evidence(passage_id="1"),))], [shown])

    assert result.removed == ()
