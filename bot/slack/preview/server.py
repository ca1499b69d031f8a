"""Local web page to chat with the bot and see its answers as in Slack."""

import asyncio
import contextlib
import json
import logging
import re
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from typing import Any, Final

from aiohttp import web

from footnote_qa.bot.errors import SlackError
from footnote_qa.bot.slack.messages import (
    NO_HELLO,
    Frame,
    Hello,
    Message,
    answer_message,
    clean,
    note,
    safe_url,
    texts,
)
from footnote_qa.bot.slack.responder import StreamingEngine
from footnote_qa.bot.trace import Step
from footnote_qa.bot.types import Answer, Choice, Question, Turn
from footnote_qa.index.errors import IndexingError

log = logging.getLogger(__name__)

_PLACE: Final = re.compile("@@([a-z]+)@@")
HOST: Final = "127.0.0.1"
MAX_QUESTION_BYTES: Final = 16_000
HISTORY: Final = 12

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def serve(
    engine: StreamingEngine,
    *,
    hello: Callable[[], Hello],
    port: int,
    begun: Callable[[str], None],
) -> None:
    """Serve the page until cancelled.

    Args:
        engine: Finds answers; everyone who can open the page may see every document.
        hello: The greeting of the page.
        port: 0 takes any free one.
        begun: Called with the URL of the page.

    Raises:
        SlackError: The port is in use.
    """
    async with page(engine, hello=hello, port=port) as url:
        begun(url)
        await asyncio.Event().wait()


@asynccontextmanager
async def page(
    engine: StreamingEngine, *, hello: Callable[[], Hello] = lambda: NO_HELLO, port: int
) -> AsyncIterator[str]:
    """Serve the page while the context is open; yield its URL."""
    trial = _Preview(engine, hello)
    app = web.Application(client_max_size=MAX_QUESTION_BYTES, middlewares=[_from_here_alone])
    app.router.add_get("/", trial.show)
    app.router.add_post("/ask", trial.ask)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        await runner.cleanup()
        raise SlackError(f"port {port} is in use: choose another with --port") from error
    try:
        yield f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def _filled(name: str, **values: str) -> str:
    """Return the HTML file *name* with each @@key@@ replaced by its value."""
    html = files(__package__).joinpath(f"{name}.html").read_text(encoding="utf-8")
    return _PLACE.sub(lambda place: values[place[1]], html)


def _greeting(hello: Hello) -> str:
    prompts = "".join(
        f'<button type="button" class="prompt">{escape(clean(prompt))}</button>'
        for prompt in hello.prompts
    )
    return _filled("greeting", words=escape(clean(hello.words)), prompts=prompts)


@web.middleware
async def _from_here_alone(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests from other sites, whose host names may lead to this machine."""
    host = request.host.rpartition(":")[0] or request.host
    if host not in {HOST, "localhost"}:
        return web.Response(status=403)
    return await handler(request)


class _Preview:
    """One page and its conversation."""

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
            text=_filled("page", nonce=nonce, token=self._token, hello=_greeting(hello)),
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
        message: Message = note(texts.HINT)
        choices: Sequence[Choice] = ()
        try:
            async for event in self._engine.astream(question):
                if isinstance(event, Step):
                    yield {"step": texts.doing(event)}
                elif isinstance(event, Answer):
                    choices = event.choices
                    message = answer_message(event, Frame(now=datetime.now(UTC)))
                    self._note(text, event)
                else:
                    yield {"sentence": clean(event)}
        except IndexingError:
            log.exception("index unusable")
            message = note(texts.NO_INDEX.format(reference="see the terminal"))
        except Exception:
            log.exception("question failed")
            message = note(texts.FAILED.format(reference="see the terminal"))
        yield {"html": message_html(message) + _buttons(choices)}

    def _note(self, text: str, answer: Answer) -> None:
        self._turns.append(Turn(role="user", text=text))
        said = answer.text or answer.message
        self._turns.append(Turn(role="assistant", text=said, answer=answer))


def _buttons(choices: Sequence[Choice]) -> str:
    shown = "".join(
        f'<button class="prompt" type="button" data-question="{escape(one.question)}">'
        f"{escape(one.label)}</button>"
        for one in choices
    )
    return f'<p class="prompts">{shown}</p>' if shown else ""


Element = Mapping[str, Any]

_TAGS: Final = {"bold": "b", "italic": "i", "code": "code"}


def message_html(message: Message) -> str:
    """Return a message as HTML.

    >>> message_html(Message(text="1 &lt; 2"))
    '<p>1 &lt; 2</p>'
    """
    if not message.blocks:
        return f"<p>{escape(_unescaped(message.text))}</p>"
    return "".join(_block(block) for block in message.blocks)


def _block(block: Element) -> str:
    show = _BLOCKS.get(str(block["type"]))
    return "" if show is None else show(block)


def _rich_text(block: Element) -> str:
    return "".join(_container(element) for element in block["elements"])


def _container(element: Element) -> str:
    inside = _leaves(element["elements"])
    match element["type"]:
        case "rich_text_quote":
            return f"<blockquote>{inside}</blockquote>"
        case "rich_text_preformatted":
            return f"<pre>{inside}</pre>"
        case "rich_text_list":
            items = "".join(f"<li>{_leaves(e['elements'])}</li>" for e in element["elements"])
            if element.get("style") == "ordered":
                return f'<ol start="{int(element.get("offset") or 0) + 1}">{items}</ol>'
            return f"<ul>{items}</ul>"
        case _:
            return f"<p>{inside}</p>"


def _leaves(elements: Sequence[Element]) -> str:
    return "".join(_leaf(element) for element in elements)


def _leaf(leaf: Element) -> str:
    shown = escape(str(leaf.get("text") or ""))
    if leaf["type"] == "link":
        url = safe_url(str(leaf["url"]))
        return (
            f'<a href="{escape(url)}" rel="noopener" target="_blank">{shown}</a>' if url else shown
        )
    for style, tag in _TAGS.items():
        if (leaf.get("style") or {}).get(style):
            shown = f"<{tag}>{shown}</{tag}>"
    return shown


def _box(block: Element) -> str:
    inside = "".join(_block(child) for child in block["child_blocks"])
    is_open = "" if block["default_collapsed"] else " open"
    title = escape(str(block["title"]["text"]))
    return f"<details{is_open}><summary>{title}</summary>{inside}</details>"


def _table(block: Element) -> str:
    head, *rows = block["rows"]
    top = "".join(f"<th>{escape(cell['text'])}</th>" for cell in head)
    below = "".join(
        "<tr>" + "".join(f"<td>{escape(cell['text'])}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{top}</tr>{below}</table>"


def _context(block: Element) -> str:
    lines = "<br>".join(escape(str(element["text"])) for element in block["elements"])
    return f"<small>{lines}</small>"


def _unescaped(text: str) -> str:
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


_BLOCKS: Final[Mapping[str, Callable[[Element], str]]] = {
    "rich_text": _rich_text,
    "container": _box,
    "table": _table,
    "context": _context,
}
