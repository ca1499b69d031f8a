"""How the fake Slack delivers, and what goes wrong with it: driven by slack_sdk alone."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import RetryHandler
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack_state import BOT_USER
from tests.fakes.slack_wire import MAX_SOCKETS
from tests.fakes.slack_workspace import (
    APP_TOKEN,
    BOT_TOKEN,
    CHANNEL,
    DIRECT,
    SIGNING_SECRET,
    Fault,
    SlackWorkspace,
)

LISTENING = {"chat:write", "im:history", "channels:history"}


@pytest.fixture
def slack() -> Iterator[SlackWorkspace]:
    with SlackWorkspace({"chat:write", "im:history"}) as workspace:
        yield workspace


class App:
    """An app that takes every event, and acknowledges it if *acks* is set."""

    def __init__(self, slack: SlackWorkspace, *, acks: bool = True) -> None:
        self.slack = slack
        self.acks = acks
        self.taken: list[SocketModeRequest] = []
        self.clients: list[SocketModeClient] = []

    async def connect(self) -> None:
        web = AsyncWebClient(token=BOT_TOKEN, base_url=self.slack.api_url)
        client = SocketModeClient(app_token=APP_TOKEN, web_client=web, ping_interval=0.2)
        client.socket_mode_request_listeners.append(self._take)
        self.clients.append(client)
        before = len(self.slack._sockets)
        await client.connect()  # type: ignore[no-untyped-call]  # slack_sdk's own
        await asyncio.to_thread(
            self.slack.wait_for, lambda: len(self.slack._sockets) > before, "it connects"
        )

    async def _take(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.taken.append(request)
        if self.acks:
            await client.send_socket_mode_response(
                SocketModeResponse(envelope_id=request.envelope_id)
            )


def play(app: App, *acts: Callable[[], object], connections: int = 1) -> list[SocketModeRequest]:
    """Connect, and let things happen one after the other; returns what the app took."""

    async def run() -> None:
        for _ in range(connections):
            await app.connect()
        try:
            for act in acts:
                await asyncio.to_thread(act)
        finally:
            for client in app.clients:
                await client.close()  # type: ignore[no-untyped-call]  # slack_sdk's own

    asyncio.run(run())
    return app.taken


def test_an_event_comes_once_and_is_acknowledged(slack: SlackWorkspace) -> None:
    taken = play(
        App(slack),
        lambda: slack.mention("hello"),
        lambda: slack.wait_for(lambda: slack.deliveries[0].acked, "the acknowledgement"),
        lambda: slack.advance(1000),
    )

    (request,) = taken
    assert (request.type, request.retry_attempt) == ("events_api", 0)
    assert request.payload["event"]["text"] == f"<@{BOT_USER}> hello"


def test_an_event_without_acknowledgement_comes_again_immediately_after_one_and_after_five_minutes(
    slack: SlackWorkspace,
) -> None:
    attempts: list[int] = []

    def pass_(seconds: float) -> None:
        slack.advance(seconds)
        attempts.append(slack.deliveries[0].attempt)

    play(
        App(slack, acks=False),
        lambda: slack.mention("hello"),
        *(partial(pass_, seconds) for seconds in (0, 59, 1, 239, 1, 9999)),
    )

    assert attempts == [1, 1, 2, 2, 3, 3]
    envelopes = slack.deliveries[0].envelope_ids
    assert len(set(envelopes)) == 4


def test_any_of_several_connections_gets_the_next_event(slack: SlackWorkspace) -> None:
    app = App(slack)
    by_client: list[int] = []

    async def note(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        by_client.append(app.clients.index(client))  # type: ignore[arg-type]  # it is one of ours
        await App._take(app, client, request)

    app._take = note  # type: ignore[method-assign]  # to see who took it
    play(
        app,
        lambda: [slack.mention(f"{n}") for n in range(4)],
        lambda: slack.wait_for(lambda: all(d.acked for d in slack.deliveries), "all taken"),
        connections=2,
    )

    assert sorted(by_client) == [0, 0, 1, 1]


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
def test_an_app_that_is_asked_to_come_back_does(slack: SlackWorkspace, reason: str) -> None:
    play(
        App(slack),
        lambda: slack.disconnect(reason),
        lambda: slack.wait_until_reconnected(2),
        lambda: slack.mention("hello"),
        lambda: slack.wait_for(lambda: slack.deliveries[0].acked, "the acknowledgement"),
    )

    assert slack.connections == 2


@pytest.mark.parametrize(("drop", "arrived"), [("before", 0), ("after", 1)])
def test_a_connection_that_breaks_at_an_envelope_leaves_it_unacknowledged(
    slack: SlackWorkspace, drop: str, arrived: int
) -> None:
    slack.fail("envelope", Fault(drop=drop))
    app = App(slack, acks=False)

    play(
        app,
        lambda: slack.mention("hello"),
        lambda: slack.wait_until_reconnected(2),
    )

    assert slack.deliveries[0].acked == 0
    assert len(app.taken) <= arrived


def test_more_connections_than_slack_allows_are_turned_away(slack: SlackWorkspace) -> None:
    web = WebClient(token=APP_TOKEN, base_url=slack.api_url)

    async def run() -> list[Any]:
        async with aiohttp.ClientSession() as session:
            sockets = []
            for _ in range(MAX_SOCKETS + 1):
                reply = await asyncio.to_thread(web.apps_connections_open, app_token=APP_TOKEN)
                sockets.append(await session.ws_connect(str(reply["url"])))
            said = [await socket.receive_json() for socket in sockets]
            for socket in sockets:
                await socket.close()
            return said

    *welcome, last = asyncio.run(run())

    assert [message["num_connections"] for message in welcome] == list(range(1, 11))
    assert last == {"type": "disconnect", "reason": "too_many_websockets"}


def test_a_mention_comes_twice_in_any_order_where_the_app_reads_along() -> None:
    with SlackWorkspace(LISTENING) as slack:
        for n in range(20):
            slack.mention(f"{n}")
        pairs = [slack.deliveries[i : i + 2] for i in range(0, 40, 2)]

    kinds = [[d.payload["event"]["type"] for d in pair] for pair in pairs]
    assert sorted({tuple(kind) for kind in kinds}) == [
        ("app_mention", "message"),
        ("message", "app_mention"),
    ]
    for first, second in pairs:
        assert first.payload["event"]["ts"] == second.payload["event"]["ts"]
        assert first.payload["event_id"] != second.payload["event_id"]


def test_an_edited_mention_comes_again_with_another_event_id(slack: SlackWorkspace) -> None:
    ts = slack.mention("hello")
    slack.edit(CHANNEL, ts, f"<@{BOT_USER}> hello, you")

    first, again, _ = (d.payload for d in slack.deliveries)
    assert again["event"]["type"] == "app_mention"
    assert again["event"]["ts"] == ts
    assert again["event"]["edited"]
    assert again["event_id"] != first["event_id"]


def test_an_app_hears_itself_where_it_reads_along(slack: SlackWorkspace) -> None:
    client = WebClient(token=BOT_TOKEN, base_url=slack.api_url)

    client.chat_postMessage(channel=DIRECT, text="to one")
    client.chat_postMessage(channel=CHANNEL, text="to all")
    slack.wait_for(lambda: slack.deliveries, "the echo")

    (echo,) = slack.deliveries
    assert echo.payload["event"]["text"] == "to one"
    assert echo.payload["event"]["bot_id"]


# --- by HTTP ------------------------------------------------------------------------------


class Listener(BaseHTTPRequestHandler):
    """Notes each request, and sends the reply that the test sets."""

    came: list[tuple[dict[str, str], str]]
    status = 200
    headers_back: dict[str, str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        type(self).came.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.status)
        for name, value in self.headers_back.items():
            self.send_header(name, value)
        self.end_headers()
        if body.startswith("{"):
            self.wfile.write(json.dumps({"was": json.loads(body).get("challenge")}).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def listener(slack: SlackWorkspace) -> Iterator[type[Listener]]:
    kind = type("OneListener", (Listener,), {"came": [], "headers_back": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    slack.request_url = f"http://127.0.0.1:{server.server_port}/slack/events"
    yield kind
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_comes_by_http_is_signed(slack: SlackWorkspace, listener: type[Listener]) -> None:
    slack.mention("hello")
    slack.command("why?")
    slack.interact({"type": "block_actions", "actions": []}, user="U0ASKER")

    verifier = SignatureVerifier(SIGNING_SECRET)
    assert [verifier.is_valid_request(body, headers) for headers, body in listener.came] == [
        *(True, True, True)
    ]
    headers, body = listener.came[0]
    assert not SignatureVerifier("another").is_valid_request(body, headers)
    assert [d.acked for d in slack.deliveries] == [1, 1, 1]


def test_what_is_refused_by_http_comes_again_with_its_number(
    slack: SlackWorkspace, listener: type[Listener]
) -> None:
    listener.status = 500
    slack.mention("hello")
    slack.advance(60)

    numbers = [headers.get("x-slack-retry-num") for headers, _ in listener.came]
    reasons = {headers.get("x-slack-retry-reason") for headers, _ in listener.came[1:]}
    assert numbers == [None, "1", "2"]
    assert reasons == {"http_timeout"}


def test_an_app_can_say_that_it_does_not_want_an_event_again(
    slack: SlackWorkspace, listener: type[Listener]
) -> None:
    listener.status = 500
    listener.headers_back = {"X-Slack-No-Retry": "1"}
    slack.mention("hello")
    slack.advance(1000)

    assert len(listener.came) == 1


@pytest.mark.usefixtures("listener")
def test_an_address_is_asked_to_confirm_itself(slack: SlackWorkspace) -> None:
    asked = slack.verify()

    assert asked["answer"] == {"was": asked["challenge"]}


# --- faults on command --------------------------------------------------------------------


def post(slack: SlackWorkspace, retries: list[RetryHandler] | None = None) -> Any:
    client = WebClient(token=BOT_TOKEN, base_url=slack.api_url, retry_handlers=retries or [])
    return client.chat_postMessage(channel=CHANNEL, text="x")


@pytest.mark.parametrize(
    ("fault", "posted"),
    [
        (Fault(status=503), 0),
        (Fault(status=429, retry_after_s=7), 0),
        (Fault(error="ratelimited"), 0),
        (Fault(drop="before"), 0),
        (Fault(drop="after"), 1),
        (Fault(garbage=True), 1),
    ],
)
def test_a_fault_meets_one_call_before_or_after_it_had_its_effect(
    slack: SlackWorkspace, fault: Fault, posted: int
) -> None:
    slack.fail("chat.postMessage", fault)

    with pytest.raises((SlackApiError, OSError)) as raised:
        post(slack)
    left = len(slack.answers(CHANNEL))
    post(slack)

    assert left == posted
    assert len(slack.answers(CHANNEL)) == posted + 1
    if isinstance(raised.value, SlackApiError) and fault.retry_after_s:
        assert raised.value.response.headers["Retry-After"] == "7"


@pytest.mark.parametrize(("hold", "posted"), [("before", 0), ("after", 1)])
def test_a_call_can_be_held_before_or_after_its_effect(
    slack: SlackWorkspace, hold: str, posted: int
) -> None:
    slack.fail("chat.postMessage", Fault(hold=hold))
    calling = threading.Thread(target=post, args=(slack,))
    calling.start()
    slack.wait_for(lambda: slack.count("chat.postMessage"), "the call")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) == posted, "its effect, or none")

    meanwhile = len(slack.answers(CHANNEL))
    slack.release()
    calling.join()

    assert meanwhile == posted
    assert len(slack.answers(CHANNEL)) == 1
