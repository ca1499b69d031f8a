"""The doctor's checks of Slack, against a fake Slack."""

from collections.abc import Iterable
from typing import Any

from pydantic import SecretStr

from footnote_qa.bot.settings import ChannelSettings, Settings, SlackSettings
from footnote_qa.bot.slack.manifest import LISTENING, OPTIONAL, SCOPES
from footnote_qa.bot.slack.tokens import NOT_SET_UP, check_slack
from tests.fakes.slack_workspace import APP_TOKEN, BOT_TOKEN, SlackWorkspace

WITHOUT = "without the optional scope "
EVERYTHING = {*SCOPES, *OPTIONAL, *LISTENING}


def told(
    scopes: Iterable[str] = EVERYTHING,
    *,
    bot: str | None = BOT_TOKEN,
    app: str | None = APP_TOKEN,
    **more: Any,
) -> tuple[list[str], list[str]]:
    """Return what is well, and what is not."""
    with SlackWorkspace(set(scopes)) as slack:
        settings = Settings(
            slack_api_url=slack.api_url,
            slack_bot_token=None if bot is None else SecretStr(bot),
            slack_app_token=None if app is None else SecretStr(app),
            **more,
        )
        notes = check_slack(settings)
    well = [note.message for note in notes if note.well]
    return well, [note.message for note in notes if not note.well]


def test_nothing_is_wrong_where_slack_is_not_wanted() -> None:
    assert told(bot=None, app=None) == ([NOT_SET_UP], [])


def test_all_is_well_where_everything_is_granted() -> None:
    well, wrong = told()

    assert wrong == []
    assert well[-1] == "workspace Fake takes the tokens"


def test_each_optional_scope_that_is_missing_is_listed_with_what_it_would_add() -> None:
    well, wrong = told(SCOPES)

    assert wrong == []
    added = dict(message.removeprefix(WITHOUT).split(": it adds ") for message in well[3:])
    assert added == {
        "assistant:write": "suggested questions in the messages tab (footnote slack manifest)",
        "channels:history": f"{LISTENING['channels:history']} (footnote slack manifest --listen)",
        "groups:history": "the same in private channels (footnote slack manifest --listen)",
    }


def test_a_scope_that_is_needed_is_named_with_what_to_do() -> None:
    _, wrong = told(set(SCOPES) - {"users:read"})

    (message,) = wrong
    assert "users:read" in message
    assert "footnote slack manifest" in message


def test_a_channel_that_needs_what_slack_does_not_allow_is_named() -> None:
    channels = (ChannelSettings(id="C1", follow_ups=True), ChannelSettings(id="C2"))

    _, wrong = told(SCOPES, slack=SlackSettings(channels=channels))
    _, listening = told(slack=SlackSettings(channels=channels))

    (message,) = wrong
    assert message.startswith("C1: follow_ups or unasked is set")
    assert listening == []


def test_a_wrong_token_is_named_and_never_shown() -> None:
    cases = [
        (told(bot=None), "SLACK_BOT_TOKEN is missing"),
        (told(app=None), "SLACK_APP_TOKEN is missing"),
        (told(bot=APP_TOKEN), "SLACK_BOT_TOKEN does not begin with xoxb-"),
        (told(bot="xoxb-canary"), "invalid_auth"),
        (told(app="xapp-canary"), "invalid_auth"),
    ]

    for (_, wrong), named in cases:
        (message,) = wrong
        assert named in message
        assert "canary" not in message


def test_http_needs_the_signing_secret_in_place_of_the_app_token() -> None:
    well, wrong = told(app=None, slack_signing_secret=SecretStr("s"))

    assert wrong == []
    assert "SLACK_SIGNING_SECRET is set, for `footnote slack run --http`" in well


def test_an_unreachable_slack_is_reported() -> None:
    settings = Settings(
        slack_api_url="http://127.0.0.1:9/api/",
        slack_bot_token=SecretStr(BOT_TOKEN),
        slack_app_token=SecretStr(APP_TOKEN),
    )

    *_, last = check_slack(settings)

    assert not last.well
    assert "127.0.0.1:9" in last.message
