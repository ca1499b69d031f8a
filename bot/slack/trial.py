"""Chat with the bot on a page of this machine: its answers as Slack would show them."""

import asyncio
import contextlib
import json
import logging
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final

from aiohttp import web

from bot.errors import SlackError
from bot.slack import sentences
from bot.slack.blocks import Frame, Message, answer_message, note
from bot.slack.rendering import message_html
from bot.slack.responder import StreamingEngine
from bot.slack.text import clean
from bot.slack.trial_page import GREETING, PAGE
from bot.types import Answer, Question, Turn
from index.errors import IndexingError

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
MAX_QUESTION_BYTES: Final = 16_000
HISTORY: Final = 12

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What the page says before anybody asks.

    Attributes:
        words: What there is to ask about.
        prompts: Questions to begin with.
    """

    words: str
    prompts: tuple[str, ...] = ()


NO_HELLO: Final = Hello(words=sentences.HINT)


async def serve(
    engine: StreamingEngine,
    *,
    hello: Callable[[], Hello],
    port: int,
    begun: Callable[[str], None],
) -> None:
    """Serve the page until cancelled.

    Args:
        engine: Finds answers; whoever can open the page may see every document.
        hello: What the page says first.
        port: 0 takes any free one.
        begun: Called with the page's address.

    Raises:
        SlackError: The port is taken.
    """
    async with page(engine, hello=hello, port=port) as url:
        begun(url)
        await asyncio.Event().wait()


@asynccontextmanager
async def page(
    engine: StreamingEngine, *, hello: Callable[[], Hello] = lambda: NO_HELLO, port: int
) -> AsyncIterator[str]:
    """Serve the page while the context is open; yields its address."""
    trial = _Trial(engine, hello)
    app = web.Application(client_max_size=MAX_QUESTION_BYTES, middlewares=[_from_here_alone])
    app.router.add_get("/", trial.show)
    app.router.add_post("/ask", trial.ask)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        await runner.cleanup()
        raise SlackError(f"port {port} is taken: choose another with --port") from error
    try:
        yield f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def _greeting(hello: Hello) -> str:
    prompts = "".join(
        f'<button type="button" class="prompt">{escape(clean(prompt))}</button>'
        for prompt in hello.prompts
    )
    return GREETING.format(words=escape(clean(hello.words)), prompts=prompts)


@web.middleware
async def _from_here_alone(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse pages of others, whose names may lead to this machine."""
    host = request.host.rpartition(":")[0] or request.host
    if host not in {HOST, "localhost"}:
        return web.Response(status=403)
    return await handler(request)


class _Trial:
    """One page and what was said on it."""

    def __init__(self, engine: StreamingEngine, hello: Callable[[], Hello]) -> None:
        self._engine = engine
        self._hello = hello
        self._token = secrets.token_urlsafe(24)
        self._turns: deque[Turn] = deque(maxlen=HISTORY)

    async def show(self, _: web.Request) -> web.StreamResponse:
        self._turns.clear()
        hello = await asyncio.to_thread(self._hello)
        nonce = secrets.token_urlsafe(16)
        only = f"'nonce-{nonce}'"
        policy = f"default-src 'none'; script-src {only}; style-src {only}; connect-src 'self'"
        return web.Response(
            text=PAGE.format(nonce=nonce, token=self._token, hello=_greeting(hello)),
            content_type="text/html",
            headers={
                "Content-Security-Policy": f"{policy}; frame-ancestors 'none'; base-uri 'none'",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def ask(self, request: web.Request) -> web.StreamResponse:
        if not secrets.compare_digest(request.headers.get("X-Footnote", ""), self._token):
            return web.Response(status=403)
        text = clean(await request.text()).strip()
        reply = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        with contextlib.suppress(ConnectionResetError):  # the reader has left
            await reply.prepare(request)
            async for event in self._events(text):
                await reply.write(json.dumps(event).encode() + b"\n")
        return reply

    async def _events(self, text: str) -> AsyncIterator[dict[str, str]]:
        question = Question(text=text, audience=None, history=tuple(self._turns), thread="trial")
        message: Message = note(sentences.HINT)
        try:
            async for event in self._engine.astream(question):
                if isinstance(event, Answer):
                    message = answer_message(event, Frame(now=datetime.now(UTC)))
                    self._note(text, event)
                else:
                    yield {"sentence": clean(event)}
        except IndexingError:
            log.exception("index unusable")
            message = note(sentences.NO_INDEX.format(reference="see the terminal"))
        except Exception:
            log.exception("question failed")
            message = note(sentences.FAILED.format(reference="see the terminal"))
        yield {"html": message_html(message)}

    def _note(self, text: str, answer: Answer) -> None:
        self._turns.append(Turn(role="user", text=text))
        self._turns.append(Turn(role="assistant", text=answer.text or answer.message))
