"""Measure the time of prompt, parsing and check for an answer of ten sentences.

Run: python benchmarks/answer_overhead.py ENCODER_FOLDER [TIMES]
"""

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.texts import passage_of
from footnote_qa.bot.citations import Checker, EntailmentCheck
from footnote_qa.bot.engine import ReplyReader, for_answer, show
from footnote_qa.bot.types import Question, ShownPassage
from footnote_qa.index.chunking import split_sentences
from footnote_qa.index.embedding import OnnxEncoder
from footnote_qa.index.types import Passage

HANDBOOK = Path(__file__).resolve().parents[1] / "docs" / "handbook"
PASSAGES = 8
SENTENCES = 10
CHUNK_CHARS = 900


def passages(turn: int) -> list[Passage]:
    """Return a chunk of each page of the handbook, another one each turn, as a search would."""
    pages = [path.read_text(encoding="utf-8") for path in sorted(HANDBOOK.iterdir())]
    starts = [turn * 13 % max(1, len(page) - CHUNK_CHARS) for page in pages]
    texts = [page[at : at + CHUNK_CHARS] for page, at in zip(pages, starts, strict=True)]
    return [
        passage_of(text, title="Handbook", document=f"{at}.md", rank=at)
        for at, text in enumerate(texts[:PASSAGES], 1)
    ]


def reply(shown: tuple[ShownPassage, ...], turn: int) -> str:
    """Return ten sentences, each with its words changed a little, as a model would.

    Every third one quotes a sentence that does not prove it, which is the dearest case.
    """
    parts = [
        (number, " ".join(one.passage.chunk.text[start:end].split()))
        for number, one in enumerate(shown, 1)
        for start, end in split_sentences(one.passage.chunk.text)
        if end - start > 60  # noqa: PLR2004 - not a heading
    ]
    lines = []
    for at in range(SENTENCES):
        number, said = parts[(at + turn) % len(parts)]
        words = said.split()
        changed = " ".join(word for n, word in enumerate(words) if n % 7 != at % 7)
        lines.append(f"In short, {changed} [{number}].")
    return " ".join(lines)


def measure(times: int, support: EntailmentCheck) -> list[float]:
    """Return the milliseconds of each round."""
    taken = []
    for turn in range(times):
        shown = show(passages(turn))
        text = reply(shown, turn)
        started = time.perf_counter()
        for_answer(Question(text="How is an index built?"), shown, room_tokens=7000)
        reader, checker = ReplyReader(len(shown)), Checker(shown, support)
        done = [*reader.feed(text), *reader.end()]
        for sentence in done:
            checker.add(sentence)
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def main() -> None:
    """Print the median and the 95th percentile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("encoder", type=Path, help="the folder `encoder` of a generation")
    parser.add_argument("times", type=int, nargs="?", default=200)
    arguments = parser.parse_args()
    taken = measure(arguments.times, EntailmentCheck(OnnxEncoder(arguments.encoder).encode))
    half, most = np.percentile(taken, [50, 95])
    print(f"{SENTENCES} sentences, {PASSAGES} passages: p50 {half:.1f} ms, p95 {most:.1f} ms")


if __name__ == "__main__":
    main()
