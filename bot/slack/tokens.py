"""Check the Slack tokens and scopes at the start, so that errors are reported immediately."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from footnote_qa.bot.errors import SlackError
from footnote_qa.bot.settings import Settings
from footnote_qa.bot.slack.manifest import LISTENING, OPTIONAL, SCOPES
from footnote_qa.bot.slack.outbound import CALL_ERRORS, Clients, Fault, failure

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
    """Our identity in a workspace.

    Attributes:
        scopes: The granted scopes; empty if Slack does not say.
    """

    team: str
    bot_user: str
    bot_id: str
    team_name: str = ""
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The app's secrets from Slack; never shown.

    Attributes:
        second: The app token for Socket Mode, the signing secret for HTTP.
    """

    bot_token: str
    second: str

    def __repr__(self) -> str:
        return "Secrets(…)"


def secrets(settings: Settings, *, http: bool = False) -> Secrets:
    """Return the secrets that a transport needs; raises `SlackError` naming all missing ones."""
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
    """Try the tokens, so that a wrong one is reported immediately and not retried in a loop.

    Args:
        calls: Has the bot token.
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


PATIENCE_S = 10.0

NOT_SET_UP = "not set up (only needed for `footnote slack run`): docs/handbook/slack.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One result of the checks."""

    message: str
    well: bool = True


def check_slack(settings: Settings) -> list[Note]:
    """Check the tokens, try them, and compare the granted scopes with the settings."""
    bot, app = _text(settings.slack_bot_token), _text(settings.slack_app_token)
    signing = _text(settings.slack_signing_secret)
    if not (bot or app or signing):
        return [Note(message=NOT_SET_UP)]
    notes = list(_missing(bot, app, signing))
    if not all(note.well for note in notes):
        return notes
    try:
        identity = asyncio.run(_try(settings, bot, app or None))
    except SlackError as error:
        return [*notes, Note(well=False, message=str(error))]
    notes.append(Note(message=f"workspace {identity.team_name or identity.team} takes the tokens"))
    return [*notes, *_scopes(identity.scopes, settings)]


def _text(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value().strip()


def _missing(bot: str, app: str, signing: str) -> Iterator[Note]:
    yield _token("SLACK_BOT_TOKEN", bot, "xoxb-")
    if app:
        yield _token("SLACK_APP_TOKEN", app, "xapp-")
    if signing:
        yield Note(message="SLACK_SIGNING_SECRET is set, for `footnote slack run --http`")
    if not app and not signing:
        yield Note(
            well=False,
            message="SLACK_APP_TOKEN is missing"
            " (or SLACK_SIGNING_SECRET, for `footnote slack run --http`)",
        )


def _token(name: str, token: str, prefix: str) -> Note:
    if not token:
        return Note(well=False, message=f"{name} is missing")
    if not token.startswith(prefix):
        return Note(
            well=False,
            message=f"{name} does not begin with {prefix}: is it another of the app's tokens?",
        )
    return Note(message=f"{name} is set")


async def _try(settings: Settings, token: str, app_token: str | None) -> Identity:
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        clients = Clients(token=token, base_url=settings.slack_api_url, session=session)
        return await identify(clients.calls, app_token)


def _scopes(granted: frozenset[str], settings: Settings) -> Iterator[Note]:
    if not granted:
        return  # Slack does not report the scopes
    yield from _not_granted(OPTIONAL, granted, how="footnote slack manifest")
    yield from _not_granted(LISTENING, granted, how="footnote slack manifest --listen")
    wanting = [c.id for c in settings.slack.channels if c.follow_ups or c.unasked]
    if wanting and not granted & set(LISTENING):
        yield Note(
            well=False,
            message=f"{', '.join(wanting)}: follow_ups or unasked is set, but the app may not"
            " read any channel: update its manifest (footnote slack manifest --listen) and"
            " install it again",
        )


def _not_granted(scopes: Mapping[str, str], granted: frozenset[str], *, how: str) -> Iterator[Note]:
    for scope, adds in scopes.items():
        if scope not in granted:
            yield Note(message=f"without the optional scope {scope}: it adds {adds} ({how})")
