"""Answer from complete documents: choose them, read them in parts, and take notes with a model."""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from footnote_qa.bot.engine.citation_markers import without_markers
from footnote_qa.bot.engine.context import block, blocks, quoted
from footnote_qa.bot.errors import AnswererError
from footnote_qa.bot.llm import ModelSession
from footnote_qa.bot.types import BYTES_PER_TOKEN, Messages, Question, ShownPassage
from footnote_qa.index.chunking import one_line, stems_of
from footnote_qa.index.types import DocumentReader, Passage, SearchResult
from footnote_qa.prompts import load

log = logging.getLogger(__name__)

MOST_PARTS = 6
"""How many requests for notes one question may cost at most."""

MOST_DOCUMENTS = 3
_AT_ONCE = 3
_NAMED = 0.5
_POLITE = r"^\W*(?:please |can you |could you |pls |hi,? |hey,? )*"
_SUMMARY = re.compile(
    rf"{_POLITE}(?:give (?:me |us )?|write |i need |make )?(?:an? |the )?"
    r"(?:(?:short|brief|quick|complete|full) )?"
    r"(?:summari[sz]e|summary|sum up|overview|outline|gist|tl;?dr|zusammenfassung|überblick|"
    r"résumé|resumen|fasse?)\b",
    re.IGNORECASE,
)
_EVERYTHING = re.compile(
    rf"{_POLITE}(?:(?:list|name|enumerate|show|give|find)(?: me| us)? (?:all|every|each)\b|"
    r"(?:what|which|who) (?:are|is|were) (?:all|every)\b|(?:a |the )?(?:complete|full) list\b|"
    r"(?:nenne|liste) (?:mir )?alle\b)",
    re.IGNORECASE,
)


def reads_everything(question: str) -> bool:
    """Return whether the answer needs complete documents: a summary, or all of something.

    >>> reads_everything("Summarise the leave policy"), reads_everything("List all holidays")
    (True, True)
    >>> reads_everything("What is the leave policy?")
    False
    """
    return bool(_SUMMARY.search(question) or _EVERYTHING.search(question))


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Complete documents, or everything under a heading, in passages that follow each other.

    Attributes:
        shown: The passages.
        names: Of the documents and headings.
        found: The same as a result of a search.
    """

    shown: tuple[ShownPassage, ...]
    names: tuple[str, ...]
    found: SearchResult


def read_whole(question: Question, found: SearchResult, reader: DocumentReader) -> Whole | None:
    """Read what a question is about completely; None if nothing of it can be read.

    That is the document or the heading whose name fits the question, or else the documents that
    most of the passages come from.
    """
    document, heading = _named(question.text, found.passages)
    wanted = [document] if document else _frequent(found.passages)
    passages: list[Passage] = []
    for one in wanted:
        pieces = reader.read(one, audience=question.audience).passages
        passages += [piece for piece in pieces if not heading or _is_under(piece, heading)]
    if not passages:
        return None
    names = dict.fromkeys(heading or one.chunk.title for one in passages)
    return Whole(
        shown=numbered([ShownPassage(id="", passage=one) for one in passages]),
        names=tuple(names),
        found=replace(found, passages=(*found.passages, *passages)),
    )


def numbered(shown: Sequence[ShownPassage]) -> tuple[ShownPassage, ...]:
    """Return *shown* with ids from 1."""
    return tuple(replace(one, id=str(at)) for at, one in enumerate(shown, 1))


def tokens_of(shown: Sequence[ShownPassage]) -> int:
    """Return an upper estimate of the tokens of passages."""
    size = sum(len(block(one).encode(errors="replace")) for one in shown)
    return size // BYTES_PER_TOKEN + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Notes on passages.

    Attributes:
        text: In the form of passages, under their numbers; "" if there are none.
        unread: How many passages they do not cover.
    """

    text: str
    unread: int


async def take_notes(
    question: Question, shown: Sequence[ShownPassage], session: ModelSession, *, tokens: int
) -> Notes:
    """Let a model note what each part of the passages says on the question, several at a time.

    Args:
        question: The question.
        shown: All passages.
        session: The models; the first one is asked.
        tokens: How many tokens of passages one request holds.
    """
    groups = _groups(shown, tokens)
    limit = asyncio.Semaphore(_AT_ONCE)
    model = session.models[0]

    async def noted(group: Sequence[ShownPassage]) -> dict[str, list[str]] | None:
        async with limit:
            try:
                pieces = session.reply(
                    model, _request(question, group, tokens), purpose="notes", stream=False
                )
                reply = "".join([piece async for piece in pieces])
            except AnswererError:
                return None  # the session has logged it
        return _by_passage(reply, group, most=len(shown))

    results = await asyncio.gather(*(noted(group) for group in groups[:MOST_PARTS]))
    told = {id_: lines for one in results if one for id_, lines in one.items()}
    failed = [group for group, one in zip(groups, results, strict=False) if one is None]
    unread = sum(map(len, [*failed, *groups[MOST_PARTS:]]))
    if unread:
        log.info("passages not read", extra={"count": unread})
    return Notes(
        text="\n\n".join(_note_block(one, told[one.id]) for one in shown if told.get(one.id)),
        unread=unread,
    )


def _request(question: Question, group: Sequence[ShownPassage], tokens: int) -> Messages:
    request = load("notes-request").render(
        passages=blocks(group, max_bytes=tokens * BYTES_PER_TOKEN), question=one_line(question.text)
    )
    return Messages(system=load("notes").render(), user=request)


def _groups(shown: Sequence[ShownPassage], tokens: int) -> list[list[ShownPassage]]:
    groups: list[list[ShownPassage]] = []
    for one in shown:
        if groups and tokens_of([*groups[-1], one]) <= tokens:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _by_passage(reply: str, group: Sequence[ShownPassage], *, most: int) -> dict[str, list[str]]:
    """Return the notes of a reply by the passage that they name, or the only one there is."""
    known = {one.id for one in group}
    notes: dict[str, list[str]] = {}
    for line in reply.splitlines():
        said, numbers = without_markers(line.strip(" \t-*•"), most=most)
        ids = [str(one) for one in numbers if str(one) in known]
        if not ids and len(known) == 1:
            ids = [*known]
        if said and ids and said.strip(" .*_`").upper() != "NOTHING":
            notes.setdefault(ids[0], []).append(said)
    return notes


def _note_block(shown: ShownPassage, lines: Sequence[str]) -> str:
    place = one_line(" > ".join(shown.section.chunk.path))
    text = quoted("\n".join(lines))
    return f"<<< passage {shown.id} >>>\nfrom: {place}\n{text}\n<<< end {shown.id} >>>"


def _named(question: str, passages: Sequence[Passage]) -> tuple[str, str]:
    """Return the document, and the heading in it, whose name fits the question; "" for none."""
    asked = set(stems_of(question))
    best, document, heading = _NAMED, "", ""
    for passage in passages:
        chunk = passage.chunk
        for name in (chunk.title, *chunk.heading):
            stems = set(stems_of(name))
            both = len(stems & asked)
            score = both / max(1, len(stems)) + both / 10  # of two that fit, the more precise one
            if score > best:
                best, document = score, chunk.document
                heading = "" if name == chunk.title else name
    return document, heading


def _frequent(passages: Sequence[Passage]) -> list[str]:
    """Return the documents that most of the passages come from."""
    count = Counter(one.chunk.document for one in passages)
    return [name for name, _ in count.most_common(MOST_DOCUMENTS)]


def _is_under(passage: Passage, heading: str) -> bool:
    section = passage.section
    parts = section.parts if section else (passage.chunk,)
    return any(heading in part.heading for part in parts)
