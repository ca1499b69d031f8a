"""Answers that stream, in the complete bot against a fake Slack: killed, stopped, drained."""

import signal

import pytest

from footnote_qa.bot.slack.messages.texts import JOINER
from tests.fakes.slack_process import Start, finish, free_address, get, message_texts, settled
from tests.fakes.slack_workspace import CHANNEL, DIRECT, Fault, SlackWorkspace

pytestmark = pytest.mark.slow


def streamed(slack: SlackWorkspace, word: str, channel: str = CHANNEL) -> bool:
    return any(word in m.get("markdown", "") for m in slack.answers(channel))


def plain(text: str) -> str:
    return text.replace(JOINER, "")


def test_an_answer_grows_until_it_is_complete(slack: SlackWorkspace, start: Start) -> None:
    bot = start()

    ts = slack.mention("stream one wait two")
    slack.wait_for(lambda: streamed(slack, "wait"), "the first words")
    half = plain(message_texts(slack, CHANNEL)[0])
    bot.gate.touch()
    slack.wait_for(lambda: slack.answers(CHANNEL)[0].get("blocks"), "the end")
    finish(bot)

    (answer,) = slack.answers(CHANNEL)
    assert half.strip() == "stream [1]. one [1]. wait [1]."
    assert plain(message_texts(slack, CHANNEL)[0]).startswith(
        "stream [1]. one [1]. wait [1]. two [1]."
    )
    assert (answer["thread_ts"], answer["streaming"]) == (ts, False)
    assert [s["status"] for s in slack.state.sessions] == ["processing", "active"]


@pytest.mark.parametrize("channel", [CHANNEL, DIRECT])
def test_a_stream_whose_process_is_killed_is_written_to_its_end_by_the_next(
    slack: SlackWorkspace, start: Start, channel: str
) -> None:
    bot = start()
    say = slack.mention if channel == CHANNEL else slack.direct
    say("stream one wait two")
    slack.wait_for(lambda: streamed(slack, "wait", channel), "the first words")

    bot.kill()
    bot.gate.touch()
    bot = start()
    slack.wait_for(lambda: slack.answers(channel)[0].get("blocks"), "the end")
    finish(bot)

    (text,) = message_texts(slack, channel)
    assert plain(text).startswith("You asked: stream one wait two")
    assert slack.answers(channel)[0]["streaming"] is False


def test_a_stream_begun_just_before_the_kill_is_found_where_it_can_be_looked_for(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.fail("chat.startStream", Fault(hold="after"))
    slack.direct("stream one two")
    slack.wait_for(lambda: slack.answers(DIRECT), "the stream")

    bot.kill()
    slack.release()
    bot = start()
    slack.wait_for(lambda: slack.answers(DIRECT)[0].get("blocks"), "the end")
    finish(bot)

    (text,) = message_texts(slack, DIRECT)
    assert plain(text).startswith("You asked: stream one two")


def statuses(slack: SlackWorkspace, channel: str) -> list[str]:
    """The statuses of the sessions of a channel, in order."""
    return [str(s["status"]) for s in slack.state.sessions if s["channel_id"] == channel]


def test_stop_ends_the_work_and_keeps_the_words(slack: SlackWorkspace, start: Start) -> None:
    bot = start(TEST_MAX_CONCURRENT="1")
    slack.mention("stream one wait two")
    slack.wait_for(lambda: streamed(slack, "wait"), "the first words")

    slack.stop_stream(CHANNEL, slack.answers(CHANNEL)[0]["ts"])
    slack.direct("next?")
    slack.wait_for(lambda: slack.answers(DIRECT), "the next answer")
    slack.wait_for(lambda: statuses(slack, CHANNEL)[-1] == "active", "the end of the work")
    finish(bot)

    (text,) = message_texts(slack, CHANNEL)
    assert plain(text).strip() == "stream [1]. one [1]. wait [1]."
    assert statuses(slack, CHANNEL)[-1] == "active"


def test_stop_before_the_first_word_ends_the_work_too(slack: SlackWorkspace, start: Start) -> None:
    bot = start(TEST_MAX_CONCURRENT="1")
    ts = slack.mention("wait")
    slack.wait_for(lambda: slack.state.sessions, "work on it")

    event = {"type": "agent_session_stopped", "channel": CHANNEL, "user": "U0ASKER"}
    slack.deliver(event | {"thread_ts": ts, "streaming_message_ts": []})
    slack.direct("next?")
    slack.wait_for(lambda: slack.answers(DIRECT), "the next answer")
    finish(bot)

    assert slack.answers(CHANNEL) == []


def test_a_question_deleted_while_its_answer_streams_takes_it_along(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    ts = slack.direct("stream one wait two")
    slack.wait_for(lambda: streamed(slack, "wait", DIRECT), "the first words")

    slack.delete(DIRECT, ts, told=True)
    slack.wait_for(lambda: settled(slack), "it is told")
    bot.gate.touch()
    slack.wait_for(lambda: not slack.answers(DIRECT), "the answer goes")
    finish(bot)

    assert slack.answers(DIRECT) == []


def test_a_term_signal_lets_a_stream_come_to_its_end(slack: SlackWorkspace, start: Start) -> None:
    bot = start()
    slack.mention("stream one wait two")
    slack.wait_for(lambda: streamed(slack, "wait"), "the first words")

    bot.signal(signal.SIGTERM)
    slack.wait_until_gone()
    bot.gate.touch()

    assert bot.ended() == 0
    assert "two [1]." in plain(message_texts(slack, CHANNEL)[0])
    assert slack.answers(CHANNEL)[0]["streaming"] is False


def test_an_app_that_is_removed_ends_its_process(slack: SlackWorkspace, start: Start) -> None:
    bot = start()

    slack.deliver({"type": "app_uninstalled"})

    assert bot.ended() == 1


def test_a_workspace_without_sessions_shows_a_status_instead(
    slack: SlackWorkspace, start: Start
) -> None:
    slack.state.without.add("agents.sessions.setStatus")
    bot = start()

    slack.mention("wait")
    slack.wait_for(lambda: slack.state.statuses, "the status")
    bot.gate.touch()
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    slack.mention("and now?")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1, "the second answer")
    finish(bot)

    assert slack.state.statuses[0]["status"] == "is reading the documents…"
    assert len(slack.state.statuses[0]["loading_messages"]) <= 10
    assert slack.count("agents.sessions.setStatus") == 1


def test_the_health_page_says_how_the_bot_is(slack: SlackWorkspace, start: Start) -> None:
    address = free_address()
    bot = start(TEST_HEALTH=address)
    slack.mention("why?")
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    slack.wait_for(lambda: len(slack.state.sessions) > 1, "the end of the work")

    alive, ready, numbers = (get(address, path) for path in ("healthz", "readyz", "metrics"))
    elsewhere = get(address, "slack/events")
    finish(bot)

    assert (alive, ready) == ((200, "ok\n"), (200, "ok\n"))
    assert 'footnote_questions_total{outcome="posted"} 1.0\n' in numbers[1]
    assert "footnote_question_seconds_count 1.0\n" in numbers[1]
    assert "footnote_connected 1.0\n" in numbers[1]
    assert elsewhere[0] == 404
