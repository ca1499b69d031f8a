"""Slack's HTTP requests: verify the signature, then parse the body."""

import hashlib
import hmac
import logging
import re
import time
from collections.abc import Mapping
from email.message import Message
from typing import Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from footnote_qa.bot.errors import MalformedRequestError

log = logging.getLogger(__name__)

MAX_AGE_S: Final = 300
"""Slack's own limit: an older request may be a replay."""

_SECONDS = re.compile(r"[0-9]{1,12}")  # str.isdigit also takes digits that int() refuses
_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_OF_PAYLOADS = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors of code that finds another payload than it expects."""


def is_signed(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Return whether Slack signed the request, in the last five minutes; never raises.

    >>> is_signed(b"{}", {"X-Slack-Request-Timestamp": "now", "X-Slack-Signature": "v0=1"}, "s")
    False
    """
    made_at = headers.get("X-Slack-Request-Timestamp", "")
    if not _SECONDS.fullmatch(made_at) or abs(time.time() - int(made_at)) > MAX_AGE_S:
        return False
    signed = b"v0:" + made_at.encode() + b":" + body
    expected = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    given = headers.get("X-Slack-Signature", "")
    # compare_digest refuses text that is not ASCII, but takes any bytes.
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))


def parse(body: bytes, headers: Mapping[str, str], *, query: str = "") -> AsyncBoltRequest:
    """Return a signed request as Bolt reads it.

    Raises:
        MalformedRequestError: The body is not UTF-8, or not an object that says what it is.
    """
    if (charset := _charset(headers.get("Content-Type", ""))) not in _UTF_8:
        raise MalformedRequestError(f"the charset is {charset[:40]!r}, not UTF-8")
    try:
        request = AsyncBoltRequest(body=body.decode(), query=query, headers=dict(headers))
    except _OF_PAYLOADS as error:
        raise MalformedRequestError(
            f"the body cannot be parsed ({type(error).__name__})"
        ) from error
    if not _says_what_it_is(request.body):
        raise MalformedRequestError("the body has no type")
    return request


async def dispatched(app: AsyncApp, request: AsyncBoltRequest) -> BoltResponse:
    """Return the app's response; 400 to a payload that Bolt itself cannot read."""
    try:
        return await app.async_dispatch(request)
    except _OF_PAYLOADS as error:  # Bolt reads the payload again for the handler of errors
        return _failed(error)


def answer_odd_payloads(app: AsyncApp) -> None:
    """Let *app* answer 400 to a payload that its listeners cannot read, and 500 to other errors."""

    async def on_error(error: Exception) -> BoltResponse:
        return _failed(error)

    app.error(on_error)


def _failed(error: Exception) -> BoltResponse:
    log.error("request failed", exc_info=error)
    return BoltResponse(status=400 if isinstance(error, _OF_PAYLOADS) else 500, body="")


def _charset(content_type: str) -> str:
    header = Message()
    header["Content-Type"] = " ".join(content_type.split())
    return str(header.get_content_charset("utf-8"))


def _says_what_it_is(payload: object) -> bool:
    if not isinstance(payload, dict):
        return False
    match payload.get("type"):
        case "event_callback":
            return _has(payload.get("event"), "type")
        case "block_actions":
            actions = payload.get("actions")
            is_click = isinstance(actions, list) and _has(next(iter(actions), None), "action_id")
            return is_click and _has(payload.get("user"), "id")
        case "view_submission" | "view_closed":
            return _has(payload.get("view"), "callback_id") and _has(payload.get("user"), "id")
        case "shortcut" | "message_action":
            return _has(payload, "callback_id") and _has(payload.get("user"), "id")
    return any(_has(payload, name) for name in ("type", "command", "ssl_check"))


def _has(value: object, name: str) -> bool:
    return isinstance(value, dict) and isinstance(value.get(name), str)
