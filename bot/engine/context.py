"""Build the prompt context: passages with opaque ids, in blocks that no text can fake."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from bot.citations import Removed
from bot.engine.duplicates import newer_first, says_the_same
from bot.engine.reply_parser import SCHEMA
from bot.types import BYTES_PER_TOKEN, Messages, Question, ShownPassage
from index.chunking import one_line, readable, visible
from index.types import Chunk, Passage
from prompts import load

ID_LENGTH = 6
MOST_PLACES = 5
"""How many other places of the same text are named."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "234567"


def opaque_ids(count: int) -> list[str]:
    """Return *count* different ids that nobody can predict.

    Each has a letter and a digit, so that no word and no number in a text is ever an id.
    """
    ids: dict[str, None] = {}
    while len(ids) < count:
        made = "".join(secrets.choice(_LETTERS + _DIGITS) for _ in range(ID_LENGTH))
        if not made.isalpha() and not made.isdigit():
            ids[made] = None
    return list(ids)


def show(
    passages: Sequence[Passage], *, question: str = "", most: int | None = None
) -> tuple[ShownPassage, ...]:
    """Give each section an id for this question only; passages of one section are merged.

    A passage that says the same as a better one is not shown again, only its place is. Of two
    versions of a document, the newer one comes first.

    Args:
        passages: Best first.
        question: The question; a version that it names is not put behind a newer one.
        most: How many passages to show at most, those that say the same not counted.
    """
    grouped: list[list[Passage]] = []
    also: list[list[Chunk]] = []
    count = 0
    for passage in passages:
        home = next((at for at, one in enumerate(grouped) if _is_within(passage, one[0])), None)
        same = next((at for at, one in enumerate(grouped) if _is_same(passage, one[0])), None)
        if home is None and same is not None:
            also[same].append(passage.chunk)
            continue
        if most is not None and count >= most:
            break
        count += 1
        if home is None:
            grouped.append([passage])
            also.append([])
        else:
            grouped[home].append(passage)
    ids = opaque_ids(len(grouped))
    shown = (
        ShownPassage(id=id_, passage=best, others=tuple(others), also=tuple(places))
        for id_, (best, *others), places in zip(ids, grouped, also, strict=True)
    )
    return newer_first(tuple(shown), question)


def _is_same(passage: Passage, other: Passage) -> bool:
    elsewhere = passage.chunk.document != other.chunk.document
    return elsewhere and says_the_same(passage.chunk, other.chunk)


def _is_within(passage: Passage, other: Passage) -> bool:
    chunk, context = passage.chunk, other.context
    if chunk.document != context.document or chunk.id == other.chunk.id:
        return False
    start = chunk.start - context.start
    return start >= 0 and context.text[start : start + len(chunk.text)] == chunk.text


def block(shown: ShownPassage) -> str:
    """Return the passage between its borders, with a bar before every line of its text.

    A text cannot end its own block: its lines all begin with a bar, and it does not contain its id.
    """
    chunk = shown.section.chunk
    place = " > ".join(chunk.path)
    page = "" if chunk.page is None else f" (page {chunk.page})"
    date = "" if chunk.modified_at is None else f", changed on {chunk.modified_at:%Y-%m-%d}"
    also = [f"also in: {one_line(' > '.join(one.path))}" for one in shown.also[:MOST_PLACES]]
    newer = [f"there is a newer version: {one_line(shown.newer)}"] if shown.newer else []
    return "\n".join(
        [
            f"<<< passage {shown.id} >>>",
            f"from: {one_line(place)}{page}{date}",
            *also,
            *newer,
            quoted(readable(shown.section.masked)),
            f"<<< end {shown.id} >>>",
        ]
    )


def quoted(text: str) -> str:
    r"""Return *text* with a bar before every line.

    >>> quoted("one\ntwo")
    '| one\n| two'
    """
    # splitlines knows every character that a model could read as the end of a line
    return "\n".join(f"| {visible(line)}" for line in text.splitlines())


def within(shown: Sequence[ShownPassage], *, tokens: int) -> tuple[ShownPassage, ...]:
    """Return as many of the best passages as fit into *tokens*, at least one."""
    chosen: list[ShownPassage] = []
    size = 0
    for one in shown:
        size += len(one.section.masked.encode(errors="replace"))
        if chosen and size > tokens * BYTES_PER_TOKEN:
            break
        chosen.append(one)
    return tuple(chosen)


def blocks(shown: Sequence[ShownPassage], *, max_bytes: int) -> str:
    """Return the blocks of as many of the best passages as fit, at least one."""
    chosen: list[str] = []
    size = 0
    for one in shown:
        made = block(one)
        size += len(made.encode(errors="replace")) + 2
        if chosen and size > max_bytes:
            break
        chosen.append(made)
    return "\n\n".join(chosen)


MAX_TOLD_REASONS = 5
AS_LINES = "Answer in SENTENCE and EVIDENCE lines, or write NOT FOUND."
AS_JSON = "Answer with the JSON object."

_REASONS = {
    "no_evidence": "there was no EVIDENCE line",
    "quote_not_found": "the words quoted are not in any passage",
    "quote_too_short": "the words quoted are too few to prove anything",
    "quote_cut": "the words quoted leave out the negation before them",
    "number": "a number in it is not in the evidence",
    "name": "a name in it is not in the evidence",
    "negation": "the sentence and its evidence deny different things",
    "link": "an address in it is not in the evidence",
    "not_proven": "the evidence says something else",
    "empty": "it says nothing",
}


def for_answer(
    question: Question,
    passages: Sequence[ShownPassage],
    *,
    room_tokens: int,
    passage_tokens: int | None = None,
    structured: bool = False,
) -> Messages:
    """Return the request for an answer, with as many of the best passages as fit.

    Args:
        question: The question.
        passages: Best first.
        room_tokens: For rules, question and passages together.
        passage_tokens: Of these, for passages; None for all that rules and question leave.
        structured: Whether the reply is to be JSON.
    """
    rules, answer = load("answer-rules").render(), load("answer")
    if question.language:
        rules += load("answer-language").render(language=question.language)
    if structured:
        rules += load("answer-structured").render()
    form = AS_JSON if structured else AS_LINES
    asked = one_line(question.text)
    frame = rules + answer.template + asked
    room = room_tokens * BYTES_PER_TOKEN - len(frame.encode(errors="replace"))
    if passage_tokens is not None:
        room = min(room, passage_tokens * BYTES_PER_TOKEN)
    return Messages(
        system=rules,
        user=answer.render(passages=blocks(passages, max_bytes=room), question=asked, form=form),
        schema=SCHEMA if structured else None,
    )


def for_retry(asked: Messages, removed: Sequence[Removed]) -> Messages:
    """Return the request again, with the faults of the reply to it."""
    told = "\n".join(
        f"{quoted(one_line(one.sentence.text))}\nwas not used: {_REASONS[one.reason]}"
        for one in removed[:MAX_TOLD_REASONS]
    )
    again = load("answer-retry").render(asked=asked.user, reasons=told)
    return replace(asked, user=again)
