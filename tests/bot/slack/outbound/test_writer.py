import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import cast

import aiohttp
import pytest

from footnote_qa.bot.database import Target
from footnote_qa.bot.errors import SlackError
from footnote_qa.bot.slack.manifest import SCOPES
from footnote_qa.bot.slack.messages import texts
from footnote_qa.bot.slack.messages.blocks import Message, note
from footnote_qa.bot.slack.outbound.client import Clients, marked
from footnote_qa.bot.slack.outbound.delivery import Delivery
from footnote_qa.bot.slack.outbound.streaming import StreamContext
from footnote_qa.bot.slack.outbound.writer import PAUSES_S, Writer
from footnote_qa.bot.state.questions import Claimed, QuestionRepository, Received
from tests.fakes.slack_display import show
from tests.fakes.slack_messages import ASKER, BOT_USER
from tests.fakes.slack_workspace import (
    BOT_TOKEN,
    CHANNEL,
    DIRECT,
    Fault,
    SlackWorkspace,
)

MESSAGE = Message(
    text="the answer",
    blocks=({"type": "divider"},),
    simpler=({"type": "divider"}, {"type": "divider"}),
)
DROPS = [Fault(drop="before"), Fault(drop="after"), Fault(garbage=True)]


@pytest.fixture
def slack() -> Iterator[SlackWorkspace]:
    with SlackWorkspace(SCOPES) as workspace:
        yield workspace


@pytest.fixture
def store(target: Target) -> Iterator[QuestionRepository]:
    with QuestionRepository(target) as opened:
        yield opened


def asked(slack: SlackWorkspace, store: QuestionRepository, channel: str) -> Claimed:
    """Let somebody ask, and claim the question."""
    ts = slack.state.add(channel, {"user": ASKER, "text": "?"})["ts"]
    store.receive(
        Received(
            event_id=f"Ev{ts}",
            team="T0TEAM",
            channel=channel,
            ts=ts,
            thread_ts=ts,
            user=ASKER,
            text="?",
        )
    )
    claimed = store.claim("us")
    assert claimed is not None
    return claimed


def write(slack: SlackWorkspace, store: QuestionRepository, claimed: Claimed) -> list[float]:
    """Post the answer; returns how long was waited between tries."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    def work(writer: Writer) -> Awaitable[None]:
        return writer.write(claimed, MESSAGE)

    with_writer(slack, store, work, sleep)
    return waited


def with_writer(
    slack: SlackWorkspace,
    store: QuestionRepository,
    work: Callable[[Writer], Awaitable[None]],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    async def run() -> None:
        async with aiohttp.ClientSession() as session:
            clients = Clients(token=BOT_TOKEN, base_url=slack.api_url, session=session)
            writer = Writer(clients, store, owner="us", bot_user=BOT_USER, sleep=sleep)
            await work(writer)

    asyncio.run(run())


def outcome(store: QuestionRepository) -> tuple[str, str]:
    with store.database.sql() as sql:
        row = sql.execute("SELECT state, coalesce(outcome, '') FROM question").fetchone()
    return row[0], row[1]


def test_an_answer_is_posted_once_under_its_question(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    claimed = asked(slack, store, CHANNEL)

    waited = write(slack, store, claimed)

    (answer,) = slack.answers(CHANNEL)
    assert answer["thread_ts"] == claimed.received.ts
    assert (answer["parse"], answer["link_names"]) == ("none", False)
    assert outcome(store) == ("done", "posted")
    assert waited == []


@pytest.mark.parametrize(
    ("fault", "pause_s"),
    [
        (Fault(status=429, retry_after_s=7), 7.0),
        (Fault(status=429), 1.0),
        (Fault(error="ratelimited", retry_after_s=9000), 120.0),
        (Fault(error="rate_limited"), 1.0),
        (Fault(status=500), 1.0),
        (Fault(status=503), 1.0),
        (Fault(error="internal_error"), 1.0),
    ],
)
@pytest.mark.parametrize("channel", [CHANNEL, DIRECT])
def test_an_answer_is_posted_as_soon_as_slack_takes_it(
    slack: SlackWorkspace, store: QuestionRepository, fault: Fault, pause_s: float, channel: str
) -> None:
    claimed = asked(slack, store, channel)
    slack.fail("chat.postMessage", fault)

    waited = write(slack, store, claimed)

    assert len(slack.answers(channel)) == 1
    assert waited == [pause_s]
    assert outcome(store) == ("done", "posted")


@pytest.mark.parametrize("fault", DROPS)
def test_after_a_lost_connection_the_answer_is_looked_for_and_there_once(
    slack: SlackWorkspace, store: QuestionRepository, fault: Fault
) -> None:
    claimed = asked(slack, store, DIRECT)
    slack.fail("chat.postMessage", fault)

    write(slack, store, claimed)

    assert [show(m).text for m in slack.answers(DIRECT)] == ["\n"]  # the divider, once
    assert slack.count("conversations.replies") == 1
    assert outcome(store) == ("done", "posted")


@pytest.mark.parametrize("message", [note("failed", again="q1"), note("a note"), MESSAGE])
def test_words_of_a_note_found_after_a_lost_connection_are_kept_for_its_button(
    slack: SlackWorkspace, store: QuestionRepository, message: Message
) -> None:
    claimed = asked(slack, store, DIRECT)
    slack.fail("chat.postMessage", Fault(drop="after"))

    async def no_pause(_: float) -> None:
        pass

    with_writer(slack, store, lambda writer: writer.write(claimed, message), no_pause)

    kept = store.words(claimed.id)
    assert (kept is not None) is message.offers_again
    assert kept in {None, claimed.received}


def test_words_of_a_note_that_a_killed_process_had_posted_are_kept_for_its_button(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    claimed = asked(slack, store, DIRECT)
    posted = note("failed", again=claimed.id)
    slack.state.add(
        DIRECT,
        {
            "user": BOT_USER,
            "bot_id": "B1",
            "text": posted.text,
            "blocks": list(posted.blocks),
            "thread_ts": claimed.received.ts,
            "metadata": marked(claimed.id),
        },
    )
    resumed = []

    async def resume(writer: Writer) -> None:
        delivery = Delivery(writer, cast("StreamContext", None))  # nothing is streamed
        resumed.append(await delivery.resumed(claimed))

    with_writer(slack, store, resume)

    assert resumed == [None]
    assert outcome(store) == ("done", "posted")
    assert store.words(claimed.id) == claimed.received


def test_an_answer_is_found_behind_many_others(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    claimed = asked(slack, store, DIRECT)
    for _ in range(450):
        slack.state.add(DIRECT, {"user": ASKER, "text": "!", "thread_ts": claimed.received.ts})
    slack.fail("chat.postMessage", Fault(drop="after"))

    write(slack, store, claimed)

    assert len(slack.answers(DIRECT)) == 1
    assert slack.count("conversations.replies") == 3


@pytest.mark.parametrize("fault", DROPS)
def test_without_permission_to_read_the_bot_says_that_it_may_have_answered_and_repeats_nothing(
    slack: SlackWorkspace, store: QuestionRepository, fault: Fault
) -> None:
    claimed = asked(slack, store, CHANNEL)
    slack.fail("chat.postMessage", fault)

    write(slack, store, claimed)

    posted = [m["text"] for m in slack.answers(CHANNEL)]
    assert posted[-1] == texts.UNCERTAIN
    assert posted[:-1] == ([] if fault.drop == "before" else ["the answer"])
    assert outcome(store) == ("done", "uncertain")
    withdrawn = store.withdraw("T0TEAM", CHANNEL, claimed.received.ts)
    assert withdrawn is not None
    assert withdrawn.messages == (slack.answers(CHANNEL)[-1]["ts"],)


@pytest.mark.parametrize("fault", [Fault(status=429, retry_after_s=9), Fault(drop="before")])
def test_a_note_of_doubt_that_cannot_be_posted_now_is_posted_later(
    slack: SlackWorkspace, store: QuestionRepository, fault: Fault
) -> None:
    claimed = asked(slack, store, CHANNEL)
    slack.fail("chat.postMessage", Fault(drop="before"), fault)

    write(slack, store, claimed)

    assert [m["text"] for m in slack.answers(CHANNEL)] == [texts.UNCERTAIN]
    assert outcome(store) == ("done", "uncertain")


def test_the_answer_to_a_deleted_question_is_taken_out_of_the_channel_again(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    claimed = asked(slack, store, CHANNEL)
    slack.delete(CHANNEL, claimed.received.ts)

    write(slack, store, claimed)

    assert slack.count("chat.postMessage") == 1
    assert slack.answers(CHANNEL) == []
    assert outcome(store) == ("done", "withdrawn")


@pytest.mark.parametrize("code", ["not_in_channel", "is_archived", "restricted_action", "new_one"])
def test_where_posting_is_forbidden_it_is_tried_once_and_the_asker_gets_a_private_note(
    slack: SlackWorkspace, store: QuestionRepository, code: str
) -> None:
    claimed = asked(slack, store, CHANNEL)
    slack.state.conversations[CHANNEL].closed = code

    write(slack, store, claimed)

    assert slack.answers(CHANNEL) == []
    assert [m["text"] for m in slack.answers(DIRECT)] == [texts.CLOSED]
    assert slack.count("chat.postMessage") == 2
    assert outcome(store) == ("done", "refused")


def test_a_forbidden_direct_message_is_not_answered_elsewhere(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    claimed = asked(slack, store, DIRECT)
    slack.state.conversations[DIRECT].closed = "messages_tab_disabled"

    write(slack, store, claimed)

    assert slack.count("chat.postMessage") == 1
    assert outcome(store) == ("done", "refused")


@pytest.mark.parametrize(("refusals", "left"), [(1, [{"type": "divider"}] * 2), (2, None)])
def test_blocks_that_slack_refuses_are_replaced_by_simpler_ones_and_then_by_their_text(
    slack: SlackWorkspace, store: QuestionRepository, refusals: int, left: object
) -> None:
    claimed = asked(slack, store, CHANNEL)
    refused = [Fault(error="invalid_blocks")] * refusals
    slack.fail("chat.postMessage", *refused)

    write(slack, store, claimed)

    (answer,) = slack.answers(CHANNEL)
    assert (answer["text"], answer.get("blocks")) == ("the answer", left)
    assert outcome(store) == ("done", "posted")


def test_a_token_taken_back_is_fatal_and_leaves_the_question_for_later(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    claimed = asked(slack, store, CHANNEL)
    slack.revoked.add(BOT_TOKEN)

    with pytest.raises(SlackError, match="token_revoked"):
        write(slack, store, claimed)

    assert slack.count("chat.postMessage") == 1
    assert outcome(store) == ("working", "")


def test_an_answer_that_slack_never_takes_stays_without_outcome_and_without_doubt(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    claimed = asked(slack, store, CHANNEL)
    slack.fail("chat.postMessage", *[Fault(status=429)] * len(PAUSES_S))

    waited = write(slack, store, claimed)

    assert waited == list(PAUSES_S)
    assert outcome(store) == ("working", "")


def test_a_question_that_another_process_took_over_is_not_posted(
    slack: SlackWorkspace, store: QuestionRepository
) -> None:
    claimed = asked(slack, store, CHANNEL)
    store.release("us")
    store.claim("them")

    write(slack, store, claimed)

    assert slack.count("chat.postMessage") == 0
