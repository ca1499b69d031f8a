"""The HTTP server over a real socket: what is not signed, not complete, or not Slack's."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from footnote_qa.bot.errors import StoreError
from footnote_qa.bot.slack.app import bolt_app
from footnote_qa.bot.slack.inbound import http, requests
from footnote_qa.bot.slack.inbound.http import Address, Events, Health, served
from footnote_qa.bot.slack.tokens import Identity

SECRET = "0123456789abcdef"  # noqa: S105 of no real app
EVENT = {"type": "event_callback", "team_id": "T1", "event": {"type": "app_mention", "user": "U1"}}
GOOD = json.dumps(EVENT).encode()
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

seen: list[Any] = []


def signature(body: bytes, made_at: str, secret: str = SECRET) -> str:
    signed = b"v0:" + made_at.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def post(
    body: bytes,
    *,
    made_at: str | None = None,
    signed: bytes | str | None = None,
    kind: bytes | str = JSON,
    more: bytes = b"",
) -> bytes:
    """Return a request, with a right signature unless *signed* is given."""
    made_at = str(int(time.time())) if made_at is None else made_at
    signed = signature(body, made_at) if signed is None else signed
    given = signed.encode() if isinstance(signed, str) else signed
    kind = kind.encode() if isinstance(kind, str) else kind
    return b"\r\n".join(
        [
            b"POST /slack/events HTTP/1.1",
            b"Host: localhost",
            b"Content-Type: " + kind,
            b"Content-Length: " + str(len(body)).encode(),
            b"X-Slack-Request-Timestamp: " + made_at.encode(),
            b"X-Slack-Signature: " + given + more,
            b"",
            body,
        ]
    )


def bolt() -> AsyncApp:
    identity = Identity(team="T1", bot_user="U0", bot_id="B0")
    client = AsyncWebClient(token="xoxb-0")  # noqa: S106 of no workspace
    app = bolt_app(client, identity, signing_secret=SECRET)

    @app.middleware
    async def keep(body: dict[str, Any], next_: Callable[[], Awaitable[object]]) -> object:
        seen.append(body)
        return await next_()

    @app.event("app_mention")
    async def on_mention() -> None:
        pass

    @app.action("again")
    async def on_again(ack: Callable[[], Awaitable[object]], body: dict[str, Any]) -> None:
        if body["actions"][0]["value"] == "full":
            raise StoreError("the disk is full")
        await ack()

    return app


async def nothing() -> str:
    return ""


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """Serve Bolt's app on a free port."""
    seen.clear()
    events = Events(bolt=bolt(), signing_secret=SECRET)
    health = Health(trouble=nothing, metrics=nothing)
    async with served(Address(host="127.0.0.1", port=0), health, events) as port:
        yield port


async def send(port: int, request: bytes) -> bytes:
    """Return all that comes back until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    reply = b""
    with contextlib.suppress(ConnectionError):
        reply = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return reply


async def drip(port: int, request: bytes, *, start: int) -> bool:
    """Send *request* byte by byte from *start*; return whether the server closed on it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request[:start])
    reading = asyncio.create_task(reader.read())
    for at in range(start, start + 40):
        if reading.done():
            break
        writer.write(request[at : at + 1])
        await asyncio.sleep(0.05)
    was_closed = reading.done()
    reading.cancel()
    await asyncio.wait([reading])
    if not reading.cancelled():
        reading.exception()  # a reset is an end as well
    writer.close()
    return was_closed


def replies(*sent: bytes) -> list[bytes]:
    async def main() -> list[bytes]:
        async with serving() as port:
            return [await send(port, request) for request in sent]

    return asyncio.run(main())


def status(reply: bytes) -> int:
    return int(reply.split()[1])


def statuses(*sent: bytes) -> list[int]:
    return [status(reply) for reply in replies(*sent)]


NOT_SIGNED = {
    "no timestamp": post(GOOD, made_at="", signed="v0=1"),
    "a word": post(GOOD, made_at="yesterday"),
    "a sign": post(GOOD, made_at=f"+{int(time.time())}"),
    "a fraction": post(GOOD, made_at=str(time.time())),
    "digits that int() refuses": post(GOOD, made_at="²³"),
    "digits of another script": post(GOOD, made_at="١٧٦٠٠٠٩٠٠٠"),
    "400 digits": post(GOOD, made_at="9" * 400),
    "5,000 digits": post(GOOD, made_at="9" * 5000),
    "zero": post(GOOD, made_at="0"),
    "no signature": post(GOOD, signed=""),
    "another secret": post(GOOD, signed=signature(GOOD, str(int(time.time())), "wrong")),
    "a signature in UTF-8": post(GOOD, signed="v0=é"),
    "a signature in Latin-1": post(GOOD, signed=b"v0=\xe9\xff"),
    "a body that is not UTF-8": post(b"\xff\xfe{}", signed="v0=1"),
    "an unknown charset": post(GOOD, signed="v0=1", kind="application/json; charset=klingon"),
    "an empty body": post(b"", signed="v0=1"),
    "half of JSON": post(b'{"type":', signed="v0=1"),
    "a check of the certificate": post(b"ssl_check=1&token=t", signed="v0=1", kind=FORM),
    "a broken gzip": post(GOOD, signed="v0=1", more=b"\r\nContent-Encoding: gzip"),
    "an odd content type": post(GOOD, signed="v0=1", kind=b"\xff\xe9;charset=\xff;;="),
}


@pytest.mark.parametrize("request_", NOT_SIGNED.values(), ids=NOT_SIGNED)
def test_what_is_not_signed_is_answered_401_without_a_trace(
    request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert statuses(request_) == [401]

    assert seen == []
    assert [record for record in caplog.records if record.exc_info] == []


ODD = {
    "not UTF-8": partial(post, b"\xff\xfe{}"),
    "not UTF-8 inside": partial(post, b'{"type": "\xe9"}'),
    "an unknown charset": partial(post, GOOD, kind="application/json; charset=klingon"),
    "another charset": partial(post, GOOD, kind="application/json; charset=utf-16"),
    "an odd content type": partial(post, b"{}", kind=b"\xff\xe9;charset=\xff;;="),
    "empty": partial(post, b""),
    "half of JSON": partial(post, b'{"type":'),
    "a list": partial(post, b"[1]"),
    "a number": partial(post, b"5"),
    "null": partial(post, b"null"),
    "no type": partial(post, b"{}"),
    "a type that is no word": partial(post, b'{"type": ["event_callback"]}'),
    "no event": partial(post, b'{"type": "event_callback"}'),
    "an event that is a word": partial(post, b'{"type": "event_callback", "event": "x"}'),
    "an event that is a list": partial(post, b'{"type": "event_callback", "event": [1]}'),
    "an event without a type": partial(post, b'{"type": "event_callback", "event": {}}'),
    "authorizations that are a number": partial(post, b'{"type": "x", "authorizations": 5}'),
    "authorizations that are numbers": partial(post, b'{"type": "x", "authorizations": [5]}'),
    "a team that is a number": partial(post, b'{"type": "x", "team": 5}'),
    "brackets without end": partial(post, b'{"a":' + b"[" * 100_000),
    "a form with half of JSON": partial(post, b"payload=%7B", kind=FORM),
    "a form with a list": partial(post, b"payload=[1]", kind=FORM),
    "a form without a payload": partial(post, b"a=1", kind=FORM),
    "a click by nobody": partial(
        post, b'{"type": "block_actions", "actions": [{"action_id": "again", "block_id": "b"}]}'
    ),
    "a window without a name": partial(post, b'{"type": "view_submission", "view": {}}'),
    "a shortcut without a name": partial(post, b'{"type": "shortcut", "user": {"id": "U1"}}'),
    "an enterprise that is a number": partial(post, b'{"type": "block_actions", "enterprise": 5}'),
    "an old click on nothing": partial(
        post, b'{"type": "interactive_message", "callback_id": "c", "actions": []}'
    ),
    "a click on nothing": partial(post, b'{"type": "block_actions", "actions": []}'),
    "a click without a value": partial(
        post,
        b'{"type": "block_actions", "user": {"id": "U1"},'
        b' "actions": [{"action_id": "again", "block_id": "b"}]}',
    ),
}


@pytest.mark.parametrize("request_", ODD.values(), ids=ODD)
def test_what_is_signed_but_odd_is_answered_400(request_: Callable[[], bytes]) -> None:
    """Each is signed here: a signature is good for five minutes, and these tests may be later."""
    assert statuses(request_()) == [400]


def test_what_slack_sends_is_taken() -> None:
    command = b"command=%2Fask&text=why&team_id=T1"
    spelled = post(GOOD, kind="application/json; charset=UTF-8")

    got = statuses(post(GOOD), spelled, post(command, kind=FORM))

    assert got == [200, 200, 404]  # this app has no command
    assert seen[:2] == [EVENT, EVENT]
    assert seen[2]["text"] == "why"


def test_a_failure_of_ours_is_still_a_500_with_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    click = {"action_id": "again", "block_id": "b", "value": "full"}
    body = json.dumps({"type": "block_actions", "user": {"id": "U1"}, "actions": [click]}).encode()

    assert statuses(post(body)) == [500]

    assert [r.exc_info[0] for r in caplog.records if r.exc_info] == [StoreError]


HALF_SENT = {
    "nothing": b"",
    "half a line": b"POST /slack/ev",
    "half a header": b"POST /slack/events HTTP/1.1\r\nHost: localhost\r\nX-Slack-Si",
    "half a body": post(GOOD)[:-5],
    "half a chunk": post(b"")
    .replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    .replace(b"\r\n\r\n", b"\r\n\r\n50\r\nabc"),
    "half a body where none is read": (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na"
    ),
}


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "RECEIVE_S", 0.3)
    monkeypatch.setattr(http, "LINGER_S", 0.2)


@pytest.mark.usefixtures("short_limits")
@pytest.mark.parametrize("half", HALF_SENT.values(), ids=HALF_SENT)
def test_a_half_sent_request_is_closed_after_the_limit(half: bytes) -> None:
    (reply,) = replies(half)  # would last for ever without a limit

    assert reply == b"" or status(reply) in {200, 408}
    assert seen == []


@pytest.mark.usefixtures("short_limits")
@pytest.mark.parametrize("end", [b"X-Slack", b'"team_id"'], ids=["in a header", "in the body"])
def test_a_request_that_drips_is_closed_after_the_limit(end: bytes) -> None:
    request = post(GOOD)

    async def main() -> bool:
        async with serving() as port:
            return await drip(port, request, start=request.index(end))

    assert asyncio.run(main())
    assert seen == []


def test_a_connection_takes_one_request_and_is_closed_with_notice() -> None:
    got = replies(post(GOOD), b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")

    assert [status(reply) for reply in got] == [200, 404]
    assert all(b"connection: close" in reply.lower() for reply in got)


@pytest.mark.parametrize(
    "sent",
    [
        post(b"")
        .replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        .replace(b"\r\n\r\n", b"\r\n\r\nzz\r\nabc\r\n"),
        b"\x16\x03\x01 not HTTP at all\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nLong: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
    ids=["a broken chunk", "not HTTP", "a long header"],
)
def test_what_is_not_http_is_answered_400_and_logged_without_a_trace(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert statuses(sent) == [400]

    assert [r for r in caplog.records if r.exc_info or r.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("rest", [b"zz\r\nabc\r\n", b""], ids=["a broken chunk", "the end"])
def test_a_body_that_breaks_off_is_nobody_s_error(
    rest: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    head = post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")

    async def main() -> None:
        async with serving() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head + b"3\r\nabc\r\n")
            await asyncio.sleep(0.1)  # until the body is being read
            writer.write(rest)
            writer.write_eof()
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), 5)
            writer.close()

    asyncio.run(main())

    assert seen == []
    assert [r for r in caplog.records if r.exc_info or r.levelno >= logging.ERROR] == []


def test_a_signature_of_ten_minutes_ago_does_not_hold() -> None:
    now, earlier = (str(int(time.time()) - ago) for ago in (0, 600))

    held = [
        requests.is_signed(
            GOOD,
            {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": signature(GOOD, at)},
            SECRET,
        )
        for at in (now, earlier)
    ]

    assert held == [True, False]


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(Events(bolt=bolt(), signing_secret=SECRET))


@given(made_at=st.text(), given=st.text(), body=st.binary())
def test_no_header_or_body_makes_the_check_raise(made_at: str, given: str, body: bytes) -> None:
    headers = {"X-Slack-Request-Timestamp": made_at, "X-Slack-Signature": given}

    assert not requests.is_signed(body, headers, SECRET)
