"""Take up new tokens, secrets and keys while the bot runs."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from footnote_qa.bot.errors import BotError, SlackError
from footnote_qa.bot.settings import Settings
from footnote_qa.bot.slack.inbound import Events
from footnote_qa.bot.slack.outbound import Clients
from footnote_qa.bot.slack.tokens import Secrets, identify, secrets

log = logging.getLogger(__name__)


class SocketModeClient(Protocol):
    """The part of Slack's client that a rotation changes."""

    app_token: str


@dataclass(slots=True, kw_only=True)
class Rotation:
    """Replaces the secrets of a running bot, if the new ones work.

    Attributes:
        clients: Call Slack with the bot token.
        team: The workspace; a token of another one is refused.
        read: Reads the settings again, and takes up new keys of the models.
        known: The secrets in use.
        events: Verifies HTTP requests; None in Socket Mode.
        socket: Opens connections in Socket Mode; None before the first one.
    """

    clients: Clients
    team: str
    read: Callable[[], Settings]
    known: Secrets
    events: Events | None = None
    socket: SocketModeClient | None = None

    async def rotate(self) -> None:
        """Take up the secrets that the settings have now; the old ones stay if one is refused."""
        try:
            settings = await asyncio.to_thread(self.read)
            new = secrets(settings, http=self.events is not None)
            await self._try(new)
        except BotError as error:
            log.error("new secrets refused: the old ones stay", extra={"reason": str(error)})  # noqa: TRY400 its message says what to do
            return
        changed = [
            name
            for name, before, now in (
                ("bot token", self.known.bot_token, new.bot_token),
                ("second", self.known.second, new.second),
            )
            if before != now
        ]
        self.known = new
        self.clients.use(new.bot_token)
        if self.events is not None:
            self.events.use(new.second)
        elif self.socket is not None:
            self.socket.app_token = new.second  # for the next connection
        log.info("secrets taken up", extra={"changed": changed})

    async def _try(self, new: Secrets) -> None:
        trial = Clients(
            token=new.bot_token, base_url=self.clients.base_url, session=self.clients.session
        )
        identity = await identify(trial.calls, None if self.events else new.second)
        if identity.team != self.team:
            raise SlackError(f"the new token is of workspace {identity.team}, not {self.team}")
