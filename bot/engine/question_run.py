"""Answer one question: understand it, search, ask back or answer, step by step."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from footnote_qa.bot.citations import Proves
from footnote_qa.bot.engine import answers
from footnote_qa.bot.engine.clarifying import choices_among, question_back
from footnote_qa.bot.engine.context import show, within
from footnote_qa.bot.engine.conversation import (
    AS_SHORT_AS_IT_IS,
    NEEDS_A_MODEL,
    NOTHING_TO_CHANGE,
    Change,
    ShortenedAnswer,
    change_in,
    changed,
    is_chosen,
    last_answer,
    picked,
    question_before,
)
from footnote_qa.bot.engine.further_requests import Request
from footnote_qa.bot.engine.query_rewriting import Understood, rewrite_by_rule, standalone
from footnote_qa.bot.engine.searches import is_complex, search_all
from footnote_qa.bot.engine.synthesis import AnswerSynthesizer, Reading, Result, Room
from footnote_qa.bot.engine.whole_documents import (
    Notes,
    Whole,
    numbered,
    read_whole,
    reads_everything,
    take_notes,
    tokens_of,
)
from footnote_qa.bot.llm import ModelSession, Portfolio
from footnote_qa.bot.trace import Step, StepKind
from footnote_qa.bot.types import Answer, Answerer, Choice, Draft, Question, ShownPassage, Status
from footnote_qa.index.types import DocumentReader, Passage, Searcher, SearchResult

DEEPER = 2  # times as many passages are searched: some may say the same as others
_OLD_SHARE = 0.5  # of the room that the passages known so far keep when a model asks for more
UNREAD = "Not all of the document is covered: {count} parts of it could not be read in time."

NOTHING_FOUND = SearchResult(
    passages=(), generation="", created_at=datetime.fromtimestamp(0, UTC), ms=0.0
)

Event = str | Step | SearchResult | Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineParts:
    """The parts that answer questions.

    Attributes:
        searcher: Finds passages; if it is a `DocumentReader`, it also reads complete documents.
        portfolio: The models that may be asked; it may be empty.
        fallback: Drafts the answer if none of the models can be used.
        k: How many passages an answerer sees at most.
        proves: Compares the meaning of a sentence and its evidence; None compares words only.
        room: How many tokens of passages are handed over.
    """

    searcher: Searcher
    portfolio: Portfolio
    fallback: Answerer
    k: int
    proves: Proves | None = None
    room: Room = Room()  # noqa: RUF009 - frozen

    @property
    def reader(self) -> DocumentReader | None:
        """The reader of complete documents; None if there is none."""
        return self.searcher if isinstance(self.searcher, DocumentReader) else None


class QuestionRun:
    """The way of one question to its answer.

    Args:
        parts: What answers it.
        session: Asks the models for it; its trace records all steps.
    """

    def __init__(self, parts: EngineParts, session: ModelSession) -> None:
        self._question = session.question
        self._parts = parts
        self._trace = session.trace
        self._session = session
        self._found = NOTHING_FOUND

    async def events(self, found: SearchResult | None, *, stream: bool) -> AsyncGenerator[Event]:
        """Yield the steps, the passages, the text as it is checked, and the answer.

        Args:
            found: Passages to answer from; None searches.
            stream: Whether text is to be yielded before the reply is complete.
        """
        change = change_in(self._question.text) if found is None else None
        events = self._changed(change, stream=stream) if change else self._new(found, stream=stream)
        async with aclosing(events) as told:
            async for event in told:
                yield event

    async def _new(self, found: SearchResult | None, *, stream: bool) -> AsyncGenerator[Event]:
        """Answer a question of its own."""
        understood = await self._understood()
        asked = understood.question
        may_ask_back = found is None
        if found is None:
            found = await self._search(asked, understood.searches)
        deep, found = found.passages, replace(found, passages=found.passages[: self._parts.k])
        yield found
        if not found.passages:
            return
        if may_ask_back and (choices := self._choices(asked, deep)):
            yield _asking_back(asked, choices)
            return
        self._found = found
        for text in [one.detail for one in self._trace.steps if one.kind is StepKind.SEARCH][1:]:
            yield Step(kind=StepKind.SEARCH, detail=text)
        shown = await self._shown(deep, asked.text)
        asked = replace(asked, text=found.question or asked.text, unknown=found.unknown)
        async for event in self._read(asked, shown, stream=stream):
            yield event

    async def _read(
        self, asked: Question, shown: tuple[ShownPassage, ...], *, stream: bool
    ) -> AsyncGenerator[Event]:
        """Answer from the passages that were found, or from complete documents."""
        if not self._session.models:
            events = self._answered(
                asked, Reading(shown=shown), self._parts.fallback, stream=stream
            )
        elif reads_everything(asked.text) and self._parts.reader is not None:
            events = self._whole(asked, stream=stream)
        else:
            reading = self._open(shown, asked)
            events = self._answered(asked, reading, self._parts.fallback, stream=stream)
        async with aclosing(events) as told:
            async for event in told:
                yield event

    async def _changed(self, change: Change, *, stream: bool) -> AsyncGenerator[Event]:
        """Say the last answer of the conversation in another form, from the same passages."""
        history = self._question.history
        last, at = last_answer(history), question_before(history)
        if at is None:
            yield _said(NOTHING_TO_CHANGE)
            return
        if not self._session.models and not (change.is_shorter and last):
            yield _said(NEEDS_A_MODEL)
            return
        again = await self._read_again(last) if last else ()
        if last and again:
            asked, shown = changed(self._question, change, last), again
        else:
            earlier = replace(self._question, text=history[at].text, history=history[:at])
            text = rewrite_by_rule(earlier.text, earlier.history)
            if last and last.asked:
                text = last.asked
            asked = replace(self._question, text=text, change=change.words, history=())
            self._found = await self._search(asked, ())
            shown = await self._shown(self._found.passages, text)
        yield self._found
        short = ShortenedAnswer(last) if change.is_shorter and last else _Unable()
        async for event in self._answered(asked, Reading(shown=shown), short, stream=stream):
            yield self._noted(event, last) if isinstance(event, Answer) else event

    def _noted(self, answer: Answer, last: Answer | None) -> Answer:
        """Return *answer*, with why it has not the form that was asked for, if it has not."""
        if answer.answerer != "offline":
            return answer
        why = answer.message.replace(answers.OWN_WORDS, "").replace(answers.NO_OWN_WORDS, "")
        if answer.status is not Status.ANSWERED:
            why = why.replace(answers.NOT_FOUND, "").strip()
            return replace(_said(f"{why} {NEEDS_A_MODEL}".strip()), usage=answer.usage)
        is_same = last is not None and answer.text == last.text
        return replace(answer, message=f"{why} {AS_SHORT_AS_IT_IS}".strip() if is_same else why)

    async def _understood(self) -> Understood:
        question = self._question
        if is_chosen(question):
            return Understood(question=replace(question, history=()))
        if completed := picked(question.text, question.history):
            return Understood(question=replace(question, text=completed))
        with_plan = bool(self._session.models) and is_complex(question.text)
        with self._trace.step(StepKind.REWRITE) as step:
            understood = await standalone(question, self._session, is_complex=with_plan)
            step.counts["searches"] = len(understood.searches)
        if understood.question.text == question.text and not understood.searches:
            self._trace.steps.pop()  # nothing was rewritten
        return understood

    def _choices(self, asked: Question, passages: Sequence[Passage]) -> tuple[Choice, ...]:
        """Return what the question may mean; empty if it was asked back just before."""
        last = next((one for one in reversed(self._question.history) if one.answer), None)
        if last is not None and last.answer and last.answer.status is Status.CLARIFY:
            return ()
        return choices_among(asked.text, passages)

    async def _search(self, asked: Question, planned: Sequence[str]) -> SearchResult:
        parts = self._parts
        return await asyncio.to_thread(
            search_all,
            parts.searcher,
            asked,
            k=DEEPER * parts.k,
            planned=planned,
            trace=self._trace,
        )

    async def _shown(self, passages: Sequence[Passage], text: str) -> tuple[ShownPassage, ...]:
        # Reads the sections from the disk
        return await asyncio.to_thread(show, passages, question=text, most=self._parts.k)

    async def _answered(
        self, asked: Question, reading: Reading, fallback: Answerer, *, stream: bool
    ) -> AsyncGenerator[Event]:
        parts = self._parts
        answering = AnswerSynthesizer(
            asked, reading, self._session, fallback, proves=parts.proves, room=parts.room
        )
        async with aclosing(answering.events(stream=stream)) as events:
            async for event in events:
                if not isinstance(event, Result):
                    yield event
                    continue
                yield self._found
                answer = answers.answer_of(event, self._found, self._session)
                yield replace(answer, asked=asked.text)

    async def _whole(self, asked: Question, *, stream: bool) -> AsyncGenerator[Event]:
        """Answer from complete documents: read them, take notes if they are long, then answer."""
        reader, found = self._parts.reader, self._found
        whole = None
        if reader is not None:
            with self._trace.step(StepKind.READ) as step:
                whole = await asyncio.to_thread(read_whole, asked, found, reader)
                step.counts["passages"] = len(whole.shown) if whole else 0
        if whole is None:
            shown = await self._shown(found.passages, asked.text)
            reading, notes = self._open(shown, asked), Notes(text="", unread=0)
        else:
            for name in whole.names:
                yield Step(kind=StepKind.READ, detail=name)
            reading, notes = await self._noted_down(asked, whole)
            self._found = whole.found
        async for event in self._answered(asked, reading, self._parts.fallback, stream=stream):
            if isinstance(event, Answer) and notes.unread:
                left = UNREAD.format(count=notes.unread)
                yield replace(event, message=f"{event.message} {left}".strip())
            else:
                yield event

    async def _noted_down(self, asked: Question, whole: Whole) -> tuple[Reading, Notes]:
        """Return what to answer from: the documents, or notes on them if they are too long."""
        provider = self._session.models[0].provider
        room = provider.context_tokens - provider.reply_tokens
        tokens = min(provider.passage_tokens or self._parts.room.model, room // 2)
        if tokens_of(whole.shown) <= tokens:
            return Reading(shown=whole.shown), Notes(text="", unread=0)
        notes = await take_notes(asked, whole.shown, self._session, tokens=tokens)
        return Reading(shown=whole.shown, notes=notes.text), notes

    def _open(self, shown: tuple[ShownPassage, ...], asked: Question) -> Reading:
        """Return what to read, with further searches for a model that asks for them."""

        async def further(requests: Sequence[Request], tokens: int) -> Sequence[ShownPassage]:
            nonlocal shown
            new: list[Passage] = []
            for one in requests:
                new += await self._fetched(one, asked, shown)
            known = {one.section.chunk.id for one in shown}
            more = [one for one in await self._shown(new, asked.text) if not _is_in(one, known)]
            kept = within(shown, tokens=int(tokens * _OLD_SHARE)) if more else shown
            shown = numbered([*kept, *within(more, tokens=int(tokens * (1 - _OLD_SHARE)))])
            self._found = replace(self._found, passages=(*self._found.passages, *new))
            return shown

        most = self._parts.portfolio.settings.further_searches
        return Reading(shown=shown, further=further, most_further=most)

    async def _fetched(
        self, request: Request, asked: Question, shown: Sequence[ShownPassage]
    ) -> Sequence[Passage]:
        """Return the passages that a model asks for."""
        if request.search:
            text = request.search
            with self._trace.step(StepKind.SEARCH, text) as step:
                found = await asyncio.to_thread(
                    self._parts.searcher.search, text, k=self._parts.k, audience=asked.audience
                )
                step.counts["passages"] = len(found.passages)
            return found.passages
        reader = self._parts.reader
        wanted = next((one for one in shown if one.id == str(request.read)), None)
        if reader is None or wanted is None:
            return ()
        return await self._document(reader, wanted.passage.chunk.document)

    async def _document(self, reader: DocumentReader, document: str) -> Sequence[Passage]:
        with self._trace.step(StepKind.READ, document) as step:
            audience = self._question.audience
            read = await asyncio.to_thread(reader.read, document, audience=audience)
            step.counts["passages"] = len(read.passages)
        if self._found is NOTHING_FOUND:
            self._found = replace(read, passages=())
        return read.passages

    async def _read_again(self, answer: Answer) -> tuple[ShownPassage, ...]:
        """Return the passages with the quotes of an earlier answer; none if one has changed."""
        reader = self._parts.reader
        if reader is None:
            return ()
        chosen: list[Passage] = []
        for document in dict.fromkeys(one.document for one in answer.citations):
            pieces = await self._document(reader, document)
            quotes = [one.quote for one in answer.citations if one.document == document]
            having = [[one for one in pieces if quote in one.context.text] for quote in quotes]
            if not all(having):
                return ()
            chosen += [one for one in pieces if any(one is some[0] for some in having)]
        self._found = replace(self._found, passages=tuple(chosen))
        return numbered([ShownPassage(id="", passage=one) for one in chosen])


class _Unable:
    """Drafts nothing: without a model, an answer cannot be said in another form."""

    async def draft(self, question: Question, passages: Sequence[ShownPassage]) -> Draft:
        """Draft nothing."""
        del question, passages
        return Draft(sentences=(), answerer="offline")


def _asking_back(asked: Question, choices: tuple[Choice, ...]) -> Answer:
    back = question_back(choices)
    answer = replace(answers.blank(Status.CLARIFY, message=back), text=back)
    return replace(answer, choices=choices, asked=asked.text)


def _said(text: str) -> Answer:
    return replace(answers.blank(Status.CHAT, message=text), text=text)


def _is_in(shown: ShownPassage, known: set[int]) -> bool:
    return shown.section.chunk.id in known
