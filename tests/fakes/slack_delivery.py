"""Events and replies between Slack and an app, with the faults that can happen to them."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from tests.fakes.slack_state import Reply

SIGNING_SECRET = "fake-signing-secret"  # noqa: S105 it opens nothing


@dataclass
class Fault:
    """A fault of the next calls of a method.

    Attributes:
        error: Answer 200 with this error, such as "ratelimited".
        status: Answer with this status and no JSON.
        retry_after_s: Sent along as Retry-After.
        drop: Cut the connection "before" or "after" the call had its effect.
        hold: Wait for `release` "before" or "after" the call had its effect.
        garbage: Do it, then answer something that is not JSON.
    """

    error: str | None = None
    status: int = 200
    retry_after_s: int | None = None
    drop: str | None = None
    hold: str | None = None
    garbage: bool = False


@dataclass
class Call:
    """One call of a method, as it came in."""

    method: str
    args: Mapping[str, Any]
    token: str


@dataclass
class Delivery:
    """One event, click or command on its way to the app.

    Attributes:
        kind: Of the envelope: "events_api", "interactive" or "slash_commands".
        said: What the app answered in its acknowledgement.
        sent_s: When it was sent first, on the workspace's own clock.
        unwanted: Whether the app said that it does not want it again.
    """

    payload: Reply
    kind: str = "events_api"
    said: list[Reply] = field(default_factory=list)
    attempt: int = 0
    acked: int = 0
    envelope_ids: list[str] = field(default_factory=list)
    sent_s: float = 0.0
    unwanted: bool = False


def signed(body: str, *, at: float | None = None, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """Return the headers by which Slack shows that a request is its own."""
    made_at = str(int(time.time() if at is None else at))
    signature = SignatureVerifier(secret).generate_signature(timestamp=made_at, body=body)
    return {"X-Slack-Request-Timestamp": made_at, "X-Slack-Signature": str(signature)}


def http_body(delivery: Delivery) -> tuple[str, str]:
    if delivery.kind == "events_api":
        return json.dumps(delivery.payload), "application/json"
    form = delivery.payload
    if delivery.kind == "interactive":
        form = {"payload": json.dumps(delivery.payload)}
    return urlencode(form), "application/x-www-form-urlencoded"
