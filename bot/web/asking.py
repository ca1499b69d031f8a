"""Ask a question for a person: its events as they come, and the stored answer last."""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from footnote_qa.bot.languages import tr
from footnote_qa.bot.state import Received, StoredAnswer
from footnote_qa.bot.trace import Step, StepKind
from footnote_qa.bot.types import Answer, Question, Turn
from footnote_qa.bot.web.seeing import may_see
from footnote_qa.bot.web.viewers import Viewer
from footnote_qa.bot.web.visits import Site

log = logging.getLogger(__name__)

WEB: Final = "web"
"""The team and the channel under which answers of the pages are stored."""
HISTORY: Final = 6
ASK_TIMEOUT_S: Final = 180.0
_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that a person asks.

    Attributes:
        text: The question.
        conversation: Its conversation.
        viewer: Who asks.
        channel: Where it is asked: "web", or an API key.
        history: Earlier turns that the person brings along; None takes those of the conversation.
        language: Language that models answer in; "" follows the question.
    """

    text: str
    conversation: str
    viewer: Viewer
    channel: str = WEB
    history: tuple[Turn, ...] | None = None
    language: str = ""

    @property
    def received(self) -> Received:
        """The question as the state stores it."""
        return Received(
            event_id="",
            team=WEB,
            channel=self.channel,
            ts="",
            thread_ts=self.conversation,
            user=self.viewer.user,
            text=self.text,
        )


def new_id() -> str:
    """Return an id that nobody can guess."""
    return secrets.token_urlsafe(_ID_BYTES)


async def ask(site: Site, asked: Asked) -> AsyncGenerator[str | Step | StoredAnswer]:
    """Yield steps, the parts of the text as they are checked, and the stored answer last.

    If whoever asked has gone, nothing is stored.

    Raises:
        IndexingError: There is no index, or it is damaged.
        TimeoutError: There was no answer in time.
    """
    opened = await asyncio.to_thread(site.backend.opened)
    turns = asked.history
    if turns is None:
        turns = await asyncio.to_thread(_turns, site, asked)
    question = Question(
        text=asked.text,
        audience=asked.viewer.audience,
        history=turns,
        thread=f"{asked.channel}:{asked.conversation}",
        user=asked.viewer.user,
        channel=asked.channel,
        language=asked.language,
    )
    async with asyncio.timeout(ASK_TIMEOUT_S):
        async with site.running, aclosing(opened.engine.astream(question)) as events:
            async for event in events:
                if not isinstance(event, Answer):
                    yield event
                    continue
                yield await asyncio.to_thread(_kept, site, asked, event)
                return
    raise RuntimeError("the engine gave no answer")


async def answer_to(site: Site, asked: Asked) -> StoredAnswer:
    """Return the stored answer to a question; raises as `ask` does."""
    async with aclosing(ask(site, asked)) as events:
        async for event in events:
            if isinstance(event, StoredAnswer):
                return event
    raise RuntimeError("the engine gave no answer")


def _kept(site: Site, asked: Asked, answer: Answer) -> StoredAnswer:
    question_id = new_id()
    site.answers.keep(question_id, asked.received, asked.text, answer)
    found = site.answers.kept(question_id)
    if found is None:
        raise RuntimeError("the answer was not stored")
    return found


def _turns(site: Site, asked: Asked) -> tuple[Turn, ...]:
    """Return the earlier turns whose documents the person may still see."""
    generation = site.backend.opened().index.generation
    turns: list[Turn] = []
    for stored in reversed(site.answers.in_thread(asked.received, limit=HISTORY)):
        answer = stored.answer
        if stored.user == asked.viewer.user and may_see(asked.viewer, answer, generation):
            said = answer.text or answer.message
            turns += [
                Turn(role="user", text=stored.question),
                Turn(role="assistant", text=said, answer=answer),
            ]
    return tuple(turns)


def doing(step: Step) -> str:
    """Return what a step does, for the person who waits."""
    what = step.detail.strip()
    if not what:
        return tr("Reading the documents…")
    doing_it = tr("Reading {what}…") if step.kind is StepKind.READ else tr("Searching for {what}…")
    return doing_it.format(what=what)
