"""Who the tokens say we are: tried at the start, so that a wrong one is told at once."""

from dataclasses import dataclass
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SlackError
from bot.settings import Settings
from bot.slack.faults import CALL_ERRORS, Fault, failure
from bot.slack.manifest import SCOPES

_FOR_BOT: Final = (
    "SLACK_BOT_TOKEN (xoxb-…), from https://api.slack.com/apps > your app > OAuth & Permissions"
)
_FOR_APP: Final = (
    "SLACK_APP_TOKEN (xapp-…, with connections:write), from https://api.slack.com/apps"
    " > your app > Basic Information > App-Level Tokens"
)
_FOR_HTTP: Final = (
    "SLACK_SIGNING_SECRET, from https://api.slack.com/apps > your app > Basic Information"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are in a workspace.

    Attributes:
        scopes: What it has granted; empty if it does not say.
    """

    team: str
    bot_user: str
    bot_id: str
    team_name: str = ""
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What Slack gave the app; never shown.

    Attributes:
        second: The app token for Socket Mode, the signing secret for HTTP.
    """

    bot_token: str
    second: str

    def __repr__(self) -> str:
        return "Secrets(…)"


def secrets(settings: Settings, *, http: bool = False) -> Secrets:
    """Return what a transport needs; raises `SlackError` naming all that is missing."""
    second = (
        (settings.slack_signing_secret, _FOR_HTTP) if http else (settings.slack_app_token, _FOR_APP)
    )
    wanted = ((settings.slack_bot_token, _FOR_BOT), second)
    found = ["" if secret is None else secret.get_secret_value().strip() for secret, _ in wanted]
    missing = [name for token, (_, name) in zip(found, wanted, strict=True) if not token]
    if missing:
        raise SlackError(f"a token is missing: set {'; and '.join(missing)}")
    return Secrets(bot_token=found[0], second=found[1])


async def identify(calls: AsyncWebClient, app_token: str | None) -> Identity:
    """Try the tokens, so that a wrong one is told at once and not in a loop of retries.

    Args:
        calls: Holds the bot token.
        app_token: For Socket Mode; None for HTTP.

    Raises:
        SlackError: One is refused, a scope is missing, or Slack cannot be reached.
    """
    where = calls.base_url
    try:
        known = await calls.auth_test()
    except CALL_ERRORS as error:
        raise _refused(error, where, _FOR_BOT) from error
    granted = frozenset(str(known.headers.get("x-oauth-scopes", "")).replace(" ", "").split(","))
    granted -= {""}
    missing = sorted(set(SCOPES) - granted)
    if granted and missing:
        raise SlackError(
            f"Slack has not granted the scopes {', '.join(missing)}: update the app's manifest"
            " (footnote slack manifest) and install the app again"
        )
    if app_token is not None:
        try:
            await calls.apps_connections_open(app_token=app_token)
        except CALL_ERRORS as error:
            raise _refused(error, where, _FOR_APP) from error
    return Identity(
        team=str(known["team_id"]),
        bot_user=str(known["user_id"]),
        bot_id=str(known.get("bot_id", "")),
        team_name=str(known.get("team", "")),
        scopes=granted,
    )


def _refused(error: Exception, where: str, token: str) -> SlackError:
    failed = failure(error)
    if failed.fault in {Fault.TOKEN, Fault.CLOSED}:
        return SlackError(f"Slack refuses the token ({failed.code}): check {token}")
    return SlackError(
        f"Slack cannot be reached at {where} ({failed.code}): check the network and try again"
    )
