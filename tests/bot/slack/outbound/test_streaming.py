"""Every row of what can happen to a stream, through real HTTP, on a clock that tests turn."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias

import aiohttp
import pytest

from footnote_qa.bot.database import Target
from footnote_qa.bot.errors import SlackError
from footnote_qa.bot.slack.manifest import SCOPES
from footnote_qa.bot.slack.messages import texts
from footnote_qa.bot.slack.messages.blocks import Frame
from footnote_qa.bot.slack.messages.texts import JOINER
from footnote_qa.bot.slack.outbound.client import Clients
from footnote_qa.bot.slack.outbound.delivery import OVER, Delivery
from footnote_qa.bot.slack.outbound.stream_rate import (
    APPENDS_A_MINUTE,
    STARTS_A_MINUTE,
    StreamRateLimiter,
)
from footnote_qa.bot.slack.outbound.streaming import (
    MAX_PART_BYTES,
    MAX_PART_S,
    Stage,
    Stream,
    StreamContext,
)
from footnote_qa.bot.slack.outbound.writer import Writer
from footnote_qa.bot.state.questions import Claimed, Outcome, QuestionRepository, Received
from footnote_qa.bot.types import Answer, Question
from tests.fakes.slack_bot_process import answered, not_found
from tests.fakes.slack_display import show
from tests.fakes.slack_messages import ASKER, BOT_USER
from tests.fakes.slack_tiers import Tiers
from tests.fakes.slack_workspace import BOT_TOKEN, CHANNEL, DIRECT, Fault, SlackWorkspace

LINK = "https://wiki.example/a"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
LOST = [Fault(drop="after"), Fault(drop="before"), Fault(garbage=True), Fault(status=500)]


@dataclass
class Clock:
    """Time that passes only while somebody waits for it, in the workspace as in the bot."""

    slack: SlackWorkspace
    now: float = 1000.0
    waited: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.pass_(seconds)
        await asyncio.sleep(0)

    def pass_(self, seconds: float) -> None:
        self.now += seconds
        self.slack.advance(seconds)


@dataclass
class Scene:
    """A question, and what its answer needs to come out."""

    slack: SlackWorkspace
    store: QuestionRepository
    clock: Clock
    pace: StreamRateLimiter
    claimed: Claimed

    def play(self, *acts: "str | Act", answer: Answer | None = None) -> Stream:
        """Let the engine say sentences and other things happen, then give the answer."""
        return asyncio.run(self._play(acts, answer))

    async def _play(self, acts: Sequence["str | Act"], answer: Answer | None) -> Stream:
        async with aiohttp.ClientSession() as session:
            delivery = self._delivery(session)
            stream = delivery.stream(self.claimed)
            for act in acts:
                if callable(act):
                    await asyncio.to_thread(act)
                elif stream.stage not in OVER:
                    stream.add(act)
                    await idle(stream)
            said = " ".join(act for act in acts if isinstance(act, str))
            whole = answer or replace(answered(Question(text="?")), text=said)
            frame = Frame(now=NOW, question_id=self.claimed.id)
            await delivery.streamed(self.claimed, stream, whole, frame=frame)
            return stream

    def _delivery(self, session: aiohttp.ClientSession) -> Delivery:
        clients = Clients(token=BOT_TOKEN, base_url=self.slack.api_url, session=session)
        sleep = self.clock.sleep
        writer = Writer(clients, self.store, owner="us", bot_user=BOT_USER, sleep=sleep)
        means = StreamContext(
            posts=clients.posts, store=self.store, owner="us", pace=self.pace, sleep=sleep
        )
        return Delivery(writer, means)

    @property
    def channel(self) -> str:
        return self.claimed.received.channel

    @property
    def outcome(self) -> Outcome | None:
        return self.store.outcome(self.claimed.id)

    @property
    def shown(self) -> list[str]:
        """The visible text of each of our messages."""
        messages = self.slack.answers(self.channel)
        return [show(message).text.replace(JOINER, "") for message in messages]


Act: TypeAlias = Callable[[], object]


async def idle(stream: Stream) -> None:
    """Wait until what was said is in Slack, or never will be."""
    while stream._waiting and stream._goes_on():  # noqa: ASYNC110 there is no event to wait for
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)


@pytest.fixture
def slack() -> Iterator[SlackWorkspace]:
    with SlackWorkspace(SCOPES) as workspace:
        yield workspace


@pytest.fixture
def store(target: Target) -> Iterator[QuestionRepository]:
    with QuestionRepository(target) as opened:
        yield opened


def scene(slack: SlackWorkspace, store: QuestionRepository, channel: str = CHANNEL) -> Scene:
    ts = slack.state.add(channel, {"user": ASKER, "text": "?"})["ts"]
    received = Received(
        event_id=f"Ev{ts}",
        team="T0TEAM",
        channel=channel,
        ts=ts,
        thread_ts=ts,
        user=ASKER,
        text="?",
    )
    store.receive(received)
    claimed = store.claim("us")
    assert claimed is not None
    clock = Clock(slack)
    return Scene(slack, store, clock, StreamRateLimiter(clock), claimed)


def test_an_answer_streams_in_and_ends_with_its_sources(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)

    on.play("It is one [1].", "It is two [1].")

    (message,) = slack.answers(CHANNEL)
    assert message["thread_ts"] == on.claimed.received.ts
    assert message["streaming"] is False
    assert on.shown[0].startswith("It is one [1]. It is two [1].Sources (1)\n")
    assert "[1] Handbook" in on.shown[0]
    assert show(message).links == [LINK]
    assert message["metadata"]["event_payload"] == {"question_id": on.claimed.id}
    assert on.outcome is Outcome.POSTED
    assert slack.count("chat.postMessage") + slack.count("chat.update") == 0


def test_pieces_come_no_closer_together_than_slack_allows(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    slack.tiers = Tiers()
    on = scene(slack, store)

    on.play(*[f"Sentence {n} [1]." for n in range(150)])

    assert slack.count("chat.appendStream") == 149
    assert [w for w in on.clock.waited[1:] if w < 0.99] == []
    assert on.outcome is Outcome.POSTED
    assert "Sentence 149 [1]." in on.shown[0]


def test_many_streams_share_the_pace() -> None:
    pace = StreamRateLimiter(lambda: 0.0)

    begun = [pace.begin() for _ in range(STARTS_A_MINUTE + 1)]

    assert begun == [True] * STARTS_A_MINUTE + [False]
    assert pace.interval_s() == 60 * STARTS_A_MINUTE / APPENDS_A_MINUTE


def test_beyond_the_limit_of_streams_a_minute_answers_are_posted_in_one_piece(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)
    for _ in range(STARTS_A_MINUTE):
        on.pace.begin()

    on.play("It is one [1].")

    assert slack.count("chat.startStream") == 0
    assert slack.count("chat.postMessage") == 1
    assert on.outcome is Outcome.POSTED


def test_an_answer_that_is_complete_immediately_is_posted_in_one_piece(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)

    async def play() -> None:
        async with aiohttp.ClientSession() as session:
            delivery = on._delivery(session)
            stream = delivery.stream(on.claimed)
            stream.add("It is one [1].")
            answer = replace(answered(Question(text="?")), text="It is one [1].")
            await delivery.streamed(on.claimed, stream, answer, frame=Frame(now=NOW))

    asyncio.run(play())

    assert slack.count("chat.startStream") == 0
    assert "It is one [1]." in on.shown[0]


def test_in_a_direct_message_nobody_needs_to_be_named(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store, DIRECT)

    on.play("It is one [1].")

    assert "It is one [1]." in on.shown[0]
    (started,) = [c for c in slack.calls if c.method == "chat.startStream"]
    assert "recipient_user_id" not in started.args


def test_a_long_answer_goes_on_in_another_message(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)
    said = [f"Sentence {n} is " + "quite long " * 30 + "[1]." for n in range(60)]

    on.play(*said)

    messages = slack.answers(CHANNEL)
    assert len(messages) == 3
    assert " ".join("".join(m["markdown"] for m in messages).replace(JOINER, "").split()) == (
        " ".join(" ".join(said).split())
    )
    assert [len(m["markdown"].encode()) <= MAX_PART_BYTES for m in messages] == [True] * 3
    assert ["blocks" in m for m in messages] == [False, False, True]
    assert on.outcome is Outcome.POSTED


def test_one_sentence_longer_than_a_message_is_cut_between_words(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)
    said = "word " * 4000 + "[1]."

    on.play(said)

    shown = "".join(m["markdown"] for m in slack.answers(CHANNEL)).replace(JOINER, "")
    assert shown == said
    assert on.outcome is Outcome.POSTED


def test_a_stream_is_handed_on_before_slack_ends_it(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)

    on.play("It is one [1].", lambda: on.clock.pass_(MAX_PART_S), "It is two [1].")

    assert [m["markdown"].strip(f" {JOINER}") for m in slack.answers(CHANNEL)] == [
        *("It is one [1].", "It is two [1]."),
    ]
    assert on.outcome is Outcome.POSTED


def test_an_answer_whose_stream_slack_ended_by_age_is_written_again(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)

    on.play("It is one [1].", lambda: slack.advance(400), "It is two [1].")

    (message,) = slack.answers(CHANNEL)
    assert on.shown[0].startswith("It is one [1]. It is two [1].\n")
    assert "markdown" not in message
    assert on.outcome is Outcome.POSTED


def test_an_answer_whose_stream_expired_at_its_very_end_is_written_again(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)

    on.play("It is one [1].", lambda: slack.advance(400))

    assert len(on.shown) == 1
    assert on.shown[0].startswith("It is one [1].\n")
    assert on.outcome is Outcome.POSTED


def test_an_answer_that_turned_out_otherwise_replaces_what_was_streamed(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)

    on.play("It is one [1].", answer=not_found())

    assert len(on.shown) == 1
    assert on.shown[0].startswith("The documents don't say.")
    assert "It is one" not in on.shown[0]
    assert on.outcome is Outcome.POSTED


def test_of_a_replaced_answer_no_second_message_stays(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)

    on.play(
        "It is one [1].",
        lambda: on.clock.pass_(MAX_PART_S),
        "It is two [1].",
        answer=not_found(),
    )

    assert len(on.shown) == 1
    assert on.shown[0].startswith("The documents don't say.")


@pytest.mark.parametrize(
    "code", ["unknown_method", "channel_type_not_supported", "feature_disabled"]
)
def test_a_workspace_without_streams_is_asked_once_and_gets_complete_answers(
    slack: SlackWorkspace, store: QuestionRepository, code: str
) -> None:
    on = scene(slack, store)
    slack.fail("chat.startStream", Fault(error=code))

    on.play("It is one [1].", "It is two [1].")

    assert len(on.shown) == 1
    assert slack.count("chat.postMessage") == 1
    assert on.pace.begin() is False
    assert on.outcome is Outcome.POSTED


def test_a_workspace_that_lacks_the_method_says_so_by_itself(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    slack.state.without.add("chat.startStream")
    on = scene(slack, store)

    on.play("It is one [1].")

    assert len(on.shown) == 1
    assert on.outcome is Outcome.POSTED


@pytest.mark.parametrize("fault", [Fault(status=429, retry_after_s=30), Fault(error="ratelimited")])
def test_a_stream_that_may_not_start_now_becomes_a_post(
    slack: SlackWorkspace, store: QuestionRepository, fault: Fault
) -> None:
    on = scene(slack, store)
    slack.fail("chat.startStream", fault)

    on.play("It is one [1].", "It is two [1].")

    assert slack.count("chat.startStream") == 1
    assert len(on.shown) == 1
    assert on.outcome is Outcome.POSTED


@pytest.mark.parametrize("fault", LOST)
def test_in_a_direct_message_a_stream_of_which_nothing_is_known_is_found_or_posted(
    slack: SlackWorkspace, store: QuestionRepository, fault: Fault
) -> None:
    on = scene(slack, store, DIRECT)
    slack.fail("chat.startStream", fault)

    on.play("It is one [1].", "It is two [1].")

    assert len(on.shown) == 1
    assert on.shown[0].startswith("It is one [1]. It is two [1].\n")
    assert on.outcome is Outcome.POSTED


def test_in_a_channel_without_permission_to_read_the_bot_says_that_it_may_have_answered(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)
    slack.fail("chat.startStream", Fault(drop="after"))

    on.play("It is one [1].")

    assert slack.answers(CHANNEL)[-1]["text"] == texts.UNCERTAIN
    assert store.words(on.claimed.id) is not None


@pytest.mark.parametrize("fault", LOST)
def test_a_piece_of_which_nothing_is_known_is_not_sent_twice(
    slack: SlackWorkspace, store: QuestionRepository, fault: Fault
) -> None:
    on = scene(slack, store)
    slack.fail("chat.appendStream", fault)

    on.play("It is one [1].", "It is two [1].", "It is three [1].")

    assert len(on.shown) == 1
    assert on.shown[0].count("It is two") == 1
    assert on.shown[0].startswith("It is one [1]. It is two [1]. It is three [1].\n")
    assert on.outcome is Outcome.POSTED


def test_a_piece_that_came_too_soon_waits_as_long_as_slack_asks(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)
    slack.fail("chat.appendStream", Fault(status=429, retry_after_s=17))

    on.play("It is one [1].", "It is two [1].", "It is three [1].")

    assert 17.0 in [round(w, 1) for w in on.clock.waited]
    assert on.shown[0].startswith("It is one [1]. It is two [1]. It is three [1].")
    assert slack.count("chat.update") == 0
    assert on.outcome is Outcome.POSTED


@pytest.mark.parametrize("fault", LOST)
def test_an_end_of_which_nothing_is_known_is_made_sure_of(
    slack: SlackWorkspace, store: QuestionRepository, fault: Fault
) -> None:
    on = scene(slack, store)
    slack.fail("chat.stopStream", fault)

    on.play("It is one [1].", "It is two [1].")

    assert len(on.shown) == 1
    assert on.shown[0].startswith("It is one [1]. It is two [1].")
    assert "Handbook" in on.shown[0]
    assert slack.answers(CHANNEL)[0]["streaming"] is False
    assert on.outcome is Outcome.POSTED


def test_an_end_that_came_too_soon_is_repeated(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)
    slack.fail("chat.stopStream", *[Fault(status=429, retry_after_s=40)] * 3)

    on.play("It is one [1].")

    assert on.clock.waited.count(40.0) == 3
    assert slack.count("chat.update") == 0
    assert on.outcome is Outcome.POSTED


def test_sources_that_slack_refuses_are_shown_more_simply(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)
    slack.fail("chat.stopStream", Fault(error="invalid_blocks"))
    slack.fail("chat.update", Fault(error="invalid_blocks"))

    on.play("It is one [1].")

    (message,) = slack.answers(CHANNEL)
    assert "container" not in [block["type"] for block in message["blocks"]]
    assert "[1] Handbook" in on.shown[0]
    assert on.outcome is Outcome.POSTED


def test_a_message_that_is_full_sooner_than_expected_is_followed_by_another(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)
    slack.fail("chat.appendStream", Fault(error="msg_too_long"))

    on.play("It is one [1].", "It is two [1].")

    said = [m["markdown"].strip(f" {JOINER}") for m in slack.answers(CHANNEL)]
    assert said == ["It is one [1].", "It is two [1]."]
    assert on.outcome is Outcome.POSTED


def test_a_stream_that_its_reader_stopped_keeps_its_words_and_says_no_more(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)

    def stop() -> None:
        slack.stop_stream(CHANNEL, slack.answers(CHANNEL)[0]["ts"])

    stream = on.play("It is one [1].", stop, "It is two [1].")

    assert stream.stage is Stage.STOPPED
    (message,) = slack.answers(CHANNEL)
    assert message["markdown"].strip(f" {JOINER}") == "It is one [1]."
    assert slack.count("chat.update") + slack.count("chat.postMessage") == 0
    assert on.outcome is Outcome.STOPPED


def test_a_question_deleted_before_its_stream_began_is_not_answered_in_the_channel(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)
    slack.delete(CHANNEL, on.claimed.received.ts)

    on.play("It is one [1].")

    assert slack.answers(CHANNEL) == []
    assert slack.count("chat.postMessage") == 0
    assert on.outcome is Outcome.WITHDRAWN


def test_a_question_taken_back_while_its_answer_streams_loses_its_answer(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)
    received = on.claimed.received

    on.play(
        "It is one [1].",
        lambda: store.withdraw(received.team, received.channel, received.ts),
        "It is two [1].",
    )

    assert slack.answers(CHANNEL) == []
    assert slack.count("chat.appendStream") == 0
    assert on.outcome is Outcome.WITHDRAWN


def test_an_answer_deleted_by_hand_does_not_come_back(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)

    def delete() -> None:
        slack.delete(CHANNEL, slack.answers(CHANNEL)[0]["ts"])

    on.play("It is one [1].", delete, "It is two [1].")

    assert slack.answers(CHANNEL) == []
    assert slack.count("chat.postMessage") == 0
    assert on.outcome is Outcome.WITHDRAWN


def test_a_question_that_another_process_took_over_is_left_alone(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)

    def take_over() -> None:
        store.release("us")
        store.claim("them")

    on.play("It is one [1].", take_over, "It is two [1].")

    assert slack.count("chat.appendStream") == 0
    assert slack.count("chat.delete") == 0
    assert on.outcome is None


@pytest.mark.parametrize("code", ["not_in_channel", "is_archived", "restricted_action"])
def test_the_asker_hears_if_a_channel_closes_while_an_answer_streams(
    slack: SlackWorkspace, store: QuestionRepository, code: str
) -> None:
    on = scene(slack, store)

    def close() -> None:
        slack.state.conversations[CHANNEL].closed = code

    on.play("It is one [1].", close, "It is two [1].")

    assert [m["text"] for m in slack.answers(DIRECT)] == [texts.CLOSED]
    assert on.outcome is Outcome.REFUSED


def test_a_token_taken_back_while_an_answer_streams_is_fatal(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    on = scene(slack, store)

    with pytest.raises(SlackError, match="token_revoked"):
        on.play("It is one [1].", lambda: slack.revoked.add(BOT_TOKEN), "It is two [1].")

    assert on.outcome is None


@pytest.mark.parametrize("text", ["<!channel> <@U1>", "[x](https://evil.example/?q=1)", "evil.com"])
def test_no_border_between_pieces_makes_a_ping_or_a_link(
    slack: SlackWorkspace, store: QuestionRepository, text: str
) -> None:
    on = scene(slack, store)

    on.play(*[piece for piece in text if piece.strip()])

    shown = [show({"markdown": m["markdown"]}) for m in slack.answers(CHANNEL)]
    assert [(s.pings, s.links) for s in shown] == [([], [])] * len(shown)
