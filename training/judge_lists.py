"""Lists of blocks for a question, one of which may answer it: the judge's training examples."""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from sklearn.feature_extraction.text import TfidfVectorizer

from footnote_qa.index.chunking import split_sentences
from training import squad

LONGEST_LIST = 4
_FEWEST_CHARS = 40
_MOST_SENTENCES = 4
_NEAREST = 8
_UNTITLED = 0.3
_OTHER_ARTICLES = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A question with blocks to choose from.

    Attributes:
        question: As it is asked.
        texts: The blocks, each with the headings above it, as the product shows them to the judge.
        right: Position of the block that answers; None if none does.
        source: Where the question comes from.
        article: What it belongs to; no article is both trained and tested on.
    """

    question: str
    texts: tuple[str, ...]
    right: int | None
    source: str
    article: str = ""


def headed(path: Sequence[str], text: str) -> str:
    """Return a block with the headings above it, as the judge reads it.

    >>> headed(("Plan", "Fees"), "Three euros.")
    'Plan: Fees: Three euros.'
    """
    return ": ".join((*path, text))


def read_examples(files: Sequence[Path], sources: Iterable[str]) -> list[squad.Example]:
    """Return the examples of some sources from files in SQuAD's v2 format."""
    wanted = {*sources}
    found = [one for file in files for one in squad.read(file) if one.source in wanted]
    return [replace(one, title=_title(one)) for one in found]


def _title(one: squad.Example) -> str:
    """Return the title of an article that has one; a review has none."""
    if one.source in {"amazon", "reddit"}:
        return ""
    return unquote(one.article.partition(":")[2]).replace("_", " ")


def pieces(context: str, chooser: random.Random) -> list[tuple[int, int]]:
    """Return a paragraph in pieces as long as the blocks of real documents, one to four sentences.

    >>> pieces("One sentence that is here. " * 4, random.Random(1))
    [(0, 80), (81, 107)]
    """
    sentences = list(split_sentences(context))
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(sentences):
        last = min(len(sentences), at + chooser.randint(1, _MOST_SENTENCES)) - 1
        found.append((sentences[at][0], sentences[last][1]))
        at = last + 1
    return found


def from_paragraphs(
    examples: Sequence[squad.Example], chooser: random.Random, *, of: Sequence[squad.Example]
) -> list[Listed]:
    """Return a list for each of *examples*: its piece of a paragraph, and those nearest to it.

    Args:
        examples: The questions to make lists of.
        chooser: Draws the sizes of pieces and what is shown.
        of: All questions of the collection, whose paragraphs the other blocks come from.
    """
    blocks = _Blocks(of, chooser)
    made = (blocks.listed(one, chooser) for one in examples)
    return [one for one in made if one is not None]


class _Blocks:
    """The pieces of all paragraphs, and which are nearest to a question."""

    def __init__(self, examples: Sequence[squad.Example], chooser: random.Random) -> None:
        self._texts: list[str] = []
        self._titles: list[str] = []
        self._contexts: dict[str, list[tuple[int, tuple[int, int]]]] = {}
        self._articles: dict[str, list[int]] = defaultdict(list)
        for one in examples:
            if one.context in self._contexts:
                continue
            here = self._contexts.setdefault(one.context, [])
            for start, end in pieces(one.context, chooser):
                if end - start >= _FEWEST_CHARS:
                    here.append((len(self._texts), (start, end)))
                    self._articles[one.article].append(len(self._texts))
                    self._texts.append(one.context[start:end])
                    self._titles.append(one.title)
        self._words = TfidfVectorizer(sublinear_tf=True, stop_words="english")
        self._rows = self._words.fit_transform(self._texts)

    def listed(self, one: squad.Example, chooser: random.Random) -> Listed | None:
        """Return the list for a question; None if its answer is in no piece."""
        own = self._contexts.get(one.context, [])
        target = one.target
        right = None
        if target is not None:
            holding = (at for at, (start, end) in own if start <= target[0] and target[1] <= end)
            right = next(holding, None)
            if right is None:
                return None
        others = self._others(one, right, own=[at for at, _ in own], chooser=chooser)
        shown = ([] if right is None else [right]) + others
        if len(shown) < LONGEST_LIST - 1:
            return None
        chooser.shuffle(shown)
        titled = chooser.random() >= _UNTITLED
        return Listed(
            question=one.question,
            texts=tuple(
                headed((self._titles[at],) if titled and self._titles[at] else (), self._texts[at])
                for at in shown
            ),
            right=None if right is None else shown.index(right),
            source=one.source,
            article=one.article,
        )

    def _others(
        self, one: squad.Example, right: int | None, *, own: list[int], chooser: random.Random
    ) -> list[int]:
        """Return the hardest blocks that lack the answer: of the paragraph, then of the article."""
        answers = {one.context[slice(*span)].lower() for span in one.answers}
        article = self._articles[one.article]
        if chooser.random() < _OTHER_ARTICLES:
            article = chooser.sample(range(len(self._texts)), min(400, len(self._texts)))
        asked = self._words.transform([one.question])
        likeness = (self._rows[article] @ asked.T).toarray()[:, 0]
        nearest = [article[at] for at in likeness.argsort()[::-1][:_NEAREST]]
        need = LONGEST_LIST - (right is not None)
        here = [at for at in own if at != right]
        chooser.shuffle(here)
        # An unanswerable question looks most like the paragraph that it was asked on
        found = here[: need if right is None else chooser.randint(1, 2)]
        rest = [at for at in nearest if at not in found and at not in own]
        chooser.shuffle(rest)
        found += rest
        return [
            at
            for at in found
            if at != right and not any(_has(self._texts[at], answer) for answer in answers)
        ][:need]


def _has(text: str, answer: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text.lower()) is not None


_OPENINGS = (
    *("hi, ", "hey ", "quick question: ", "does anyone know ", "just wondering, ", "so "),
    *("can someone tell me ", "hello! ", "um, ", "sorry if asked before, "),
)


_UNMARKED, _GREETED, _MISTYPED = 0.45, 0.06, 0.08


def as_in_chat(question: str, chooser: random.Random) -> str:
    """Return a question as people type it: often without its mark, now and then misspelt."""
    if chooser.random() < _UNMARKED:
        question = question.rstrip("?!. ")
    if chooser.random() < _GREETED:
        question = chooser.choice(_OPENINGS) + question
    if chooser.random() < _MISTYPED:
        question = _misspelt(question, chooser)
    return question


_FEWEST_LETTERS = 5


def _misspelt(question: str, chooser: random.Random) -> str:
    long = [
        one for one in re.finditer(r"[^\W\d_]+", question) if len(one.group()) > _FEWEST_LETTERS
    ]
    if not long:
        return question
    at = chooser.choice(long).start() + chooser.randint(1, _FEWEST_LETTERS - 2)
    swap = question[at : at + 2][::-1] if chooser.random() < 0.5 else question[at]  # noqa: PLR2004
    return question[:at] + swap + question[at + 2 :]


def spread(lists: Sequence[Listed], chooser: random.Random) -> Iterator[Listed]:
    """Yield the lists with their questions as in chat, in another order."""
    order = list(lists)
    chooser.shuffle(order)
    for one in order:
        yield replace(one, question=as_in_chat(one.question, chooser))
