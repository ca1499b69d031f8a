"""The bot served by HTTP, and several processes on one state: against a fake Slack."""

import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import pytest

from footnote_qa.bot.slack.messages import elements, texts
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
from tests.fakes.slack_workspace import CHANNEL, DIRECT, SlackWorkspace, signed

pytestmark = pytest.mark.slow

ADDRESS = free_address()
EVENTS = f"http://{ADDRESS}/slack/events"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def bot(slack: SlackWorkspace, start: Start) -> Bot:
    slack.request_url = EVENTS
    return start(TEST_HTTP=ADDRESS, SLACK_APP_TOKEN="")


def post(body: str, headers: Mapping[str, str]) -> tuple[int, str]:
    request = urllib.request.Request(EVENTS, data=body.encode(), headers={**JSON, **headers})
    try:
        with urllib.request.urlopen(request) as reply:  # noqa: S310 our own
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


def event(ts: str) -> str:
    asked: dict[str, Any] = {
        "type": "event_callback",
        "team_id": "T0TEAM",
        "event_id": f"Ev{ts}",
        "event": {
            "type": "message",
            "channel_type": "im",
            "channel": DIRECT,
            "user": "U0ASKER",
            "ts": ts,
            "text": "forged?",
        },
    }
    return json.dumps(asked)


def test_by_http_all_comes_in_once(slack: SlackWorkspace, bot: Bot) -> None:
    ts = slack.mention("why?")
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    slack.repeat(slack.deliveries[0])
    asked = slack.command("what are the rules?")
    slack.wait_for(lambda: slack.private, "the private answer")
    (message,) = slack.answers(CHANNEL)
    (last,) = [b for b in message["blocks"] if b["type"] == "context_actions"]
    value = last["elements"][0]["negative_button"]["value"]
    clicked = {"action_id": elements.FEEDBACK, "type": "feedback_buttons", "value": value}
    slack.click(CHANNEL, message, clicked)
    slack.wait_for(lambda: slack.state.views, "the window")
    finish(bot)

    assert message["thread_ts"] == ts
    assert len(slack.answers(CHANNEL)) == 1
    assert slack.deliveries[0].acked == 2
    assert asked.said[0]["text"] == texts.ASKING
    assert settled(slack)


def test_what_slack_did_not_sign_is_refused(slack: SlackWorkspace, bot: Bot) -> None:
    body = event("1760009000.000100")
    now = time.time()

    refused = [
        post(body, {})[0],
        post(body, signed(body, secret="wrong"))[0],  # noqa: S106 on purpose
        post(body, signed(body + " "))[0],
        post(body, signed(body, at=now - 600))[0],
        post(body, signed(body) | {"X-Slack-Request-Timestamp": "yesterday"})[0],
        post(body, signed(body) | {"X-Slack-Request-Timestamp": ""})[0],
    ]
    accepted, _ = post(body, signed(body))
    slack.wait_for(lambda: slack.count("chat.postMessage"), "the answer to the one that holds")
    finish(bot)

    assert refused == [401] * 6
    assert accepted == 200
    assert slack.count("chat.postMessage") == 1


def test_a_replayed_request_is_answered_once(slack: SlackWorkspace, bot: Bot) -> None:
    with slack._changed:
        ts = slack.state.add(DIRECT, {"user": "U0ASKER", "text": "?"})["ts"]
    body = event(ts)
    headers = signed(body)

    statuses = [post(body, headers)[0] for _ in range(3)]
    slack.wait_for(lambda: slack.answers(DIRECT), "the answer")
    finish(bot)

    assert statuses == [200] * 3
    assert len(slack.answers(DIRECT)) == 1


def test_the_address_is_confirmed_to_slack(bot: Bot) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc", "token": "t"})

    answer = post(body, signed(body))
    finish(bot)

    assert answer[0] == 200
    assert "abc" in answer[1]


def test_a_body_that_is_too_long_is_refused(bot: Bot) -> None:
    body = json.dumps({"x": "y" * 2_000_000})

    status, _ = post(body, signed(body))
    finish(bot)

    assert status == 413


def test_a_port_that_is_taken_is_reported_in_one_line(
    slack: SlackWorkspace, bot: Bot, tmp_path: Any
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    second = Bot(slack, other, TEST_HTTP=ADDRESS)

    status = second.ended()
    finish(bot)

    assert status == 2
    assert f"cannot listen on {ADDRESS}" in second.log.read_text().splitlines()[-1]


def test_while_it_drains_it_says_so_and_keeps_what_still_comes(
    slack: SlackWorkspace, bot: Bot, start: Start
) -> None:
    slack.mention("wait for it")
    bot.wait_until_waiting()

    bot.signal(signal.SIGTERM)
    eventually(lambda: get(ADDRESS, "readyz")[0] == 503, "it says that it is not ready")
    ready, alive = get(ADDRESS, "readyz"), get(ADDRESS, "healthz")
    slack.mention("too late?")
    slack.wait_for(lambda: settled(slack), "it is kept")
    bot.gate.touch()
    status = bot.ended()
    finished = message_texts(slack, CHANNEL)
    after = start(TEST_HTTP=ADDRESS, SLACK_APP_TOKEN="")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) == 2, "the answer of the next process")
    finish(after)

    assert (status, alive, ready) == (0, (200, "ok\n"), (503, "the bot is stopping\n"))
    assert [text.partition(" (")[0] for text in finished] == ["You asked: wait for it"]
    assert "You asked: too late?" in message_texts(slack, CHANNEL)[1]


def test_two_processes_share_the_questions_and_answer_each_once(
    slack: SlackWorkspace, start: Start
) -> None:
    first, second = start(), start()
    slack.wait_for(lambda: len(slack._sockets) == 2, "both connect")

    for n in range(30):
        slack.mention(f"question {n}?")
        slack.repeat(slack.deliveries[-1])
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) >= 30, "all answers")
    slack.wait_for(lambda: settled(slack), "all taken")
    for bot in (first, second):
        finish(bot)

    asked = sorted(text.partition("(")[0] for text in message_texts(slack, CHANNEL))
    assert asked == sorted(f"You asked: question {n}? " for n in range(30))


def test_what_one_of_two_processes_had_in_work_when_killed_the_other_finishes(
    slack: SlackWorkspace, start: Start
) -> None:
    first = start()
    slack.mention("wait for it")
    first.wait_until_waiting()
    second = start()
    slack.wait_for(lambda: len(slack._sockets) == 2, "both connect")

    first.signal(signal.SIGKILL)
    first.ended()
    second.gate.touch()
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    finish(second)

    (message,) = slack.answers(CHANNEL)
    assert "You asked: wait for it" in show(message).text
