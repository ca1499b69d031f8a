"""Each fault of docs/slack.md, row by row: the complete bot against a fake Slack."""

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from footnote_qa.bot.slack.messages import elements, texts
from footnote_qa.bot.slack.messages.texts import JOINER
from tests.bot.slack.messages.test_texts import INJECTION
from tests.fakes.slack_display import show
from tests.fakes.slack_process import (
    Bot,
    Start,
    eventually,
    finish,
    free_address,
    get,
    message_texts,
    settled,
)
from tests.fakes.slack_workspace import CHANNEL, DIRECT, Fault, SlackWorkspace

pytestmark = pytest.mark.slow

Json = dict[str, Any]
DOCUMENTS = INJECTION.parent / "documents"
BLNS = DOCUMENTS / "txt" / "big-list-of-naughty-strings__blns.txt"
WIKI = "https://wiki.example/a"


def change(bot: Bot, statement: str) -> None:
    """Change the bot's state behind its back."""
    with closing(sqlite3.connect(bot.state / "state.sqlite", timeout=20)) as state, state:
        state.execute(statement)


def finished(bot: Bot) -> list[str | None]:
    """How questions ended, as the bot's own state has it."""
    with closing(sqlite3.connect(bot.state / "state.sqlite", timeout=20)) as state:
        return [row[0] for row in state.execute("SELECT outcome FROM question ORDER BY seq")]


def settled_again(slack: SlackWorkspace) -> bool:
    """Deliver again what is not acknowledged; returns whether there was nothing left."""
    slack.redeliver()
    time.sleep(0.3)  # Slack waits for longer
    return settled(slack)


def plain(slack: SlackWorkspace, channel: str) -> list[str]:
    return [text.replace(JOINER, "") for text in message_texts(slack, channel)]


# --- questions come in --------------------------------------------------------------------


def test_while_the_state_cannot_be_written_nothing_is_acknowledged_and_nothing_is_lost(
    slack: SlackWorkspace, start: Start
) -> None:
    address = free_address()
    slack.request_url = f"http://{address}/slack/events"
    bot = start(TEST_HTTP=address)
    change(bot, "ALTER TABLE question RENAME TO elsewhere")

    slack.mention("why?")
    (delivery,) = slack.deliveries
    slack.wait_for(lambda: delivery.said, "Slack is told no")
    ready = get(address, "readyz")
    refused = delivery.acked
    change(bot, "ALTER TABLE elsewhere RENAME TO question")
    slack.redeliver()
    slack.wait_for(lambda: slack.answers(CHANNEL) and settled(slack), "the answer")
    finish(bot)

    assert refused == 0
    assert ready == (503, "the state cannot be used\n")
    assert len(slack.answers(CHANNEL)) == 1


def test_a_mention_that_comes_as_two_events_is_answered_once_in_whatever_order(
    slack: SlackWorkspace, start: Start
) -> None:
    slack.state.scopes.add("channels:history")
    bot = start(TEST_MAX_QUEUE="1000")

    for n in range(8):
        slack.mention(f"question {n}?")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) >= 8 and settled(slack), "all answers")
    finish(bot)

    asked = sorted(text.partition(" (")[0] for text in message_texts(slack, CHANNEL))
    assert asked == sorted(f"You asked: question {n}?" for n in range(8))


def test_while_connections_come_and_go_each_question_is_answered_once(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start(TEST_PING_S="0.2")

    for n in range(12):
        slack.mention(f"question {n}?")
        (slack.cut if n % 3 else slack.disconnect)()
        slack.redeliver()
    eventually(lambda: settled_again(slack), "all acknowledged")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) >= 12, "all answers")
    finish(bot)

    asked = sorted(text.partition(" (")[0] for text in message_texts(slack, CHANNEL))
    assert asked == sorted(f"You asked: question {n}?" for n in range(12))


@pytest.mark.parametrize("seconds", [3600])
def test_a_clock_that_jumps_neither_doubles_nor_forgets(
    slack: SlackWorkspace, start: Start, seconds: int
) -> None:
    bot = start()
    slack.mention("wait for it")
    slack.wait_for(lambda: slack.count("users.info"), "work on it")

    bot.gate.with_name("jump").write_bytes(b" " * seconds)  # every lease is over
    slack.mention("and this?")
    slack.wait_for(lambda: slack.answers(CHANNEL), "the second answer")
    bot.gate.with_name("jump").unlink()  # and back again
    for delivery in slack.deliveries:
        slack.repeat(delivery)
    bot.gate.touch()
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1 and settled(slack), "the first answer")
    finish(bot)

    asked = [text.partition(" (")[0] for text in message_texts(slack, CHANNEL)]
    assert asked == ["You asked: and this?", "You asked: wait for it"]


# --- the process is killed ----------------------------------------------------------------

STEPS = [
    *("before receive", "after receive", "after claim"),
    *("before begin_posting", "after begin_posting", "before finish", "after finish"),
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("channel", "reads"), [(DIRECT, True), (CHANNEL, True), (CHANNEL, False)])
def test_wherever_the_process_is_killed_a_question_has_one_outcome(
    slack: SlackWorkspace, start: Start, channel: str, *, reads: bool, step: str
) -> None:
    slack.state.scopes |= {"channels:history"} if reads else set()
    bot = start(TEST_KILL=step)
    (slack.direct if channel == DIRECT else slack.mention)("why?")
    bot.ended()
    slack.wait_until_gone()

    bot = start()
    eventually(lambda: settled_again(slack), "it is acknowledged")
    eventually(lambda: all(finished(bot)), "an outcome")
    finish(bot)

    doubted = not reads and step in {"after begin_posting", "before finish"}
    answers = [text for text in message_texts(slack, channel) if "You asked: why?" in text]
    notes = [m for m in slack.answers(channel) if m["text"] == texts.UNCERTAIN]
    # Where Slack lets nobody look, the bot says that it cannot know; else there is one answer.
    assert len(notes) == doubted
    assert len(answers) == (step != "after begin_posting" if doubted else 1)


@pytest.mark.parametrize("step", ["before note_part", "after note_part"])
def test_a_stream_whose_process_is_killed_as_it_begins_becomes_one_answer(
    slack: SlackWorkspace, start: Start, step: str
) -> None:
    bot = start(TEST_KILL=step)
    slack.direct("stream one two")
    bot.ended()
    slack.wait_until_gone()

    bot = start()
    slack.wait_for(lambda: slack.answers(DIRECT)[0].get("blocks"), "the end")
    finish(bot)

    (text,) = plain(slack, DIRECT)
    assert text.startswith("You asked: stream one two")


def test_a_question_left_behind_for_long_can_be_asked_again_by_a_click(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.mention("wait for it")
    slack.wait_for(lambda: slack.count("users.info"), "work on it")
    eventually(lambda: "question received" in bot.log.read_text(), "it is kept")
    bot.kill()
    change(bot, "UPDATE question SET received_at = received_at - 660")
    bot.gate.touch()

    bot = start()
    slack.wait_for(lambda: slack.answers(CHANNEL), "the note")
    (note,) = slack.answers(CHANNEL)
    said = note["text"]
    again = note["blocks"][-1]["elements"][0]
    clicked = {"action_id": elements.AGAIN, "type": "button", "value": again["value"]}
    slack.click(CHANNEL, note, clicked)
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1, "the answer")
    finish(bot)

    assert said == texts.INTERRUPTED
    assert "You asked: wait for it" in message_texts(slack, CHANNEL)[1]


def test_a_question_that_was_tried_too_often_says_so_once_and_can_be_asked_again_by_a_click(
    slack: SlackWorkspace, start: Start
) -> None:
    slack.state.scopes |= {"channels:history"}
    bot = start()
    slack.mention("wait for it")
    slack.wait_for(lambda: slack.count("users.info"), "work on it")
    bot.kill()
    change(bot, "UPDATE question SET attempts = 6, state = 'posting'")
    bot.gate.touch()
    slack.fail("chat.postMessage", Fault(status=503), Fault(drop="after"))

    bot = start()
    slack.wait_for(lambda: finished(bot) == ["posted"], "the note")
    (note,) = slack.answers(CHANNEL)
    said = note["text"]
    again = note["blocks"][-1]["elements"][0]
    slack.click(
        CHANNEL, note, {"action_id": elements.AGAIN, "type": "button", "value": again["value"]}
    )
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1, "the answer")
    finish(bot)

    assert said == texts.GIVEN_UP.format(reference=again["value"])
    assert "You asked: wait for it" in message_texts(slack, CHANNEL)[1]


# --- Slack does not take the answer -------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429, retry_after_s=1),
        Fault(error="ratelimited"),
        Fault(error="internal_error"),
        Fault(status=503),
        Fault(drop="before"),
        Fault(drop="after"),
        Fault(garbage=True),
    ],
)
def test_whatever_happens_to_a_post_there_is_one_answer_where_it_can_be_looked_for(
    slack: SlackWorkspace, start: Start, fault: Fault
) -> None:
    bot = start()
    slack.fail("chat.postMessage", fault)

    slack.direct("why?")
    slack.wait_for(lambda: len(slack.state.sessions) > 1, "the end of the work")
    finish(bot)

    (text,) = message_texts(slack, DIRECT)
    assert "You asked: why?" in text


@pytest.mark.parametrize("method", ["users.info", "agents.sessions.setStatus"])
@pytest.mark.parametrize(
    "fault", [Fault(status=429, retry_after_s=1), Fault(status=503), Fault(drop="before")]
)
def test_calls_that_fail_beside_an_answer_do_not_keep_it_back(
    slack: SlackWorkspace, start: Start, method: str, fault: Fault
) -> None:
    bot = start()
    slack.fail(method, fault)

    slack.mention("why?")
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    finish(bot)

    (text,) = message_texts(slack, CHANNEL)
    assert "You asked: why? (staff)" in text


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("chat.appendStream", Fault(error="internal_error")),
        ("chat.appendStream", Fault(drop="after")),
        ("chat.appendStream", Fault(status=429, retry_after_s=1)),
        ("chat.stopStream", Fault(status=503)),
        ("chat.stopStream", Fault(drop="after")),
    ],
)
def test_whatever_happens_to_a_stream_its_answer_is_there_once_and_complete(
    slack: SlackWorkspace, start: Start, method: str, fault: Fault
) -> None:
    bot = start()
    slack.fail(method, fault)

    slack.mention("stream one wait two")
    slack.wait_for(lambda: slack.count("chat.startStream"), "it begins")
    bot.gate.touch()
    slack.wait_for(lambda: len(slack.state.sessions) > 1, "the end of the work")
    finish(bot)

    (text,) = plain(slack, CHANNEL)
    assert text.startswith("stream [1]. one [1]. wait [1]. two [1].")
    assert slack.answers(CHANNEL)[0]["blocks"]


def test_an_answer_whose_stream_slack_ended_by_age_is_written_again(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.mention("stream one wait two")
    slack.wait_for(lambda: slack.count("chat.appendStream"), "it grows")

    slack.advance(301)
    bot.gate.touch()
    slack.wait_for(lambda: slack.answers(CHANNEL)[0].get("blocks"), "the end")
    finish(bot)

    (text,) = plain(slack, CHANNEL)
    assert text.startswith("stream [1]. one [1]. wait [1]. two [1].")


def test_a_stream_that_is_full_goes_on_in_another_message(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.fail("chat.appendStream", Fault(error="msg_too_long"))

    slack.mention("stream one wait two")
    slack.wait_for(lambda: slack.count("chat.startStream") > 1, "the second message")
    bot.gate.touch()
    slack.wait_for(lambda: slack.answers(CHANNEL)[-1].get("blocks"), "the end")
    finish(bot)

    whole = " ".join(" ".join(plain(slack, CHANNEL)).split())
    assert len(slack.answers(CHANNEL)) == 2
    assert whole.startswith("stream [1]. one [1]. wait [1]. two [1].")


def test_blocks_that_slack_refuses_are_sent_more_simply(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.fail("chat.postMessage", *[Fault(error="invalid_blocks")] * 2)

    slack.mention("why?")
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    finish(bot)

    (answer,) = slack.answers(CHANNEL)
    assert "blocks" not in answer
    assert "You asked: why? (staff) [1]." in answer["text"]
    assert "[1] Handbook" in answer["text"]


@pytest.mark.parametrize("code", ["channel_type_not_supported", "feature_disabled"])
def test_a_workspace_without_streams_gets_complete_answers(
    slack: SlackWorkspace, start: Start, code: str
) -> None:
    bot = start()
    slack.fail("chat.startStream", Fault(error=code))

    slack.mention("stream 1")
    slack.wait_for(lambda: slack.answers(CHANNEL), "the first answer")
    slack.mention("stream 2")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) == 2, "the second answer")
    finish(bot)

    said = [text.partition("Sources")[0].strip() for text in plain(slack, CHANNEL)]
    assert said == ["stream [1]. 1 [1].", "stream [1]. 2 [1]."]
    assert slack.count("chat.startStream") == 1


@pytest.mark.parametrize("text", ["why?", "stream one two"])
def test_the_answer_to_a_question_that_vanished_untold_never_stays_in_the_channel(
    slack: SlackWorkspace, start: Start, text: str
) -> None:
    bot = start()
    slack.fail("users.info", Fault(hold="before"))
    ts = slack.mention(text)
    slack.wait_for(lambda: slack.count("users.info"), "work on it")

    slack.delete(CHANNEL, ts)
    slack.release()
    eventually(lambda: "question finished" in bot.log.read_text(), "its end")
    finish(bot)

    assert slack.answers(CHANNEL) == []
    assert "withdrawn" in finished(bot)


@pytest.mark.parametrize(
    "code", ["is_archived", "not_in_channel", "channel_not_found", "restricted_action"]
)
@pytest.mark.parametrize("text", ["why?", "stream one two"])
def test_where_the_bot_may_not_post_it_tries_once_and_informs_the_asker_once(
    slack: SlackWorkspace, start: Start, text: str, code: str
) -> None:
    bot = start()
    slack.state.conversations[CHANNEL].closed = code

    slack.mention(text)
    slack.wait_for(lambda: slack.answers(DIRECT), "the note")
    slack.mention("and now?")
    slack.wait_for(lambda: len(slack.answers(DIRECT)) > 1, "the note")
    finish(bot)

    assert slack.answers(CHANNEL) == []
    assert message_texts(slack, DIRECT) == [texts.CLOSED] * 2
    assert finished(bot) == ["refused"] * 2
    assert slack.count("chat.postMessage") <= 4


@pytest.mark.parametrize("code", ["account_inactive", "invalid_auth", "token_expired"])
def test_a_token_that_does_not_hold_any_more_ends_the_process_and_keeps_the_question(
    slack: SlackWorkspace, start: Start, code: str
) -> None:
    bot = start()
    slack.fail("chat.postMessage", Fault(error=code))

    slack.mention("why?")
    status = bot.ended()
    bot = start()
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    finish(bot)

    assert status == 1
    assert len(slack.answers(CHANNEL)) == 1


def test_a_doubt_goes_when_somebody_clicks_below_the_answer_after_all(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.fail("chat.postMessage", Fault(drop="after"))
    slack.mention("why?")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1, "the answer and the note")
    answer, note = slack.answers(CHANNEL)

    value = answer["blocks"][-1]["elements"][0]["positive_button"]["value"]
    clicked = {"action_id": elements.FEEDBACK, "type": "feedback_buttons", "value": value}
    eventually(lambda: finished(bot) == ["uncertain"], "the doubt is kept")
    slack.click(CHANNEL, answer, clicked)
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) == 1, "the note goes")
    finish(bot)

    assert note["text"] == texts.UNCERTAIN
    assert slack.answers(CHANNEL) == [answer]
    assert finished(bot) == ["posted"]


# --- the connection -----------------------------------------------------------------------


def test_a_connection_that_breaks_while_a_question_is_in_work_costs_nothing(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start(TEST_PING_S="0.2")
    slack.mention("wait for it")
    slack.wait_for(lambda: slack.count("users.info"), "work on it")

    slack.cut()
    bot.gate.touch()
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    slack.wait_until_reconnected(2)
    slack.mention("still there?")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1, "the next answer")
    finish(bot)

    assert ["still there?" in text for text in message_texts(slack, CHANNEL)] == [False, True]


def test_a_connection_that_answers_no_ping_is_given_up_for_another(
    slack: SlackWorkspace, start: Start
) -> None:
    slack.deaf = True
    bot = start(TEST_PING_S="0.2")

    slack.wait_until_reconnected(2)
    slack.mention("still there?")
    eventually(lambda: settled_again(slack) and slack.answers(CHANNEL), "the answer")
    finish(bot)

    assert len(slack.answers(CHANNEL)) == 1


def test_without_a_connection_the_bot_is_not_ready_and_answers_what_it_has(
    slack: SlackWorkspace, start: Start
) -> None:
    address = free_address()
    brief = {"TEST_PING_S": "0.2", "TEST_WATCH_S": "0.2", "TEST_UNREADY_AFTER_S": "0.6"}
    bot = start(TEST_HEALTH=address, **brief)
    slack.mention("wait for it")
    slack.wait_for(lambda: slack.count("users.info"), "work on it")

    slack.fail("apps.connections.open", *[Fault(status=503)] * 100_000)
    slack.cut()
    eventually(lambda: get(address, "readyz")[0] == 503, "it says that it is not ready")
    alive, connected = get(address, "healthz"), get(address, "metrics")[1]
    bot.gate.touch()
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer, all the same")
    finish(bot)

    assert alive == (200, "ok\n")
    assert "footnote_connected 0.0\n" in connected
    assert "footnote_ready 0.0\n" in connected
    assert len(slack.answers(CHANNEL)) == 1


def test_a_connection_that_is_lost_for_long_ends_the_process_and_loses_no_question(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start(TEST_PING_S="0.2", TEST_WATCH_S="0.2", TEST_LOST_AFTER_S="1")
    slack.mention("why?")
    slack.wait_for(lambda: settled(slack), "it is kept")

    slack.fail("apps.connections.open", *[Fault(status=503)] * 1000)
    slack.cut()
    status = bot.ended()
    slack.heal("apps.connections.open")
    bot = start()
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    finish(bot)

    assert status == 1
    assert len(slack.answers(CHANNEL)) == 1


# --- odd answers --------------------------------------------------------------------------

ODD = [
    "A sentence of many words [1]. " * 3500,
    "word" * 25_000 + " [1].",
    "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 400 + "\nThat is all [1].",
    "```\n" + "if x:\n    y()\n" * 400 + "```\n\nSo it is [1].",
    "الإجازة ثلاثون يومًا [1]. ימי החופשה הם שלושים [1].",
    "休暇は三十日です [1]。 휴가는 삼십 일입니다 [1].",
    "a\x00b\x01 \ud800 \u202eevil\u202c [1].",
    "- one [1]\n  - two [1]\n    - three [1]\n\n> quoted [1]\n\n# Head [1]\n",
]


def odd_texts() -> list[str]:
    lines = BLNS.read_text(encoding="utf-8", errors="replace").splitlines() if BLNS.exists() else []
    naughty = [line for line in lines if line and not line.startswith("#")]
    joined = ["\n\n".join(naughty[i : i + 30]) + " [1]." for i in range(0, len(naughty), 30)]
    return [*ODD, *joined]


def test_however_long_or_odd_an_answer_is_it_is_shown_and_pings_and_links_nothing(
    slack: SlackWorkspace, start: Start, tmp_path: Path
) -> None:
    odd = odd_texts()
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(odd))
    bot = start(TEST_ODD=str(path), TEST_MAX_QUEUE="1000")

    asked = {slack.mention(f"odd {n}"): n for n in range(len(odd))}
    eventually(lambda: len(slack.answers(CHANNEL)) >= len(odd), "all answers")
    finish(bot)

    answers = slack.answers(CHANNEL)
    shown = [show(message) for message in answers]
    assert sorted(asked[m["thread_ts"]] for m in answers) == list(range(len(odd)))
    assert [s.pings for s in shown if s.pings] == []
    assert {link for s in shown for link in s.links} == {WIKI}
    assert slack.count("chat.postMessage") == len(odd)
    assert "blocks refused" not in bot.log.read_text()
