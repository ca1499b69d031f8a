"""Split a question into several searches, find what a first search leads to, and merge results."""

import re
from collections.abc import Sequence
from dataclasses import replace

from footnote_qa.bot.engine.query_rewriting import MOST_SEARCHES
from footnote_qa.bot.extractive import parts_of, subjects_of
from footnote_qa.bot.trace import StepKind, Trace
from footnote_qa.bot.types import Question
from footnote_qa.index.chunking import STOPWORDS, split_sentences, stem, stems_of, words
from footnote_qa.index.types import Passage, Searcher, SearchResult

_KEPT = 4  # of the best passages for the question itself stay in front, or a quarter of all
_LEADS = 2  # passages from which a next search is made
_FEWEST_WORDS = 7
_LONG = 8
# "the city where …", "the author of …": the answer is about something that has to be found first
_INNER = re.compile(
    r"\b(?:who|whose|which|that|where|when|whom|der|die|das|dessen|deren)\b", re.IGNORECASE
)
_CHAIN = re.compile(
    r"\b(?:the|an?) \w+(?: \w+)? (?:that|who|which|where|in which|of|from|by|to)\b", re.IGNORECASE
)
_OF = re.compile(r"\b(?:of|von|de)\b", re.IGNORECASE)
_NAME = re.compile(
    r"\b[A-Z][\w'’-]*[\w](?:\s+(?:(?:of|the|de|and|for)\s+)*[A-Z][\w'’-]*\w)*|\b[A-Z]{2,}\b"
)
_BOTH = re.compile(
    r"^(?:are|were|is|was|do|did|have|has|does)\s+(?:both\s+)?(?P<a>.+?)\s+and\s+(?P<b>.+?)"
    r"(?:\s+(?:both|each|all|the same|in the same|from the same|members of|situated|located)\b.*)$",
    re.IGNORECASE,
)
_EITHER = re.compile(
    r"^(?:which|who|what|whose|is|are|was|were|does|do|did)\b.*?"
    r"(?:[,:]\s*|\b(?:first|last|more|earlier|later|older|younger|longer|larger|bigger)\s+)"
    r"(?P<a>[^,:?]{2,60}?),?\s+or\s+(?P<b>[^,?]{2,60}?)$",
    re.IGNORECASE,
)


def searches_in(question: str) -> tuple[str, ...]:
    """Return the searches that a question consists of; empty if it is one search.

    Several questions in one message and things that are compared are searched apart.

    >>> searches_in("Which magazine came first, Guitar World or Science News?")
    ('Guitar World', 'Science News')
    >>> searches_in("How long is parental leave?")
    ()
    """
    compared = subjects_of(question) or _compared(question)
    found = compared or parts_of(question).alone
    asked = question.strip(" ?.!")
    apart = [one for one in found if one.strip() and one.strip(" ?.!") != asked]
    return tuple(dict.fromkeys(apart))[:MOST_SEARCHES]


def has_hops(question: str) -> bool:
    """Return whether a question describes something that has to be found before its answer.

    >>> has_hops("Who was the first president of the association which published the journal?")
    True
    >>> has_hops("How many days of leave do I have?")
    False
    """
    count = len(words(question))
    if count < _FEWEST_WORDS:
        return False
    if len(_INNER.findall(question)) > 1 or len(_OF.findall(question)) > 1 or "'s " in question:
        return True
    return count >= _LONG and _CHAIN.search(question) is not None


def next_hops(question: str, passages: Sequence[Passage]) -> tuple[str, ...]:
    """Return searches for what is left of a question once the best passages are known.

    Each has the words of the question that a passage lacks, and the names that the passage has in
    the sentence nearest to the question.
    """
    if not has_hops(question):
        return ()
    made = [_hop(question, one) for one in passages[:_LEADS]]
    return tuple(dict.fromkeys(one for one in made if one))


def is_complex(question: str) -> bool:
    """Return whether a question may need several searches."""
    return bool(searches_in(question)) or has_hops(question)


def merged(first: SearchResult, others: Sequence[SearchResult], *, k: int) -> SearchResult:
    """Return the passages of all searches, those of *first* in front, *k* at most.

    The passages after the best of *first* are taken from each search in turn. A passage that only
    another search found counts as no more similar to the question than any that *first* found.
    """
    kept = min(_KEPT, max(1, k // 4))
    passages = [*first.passages[:kept]]
    cosines = [one.cosine for one in first.passages if one.cosine is not None]
    ours = {one.chunk.id: one for one in first.passages}
    least = min(cosines, default=None)
    known = {one.chunk.id for one in passages}
    rankings = [*(one.passages for one in others), first.passages[kept:]]
    # In step, so that what several searches found does not let one of them take more than its turns
    for at in range(max(map(len, rankings), default=0)):
        for one in (ranking[at] for ranking in rankings if at < len(ranking)):
            if one.chunk.id not in known:
                known.add(one.chunk.id)
                passages.append(ours.get(one.chunk.id) or replace(one, cosine=least))
    ranked = [replace(one, rank=rank) for rank, one in enumerate(passages[:k], 1)]
    return replace(first, passages=tuple(ranked))


def _compared(question: str) -> tuple[str, ...]:
    """Return the two names that a question compares; empty if it compares none."""
    asked = re.sub(r"\s+", " ", question).strip(" ?.!")
    for pattern in (_BOTH, _EITHER):
        found = pattern.search(asked)
        if found is not None:
            sides = tuple(_named(found[side]) for side in ("a", "b"))
            if all(sides):
                return sides
    return ()


def _named(text: str) -> str:
    """Return *text* up to the last name in it; "" if it has no name."""
    names = [*_NAME.finditer(text)]
    return text[: names[-1].end()].strip(' ,"“”') if names else ""


def _hop(question: str, passage: Passage) -> str:
    chunk = passage.chunk
    asked, said = set(stems_of(question)), set(stems_of(f"{chunk.title} {chunk.text}"))
    rest = [one for one in words(question) if one not in STOPWORDS and stem(one) not in said]
    sentences = [chunk.text[start:end] for start, end in split_sentences(chunk.text)]
    nearest = max(sentences, key=lambda one: len(asked & set(stems_of(one))), default="")
    names = [one for one in _NAME.findall(nearest) if not set(stems_of(one)) <= asked]
    return " ".join([*rest, *dict.fromkeys(names)]) if rest and names else ""


def search_all(
    searcher: Searcher,
    question: Question,
    *,
    k: int,
    planned: Sequence[str] = (),
    trace: Trace | None = None,
) -> SearchResult:
    """Search for a question, for its parts, and for what the best passages lead to.

    Args:
        searcher: Finds passages.
        question: A question that needs no conversation.
        k: How many passages to return.
        planned: Searches that a model asked for, in place of the parts.
        trace: Records each search.
    """
    trace = trace or Trace()

    def search(text: str) -> SearchResult:
        with trace.step(StepKind.SEARCH, text) as step:
            result = searcher.search(text, k=k, audience=question.audience)
            step.counts["passages"] = len(result.passages)
        return result

    first = search(question.text)
    apart = [search(one) for one in planned or searches_in(question.text)]
    found = merged(first, apart, k=k) if apart else first
    hops = [search(one) for one in next_hops(question.text, found.passages)]
    return merged(found, hops, k=k) if hops else found
