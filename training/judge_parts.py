"""Draws the lists of blocks that the judge learns from."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from training import squad
from training.judge_documents import by_hand, from_headings, from_key_words, read_documents
from training.judge_lists import Listed, from_paragraphs, read_examples, spread
from training.near_misses import near_misses

SEED = 20261129
HARD = "squad2"
FOLDS = 3
_FILES = ("reader-train-substitute", "more-answerable", "policies-and-languages")


# Questions of each source. With more time or a GPU, ask for a scale above 1
_COUNTS = {"wiki": 350, "squad11": 250, "squad2": 800, "policyqa": 80}
_HEADINGS, _KEY_WORDS, _NEAR_MISSES, _TIMES_BY_HAND = 450, 250, 450, 2
_MOST_TIMES = 6


def held_out(examples: Sequence[squad.Example]) -> frozenset[str]:
    """Return the articles of SQuAD 2.0 that are left out of training, to measure the judge."""
    return squad.folds(examples, HARD, FOLDS)[0]


def held_out_articles(data: Path) -> list[str]:
    """Return the names of the articles that are held out, without their source."""
    examples = squad.read(data / "reader" / f"{_FILES[0]}.v2-format.json")
    return sorted(one.partition(":")[2] for one in held_out(examples))


def known_examples(data: Path) -> dict[str, list[squad.Example]]:
    """Return the examples to teach, by source; none is of an article that is held out."""
    files = [data / "reader" / f"{name}.v2-format.json" for name in _FILES]
    found = read_examples(files, _COUNTS)
    hidden = held_out([one for one in found if one.source == HARD])
    by_source: dict[str, list[squad.Example]] = {}
    for one in found:
        if one.article not in hidden:
            by_source.setdefault(one.source, []).append(one)
    return by_source


def drawn(
    known: Mapping[str, list[squad.Example]], counts: Mapping[str, int], chooser: random.Random
) -> list[Listed]:
    """Return lists for as many questions of each source."""
    made: list[Listed] = []
    for source, count in counts.items():
        some = chooser.sample(known[source], min(count, len(known[source])))
        made += from_paragraphs(some, chooser, of=known[source])
    return made


def _made(data: Path, scale: float, chooser: random.Random) -> list[Listed]:
    documents = read_documents(data / "documents")
    real = by_hand(
        documents, chooser, times=min(_MOST_TIMES, max(1, round(_TIMES_BY_HAND * scale)))
    )
    real += from_headings(documents, chooser, round(_HEADINGS * scale))
    real += from_key_words(documents, chooser, round(_KEY_WORDS * scale))
    counts = {source: round(count * scale) for source, count in _COUNTS.items()}
    public = drawn(known_examples(data), counts, chooser)
    missed = near_misses([*real, *public], chooser, round(_NEAR_MISSES * scale))
    return [*real, *public, *missed]


def lists_of(data: Path, work: Path, scale: float = 1.0) -> list[Listed]:
    """Return the lists to learn from; made once, and kept in *work*."""
    file = work / "lists.jsonl"
    if not file.exists():
        chooser = random.Random(SEED)  # noqa: S311 - no secret
        lists = spread(_made(data, scale, chooser), chooser)
        partial = file.with_suffix(".partial")
        partial.write_text("".join(f"{json.dumps(asdict(one))}\n" for one in lists))
        partial.replace(file)
    rows = map(json.loads, file.read_text().splitlines())
    return [Listed(**(row | {"texts": tuple(row["texts"])})) for row in rows]
