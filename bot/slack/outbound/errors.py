"""Classify errors of Slack API calls: repeat, give up, or uncertain."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

CALL_ERRORS: Final = (SlackApiError, aiohttp.ClientError, TimeoutError, OSError)
"""All errors that a call to Slack raises."""

MAX_RETRY_AFTER_S: Final = 120.0

_TRANSIENT = {"ratelimited", "rate_limited", "service_unavailable", "request_timeout"}
_BROKEN = {"internal_error", "fatal_error", "messaging_processing_failed"}
_TOKEN = {
    "account_inactive",
    "invalid_auth",
    "missing_scope",
    "not_allowed_token_type",
    "not_authed",
    "token_expired",
    "token_revoked",
}
_MALFORMED = {
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
}


class Fault(StrEnum):
    """The meaning of a failed call."""

    NOT_DONE = "not_done"  # it had no effect; it may be repeated
    BROKEN = "broken"  # Slack failed at it; most likely it had no effect
    UNSURE = "unsure"  # it was sent, but no answer came back
    MALFORMED = "malformed"  # Slack refuses the form of the message
    TOKEN = "token"  # noqa: S105 the token is no longer valid; no call will succeed
    CLOSED = "closed"  # the bot may not do anything there


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed call.

    Attributes:
        fault: What happened.
        code: Slack's error code, or the error's class; safe to log.
        retry_after_s: How long Slack asks to wait; 0 if it does not say.
    """

    fault: Fault
    code: str
    retry_after_s: float = 0.0


def failure(error: Exception) -> Failure:
    """Return the meaning of *error*, one of `CALL_ERRORS`."""
    if isinstance(error, SlackApiError):
        return _refusal(error)
    # For these it is certain that nothing was sent, because there was no connection.
    never_sent = isinstance(error, aiohttp.ClientConnectorError)
    return Failure(fault=Fault.NOT_DONE if never_sent else Fault.UNSURE, code=type(error).__name__)


def _refusal(error: SlackApiError) -> Failure:
    response = error.response
    if not isinstance(response, AsyncSlackResponse):  # the reply was not JSON
        return Failure(fault=Fault.UNSURE, code="unreadable_reply")
    status: int = response.status_code
    code = _code(response)
    if status == 429 or code in _TRANSIENT:  # noqa: PLR2004 too many requests
        return Failure(
            fault=Fault.NOT_DONE, code=code, retry_after_s=_retry_after_s(response.headers)
        )
    if status >= 500:  # noqa: PLR2004 the server's own errors
        return Failure(fault=Fault.BROKEN, code=f"http_{status}")
    return Failure(fault=_FAULTS.get(code, Fault.CLOSED), code=code)


_FAULTS: Final = (
    dict.fromkeys(_BROKEN, Fault.BROKEN)
    | dict.fromkeys(_TOKEN, Fault.TOKEN)
    | dict.fromkeys(_MALFORMED, Fault.MALFORMED)
)


def _code(response: AsyncSlackResponse) -> str:
    data = response.data
    return str(data.get("error", "unknown")) if isinstance(data, dict) else "unknown"


def _retry_after_s(headers: Mapping[str, Any]) -> float:
    values = {name.lower(): str(value) for name, value in headers.items()}
    after = values.get("retry-after", "")
    return min(float(after), MAX_RETRY_AFTER_S) if after.isdigit() else 0.0
