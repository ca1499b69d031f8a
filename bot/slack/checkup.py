"""What Slack says of the tokens, and what each scope that it has not granted would add."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import aiohttp
from pydantic import SecretStr

from bot.errors import SlackError
from bot.settings import Settings
from bot.slack.clients import Clients
from bot.slack.identity import Identity, identify
from bot.slack.manifest import LISTENING, OPTIONAL

PATIENCE_S = 10.0

NOT_SET_UP = "not set up (only needed for `footnote slack run`): docs/handbook/slack.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing that was looked at."""

    message: str
    well: bool = True


def check_slack(settings: Settings) -> list[Note]:
    """Look at the tokens, try them, and compare what is granted with what is set."""
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
        return  # Slack does not say
    yield from _not_granted(OPTIONAL, granted, how="footnote slack manifest")
    yield from _not_granted(LISTENING, granted, how="footnote slack manifest --listen")
    wanting = [c.id for c in settings.slack.channels if c.follow_ups or c.unasked]
    if wanting and not granted & set(LISTENING):
        yield Note(
            well=False,
            message=f"{', '.join(wanting)}: follow_ups or unasked is set, and Slack lets the app"
            " read no channel: update its manifest (footnote slack manifest --listen) and"
            " install it again",
        )


def _not_granted(scopes: Mapping[str, str], granted: frozenset[str], *, how: str) -> Iterator[Note]:
    for scope, adds in scopes.items():
        if scope not in granted:
            yield Note(message=f"without the optional scope {scope}: it adds {adds} ({how})")
