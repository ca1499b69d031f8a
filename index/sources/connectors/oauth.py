"""Access tokens that expire: a new one is fetched when it is needed or the last was refused."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.sync import Client, ClientOptions, Form, ItemError

_MARGIN_S = 60.0
_MOST_BYTES = 1_000_000


class AccessTokens:
    """The tokens of one account. May be used from several threads.

    Args:
        address: Of the endpoint that gives tokens.
        grant: Returns the fields that ask for one: https://www.rfc-editor.org/rfc/rfc6749#section-4
        options: How the service is talked to; its headers are not used.
    """

    def __init__(
        self, address: str, grant: Callable[[], Mapping[str, str]], options: ClientOptions
    ) -> None:
        parts = urlsplit(address)
        base = f"{parts.scheme}://{parts.netloc}"
        self._client = Client(base, replace(options, headers={}, authorise=None))
        self._address, self._grant, self._options = address, grant, options
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def headers(self, is_refused: bool) -> Mapping[str, str]:  # noqa: FBT001  as it is called
        """Return the headers that sign in; with a new token if the last one was refused.

        Raises:
            SourceError: The account is refused, or the endpoint cannot be reached.
        """
        with self._lock:
            now = self._options.clock.monotonic()
            if is_refused or not self._token or now >= self._until:
                self._token, self._until = self._asked(now)
            return {"Authorization": f"Bearer {self._token}"}

    def _asked(self, now: float) -> tuple[str, float]:
        service, name = self._options.service, self._options.token_name
        try:
            reply = self._client.reply(
                self._address, max_bytes=_MOST_BYTES, body=Form(self._grant())
            )
            answer = self._client.json_of(reply)
            token, seconds = str(answer["access_token"]), float(answer.get("expires_in") or 0)
        except (ItemError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise SourceError(
                f"{service} gives no token for the account in {name}: it has expired, was revoked"
                " or lacks a permission"
            ) from error
        return token, now + max(0.0, seconds - _MARGIN_S)
