"""Pairs of a claim and its evidence to train a network on, and ways to make a claim wrong."""

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from footnote_qa.index.chunking import split_sentences
from training.squad import Example

HELD_SHARE = 5
"""One text in five of the labelled pairs is never trained on."""
_WH = re.compile(
    r"\b(?:in |at |on |by |to |from |for |of )?"
    r"(?:what|which|whom?|whose|when|where|why|how (?:many|much|long|old|far|often)|how)\b",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(
    r"^\s*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would)\b", re.IGNORECASE
)
_BE = re.compile(
    r"\b(?:is|are|was|were|can|could|will|would|should|must|may|has|have|had|do|does)\b"
)
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w.,]*\d)")
_NAME = re.compile(r"(?<=\S\s)[A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+)*")
_NOT = re.compile(r"\s(?:not|never)\b|n['’]t\b", re.IGNORECASE)
_HALF = 0.5
_MOST_EXTRA = 2  # sentences of evidence before and after the one that proves
# Words of a line are exchanged for each other
_RINGS = """
day week month year hour minute second
days weeks months years hours minutes seconds
daily weekly monthly yearly hourly
January February March April May June July August September October November December
Monday Tuesday Wednesday Thursday Friday Saturday Sunday
one two three four five six seven eight nine ten twelve twenty thirty
first second third fourth last
before after
more less
above below
increase decrease
increases decreases
increased decreased
higher lower
minimum maximum
least most
must may
should must
can must
may cannot
allowed forbidden
required optional
always never
all some
every any
with without
inside outside
internal external
paid unpaid
free paid
employee employer
employees employers
buyer seller
start end
begin end
old new
oldest newest
largest smallest
euros dollars pounds
percent points
kilometres metres miles
KB MB GB TB
morning evening afternoon
north south east west
northern southern eastern western
left right
father mother son daughter
men women
won lost
supports prevents
causes prevents
sends receives
sent received
import export
read write
enable disable
enabled disabled
"""
_OTHERS = {
    word: [one for one in line.split() if one != word]
    for line in _RINGS.strip().split("\n")
    for word in line.split()
}
_RING = re.compile(rf"\b(?:{'|'.join(sorted(_OTHERS, key=len, reverse=True))})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A claim beside a text that supports it or does not.

    Attributes:
        claim: One statement.
        evidence: The text.
        is_supported: Whether everything that the claim says follows from the text.
        source: Where the pair comes from, such as `healthver`.
    """

    claim: str
    evidence: str
    is_supported: bool
    source: str


def labelled(path: Path) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs with a human label: those to train on, and those that are held out.

    No text of BEGIN and no claim of the other sources is in both.

    Args:
        path: `pairs.jsonl`.
    """
    taught: list[Pair] = []
    held: list[Pair] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        # BEGIN has several claims for a text, the others several texts for a claim
        key = told["text"] if told["source"] == "begin" else told["claim"]
        pair = Pair(
            claim=told["claim"],
            evidence=told["text"],
            is_supported=told["label"] == "supported",
            source=told["source"],
        )
        (held if _hashed(key) % HELD_SHARE == 0 else taught).append(pair)
    return taught, held


def _hashed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def statement(question: str, answer: str) -> str:
    """Return question and answer as one statement, roughly.

    >>> statement("When did the wall fall?", "1989")
    'the wall fall 1989.'
    >>> statement("Who built the wall?", "Ann")
    'Ann built the wall.'
    """
    asked = question.strip().rstrip("?")
    match = _WH.search(asked)
    if match is None:
        return f"{asked} {answer}."
    before, after = asked[: match.start()], asked[match.end() :]
    if not before and not _AUXILIARY.match(after):
        return f"{answer}{after}."
    return f"{' '.join((before + _AUXILIARY.sub('', after)).split())} {answer}."


def answered(examples: Sequence[Example], chooser: random.Random) -> Iterator[Pair]:
    """Yield statements made of questions and their answers, right ones and as many wrong ones.

    A right one is beside the sentence that holds the answer and some sentences around it. A
    wrong one has the answer of another question on the same paragraph, or lacks its sentence.
    """
    by_context: dict[str, list[Example]] = {}
    for one in examples:
        if one.target is not None:
            by_context.setdefault(one.context, []).append(one)
    for context, some in by_context.items():
        spans = split_sentences(context)
        for one in some:
            start, end = one.target or (0, 0)
            at = next((n for n, (a, b) in enumerate(spans) if a <= start < b), None)
            if at is None:
                continue
            answer = context[start:end]
            right = Pair(
                claim=statement(one.question, answer),
                evidence=_around(context, spans, at, chooser=chooser),
                is_supported=True,
                source="answered",
            )
            yield right
            others = [_answer(two) for two in some if _answer(two) not in {answer, ""}]
            alike = [two for two in others if two[:1].isdigit() == answer[:1].isdigit()]
            if alike and chooser.random() < _HALF:
                said = statement(one.question, chooser.choice(alike))
                yield replace(right, claim=said, is_supported=False)
            elif len(spans) > 1:
                rest = [n for n in range(len(spans)) if n != at]
                near = max(rest, key=lambda n: -abs(n - at) + chooser.random())
                without = _around(
                    context, [*spans[:at], *spans[at + 1 :]], near - (near > at), chooser=chooser
                )
                yield replace(right, evidence=without, is_supported=False)


def _answer(one: Example) -> str:
    return one.context[slice(*one.target)] if one.target else ""


def _around(text: str, spans: Sequence[tuple[int, int]], at: int, *, chooser: random.Random) -> str:
    first = max(0, at - chooser.randint(0, _MOST_EXTRA))
    last = at + chooser.randint(0, _MOST_EXTRA)
    return " ".join(text[start:end].strip() for start, end in spans[first : last + 1])


def copied(texts: Sequence[str], chooser: random.Random) -> Iterator[Pair]:
    """Yield sentences of documents, each beside the text around it."""
    for text in texts:
        spans = split_sentences(text)
        for at, (start, end) in enumerate(spans):
            said = text[start:end].strip()
            if 5 <= len(said.split()) <= 40:  # noqa: PLR2004 - words of a sentence
                yield Pair(
                    claim=said,
                    evidence=_around(text, spans, at, chooser=chooser),
                    is_supported=True,
                    source="copied",
                )


def spoilt(pair: Pair, other: str, chooser: random.Random) -> Pair | None:
    """Return a supported pair with a claim that its evidence does not support any more.

    Args:
        pair: A claim that is supported.
        other: A claim about something else, of which a half is added.
        chooser: Chooses among the ways that the claim has words for.

    Returns:
        None where the claim has no words that could be exchanged.
    """
    ways: list[Callable[[], str]] = [lambda: _with_clause(pair.claim, other)]
    known = pair.evidence
    if _NUMBER.search(pair.claim):
        ways += [lambda: _other_number(pair.claim, known, chooser)] * 3
    if _RING.search(pair.claim):
        ways += [lambda: _other_of_ring(pair.claim, chooser)] * 4
    if _NAME.search(pair.claim):
        ways += [lambda: _other_name(pair.claim, known, chooser)] * 2
    if len(_NAME.findall(pair.claim)) > 1:
        ways += [lambda: _names_exchanged(pair.claim)] * 2
    if _BE.search(pair.claim):
        ways += [lambda: _denied(pair.claim)] * 2
        ways += [lambda: _bounded(pair.claim, chooser)]
    said = chooser.choice(ways)()
    if said == pair.claim or said.lower() in known.lower():
        return None
    return replace(pair, claim=said, is_supported=False, source="spoilt")


def both_changed(pair: Pair, chooser: random.Random) -> Pair | None:
    """Return the pair with the same word exchanged in claim and evidence: as true as before.

    Without such pairs, a network learns which words claims are spoilt with.
    """
    shared = [
        one.group()
        for pattern in (_NUMBER, _RING)
        for one in pattern.finditer(pair.claim)
        if re.search(rf"(?<!\w){re.escape(one.group())}(?!\w)", pair.evidence)
    ]
    if not shared:
        return None
    word = chooser.choice(shared)
    other = chooser.choice(_OTHERS[word]) if word in _OTHERS else _near_number(word, chooser)
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    return replace(
        pair, claim=pattern.sub(other, pair.claim), evidence=pattern.sub(other, pair.evidence)
    )


def _near_number(word: str, chooser: random.Random) -> str:
    digits = re.sub(r"\D", "", word)
    value = int(digits)
    step = chooser.choice((1, 2, 5, 10, max(1, value // 2)))
    return str(max(1, value + chooser.choice((-step, step))) if value > step else value + step)


def _other_number(claim: str, known: str, chooser: random.Random) -> str:
    found = chooser.choice([*_NUMBER.finditer(claim)])
    beside = [one for one in _NUMBER.findall(known) if one != found.group()]
    other = (
        chooser.choice(beside)
        if beside and chooser.random() < _HALF
        else _near_number(found.group(), chooser)
    )
    return claim[: found.start()] + other + claim[found.end() :]


def _other_of_ring(claim: str, chooser: random.Random) -> str:
    found = chooser.choice([*_RING.finditer(claim)])
    return claim[: found.start()] + chooser.choice(_OTHERS[found.group()]) + claim[found.end() :]


def _other_name(claim: str, known: str, chooser: random.Random) -> str:
    found = chooser.choice([*_NAME.finditer(claim)])
    beside = [one.group() for one in _NAME.finditer(known) if one.group() not in claim]
    if not beside:
        return claim
    return claim[: found.start()] + chooser.choice(beside) + claim[found.end() :]


def _names_exchanged(claim: str) -> str:
    first, second = [*_NAME.finditer(claim)][:2]
    between = claim[first.end() : second.start()]
    return claim[: first.start()] + second.group() + between + first.group() + claim[second.end() :]


def _denied(claim: str) -> str:
    if _NOT.search(claim):
        return _NOT.sub("", claim, count=1)
    return _BE.sub(lambda found: f"{found.group()} not", claim, count=1)


def _bounded(claim: str, chooser: random.Random) -> str:
    word = chooser.choice(("only", "always", "all", "never"))
    if word == "only" and chooser.random() < _HALF:
        return f"Only {claim[:1].lower()}{claim[1:]}"
    return _BE.sub(lambda found: f"{found.group()} {word}", claim, count=1)


def _with_clause(claim: str, other: str) -> str:
    words = other.rstrip(" .").split()
    half = " ".join(words[: max(4, min(len(words), 12))])
    return f"{claim.rstrip(' .')}, and {half[:1].lower()}{half[1:]}."
