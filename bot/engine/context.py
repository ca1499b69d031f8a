"""Build the prompt context: passages with opaque ids, in blocks that no text can fake."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from bot.citations import Removed
from bot.engine.reply_parser import SCHEMA
from bot.types import BYTES_PER_TOKEN, Messages, Question, ShownPassage
from index.chunking import one_line, readable, visible
from index.types import Passage
from prompts import load

ID_LENGTH = 6
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


def show(passages: Sequence[Passage]) -> tuple[ShownPassage, ...]:
    """Give each section an id for this question only; passages of one section are merged."""
    grouped: list[list[Passage]] = []
    for passage in passages:
        home = next((one for one in grouped if _is_within(passage, one[0])), None)
        if home is None:
            grouped.append([passage])
        else:
            home.append(passage)
    return tuple(
        ShownPassage(id=id_, passage=best, others=tuple(others))
        for id_, (best, *others) in zip(opaque_ids(len(grouped)), grouped, strict=True)
    )


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
    return "\n".join(
        [
            f"<<< passage {shown.id} >>>",
            f"from: {one_line(place)}{page}{date}",
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
    structured: bool = False,
) -> Messages:
    """Return the request for an answer, with as many of the best passages as fit."""
    rules, answer = load("answer-rules").render(), load("answer")
    if question.language:
        rules += load("answer-language").render(language=question.language)
    if structured:
        rules += load("answer-structured").render()
    form = AS_JSON if structured else AS_LINES
    asked = one_line(question.text)
    frame = rules + answer.template + asked
    room = room_tokens * BYTES_PER_TOKEN - len(frame.encode(errors="replace"))
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
