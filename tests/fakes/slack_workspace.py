"""A fake Slack over real HTTP and a real WebSocket, with faults on command."""

import asyncio
import html
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any, Self
from uuid import uuid4

from aiohttp import web

from tests.fakes.slack_delivery import SIGNING_SECRET, Call, Delivery, Fault, signed
from tests.fakes.slack_display import Shown, show
from tests.fakes.slack_limits import problems
from tests.fakes.slack_messages import (
    ASKER,
    BOT_ID,
    BOT_USER,
    Conversation,
    MethodError,
    Reply,
    State,
    call,
)
from tests.fakes.slack_people import CHANNEL, DIRECT
from tests.fakes.slack_tiers import Tiers
from tests.fakes.slack_wire import PATIENCE_S, Wire

__all__ = [
    "APP_TOKEN",
    "ASKER",
    "BOT_TOKEN",
    "CHANNEL",
    "DIRECT",
    "RESPONSE_URL_LIVES_S",
    "SIGNING_SECRET",
    "Call",
    "Delivery",
    "Fault",
    "SlackWorkspace",
    "signed",
]

BOT_TOKEN = "xoxb-fake-bot-token"  # noqa: S105 it opens nothing
APP_TOKEN = "xapp-fake-app-token"  # noqa: S105 it opens nothing
# docs.slack.dev/interactivity/handling-user-interaction: five times within half an hour
RESPONSE_URL_USES = 5
RESPONSE_URL_LIVES_S = 1800.0


class SlackWorkspace(Wire):
    """One workspace with a channel, a direct message, and the app in both."""

    def __init__(self, scopes: Collection[str]) -> None:
        super().__init__(State(scopes=set(scopes)))
        for channel in (CHANNEL, "C0OPEN", "C0OFF", DIRECT):
            self.state.conversations[channel] = Conversation(channel)
        for user in (ASKER, "U0STAFF", "U0HELPER", BOT_USER):
            self.add_user(user, is_bot=user == BOT_USER)
        self.calls: list[Call] = []
        self.revoked: set[str] = set()
        self.accepted = {BOT_TOKEN, APP_TOKEN}
        self.tiers: Tiers | None = None
        self.private: list[Reply] = []
        self._private_uses: dict[str, int] = defaultdict(int)
        self._private_since: dict[str, float] = {}
        self._held = asyncio.Event()
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
    def api_url(self) -> str:
        return self.url + "api/"

    # --- what tests do ---------------------------------------------------------------------

    def fail(self, method: str, *faults: Fault) -> None:
        """Let the next calls of *method* meet these faults, one each."""
        self._faults[method].extend(faults)

    def faults_left(self, method: str) -> int:
        """Return how many of the next calls of *method* will fail."""
        return len(self._faults[method])

    def heal(self, method: str) -> None:
        """Let the next calls of *method* meet no more faults."""
        self._faults[method].clear()

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

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._serve_method)
        app.router.add_post("/response/{name}", self._serve_response)
        app.router.add_get("/link", self._serve_socket)
        app.router.add_get("/", self._serve_page)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}/"

    async def _stop(self) -> None:
        self._held.set()
        for socket in list(self._sockets):
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

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
        wait_s = self._wait_s(method, args)
        if wait_s:
            return _faulty(Fault(error="ratelimited", status=429, retry_after_s=wait_s))
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

    def _wait_s(self, method: str, args: dict[str, Any]) -> int:
        if self.tiers is None:
            return 0
        with self._changed:
            return self.tiers.wait_s(method, args, self.state.passed_s)

    async def _serve_response(self, request: web.Request) -> web.Response:
        """Take a private reply."""
        name = request.match_info["name"]
        message = await request.json()
        faults = self._faults["response_url"]
        fault = faults.popleft() if faults else Fault()
        if fault.drop == "before":
            return _cut(request)
        if fault.status != 200:
            return web.Response(status=fault.status, text="sorry")
        with self._changed:
            self._private_uses[name] += 1
            since = self._private_since.setdefault(name, 0.0)
            if self.state.passed_s - since > RESPONSE_URL_LIVES_S:
                return web.Response(status=404, text="expired_url")
            if self._private_uses[name] > RESPONSE_URL_USES:
                return web.Response(status=404, text="used_url")
            wrong = problems(message["blocks"]) if message.get("blocks") is not None else []
            if wrong:
                return web.Response(status=400, text="invalid_blocks")
            self.private.append(message)
            self._changed.notify_all()
        return _cut(request) if fault.drop == "after" else web.Response(text="ok")

    def _response_url(self) -> str:
        url = super()._response_url()
        self._private_since[url.rpartition("/")[2]] = self.state.passed_s
        return url

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
        if method == "oauth.v2.access":  # the one that is called to get a token
            return call(self.state, method, args)
        if not token:
            raise MethodError("not_authed")
        if token not in self.accepted:
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
    for key in ("blocks", "metadata", "chunks", "view", "prompts", "loading_messages"):
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
