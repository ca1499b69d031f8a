"""The complete bot against a fake Slack: killed, restarted, flooded, and cut off."""

import signal
from pathlib import Path

import pytest

from footnote_qa.bot.slack.manifest import SCOPES
from footnote_qa.bot.slack.messages import texts
from tests.fakes.slack_bot_process import FAILURE
from tests.fakes.slack_display import show
from tests.fakes.slack_process import Bot, Start, finish, message_texts, settled
from tests.fakes.slack_workspace import (
    APP_TOKEN,
    BOT_TOKEN,
    CHANNEL,
    DIRECT,
    Fault,
    SlackWorkspace,
)

pytestmark = pytest.mark.slow


def test_a_mention_is_answered_once_in_its_thread_with_the_channels_groups(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()

    ts = slack.mention("what are the rules?")
    slack.wait_for(lambda: slack.answers(CHANNEL) and settled(slack), "an answer")
    finish(bot)

    (answer,) = slack.answers(CHANNEL)
    assert answer["thread_ts"] == ts
    assert "You asked: what are the rules? (staff) [1]." in show(answer).text
    assert show(answer).links == ["https://wiki.example/a"]
    assert (answer["unfurl_links"], answer["unfurl_media"]) == (False, False)


def test_a_direct_message_is_answered_without_any_groups(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()

    slack.direct("hello?", subtype="file_share")
    slack.wait_for(lambda: slack.answers(DIRECT), "an answer")
    finish(bot)

    (text,) = message_texts(slack, DIRECT)
    assert "You asked: hello? () [1]." in text


def test_repeats_pairs_and_edits_of_one_message_get_one_answer(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()

    ts = slack.mention("once")
    delivery = slack.deliveries[0]
    mention = delivery.payload["event"]
    slack.repeat(delivery)
    slack.deliver(mention)
    slack.deliver(mention | {"type": "message", "channel_type": "channel"})
    slack.deliver(mention | {"edited": {"user": "U0ASKER", "ts": "1760000001.0"}})
    slack.deliver({"type": "message", "subtype": "message_changed", "channel": CHANNEL})
    slack.deliver({"type": "some_event_of_2030"})
    slack.wait_for(
        lambda: slack.answers(CHANNEL) and settled(slack) and delivery.acked == 2,
        "an answer and all acks",
    )
    slack.mention("twice", thread_ts=ts)
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1, "the answer to the second question")
    finish(bot)

    assert len(slack.answers(CHANNEL)) == 2


def test_bots_and_our_own_messages_are_not_answered(slack: SlackWorkspace, start: Start) -> None:
    bot = start()

    slack.mention("I am a bot", bot_id="B0OTHER")
    slack.direct("I am you", user="U0BOT")
    slack.direct("I am a person")
    slack.wait_for(lambda: slack.answers(DIRECT) and settled(slack), "one answer")
    finish(bot)

    assert len(slack.answers(DIRECT)) == 1
    assert slack.count("chat.postMessage") == 1


@pytest.mark.parametrize("channel", [CHANNEL, DIRECT])
def test_a_question_in_work_when_the_process_is_killed_is_answered_once_by_the_next(
    slack: SlackWorkspace, start: Start, channel: str
) -> None:
    bot = start()
    say = slack.mention if channel == CHANNEL else slack.direct
    say("wait for it")
    slack.wait_for(lambda: slack.count("users.info"), "work on it")

    bot.kill()
    bot.gate.touch()
    bot = start()
    slack.wait_for(lambda: slack.answers(channel), "an answer")
    finish(bot)

    (text,) = message_texts(slack, channel)
    assert "You asked: wait for it" in text


def test_an_answer_posted_just_before_the_kill_is_found_again_and_not_repeated(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.fail("chat.postMessage", Fault(hold="after"))
    slack.direct("first")
    slack.wait_for(lambda: slack.answers(DIRECT), "the post")

    bot.kill()
    slack.release()
    bot = start()
    slack.direct("second")
    slack.wait_for(lambda: len(slack.answers(DIRECT)) > 1, "the second answer")
    slack.wait_for(lambda: slack.count("conversations.replies"), "a look-up")
    finish(bot)

    assert ["first" in text for text in message_texts(slack, DIRECT)] == [True, False]


def test_a_kill_before_the_post_reached_slack_still_gets_its_one_answer(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.fail("chat.postMessage", Fault(hold="before", drop="before"))
    slack.direct("first")
    slack.wait_for(lambda: slack.count("chat.postMessage"), "the post on its way")

    bot.kill()
    slack.release()
    bot = start()
    slack.wait_for(lambda: slack.answers(DIRECT), "the answer")
    finish(bot)

    assert len(slack.answers(DIRECT)) == 1


def test_where_looking_up_is_not_permitted_the_bot_says_so_and_repeats_no_answer(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.fail("chat.postMessage", Fault(drop="after"))

    slack.mention("hm?")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1, "the note")
    finish(bot)

    assert ["You asked" in text for text in message_texts(slack, CHANNEL)] == [True, False]
    assert slack.answers(CHANNEL)[1]["text"] == texts.UNCERTAIN


def test_a_term_signal_lets_running_questions_finish_and_leaves_the_rest_to_the_next(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start(TEST_MAX_CONCURRENT="1")
    slack.mention("wait 1")
    slack.wait_for(lambda: slack.count("users.info"), "work on the first")
    slack.mention("wait 2")
    slack.wait_for(lambda: settled(slack), "both kept")

    bot.signal(signal.SIGTERM)
    slack.wait_until_gone()
    bot.gate.touch()

    assert bot.ended() == 0
    assert ["wait 1" in text for text in message_texts(slack, CHANNEL)] == [True]
    bot = start()
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1, "the second answer")
    finish(bot)
    assert ["wait 2" in text for text in message_texts(slack, CHANNEL)] == [False, True]


def test_a_second_signal_ends_immediately_and_loses_nothing(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.mention("wait 1")
    slack.wait_for(lambda: slack.count("users.info"), "work on it")

    bot.signal(signal.SIGINT)
    slack.wait_until_gone()
    bot.signal(signal.SIGINT)

    assert bot.ended() == 0
    assert slack.answers(CHANNEL) == []
    bot.gate.touch()
    bot = start()
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    finish(bot)
    assert len(slack.answers(CHANNEL)) == 1


def test_of_more_questions_than_may_wait_each_gets_an_answer_or_a_busy_note(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start(TEST_MAX_CONCURRENT="2", TEST_MAX_QUEUE="5")

    asked = [slack.mention(f"wait {n}") for n in range(40)]
    slack.wait_for(lambda: settled(slack), "all kept")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) >= 30, "busy notes while all work waits")
    bot.gate.touch()
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) >= 40, "an outcome for each")
    finish(bot)

    answers = slack.answers(CHANNEL)
    assert sorted(a["thread_ts"] for a in answers) == sorted(asked)
    busy = [a for a in answers if a["text"] == texts.BUSY]
    assert 30 <= len(busy) <= 35
    for answer in answers:
        said = slack.state.conversations[CHANNEL].message(answer["thread_ts"])
        assert answer in busy or (said or {})["text"].partition(" ")[2] in show(answer).text


def test_failures_show_a_fixed_sentence_and_neither_the_error_nor_secrets_in_the_log(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()

    slack.mention("fail index")
    slack.mention("fail canary-4711")
    slack.mention("")
    slack.mention("x" * 4001)
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 3, "all outcomes")
    finish(bot)

    shown = sorted(message_texts(slack, CHANNEL))
    assert shown[0] == texts.HINT
    assert shown[1].startswith("I can't reach my index right now.")
    assert shown[2].startswith("Something went wrong, so I have no answer. Reference: ")
    assert shown[3] == texts.TOO_LONG.format(max_chars=4000)
    assert FAILURE not in "".join(shown)
    logged = bot.log.read_text()
    reference = shown[2].rpartition(" ")[2].strip()
    assert len(reference) == 16
    assert FAILURE in logged
    assert not [s for s in (BOT_TOKEN, APP_TOKEN, "canary-4711") if s in logged]


def test_a_refresh_of_the_connection_loses_no_question(slack: SlackWorkspace, start: Start) -> None:
    bot = start()

    slack.disconnect()
    slack.mention("in between?")
    slack.wait_until_reconnected(2)
    slack.mention("still there?")
    slack.redeliver()
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1, "both answers")
    finish(bot)

    assert sorted("in between?" in text for text in message_texts(slack, CHANNEL)) == [False, True]


@pytest.mark.parametrize(
    ("environment", "code", "named"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "invalid_auth", "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, "invalid_auth", "SLACK_APP_TOKEN"),
        ({"SLACK_APP_TOKEN": BOT_TOKEN}, "not_allowed_token_type", "SLACK_APP_TOKEN"),
        ({"SLACK_BOT_TOKEN": ""}, "missing", "SLACK_BOT_TOKEN"),
        ({"SLACK_API_URL": "http://127.0.0.1:9/api/"}, "127.0.0.1:9", "network"),
    ],
)
def test_a_token_that_does_not_work_ends_the_start_with_one_line(
    slack: SlackWorkspace, tmp_path: Path, environment: dict[str, str], code: str, named: str
) -> None:
    bot = Bot(slack, tmp_path, **environment)

    status = bot.ended()

    last = bot.log.read_text().splitlines()[-1]
    assert status == 2
    assert last.startswith("footnote: ")
    assert code in last
    assert named in last
    assert slack.count("apps.connections.open") <= 1


def test_a_missing_scope_is_named_at_the_start(tmp_path: Path) -> None:
    with SlackWorkspace(set(SCOPES) - {"im:history"}) as slack:
        bot = Bot(slack, tmp_path)

        status = bot.ended()

    assert status == 2
    assert "im:history" in bot.log.read_text().splitlines()[-1]


def test_a_token_taken_back_ends_the_process_and_keeps_the_question(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.revoked.add(BOT_TOKEN)

    slack.mention("too late?")

    assert bot.ended() == 1
    assert slack.count("chat.postMessage") == 1
    slack.revoked.clear()
    bot = start()
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    finish(bot)
    assert len(slack.answers(CHANNEL)) == 1


def test_the_state_is_for_its_owner_alone(start: Start, tmp_path: Path) -> None:
    start()

    folder = tmp_path / "state"

    assert folder.stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in folder.iterdir()} == {0o600}
