"""How events come to an app: over a socket or by HTTP, again and again until it takes them."""

import asyncio
import contextlib
import json
import random
from collections import defaultdict, deque
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp
from aiohttp import WSMsgType, web

from tests.fakes.slack_delivery import SIGNING_SECRET, Delivery, Fault, http_body, signed
from tests.fakes.slack_people import Doings, history_scope
from tests.fakes.slack_state import APP, BOT_USER, TEAM, Reply, State

PATIENCE_S = 300.0  # only a test that fails waits for so long

# docs.slack.dev/apis/events-api: immediately, after one minute, after five
RETRIES_S = (0.0, 60.0, 300.0)
# docs.slack.dev/apis/events-api/using-socket-mode: up to 10 connections at a time
MAX_SOCKETS = 10

T = TypeVar("T")


class Wire(Doings):
    """The connections between a workspace and an app.

    Attributes:
        deliveries: Everything that the app was ever sent.
        connections: How often it connected.
        request_url: Where it takes events by HTTP; "" if it does not.
        deaf: Whether the next connection answers no ping.
    """

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.deliveries: list[Delivery] = []
        self.connections = 0
        self.request_url = ""
        self.signing_secret = SIGNING_SECRET
        self.deaf = False
        self._chance = random.Random(7)  # noqa: S311 the same order each time
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._sockets: list[web.WebSocketResponse] = []
        self._transports: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self._echoes: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()

    # --- what Slack does ------------------------------------------------------------------

    def deliver(self, event: Reply, *, event_id: str | None = None) -> Delivery:
        """Send an event to the app, if it is connected."""
        delivery = self._delivery(event, event_id)
        self._on_loop(self._send(delivery))
        return delivery

    def deliver_all(self, events: list[Reply]) -> None:
        """Send events of one message, of which none is always the first."""
        self._chance.shuffle(events)
        for event in events:
            self.deliver(event)

    def repeat(self, delivery: Delivery) -> None:
        """Send an event again, as Slack does when it saw no acknowledgement."""
        delivery.attempt += 1
        self._on_loop(self._send(delivery))

    def redeliver(self) -> None:
        """Send again whatever was not acknowledged."""
        for delivery in [d for d in self.deliveries if not d.acked]:
            self.repeat(delivery)

    def advance(self, seconds: float) -> None:
        """Put the workspace's clock forward, and send again what it is time for."""
        super().advance(seconds)
        for delivery in [d for d in self.deliveries if not d.acked and not d.unwanted]:
            while delivery.attempt < len(RETRIES_S) and (
                self.state.passed_s - delivery.sent_s >= RETRIES_S[delivery.attempt]
            ):
                self.repeat(delivery)

    def verify(self) -> Reply:
        """Ask whoever listens at the app's address to confirm it, as Slack does when it is set."""
        challenge = {"type": "url_verification", "challenge": uuid4().hex, "token": "t"}
        delivery = Delivery(challenge)
        self._on_loop(self._post(delivery))
        return challenge | {"answer": delivery.said[-1] if delivery.said else {}}

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to come back, as Slack does from time to time."""
        self._on_loop(self._refresh(reason))

    def cut(self) -> None:
        """Let every connection break off without a word."""
        self._on_loop(self._break())

    # --- inside ---------------------------------------------------------------------------

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def _deliver(self, kind: str, payload: Reply) -> Delivery:
        delivery = Delivery(payload, kind=kind, sent_s=self.state.passed_s)
        with self._changed:
            self.deliveries.append(delivery)
        self._on_loop(self._send(delivery))
        return delivery

    def _delivery(self, event: Reply, event_id: str | None) -> Delivery:
        conversation = self.state.conversations.get(str(event.get("channel")))
        payload = {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": APP,
            "event_id": event_id or "Ev" + uuid4().hex[:9].upper(),
            "event_time": int(float(event.get("ts", 0))),
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
            "is_ext_shared_channel": conversation is not None and conversation.is_ext_shared,
            "event": event,
        }
        delivery = Delivery(payload, sent_s=self.state.passed_s)
        with self._changed:
            self.deliveries.append(delivery)
        return delivery

    async def _send(self, delivery: Delivery) -> None:
        if self.request_url:
            await self._post(delivery)
        if not self._sockets:
            return
        socket = self._sockets.pop(0)  # any connection may get any event
        self._sockets.append(socket)
        faults = self._faults["envelope"]
        fault = faults.popleft() if faults else Fault()
        envelope_id = str(uuid4())
        delivery.envelope_ids.append(envelope_id)
        envelope = {
            "type": delivery.kind,
            "envelope_id": envelope_id,
            "accepts_response_payload": delivery.kind != "events_api",
            "retry_attempt": delivery.attempt,
            "retry_reason": "timeout" if delivery.attempt else "",
            "payload": delivery.payload,
        }
        with contextlib.suppress(ConnectionError):  # lost on the way, like any other
            if fault.drop != "before":
                await socket.send_json(envelope)
        if fault.drop:
            self._transports[socket].abort()

    async def _post(self, delivery: Delivery) -> None:
        """Deliver by HTTP; docs.slack.dev/authentication/verifying-requests-from-slack."""
        body, kind = http_body(delivery)
        retry = {"X-Slack-Retry-Num": str(delivery.attempt), "X-Slack-Retry-Reason": "http_timeout"}
        headers = (
            signed(body, secret=self.signing_secret)
            | {"Content-Type": kind}
            | (retry if delivery.attempt else {})
        )
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with (
                aiohttp.ClientSession() as session,
                session.post(self.request_url, data=body, headers=headers) as reply,
            ):
                text = await reply.text()
                with self._changed:
                    delivery.acked += reply.status == 200
                    # docs.slack.dev/apis/events-api: whoever says so is not asked again
                    delivery.unwanted = reply.headers.get("X-Slack-No-Retry") == "1"
                    delivery.said.append(json.loads(text) if text.startswith("{") else {})
                    self._changed.notify_all()

    async def _refresh(self, reason: str) -> None:
        for socket in list(self._sockets):
            await socket.send_json({"type": "disconnect", "reason": reason})

    async def _break(self) -> None:
        for transport in self._transports.values():
            transport.abort()

    async def _serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        deaf, self.deaf = self.deaf, False
        socket = web.WebSocketResponse(autoping=not deaf)
        await socket.prepare(request)
        if len(self._sockets) >= MAX_SOCKETS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        await socket.send_json({"type": "hello", "num_connections": len(self._sockets) + 1})
        with self._changed:
            if request.transport is not None:
                self._transports[socket] = request.transport
            self._sockets.append(socket)
            self.connections += 1
            self._changed.notify_all()
        with contextlib.suppress(ConnectionError):  # a ping came over what is cut
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._ack(json.loads(message.data))
        with self._changed:
            self._transports.pop(socket, None)
            self._sockets.remove(socket)
            self._changed.notify_all()
        return socket

    def _ack(self, message: Mapping[str, Any]) -> None:
        with self._changed:
            for delivery in self.deliveries:
                if message.get("envelope_id") in delivery.envelope_ids:
                    delivery.acked += 1
                    delivery.said.append(message.get("payload") or {})
            self._changed.notify_all()

    def _echo(self, method: str, reply: Reply) -> None:
        """Where the app may read the channel, it gets events for its own messages too."""
        channel = str(reply.get("channel", ""))
        if method != "chat.postMessage" or not reply["ok"]:
            return
        scope, kind = history_scope(channel)
        if scope not in self.state.scopes:
            return
        event = {"channel": channel, "channel_type": kind} | reply["message"]
        echo = self._loop.create_task(self._send(self._delivery(event, None)))
        self._echoes.add(echo)
        echo.add_done_callback(self._echoes.discard)
