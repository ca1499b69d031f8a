"""Build the prompt context: numbered passages, in blocks that no text can fake."""

import re
from collections.abc import Sequence
from dataclasses import replace

from footnote_qa.bot.citations import Reason, Removed, Undecided
from footnote_qa.bot.engine.duplicates import newer_first, says_the_same
from footnote_qa.bot.engine.reply_parser import SCHEMA
from footnote_qa.bot.types import BYTES_PER_TOKEN, Messages, Question, ShownPassage
from footnote_qa.index.chunking import one_line, readable, visible
from footnote_qa.index.types import Chunk, Passage
from footnote_qa.prompts import load

MOST_PLACES = 5
"""How many other places of the same text are named."""


def show(
    passages: Sequence[Passage], *, question: str = "", most: int | None = None
) -> tuple[ShownPassage, ...]:
    """Number the sections that the passages are in; passages of one section are merged.

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
    shown = (
        ShownPassage(id="", passage=best, others=tuple(others), also=tuple(places))
        for (best, *others), places in zip(grouped, also, strict=True)
    )
    ordered = newer_first(tuple(shown), question)
    return tuple(replace(one, id=str(number)) for number, one in enumerate(ordered, 1))


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

    A text cannot end its own block, because all of its lines begin with a bar.
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
AS_MARKDOWN = "Answer in Markdown with the numbers of the passages, or write NOT FOUND."
AS_JSON = "Answer with the JSON object."
AND_SEARCH = (
    "If they lack a fact that the documents may have elsewhere, you may write, instead of an "
    "answer and with nothing else, up to {count} lines of the form SEARCH: words to search for, "
    "or READ: number of a passage whose complete document you need."
)

NO_EARLIER = "(it is not known any more)"

_REASONS = {
    Reason.EMPTY: "it says nothing",
    Reason.NO_EVIDENCE: "no passage says anything like it",
    Reason.QUOTE_NOT_FOUND: "the words quoted are not in any passage",
    Reason.QUOTE_TOO_SHORT: "the words quoted are too few to prove anything",
    Reason.QUOTE_CUT: "the words quoted leave out the negation before them",
    Reason.NUMBER: "a number or a unit in it is not in the passage, or counts something else there",
    Reason.DATE: "a date in it is not in the passage",
    Reason.NAME: "a name in it is not in the passage",
    Reason.NEGATION: "the sentence and the passage deny different things",
    Reason.LINK: "an address in it is not in the passage",
    Reason.CODE: "a command, a file or a version in it is not in the passage",
    Reason.MODAL: "the passage says may or should, not must",
    Reason.SCOPE: "the passage does not say only, every or always",
    Reason.EXCHANGED: "the passage has it the other way round, or about something else",
    Reason.NOT_PROVEN: "the passage says something else",
    Reason.ABSENT: "it is about the passages",
    Reason.REMARK: "it is no statement",
}


def for_answer(  # noqa: PLR0913 - the limits of one request
    question: Question,
    passages: Sequence[ShownPassage],
    *,
    room_tokens: int,
    passage_tokens: int | None = None,
    structured: bool = False,
    further: int = 0,
    notes: str = "",
) -> Messages:
    """Return the request for an answer, with as many of the best passages as fit.

    Rules come first and passages before the question, so that a provider can reuse what it has
    read of them.

    Args:
        question: The question.
        passages: Best first.
        room_tokens: For rules, question and passages together.
        passage_tokens: Of these, for passages; None for all that rules and question leave.
        structured: Whether the reply is to be JSON.
        further: How many searches it may still ask for.
        notes: Notes on the passages, in their place; "" shows the passages themselves.
    """
    rules, answer = load("answer-rules").render(), load("answer")
    if question.language and not question.change:
        rules += load("answer-language").render(language=question.language)
    if structured:
        rules += load("answer-structured").render()
    form = AS_JSON if structured else AS_MARKDOWN
    if further and not structured:
        form = f"{form} {AND_SEARCH.format(count=further)}"
    asked = one_line(question.text)
    if question.change:
        asked = load("answer-change").render(
            question=asked,
            earlier=quoted(question.earlier) if question.earlier else NO_EARLIER,
            change=one_line(question.change),
        )
    frame = rules + answer.template + asked + form
    room = room_tokens * BYTES_PER_TOKEN - len(frame.encode(errors="replace"))
    if passage_tokens is not None:
        room = min(room, passage_tokens * BYTES_PER_TOKEN)
    return Messages(
        system=rules,
        user=answer.render(
            passages=notes or blocks(passages, max_bytes=room), question=asked, form=form
        ),
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


_PAIR_NUMBER = re.compile(r"^\W*(\d{1,3})\W+(yes|no)\b", re.IGNORECASE | re.MULTILINE)


def for_check(undecided: Sequence[Undecided]) -> Messages:
    """Return the request that asks which statements their evidence proves."""
    pairs = "\n\n".join(
        f"{at}. Statement:\n{quoted(one.statement)}\nEvidence:\n{quoted(readable(one.evidence))}"
        for at, one in enumerate(undecided, 1)
    )
    request = load("check-request").render(pairs=pairs, count=str(len(undecided)))
    return Messages(system=load("check").render(), user=request)


def verdicts_in(reply: str, count: int) -> dict[int, bool]:
    r"""Return the verdicts of a reply to `for_check`, by position.

    >>> verdicts_in("1. yes\n2: no\nmaybe", 3)
    {0: True, 1: False}
    """
    told = {int(n) - 1: said.lower() == "yes" for n, said in _PAIR_NUMBER.findall(reply)}
    return {at: said for at, said in told.items() if 0 <= at < count}
