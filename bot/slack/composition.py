"""Build and connect all parts of the Slack bot."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from footnote_qa.bot.errors import StoreError, StoreUnavailableError
from footnote_qa.bot.settings import SlackSettings
from footnote_qa.bot.slack.documents import DocumentCatalog
from footnote_qa.bot.slack.feature_plugins import Feature
from footnote_qa.bot.slack.features import Dependencies
from footnote_qa.bot.slack.inbound import (
    Audiences,
    Cancellations,
    Directory,
    Dispatcher,
    Inbox,
    Limits,
    People,
)
from footnote_qa.bot.slack.metrics import Meter
from footnote_qa.bot.slack.outbound import (
    Clients,
    Delivery,
    StatusIndicator,
    StreamContext,
    StreamRateLimiter,
    Writer,
)
from footnote_qa.bot.slack.responder import Engine, Policy, Responder
from footnote_qa.bot.slack.tokens import Identity
from footnote_qa.bot.state import (
    AnswerRepository,
    ChannelRepository,
    ChannelRules,
    QuestionRepository,
    StreamCounter,
    count_open,
)
from footnote_qa.index.access import SyncNote
from footnote_qa.index.errors import IndexingError

if TYPE_CHECKING:
    from footnote_qa.index.replication import StoreState


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The inputs from which the bot is built.

    Attributes:
        spend: Spending on models, in lines for administrators.
        owner: Names this process among those that share the state.
        started_at: When it began, in seconds since the epoch.
        index_store: How the last looks into the index store went; None if there is no such store.
        groups: Groups of the sources; None if there are none.
        features: What plug-ins add.
    """

    clients: Clients
    identity: Identity
    engine: Engine
    store: QuestionRepository
    library: DocumentCatalog | None
    answers: Path
    answers_are_indexed: bool
    spend: Callable[[], list[str]]
    owner: str
    started_at: float
    index_store: "Callable[[], StoreState] | None" = None
    groups: Directory | None = None
    features: tuple[Feature, ...] = ()


class Bot:
    """All parts, connected."""

    def __init__(self, settings: SlackSettings, parts: Parts) -> None:
        self.parts = parts
        self.keep_days = settings.keep_days
        self.on_fatal: Callable[[], None] = lambda: None
        self.meter = Meter()
        store, team = parts.store, parts.identity.team
        self.records = AnswerRepository(store.database)
        self.channels = _channels(settings, store, team)
        self.people = People(parts.clients.calls, team=team)
        self.audiences = Audiences(
            parts.clients.calls,
            people=self.people,
            channels=self.channels,
            directory=parts.groups,
        )
        self.indicator = StatusIndicator(parts.clients.posts)
        self.writer = Writer(
            parts.clients,
            store,
            owner=parts.owner,
            bot_user=parts.identity.bot_user,
            meter=self.meter,
        )
        self.lifecycle = Cancellations(
            store, self.records, writer=self.writer, indicator=self.indicator, team=team
        )
        self.inbox = Inbox(
            store,
            self.channels,
            team=team,
            bot_user=parts.identity.bot_user,
            max_waiting=settings.max_queue,
        )
        self.dispatcher = Dispatcher(
            store=store,
            owner=parts.owner,
            respond=self._responder(settings).respond,
            limits=Limits(
                max_concurrent=settings.max_concurrent, max_per_user=settings.max_per_user
            ),
            on_fatal=self._fatal,
        )
        self.deps = self._office(settings)

    def prune(self) -> None:
        """Erase everything that is older than the retention period."""
        self.records.prune(keep_days=self.keep_days)

    async def trouble(self, *, heard: bool) -> str:
        """Return why the bot cannot answer right now; "" if it can."""
        if not heard:
            return "no connection to Slack"
        if self.parts.store.database.outage_s():
            return "the state cannot be reached"
        try:
            await asyncio.to_thread(self.parts.store.waiting)
            if self.parts.library is not None:
                await asyncio.to_thread(self.parts.library.facts, frozenset[str]())
        except StoreError:
            return "the state cannot be used"
        except IndexingError:
            return "the index cannot be used"
        return ""

    def metrics(self, is_heard: Callable[[], bool]) -> Callable[[], Awaitable[str]]:
        """Return a function that gives the metrics of this process."""

        async def text() -> str:
            gauges = {
                "footnote_running": float(self.dispatcher.running),
                "footnote_connected": float(is_heard()),
                "footnote_ready": float(not await self.trouble(heard=is_heard())),
            }
            with contextlib.suppress(StoreUnavailableError):  # the gauge after this says so
                gauges["footnote_waiting"] = float(
                    await asyncio.to_thread(self.parts.store.waiting)
                )
            gauges["footnote_state_up"] = float(not self.parts.store.database.outage_s())
            # Without an index its age is missing: an alert looks for it
            with contextlib.suppress(IndexingError):
                if self.parts.library is not None:
                    facts = await asyncio.to_thread(self.parts.library.facts, frozenset[str]())
                    age = datetime.now(UTC) - facts.created_at
                    gauges["footnote_index_age_seconds"] = age.total_seconds()
            if self.parts.index_store is not None:
                state = self.parts.index_store()
                gauges["footnote_index_store_reachable"] = float(not state.fault)
                gauges["footnote_index_store_seconds"] = state.seconds
            return self.meter.text(gauges, await asyncio.to_thread(self._source_gauges))

        return text

    def _source_gauges(self) -> dict[str, dict[str, float]]:
        """Return how each source is, by the name of the metric."""
        notes, now = self._notes(), datetime.now(UTC)
        return {
            "footnote_source_age_seconds": {
                note.name: age for note in notes if (age := note.age_s(now)) is not None
            },
            "footnote_source_faults": {note.name: float(len(note.faults)) for note in notes},
            "footnote_source_items": {note.name: float(note.items) for note in notes},
            "footnote_source_broken": {note.name: float(note.broken) for note in notes},
        }

    def _notes(self) -> list[SyncNote]:
        if self.parts.groups is None:
            return []
        with contextlib.suppress(IndexingError):
            return self.parts.groups.notes()
        return []

    def status(self) -> list[str]:
        """Return the bot's status, in lines for administrators."""
        minutes = int(time.time() - self.parts.started_at) // 60
        return [
            f"In work: {self.dispatcher.running}, waiting: {self.parts.store.waiting()}",
            f"Handed to a person, still open: {count_open(self.parts.store.database)}",
            f"Running for {minutes // 60} h {minutes % 60} min",
            *self.parts.spend(),
            *self._index_store(),
            *(line for note in self._notes() for line in note.lines(datetime.now(UTC))),
        ]

    def _index_store(self) -> list[str]:
        state = self.parts.index_store() if self.parts.index_store is not None else None
        if state is None or not state.fault:
            return []
        return [f"Index store not read for {state.seconds / 60:.0f} min: {state.fault}"]

    def _fatal(self) -> None:
        self.on_fatal()  # it is set only when the bot starts to serve

    def _responder(self, settings: SlackSettings) -> Responder:
        parts = self.parts
        means = StreamContext(
            posts=parts.clients.posts,
            store=parts.store,
            owner=parts.owner,
            pace=StreamRateLimiter(shared=StreamCounter(parts.store.database)),
        )
        return Responder(
            engine=parts.engine,
            delivery=Delivery(self.writer, means),
            writer=self.writer,
            indicator=self.indicator,
            records=self.records,
            channels=self.channels,
            people=self.people,
            audiences=self.audiences,
            policy=Policy(
                bot_user=parts.identity.bot_user,
                max_question_chars=settings.max_question_chars,
                guests=settings.guests,
                started_at=parts.started_at,
                stale=self._stale,
            ),
        )

    def _stale(self) -> str:
        return "" if self.parts.library is None else self.parts.library.stale()

    def _office(self, settings: SlackSettings) -> Dependencies:
        return Dependencies(
            team=self.parts.identity.team,
            clients=self.parts.clients,
            store=self.parts.store,
            inbox=self.inbox,
            records=self.records,
            channels=self.channels,
            people=self.people,
            audiences=self.audiences,
            library=self.parts.library,
            answers=self.parts.answers,
            answers_are_indexed=self.parts.answers_are_indexed,
            wake=self.dispatcher.wake,
            status=self.status,
            prompts=settings.prompts,
            guests=settings.guests,
            features=self.parts.features,
        )


def _channels(settings: SlackSettings, store: QuestionRepository, team: str) -> ChannelRepository:
    return ChannelRepository(
        store.database,
        team=team,
        configured={
            c.id: ChannelRules(
                enabled=c.enabled,
                audience=frozenset(c.audience),
                follow_ups=c.follow_ups,
                unasked=c.unasked,
                helper=c.helper,
                language=c.language,
            )
            for c in settings.channels
        },
        groups=settings.groups,
    )
