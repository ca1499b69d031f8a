"""New tokens and secrets are taken up by a running bot, and refused ones are not."""

import os
import signal
from pathlib import Path

import pytest

from footnote_qa.bot.settings import load
from tests.fakes.slack_delivery import SIGNING_SECRET
from tests.fakes.slack_process import Bot, Start, eventually, finish, free_address, settled
from tests.fakes.slack_workspace import APP_TOKEN, BOT_TOKEN, CHANNEL, SlackWorkspace

pytestmark = pytest.mark.slow

NEW_TOKEN = "xoxb-fake-new-token"  # noqa: S105 it opens nothing
NEW_SECRET = "fake-new-secret"  # noqa: S105 it opens nothing


def rotate(bot: Bot, folder: Path, **tokens: str) -> None:
    """Write `.env` as an administrator does, and tell the bot."""
    text = "".join(f"{name}={value}\n" for name, value in tokens.items())
    (folder / ".env").write_text(text)
    bot.signal(signal.SIGHUP)


def begin(start: Start, folder: Path, **more: str) -> Bot:
    (folder / "footnote.toml").write_text("")
    (folder / ".env").write_text(
        f"SLACK_BOT_TOKEN={BOT_TOKEN}\nSLACK_APP_TOKEN={APP_TOKEN}\n"
        f"SLACK_SIGNING_SECRET={SIGNING_SECRET}\n"
    )
    return start(TEST_CONFIG=str(folder / "footnote.toml"), **more)


def test_after_a_hangup_slack_is_called_with_the_new_token(
    slack: SlackWorkspace, start: Start, tmp_path: Path
) -> None:
    bot = begin(start, tmp_path)
    slack.accepted.add(NEW_TOKEN)

    rotate(bot, tmp_path, SLACK_BOT_TOKEN=NEW_TOKEN, SLACK_APP_TOKEN=APP_TOKEN)
    eventually(lambda: "secrets taken up" in bot.log.read_text(), "it is taken up")
    slack.revoked.add(BOT_TOKEN)
    slack.mention("why?")
    slack.wait_for(lambda: slack.answers(CHANNEL) and settled(slack), "the answer")
    finish(bot)

    posts = [call for call in slack.calls if call.method == "chat.postMessage"]
    assert {call.token for call in posts} == {NEW_TOKEN}
    assert NEW_TOKEN not in bot.log.read_text()


def test_a_token_that_slack_refuses_is_not_taken_up(
    slack: SlackWorkspace, start: Start, tmp_path: Path
) -> None:
    bot = begin(start, tmp_path)

    rotate(bot, tmp_path, SLACK_BOT_TOKEN=NEW_TOKEN, SLACK_APP_TOKEN=APP_TOKEN)
    eventually(lambda: "new secrets refused" in bot.log.read_text(), "it is refused")
    slack.mention("why?")
    slack.wait_for(lambda: slack.answers(CHANNEL) and settled(slack), "the answer")
    finish(bot)

    assert len(slack.answers(CHANNEL)) == 1


def test_requests_signed_with_the_new_or_the_old_secret_are_taken_after_a_hangup(
    slack: SlackWorkspace, start: Start, tmp_path: Path
) -> None:
    address = free_address()
    slack.request_url = f"http://{address}/slack/events"
    bot = begin(start, tmp_path, TEST_HTTP=address)

    rotate(bot, tmp_path, SLACK_BOT_TOKEN=BOT_TOKEN, SLACK_SIGNING_SECRET=NEW_SECRET)
    eventually(lambda: "secrets taken up" in bot.log.read_text(), "it is taken up")
    slack.mention("with the old one?")
    slack.signing_secret = NEW_SECRET
    slack.mention("with the new one?")
    slack.signing_secret = "neither"  # noqa: S105 it opens nothing
    slack.mention("with neither?")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1, "two answers")
    finish(bot)

    assert [d.acked for d in slack.deliveries] == [1, 1, 0]
    assert len(slack.answers(CHANNEL)) == 2


def test_settings_read_again_have_what_changed_in_the_file_but_not_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "SLACK_APP_TOKEN": "xapp-environment"})
    config = tmp_path / "footnote.toml"
    config.write_text("")
    found = []

    for token in ("xoxb-first", "xoxb-second"):
        (tmp_path / ".env").write_text(f"SLACK_BOT_TOKEN={token}\nSLACK_APP_TOKEN=xapp-{token}\n")
        settings = load(config)
        assert settings.slack_bot_token is not None
        assert settings.slack_app_token is not None
        found.append(
            (
                settings.slack_bot_token.get_secret_value(),
                settings.slack_app_token.get_secret_value(),
            )
        )

    assert found == [("xoxb-first", "xapp-environment"), ("xoxb-second", "xapp-environment")]
