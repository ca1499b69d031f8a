"""Training examples for the reader: files in SQuAD's v2 format, taken apart, and made harder."""

import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer

from footnote_qa.index.chunking import split_sentences

_NEAREST = 5
_FEWEST_SENTENCES = 2
_BATCH = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One question with one paragraph.

    Attributes:
        id: Of the question; several examples may be made of one.
        article: What it belongs to; no article is both trained and tested on.
        source: Where the article comes from, such as `squad2`.
        question: As it was asked.
        title: Of the article; empty if it says nothing.
        context: The paragraph.
        answers: Every accepted answer, as (start, end) in *context*; none if it has none.
    """

    id: str
    article: str
    source: str
    question: str
    title: str
    context: str
    answers: tuple[tuple[int, int], ...]

    @property
    def target(self) -> tuple[int, int] | None:
        """The answer to learn: the one most people gave, the first of equals."""
        if not self.answers:
            return None
        return Counter(self.answers).most_common(1)[0][0]


def read(path: Path) -> list[Example]:
    """Return the examples of a file in SQuAD's v2 format, whose titles are `source:article`.

    Raises:
        KeyError: Something that the format asks for is missing.
    """
    return [
        example
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]
        for paragraph in article["paragraphs"]
        for example in _of(article["title"], paragraph["context"], paragraph["qas"])
    ]


def _of(article: str, context: str, asked: Iterable[dict[str, Any]]) -> Iterable[Example]:
    source, _, name = article.partition(":")
    for one in asked:
        spans = [
            (at["answer_start"], at["answer_start"] + len(at["text"])) for at in one["answers"]
        ]
        yield Example(
            id=str(one["id"]),
            article=article,
            source=source,
            question=str(one["question"]).strip(),
            title=name.replace("_", " ") if source == "squad2" else "",
            context=context,
            answers=() if one.get("is_impossible") else tuple(spans),
        )


def folds(examples: Sequence[Example], source: str, count: int) -> list[frozenset[str]]:
    """Return the articles of *source* in *count* groups with about as many questions each."""
    sizes = Counter(one.article for one in examples if one.source == source)
    groups: list[list[str]] = [[] for _ in range(count)]
    for article, _ in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])):
        min(groups, key=lambda group: sum(sizes[one] for one in group)).append(article)
    return [frozenset(group) for group in groups]


def without_answer(example: Example) -> Example | None:
    """Return the example less the sentences that hold an answer; None if it is elsewhere too.

    What is left is near the question and does not answer it, as the best passage often is.
    """
    texts = {example.context[slice(*span)].lower() for span in example.answers}
    kept = [
        example.context[start:end]
        for start, end in split_sentences(example.context)
        if not any(start < last and first < end for first, last in example.answers)
    ]
    context = " ".join(kept)
    if len(kept) < _FEWEST_SENTENCES or any(text in context.lower() for text in texts):
        return None
    return replace(example, context=context, answers=())


def shortened(example: Example, longest: int, chooser: random.Random) -> Example:
    """Return the example with as many neighbouring sentences as *longest* characters hold.

    The sentences of its answer are among them, or one of any if it has none: passages of a team's
    documents begin and end anywhere too. One that is short already is returned as it is.
    """
    bounds = list(split_sentences(example.context))
    if len(example.context) <= longest or not bounds:
        return example
    target = example.target or bounds[chooser.randrange(len(bounds))]
    held = [
        at for at, (start, end) in enumerate(bounds) if start < target[1] and target[0] < end
    ] or [0]
    first, last = held[0], held[-1]
    while True:
        wider = [
            (one, other)
            for one, other in ((first - 1, last), (first, last + 1))
            if one >= 0 and other < len(bounds) and bounds[other][1] - bounds[one][0] <= longest
        ]
        if not wider:
            break
        first, last = chooser.choice(wider)
    start, end = bounds[first][0], bounds[last][1]
    kept = [(one - start, other - start) for one, other in example.answers]
    return replace(
        example,
        context=example.context[start:end],
        answers=tuple((one, other) for one, other in kept if one >= 0 and other <= end - start),
    )


def with_wrong_context(examples: Sequence[Example], seed: int) -> list[Example]:
    """Return each example with one of the paragraphs most like its question that lack its answer.

    Examples for which there is none are left out.
    """
    titles = {one.context: one.title for one in examples}
    contexts = list(titles)
    chooser = random.Random(seed)  # noqa: S311 - no secret
    words = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    paragraphs = words.fit_transform(contexts)
    made = []
    for begin in range(0, len(examples), _BATCH):
        some = examples[begin : begin + _BATCH]
        likeness = (words.transform([one.question for one in some]) @ paragraphs.T).toarray()
        for example, row in zip(some, likeness, strict=True):
            nearest = [contexts[at] for at in row.argsort()[::-1][: 2 * _NEAREST] if row[at] > 0]
            wrong = [context for context in nearest if _lacks(context, example)][:_NEAREST]
            if wrong:
                context = chooser.choice(wrong)
                made.append(replace(example, context=context, title=titles[context], answers=()))
    return made


def _lacks(context: str, example: Example) -> bool:
    answers = {example.context[slice(*span)].lower() for span in example.answers}
    return context != example.context and not any(
        re.search(rf"(?<!\w){re.escape(one)}(?!\w)", context.lower()) for one in answers
    )
