"""Render answers as Slack messages; text from documents is only put where Slack reads no markup."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from footnote_qa.bot.ages import ago
from footnote_qa.bot.languages import remark, tr
from footnote_qa.bot.safe_text import clean, shorten
from footnote_qa.bot.slack.messages import elements, rich_text, texts
from footnote_qa.bot.slack.messages.elements import LIMITS, Block, rich_text_block, section, words
from footnote_qa.bot.slack.messages.rich_text import Part, Piece
from footnote_qa.bot.slack.messages.source_list import (
    Source,
    cited,
    near,
    source_blocks,
    title_of,
)
from footnote_qa.bot.slack.messages.texts import (
    defuse,
    inert,
)
from footnote_qa.bot.state import Mark
from footnote_qa.bot.types import Answer, Status

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?:\s*\[\d+\])*(?=\s)|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to post.

    Attributes:
        text: Escaped for Slack; shown in notifications, and alone if there are no blocks.
        blocks: The visible content.
        simpler: The same in older kinds of blocks that every workspace knows, in case *blocks* are
            refused.
        offers_again: Whether a button asks the question again, so that its text must be kept.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    simpler: tuple[Block, ...] = ()
    offers_again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Everything around an answer.

    Attributes:
        now: In UTC; ages are relative to it.
        question_id: Id for the buttons; "" leaves them out.
        helper: Whether there is a person to ask.
        stale: Changes in the documents since the build, such as "3 files changed".
        is_private: Only the asker sees the answer, and may share it with everyone.
        marks: Of the sources that are approved or verified answers, by the name of their file.
    """

    now: datetime
    question_id: str = ""
    helper: bool = False
    stale: str = ""
    is_private: bool = False
    marks: Mapping[str, Mark] = field(default_factory=dict)


def note(sentence: str, *, again: str = "") -> Message:
    """Return one of the fixed sentences, which contain no Slack markup.

    Args:
        sentence: The sentence.
        again: Id of the question that a button asks again; "" shows no button.
    """
    if not again:
        return Message(text=sentence)
    said = rich_text_block([section(words(sentence))])
    return Message(text=sentence, blocks=(said, elements.again(again)), offers_again=True)


def answer_message(answer: Answer, frame: Frame) -> Message:
    """Return an answer with its sources, or the reason why there is none."""
    if answer.status is Status.FAILED:
        failed = tr(texts.FAILED).format(reference=defuse(answer.reference))
        return note(failed, again=frame.question_id)
    if answer.status is Status.CHAT:
        return note(defuse(answer.text))
    if answer.status is Status.CLARIFY:
        return _question_back(answer, frame)
    is_found = answer.status is Status.ANSWERED
    whole = clean(answer.text if is_found else remark(answer.message)).strip()
    said = cut_at_sentence(whole or tr(texts.NOT_FOUND), LIMITS["answer_chars"])
    is_cut = len(said) < len(whole)
    below = blocks_below(answer, frame, is_cut=is_cut)
    above = tuple(_answer_blocks(said, _bold(answer, said)))
    return Message(
        text=_fallback(said, *_sources(answer, frame)),
        blocks=(*above, *below.blocks),
        simpler=(*above, *below.simpler),
    )


def _question_back(answer: Answer, frame: Frame) -> Message:
    """Return a question back, with a button for each thing that may be meant."""
    said = rich_text_block([section(words(answer.text))])
    labels = [choice.label for choice in answer.choices]
    buttons = (elements.choices(frame.question_id, labels),) if frame.question_id else ()
    return Message(text=defuse(answer.text), blocks=(said, *buttons))


def blocks_below(answer: Answer, frame: Frame, *, is_cut: bool = False) -> Message:
    """Return everything below the text of an answer: sources, remarks, buttons."""
    heading, sources = _sources(answer, frame)
    is_found = answer.status is Status.ANSWERED
    remarks = ([tr(texts.CUT)] if is_cut else []) + _footer(answer, frame)
    context = [_context(remarks)] if remarks else []
    actions = elements.below(
        frame.question_id,
        quotes=_quote_options(answer) if frame.question_id else [],
        ask_person=frame.helper and not is_found,
        share=frame.is_private,
    )
    rated = elements.feedback(frame.question_id) if frame.question_id else []
    box = _box(heading, sources, is_open=not is_found)
    return Message(
        text="",
        blocks=(*box, *actions, *context, *rated),
        simpler=(*source_blocks(heading, sources), *actions, *context),
    )


def _sources(answer: Answer, frame: Frame) -> tuple[str, list[Source]]:
    now = frame.now
    if answer.status is Status.ANSWERED:
        return tr(texts.SOURCES), [
            cited(citation, now, said=answer.text, mark=_mark_of(citation.document, frame))
            for citation in answer.citations
        ]
    return tr(texts.NEAREST), [near(passage, now) for passage in answer.nearest]


def _mark_of(document: str, frame: Frame) -> str:
    """Return who has verified an answer that is a source, and until when; "" for other sources."""
    mark = frame.marks.get(document.rpartition("/")[2])
    if mark is None:
        return ""
    who = tr(texts.VERIFIED_BY).format(name=clean(mark.name)) if mark.name else tr(texts.VERIFIED)
    if mark.review_on is None:
        return who
    due = tr(texts.REVIEW_DUE) if mark.is_due(frame.now.date()) else tr(texts.REVIEW_BY)
    return f"{who}, {due.format(day=mark.review_on)}"


def _quote_options(answer: Answer) -> list[str]:
    return [f"[{c.label}] {title_of(c.title, c.document)}" for c in answer.citations]


def _box(heading: str, sources: Sequence[Source], *, is_open: bool) -> list[Block]:
    """Return a box that opens on a click, so that many sources do not fill the thread."""
    inside = source_blocks(heading, sources)
    if not inside or len(inside) > LIMITS["box_blocks"]:
        return inside
    first = inside[0]
    elements = first["elements"]
    if isinstance(elements, list):
        inside[0] = first | {"elements": elements[1:]}  # its heading becomes the title of the box
    return [
        {
            "type": "container",
            "title": {"type": "plain_text", "text": f"{heading} ({len(sources)})", "emoji": False},
            "is_collapsible": True,
            "default_collapsed": not is_open,
            "child_blocks": inside,
        }
    ]


def _bold(answer: Answer, said: str) -> list[rich_text.Place]:
    """Return where the words in *said* are that are the answer itself."""
    if answer.status is not Status.ANSWERED:
        return []
    cleaned = clean(answer.text)
    cut = len(cleaned) - len(cleaned.lstrip())
    places = []
    for first, last in answer.highlights:
        start = len(clean(answer.text[:first])) - cut
        highlight = clean(answer.text[first:last])
        if start >= 0 and said.startswith(highlight, start):  # cleaning took nothing at its edges
            places.append((start, start + len(highlight)))
    return places


def _answer_blocks(said: str, bold: Sequence[rich_text.Place] = ()) -> list[Block]:
    """Return the text of an answer, in as few blocks as Slack's limits allow."""
    blocks: list[Block] = []
    elements: list[Block] = []
    chars = 0
    tables = 0
    for part in rich_text.parts(said, bold):
        if part.kind == "table" and rich_text.is_showable(part) and not tables:
            blocks += [_text_block(elements)] if elements else []
            blocks.append(rich_text.table_block(part))
            elements, chars, tables = [], 0, 1
            continue
        for piece in _fitting(part):
            if chars and chars + piece.chars > LIMITS["block_chars"] // 2:
                blocks.append(_text_block(elements))
                elements, chars = [], 0
            elements += [*_gap(elements, piece), _part_element(piece)]
            chars += piece.chars
    return [*blocks, _text_block(elements)] if elements else blocks


def _text_block(elements: Sequence[Block]) -> Block:
    return rich_text_block(rich_text.joined_lists(elements))


def _gap(before: Sequence[Block], part: Part) -> list[Block]:
    is_paragraph = part.kind == "text" and before and before[-1]["type"] == "rich_text_section"
    return [section({"type": "text", "text": "\n"})] if is_paragraph else []


def _part_element(part: Part) -> Block:
    if part.kind == "code":
        return rich_text.code_element(part.pieces)
    if part.kind == "table":
        return rich_text.code_element([Piece(rich_text.table_text(part))])
    if part.kind == "item" and rich_text.text_elements(part.pieces):
        return rich_text.item_element(part)
    return section(*(rich_text.text_elements(part.pieces) or [words(" ")]))


def _fitting(part: Part) -> Iterable[Part]:
    """Cut a part that is too long for one block; its styles are lost at the cut."""
    if part.chars <= LIMITS["block_chars"] // 2:
        return [part]
    whole = rich_text.table_text(part) if part.rows else "".join(p.text for p in part.pieces)
    kind = "code" if part.rows else part.kind
    cuts = _pieces(whole)
    return [replace(part, kind=kind, pieces=(Piece(cut),), rows=()) for cut in cuts]


def cut_at_sentence(text: str, max_chars: int) -> str:
    """Return at most *max_chars* of *text*, up to the end of a sentence if there is one.

    >>> cut_at_sentence("One is here [1]. Two is there [2].", 20)
    'One is here [1].'
    """
    if len(text) <= max_chars:
        return text
    ends = [found.end() for found in _SENTENCE_END.finditer(text, 0, max_chars + 1)]
    fitting = [end for end in ends if end <= max_chars]
    if fitting:
        return text[: fitting[-1]].rstrip()
    return (text[:max_chars].rpartition(" ")[0] or text[:max_chars]).rstrip()


def _pieces(text: str) -> list[str]:
    pieces = []
    rest = text
    while rest:
        # Half of the space, because making text inert lengthens it.
        piece = cut_at_sentence(rest, LIMITS["block_chars"] // 2)
        pieces.append(piece)
        rest = rest[len(piece) :].lstrip()
    return pieces


def _footer(answer: Answer, frame: Frame) -> list[str]:
    said = clean(remark(answer.message)).strip() if answer.status is Status.ANSWERED else ""
    beside = [said] if said else []
    if not answer.generation:
        return beside
    at = answer.indexed_at
    built = tr("Index {name}").format(name=answer.generation)
    if at is not None:
        when = f"{ago(at, frame.now)} ({at:%Y-%m-%d %H:%M} UTC)"
        built = tr("Index {name}, built {when}").format(name=answer.generation, when=when)
    since = f", {tr('{changes} since').format(changes=frame.stale)}" if frame.stale else ""
    return [*beside, f"{built}{since}"]


def _fallback(said: str, heading: str, sources: Sequence[Source]) -> str:
    """Return the answer for notifications and clients without blocks, sources included."""
    names = [source.mark + shorten(source.title, 40) for source in sources[: LIMITS["sources"]]]
    listed = defuse(f"\n{heading}: " + "; ".join(names)) if names else ""
    room = max(LIMITS["fallback_chars"] - len(listed), 400)
    head = said
    while len(defuse(head)) > room:
        head = cut_at_sentence(head, len(head) * 3 // 4)
    return defuse(head) + listed


def _context(remarks: Iterable[str]) -> Block:
    shown = [inert(shorten(clean(remark), LIMITS["remark_chars"])) for remark in remarks]
    return {
        "type": "context",
        "elements": [{"type": "plain_text", "text": text, "emoji": False} for text in shown],
    }
