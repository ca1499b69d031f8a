"""The reader's network: a sentence encoder that points at the answer, or says there is none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from transformers import AutoModel

LONGEST = 256  # word pieces of a question and its paragraph in training
_NEVER = -1e4  # the logit of a place that can be no answer


class Network(nn.Module):
    """Logits of where an answer starts and ends, and of whether there is one.

    Args:
        folder: Of a BERT-like encoder, as transformers reads it.
    """

    OUTPUTS = ("starts", "ends", "answerable")

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder, add_pooling_layer=False)
        width = self.encoder.config.hidden_size
        self.span = nn.Linear(width, 2)
        self.answerable = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return (starts, ends, answerable): (n, length), (n, length) and (n,)."""
        states = self.encoder(
            input_ids=ids, attention_mask=mask, token_type_ids=types
        ).last_hidden_state
        starts, ends = self.span(states).unbind(-1)
        return starts, ends, self.answerable(states[:, 0]).squeeze(-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An example in word pieces.

    Attributes:
        ids: Of the pieces: [CLS] question [SEP] title and paragraph [SEP].
        types: 0 for the question's part, 1 for the paragraph's.
        allowed: Whether an answer may start or end there; the first stands for "no answer".
        start: Where the answer starts, from 0; 0 if there is none.
        end: Its last piece.
    """

    ids: list[int]
    types: list[int]
    allowed: list[bool]
    start: int
    end: int


def tokenizer(folder: str) -> Tokenizer:
    """Return the encoder's own tokenizer, which neither pads nor cuts."""
    made = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


def row(pieces: Encoding, context_at: int, target: tuple[int, int] | None) -> Row | None:
    """Return the row for an encoded (question, title and paragraph), cut to the longest.

    Args:
        pieces: As the tokenizer encoded the pair.
        context_at: Where in the second text the paragraph begins.
        target: The answer, in the second text; None if there is none.

    Returns:
        None where the pieces do not line up with the answer.
    """
    second = [kind == 1 for kind in pieces.sequence_ids]
    inside = [yes and at[0] >= context_at for yes, at in zip(second, pieces.offsets, strict=True)]
    start = end = 0
    if target is not None:
        covered = [
            at
            for at, (yes, span) in enumerate(zip(inside, pieces.offsets, strict=True))
            if yes and span[0] < target[1] and span[1] > target[0]
        ]
        if not covered:
            return None
        start, end = covered[0], covered[-1]
    return _cut(
        Row(
            ids=list(pieces.ids),
            types=list(pieces.type_ids),
            allowed=[True, *inside[1:]],
            start=start,
            end=end,
        )
    )


def _cut(one: Row) -> Row | None:
    """Return the row with no more than the longest, the answer within it."""
    over = len(one.ids) - LONGEST
    if over <= 0:
        return one
    head = one.allowed.index(True, 1)
    spare = min(over, max(0, one.end - head - LONGEST // 2))
    keep = [*range(head), *range(head + spare, head + spare + LONGEST - head)]
    if one.end and not (keep[head] <= one.start and one.end <= keep[-1]):
        return None
    return Row(
        ids=[one.ids[at] for at in keep],
        types=[one.types[at] for at in keep],
        allowed=[one.allowed[at] for at in keep],
        start=one.start - spare if one.end else 0,
        end=one.end - spare if one.end else 0,
    )


def batches(rows: Sequence[Row], order: Sequence[int], size: int) -> Iterator[list[Row]]:
    """Return the rows in batches of like length, in the given order otherwise."""
    block = 40 * size
    for begin in range(0, len(order), block):
        some = sorted(order[begin : begin + block], key=lambda at: len(rows[at].ids))
        groups = [some[at : at + size] for at in range(0, len(some), size)]
        # Short ones first would train on short ones first
        for at in sorted(range(len(groups)), key=lambda at: order[(begin + at) % len(order)]):
            yield [rows[one] for one in groups[at]]


def loss(network: Network, some: Sequence[Row]) -> Tensor:
    """Return how wrong the network is on a batch: places, and whether there is an answer."""
    longest = max(len(one.ids) for one in some)

    def padded(lists: list[list[int]]) -> Tensor:
        return torch.tensor([[*one, *[0] * (longest - len(one))] for one in lists])

    ids = padded([one.ids for one in some])
    mask = padded([[1] * len(one.ids) for one in some])
    allowed = padded([[int(yes) for yes in one.allowed] for one in some]).bool()
    starts, ends, answerable = network(ids, mask, padded([one.types for one in some]))
    places = nn.functional.cross_entropy(
        starts.masked_fill(~allowed, _NEVER), torch.tensor([one.start for one in some])
    ) + nn.functional.cross_entropy(
        ends.masked_fill(~allowed, _NEVER), torch.tensor([one.end for one in some])
    )
    told = torch.tensor([float(one.end > 0) for one in some])
    either = nn.functional.binary_cross_entropy_with_logits(answerable, told)
    return places / 2 + either / 2


class JudgeNetwork(nn.Module):
    """Logit of whether a block answers a question.

    Args:
        folder: Of a BERT-like encoder, as transformers reads it.
    """

    OUTPUTS = ("answers",)

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder, add_pooling_layer=False)
        width = self.encoder.config.hidden_size
        self.answers = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor) -> Tensor:
        """Return the logits, shape (n,)."""
        states = self.encoder(
            input_ids=ids, attention_mask=mask, token_type_ids=types
        ).last_hidden_state
        logits: Tensor = self.answers(states[:, 0]).squeeze(-1)
        return logits


def optimizer(
    network: Network | JudgeNetwork, heads: Sequence[nn.Module], *, rate: float, head_rate: float
) -> torch.optim.AdamW:
    """Return what trains a network, except for the vectors of its words.

    Args:
        network: The network.
        heads: The layers above its encoder.
        rate: Highest learning rate of the encoder.
        head_rate: The same for the heads.
    """
    network.encoder.embeddings.word_embeddings.weight.requires_grad_(requires_grad=False)
    learning = [one for one in network.encoder.parameters() if one.requires_grad]
    above = [one for head in heads for one in head.parameters()]
    return torch.optim.AdamW(
        [{"params": learning, "lr": rate}, {"params": above, "lr": head_rate}], weight_decay=0.01
    )


def paced(best: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """Return the pace of *steps*: the rates rise over a tenth of them, then fall to nothing."""
    rise = max(1, steps // 10)
    return torch.optim.lr_scheduler.LambdaLR(
        best, lambda step: min((step + 1) / rise, (steps - step) / max(1, steps - rise))
    )
