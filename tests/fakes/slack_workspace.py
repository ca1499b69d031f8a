"""A fake Slack over real HTTP and a real WebSocket, with faults on command."""

import asyncio
import contextlib
import html
import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from uuid import uuid4

from aiohttp import WSMsgType, web

from tests.fakes.slack_display import Shown, show
from tests.fakes.slack_messages import (
    ASKER,
    BOT_ID,
    BOT_USER,
    TEAM,
    Conversation,
    MethodError,
    Reply,
    State,
    call,
)

BOT_TOKEN = "xoxb-fake-bot-token"  # noqa: S105 it opens nothing
APP_TOKEN = "xapp-fake-app-token"  # noqa: S105 it opens nothing
CHANNEL = "C0GENERAL"
DIRECT = "D0ASKER"
PATIENCE_S = 20.0

T = TypeVar("T")


@dataclass
class Fault:
    """What goes wrong with the next calls of a method.

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
    """One event on its way to the app."""

    payload: Reply
    attempt: int = 0
    acked: int = 0
    envelope_ids: list[str] = field(default_factory=list)


class SlackWorkspace:
    """One workspace with a channel, a direct message, and the app in both."""

    def __init__(self, scopes: Collection[str]) -> None:
        self.state = State(scopes=set(scopes))
        for channel in (CHANNEL, DIRECT):
            self.state.conversations[channel] = Conversation(channel)
        for user in (ASKER, BOT_USER):
            self.state.users[user] = {"id": user, "is_bot": user == BOT_USER}
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.revoked: set[str] = set()
        self.connections = 0
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._changed = threading.Condition()
        self._sockets: list[web.WebSocketResponse] = []
        self._held = asyncio.Event()
        self._echoes: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self._port = 0

    # --- its life -------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._thread.start()
        self._on_loop(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._on_loop(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    @property
    def api_url(self) -> str:
        return self.url + "api/"

    # --- what people do -------------------------------------------------------------------

    def mention(self, text: str, *, channel: str = CHANNEL, **event: Any) -> str:
        """Mention the app in a channel; returns the message's ts."""
        with self._changed:
            message = self._say(channel, f"<@{BOT_USER}> {text}", event)
        self.deliver(message | {"type": "app_mention", "channel": channel})
        return str(message["ts"])

    def direct(self, text: str, *, channel: str = DIRECT, **event: Any) -> str:
        """Write the app a direct message; returns the message's ts."""
        with self._changed:
            message = self._say(channel, text, event)
        self.deliver({"channel": channel, "channel_type": "im"} | message)
        return str(message["ts"])

    def delete(self, channel: str, ts: str) -> None:
        """Delete a message."""
        with self._changed:
            self.state.delete(channel, ts)

    # --- what Slack does ------------------------------------------------------------------

    def deliver(self, event: Reply, *, event_id: str | None = None) -> Delivery:
        """Send an event to the app, if it is connected."""
        delivery = self._delivery(event, event_id)
        self._on_loop(self._send(delivery))
        return delivery

    def repeat(self, delivery: Delivery) -> None:
        """Send an event again, as Slack does when it saw no acknowledgement."""
        delivery.attempt += 1
        self._on_loop(self._send(delivery))

    def redeliver(self) -> None:
        """Send again whatever was not acknowledged."""
        for delivery in [d for d in self.deliveries if not d.acked]:
            self.repeat(delivery)

    def disconnect(self) -> None:
        """Ask every connection to come back, as Slack does from time to time."""
        self._on_loop(self._refresh())

    def fail(self, method: str, *faults: Fault) -> None:
        """Let the next calls of *method* meet these faults, one each."""
        self._faults[method].extend(faults)

    def release(self) -> None:
        """Let held calls go on."""
        self._loop.call_soon_threadsafe(self._held.set)

    # --- what tests look at ---------------------------------------------------------------

    def wait_for(self, happened: Callable[[], object], what: str) -> None:
        """Return as soon as *happened*; fail after a long time."""
        with self._changed:
            if not self._changed.wait_for(happened, PATIENCE_S):
                raise AssertionError(f"never happened: {what}")

    def wait_until_connected(self) -> None:
        self.wait_for(lambda: self._sockets, "the app connects")

    def answers(self, channel: str) -> list[Reply]:
        """Return the app's messages, oldest first."""
        messages = self.state.conversations[channel].messages
        return [m for m in messages if m.get("bot_id") == BOT_ID]

    def shown(self) -> list[Shown]:
        """Return what all of the app's messages show."""
        return [show(m) for channel in self.state.conversations for m in self.answers(channel)]

    def wait_until_reconnected(self, connections: int) -> None:
        """Wait for the app's n-th connection, and until it is the only one."""
        self.wait_for(
            lambda: self.connections >= connections and len(self._sockets) == 1,
            "the app connects again",
        )

    def wait_until_gone(self) -> None:
        self.wait_for(lambda: not self._sockets, "the app disconnects")

    def count(self, method: str) -> int:
        """Return how often a method was called."""
        return sum(c.method == method for c in self.calls)

    # --- inside ---------------------------------------------------------------------------

    def _say(self, channel: str, text: str, event: Mapping[str, Any]) -> Reply:
        message = self.state.add(channel, {"user": ASKER, "text": text} | dict(event))
        return {k: v for k, v in message.items() if k != "metadata"}

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._serve_method)
        app.router.add_get("/link", self._serve_socket)
        app.router.add_get("/", self._serve_page)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        self._held.set()
        for socket in list(self._sockets):
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _delivery(self, event: Reply, event_id: str | None) -> Delivery:
        payload = {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A0APP",
            "event_id": event_id or "Ev" + uuid4().hex[:9].upper(),
            "event_time": int(float(event.get("ts", 0))),
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
            "event": event,
        }
        delivery = Delivery(payload)
        with self._changed:
            self.deliveries.append(delivery)
        return delivery

    async def _send(self, delivery: Delivery) -> None:
        if not self._sockets:
            return
        socket = self._sockets.pop(0)  # any connection may get any event
        self._sockets.append(socket)
        envelope_id = str(uuid4())
        delivery.envelope_ids.append(envelope_id)
        envelope = {
            "type": "events_api",
            "envelope_id": envelope_id,
            "accepts_response_payload": False,
            "retry_attempt": delivery.attempt,
            "retry_reason": "timeout" if delivery.attempt else "",
            "payload": delivery.payload,
        }
        with contextlib.suppress(ConnectionError):  # lost on the way, like any other
            await socket.send_json(envelope)

    async def _refresh(self) -> None:
        for socket in list(self._sockets):
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def _serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        with self._changed:
            self._sockets.append(socket)
            self.connections += 1
            self._changed.notify_all()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._ack(json.loads(message.data))
        with self._changed:
            self._sockets.remove(socket)
            self._changed.notify_all()
        return socket

    def _ack(self, message: Mapping[str, Any]) -> None:
        with self._changed:
            for delivery in self.deliveries:
                if message.get("envelope_id") in delivery.envelope_ids:
                    delivery.acked += 1
            self._changed.notify_all()

    async def _serve_method(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await _arguments(request)
        token = str(args.pop("token", "") or request.headers.get("Authorization", "")[7:])
        faults = self._faults[method]
        fault = faults.popleft() if faults else Fault()
        self._note(Call(method, args, token))
        if fault.hold == "before":
            await self._wait()
        if fault.drop == "before":
            return _cut(request)
        if fault.status != 200 or fault.error:
            return _faulty(fault)
        reply = self._do(method, args, token)
        self._echo(method, reply)
        if fault.hold == "after":
            await self._wait()
        if fault.drop == "after":
            return _cut(request)
        if fault.garbage:
            return web.Response(text="<oops", content_type="application/json")
        scopes = ",".join(sorted(self.state.scopes))
        return web.json_response(reply, headers={"x-oauth-scopes": scopes})

    def _echo(self, method: str, reply: Reply) -> None:
        """In a direct message the app is told of its own messages too."""
        channel = str(reply.get("channel", ""))
        if method == "chat.postMessage" and reply["ok"] and channel.startswith("D"):
            event = {"channel": channel, "channel_type": "im"} | reply["message"]
            delivery = self._delivery(event, None)
            echo = self._loop.create_task(self._send(delivery))
            self._echoes.add(echo)
            echo.add_done_callback(self._echoes.discard)

    def _note(self, made: Call) -> None:
        with self._changed:
            self.calls.append(made)
            self._changed.notify_all()

    async def _wait(self) -> None:
        await self._held.wait()
        self._held.clear()

    def _do(self, method: str, args: Mapping[str, Any], token: str) -> Reply:
        with self._changed:
            try:
                reply: Reply = {"ok": True, **self._checked(method, args, token)}
            except MethodError as error:
                reply = {"ok": False, "error": error.code, **error.details}
            self._changed.notify_all()
        return reply

    def _checked(self, method: str, args: Mapping[str, Any], token: str) -> Reply:
        if not token:
            raise MethodError("not_authed")
        if token not in {BOT_TOKEN, APP_TOKEN}:
            raise MethodError("invalid_auth")
        if token in self.revoked:
            raise MethodError("token_revoked")
        if (token == APP_TOKEN) is not (method == "apps.connections.open"):
            raise MethodError("not_allowed_token_type")
        if method == "apps.connections.open":
            return {"url": f"ws://127.0.0.1:{self._port}/link?ticket={uuid4().hex}"}
        return call(self.state, method, args)

    async def _serve_page(self, _: web.Request) -> web.Response:
        with self._changed:
            parts = [_page_part(c) for c in self.state.conversations.values()]
        page = "<!doctype html><title>Fake Slack</title>" + "".join(parts)
        return web.Response(text=page, content_type="text/html")


async def _arguments(request: web.Request) -> dict[str, Any]:
    body = await request.text()
    if request.content_type == "application/json":
        return dict(json.loads(body)) if body else {}
    args: dict[str, Any] = dict(request.query.items()) | dict((await request.post()).items())
    for key in ("blocks", "metadata"):
        if isinstance(args.get(key), str):
            args[key] = json.loads(args[key])
    return args


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _faulty(fault: Fault) -> web.Response:
    headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
    if fault.error:
        reply: Reply = {"ok": False, "error": fault.error}
        return web.json_response(reply, status=fault.status, headers=headers)
    return web.Response(text="<html>sorry</html>", status=fault.status, headers=headers)


def _page_part(conversation: Conversation) -> str:
    rows = []
    for message in conversation.messages:
        is_reply = message.get("thread_ts") not in {None, message["ts"]}
        style = "margin-left:2em" if is_reply else ""
        text = html.escape(show(message).text)
        who = html.escape(str(message.get("user")))
        rows.append(f"<p style='{style};white-space:pre-wrap'><b>{who}</b> {text}</p>")
    return f"<h2>{html.escape(conversation.id)}</h2>" + "".join(rows)
