"""Span model: a small network that locates the answer in a passage, run by ONNX Runtime."""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from footnote_qa.bot.errors import SpanModelError
from footnote_qa.index.atomic_files import cores

SHIPPED = Path(__file__).parent / "models" / "reader"
MODEL_FILE, TOKENIZER_FILE, INFO_FILE = "model.onnx", "tokenizer.json", "model.json"
LONGEST = 448  # word pieces of question and passage: the network was made for 512
LONGEST_QUESTION = 64
_LONGEST_SPAN = 40  # word pieces of an answer, as in its training data
_REMEMBERED = 128  # passages: the reranker and the answerer read the same ones

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanScores:
    """The network's scores for one passage.

    Attributes:
        answerable: Logit of whether the passage has an answer at all.
        none: Score of "there is none", to compare with the scores of places.
        offsets: Start and end of each word piece in the passage's text, shape (pieces, 2).
        starts: Logit of an answer starting at each piece, shape (pieces,).
        ends: Logit of an answer ending at each piece, shape (pieces,).
    """

    answerable: float
    none: float
    offsets: NDArray[np.int64]
    starts: Logits
    ends: Logits

    def best(self, start: int, end: int) -> tuple[float, tuple[int, int]] | None:
        """Return the best answer between two offsets of the passage.

        Returns:
            By how much its score is above that of no answer, and where it starts and ends; None
            if the passage was truncated before that.
        """
        first = int(np.searchsorted(self.offsets[:, 0], start))
        last = int(np.searchsorted(self.offsets[:, 1], end, side="right"))
        if first >= last:
            return None
        scores = self.starts[first:last, None] + self.ends[None, first:last]
        length = np.arange(last - first)
        span = length[None, :] - length[:, None]
        scores = np.where((span >= 0) & (span < _LONGEST_SPAN), scores, -np.inf)
        row, column = np.unravel_index(int(scores.argmax()), scores.shape)
        place = int(self.offsets[first + row, 0]), int(self.offsets[first + column, 1])
        return float(scores[row, column]) - self.none, place


class SpanModel:
    """The network that comes with the package, or another one trained in the same way.

    Args:
        folder: Holds the network, its tokenizer and the checksums of both.

    Raises:
        SpanModelError: A file is missing or does not match its checksum.
    """

    def __init__(self, folder: Path = SHIPPED) -> None:
        _verify(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # one passage per core: none waits, and nothing is padded
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._pointed = lru_cache(_REMEMBERED)(self._read)

    def point(self, question: str, passages: Sequence[tuple[str, str]]) -> list[SpanScores]:
        """Return the network's scores for each passage.

        Args:
            question: As it was asked.
            passages: The title and headings above each one, and its text.
        """
        if not passages:
            return []
        asked = self._shortened(question)
        with ThreadPoolExecutor(min(cores(), len(passages))) as pool:
            return list(pool.map(lambda one: self._pointed(asked, *one), passages))

    def _shortened(self, question: str) -> str:
        pieces = self._tokenizer.encode(question, add_special_tokens=False)
        if len(pieces.ids) <= LONGEST_QUESTION:
            return question
        return question[: pieces.offsets[LONGEST_QUESTION - 1][1]]

    def _read(self, question: str, above: str, text: str) -> SpanScores:
        head = f"{above}: " if above else ""
        pieces = self._tokenizer.encode(question, head + text)
        ids = pieces.ids[:LONGEST]
        inputs = {
            "ids": np.array([ids], dtype=np.int64),
            "mask": np.ones((1, len(ids)), dtype=np.int64),
            "types": np.array([pieces.type_ids[:LONGEST]], dtype=np.int64),
        }
        starts, ends, answerable = self._session.run(None, inputs)
        # The tokenizer's own truncation of a pair loses track of which text is which
        offsets = np.array(pieces.offsets[:LONGEST], dtype=np.int64)
        second = np.array([kind == 1 for kind in pieces.sequence_ids[:LONGEST]])
        inside = second & (offsets[:, 0] >= len(head))
        return SpanScores(
            answerable=float(answerable[0]),
            none=float(starts[0, 0] + ends[0, 0]),
            offsets=offsets[inside] - len(head),
            starts=starts[0][inside],
            ends=ends[0][inside],
        )


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the network's files in *folder*, by name, as training wrote them.

    Raises:
        SpanModelError: They cannot be read.
    """
    try:
        sums = json.loads((folder / INFO_FILE).read_text(encoding="utf-8"))["sha256"]
        return {name: str(sums[name]) for name in (MODEL_FILE, TOKENIZER_FILE)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(folder) from error


def _verify(folder: Path) -> None:
    for name, expected in checksums(folder).items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise _unreadable(folder) from error
        if found != expected:
            raise SpanModelError(f"{folder / name} does not match its checksum: {_remedy(folder)}")


def _unreadable(folder: Path) -> SpanModelError:
    return SpanModelError(f"the reader's model in {folder} cannot be read: {_remedy(folder)}")


def _remedy(folder: Path) -> str:
    return "install Footnote again" if folder == SHIPPED else "see models.offline_reader"
