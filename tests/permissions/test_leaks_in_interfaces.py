"""Nobody meets a word that they may not: on web pages, by the HTTP API, and by MCP.

The wiki and its random permissions are those of `test_leaks`; so is what counts as a leak.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from mcp import Client

from footnote_qa import Footnote
from footnote_qa.bot.mcp import make_server
from footnote_qa.bot.state import Scope
from footnote_qa.bot.web.backend import Opened
from footnote_qa.bot.web.visits import COOKIE
from footnote_qa.bot.web_settings import WebSettings
from footnote_qa.index import audience as audiences
from footnote_qa.index.storage import lexical, passages
from tests.fakes.web import Pages, pages
from tests.permissions.wiki import OPERATIONS, PAGES, PEOPLE, WORDS, Operation, Wiki, wiki

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

ANN = PEOPLE[0]  # one of the readers of the wiki, until it is closed to them
SCENARIO: list[Operation] = [
    ("restrict", PAGES[0], [PEOPLE[5]]),
    ("below", PAGES[4], [PAGES[0]]),
    ("delete", PAGES[6], []),
    ("sync", "", []),
    ("rollback", "", []),
]


class Interfaces:
    """The pages, the API and MCP over one wiki, for one person.

    Attributes:
        answers: Addresses of answers that the person got when everything was open.
    """

    def __init__(self, found: Wiki, served: Pages, bot: Footnote) -> None:
        self._found, self._served, self._bot = found, served, bot
        self._cookie = served.site.sessions.begin(
            ANN,
            name=ANN,
            audience=frozenset(),
            roles=frozenset({"reader", "owner"}),
            email=f"{ANN}@example.org",
        )
        self.answers = asyncio.run(self._ask_about(PAGES[:8:2]))

    @property
    def _groups(self) -> frozenset[str]:
        return self._found.index.access.groups_of([f"{ANN}@example.org"])

    async def _ask_about(self, keys: list[str]) -> list[str]:
        found = []
        async with self._browser() as browser:
            session = self._served.site.sessions.find(self._cookie)
            assert session is not None
            for key in keys:
                form = {"csrf": session.csrf, "question": _question(WORDS[key]), "conversation": ""}
                asked = await browser.post("/ask", data=form)
                assert asked.status_code == 303, asked.text
                address = asked.headers["location"].partition("#")[0]
                page = (await browser.get(address)).text
                id_ = page.rpartition('data-answer="')[2].partition('"')[0]
                found += [address, f"/answers/{id_}", f"/answers/{id_}/markdown"]
                found += [f"/answers/{id_}/sources/1"]
        return found

    def _browser(self) -> httpx.AsyncClient:
        return self._served.client(Cookie=f"{COOKIE}={self._cookie}")

    def shown(self, words: list[str]) -> list[tuple[str, str]]:
        """Return everything that the person gets to see about these pages, by its way."""
        return asyncio.run(self._shown(words))

    async def _shown(self, words: list[str]) -> list[tuple[str, str]]:
        found = [one async for one in self._on_pages(words)]
        found += [one async for one in self._by_api(words)]
        found += [one async for one in self._by_mcp(words)]
        return found

    async def _on_pages(self, words: list[str]) -> AsyncGenerator[tuple[str, str]]:
        paths = [*self.answers, "/", "/owners", "/documents", "/search?q=form+office"]
        for word in words:
            paths += [f"/search?q={word[:-1]}", f"/documents?q={word[:-1]}"]
            paths.append(f"/documents/ENG/About {word}.html")
        async with self._browser() as browser:
            for path in paths:
                page = await browser.get(path)
                yield f"page {path}", page.text.replace(path.removeprefix("/documents/"), "")

    async def _by_api(self, words: list[str]) -> AsyncGenerator[tuple[str, str]]:
        key, made = self._served.site.keys.add("k", scopes=tuple(Scope), audience=self._groups)
        async with self._served.client(Authorization=f"Bearer {key}") as client:
            listed = await client.get("/api/v1/documents")
            yield "API documents", listed.text
            for word in words:
                question = _question(word)
                said = [{"role": "user", "content": question}]
                for path, body in (
                    ("/api/v1/ask", {"question": question}),
                    ("/api/v1/search", {"query": question}),
                    ("/v1/chat/completions", {"messages": said}),
                ):
                    yield f"API {path}", (await client.post(path, json=body)).text
                name = f"ENG/About {word}.html"
                read = await client.get(f"/api/v1/documents/{name}")
                yield "API document", read.text.replace(name, "")
        self._served.site.keys.revoke(made.id)

    async def _by_mcp(self, words: list[str]) -> AsyncGenerator[tuple[str, str]]:
        groups = self._groups
        async with Client(make_server(self._bot, lambda _: groups)) as client:
            yield "MCP resources", repr(await client.list_resources())
            for word in words:
                question, name = _question(word), f"ENG/About {word}.html"
                yield "MCP ask", repr(await client.call_tool("ask", {"question": question}))
                yield "MCP search", repr(await client.call_tool("search", {"query": question}))
                read = await client.call_tool("read_document", {"document": name})
                yield "MCP document", repr(read).replace(name, "")


def _question(word: str) -> str:
    """Return a question about a page, without the word itself."""
    return f"What does the form of the office need by Friday, about {word[:-1]}?"


@contextmanager
def interfaces(folder: Path) -> Iterator[tuple[Wiki, Interfaces]]:
    quick = WebSettings(questions_per_minute=100_000)
    with wiki() as found:
        opened = Opened(index=found.index, engine=found.engine)
        root = found.builder.directory.root
        with pages(folder, root, settings=quick, opened=opened) as served:
            bot = Footnote(data_dir=folder)
            bot._index, bot._engine = found.index, found.engine
            yield found, Interfaces(found, served, bot)


def check(found: Wiki, ways: Interfaces) -> None:
    """Fail if the person meets a word that they must not."""
    hidden = found.hidden_from(ANN)
    some = [*sorted(hidden)[found.checks % 3 :: 3], min(WORDS.values())]
    found.checks += 1
    for way, text in ways.shown(some):
        assert not [one for one in hidden if one in text], way


def run(found: Wiki, ways: Interfaces, operations: list[Operation]) -> None:
    for operation in operations:
        found.do(operation)
        if operation[0] in {"sync", "rollback"}:
            check(found, ways)


def let_all_through(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(passages, "may_see", lambda *_: True)
    patch.setattr(audiences, "may_see", lambda *_: True)


def let_words_through(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lexical.LexicalIndex, "_allowed", lambda _self, query, _groups: query)


def test_nobody_meets_what_they_may_not_and_a_broken_filter_is_noticed(tmp_path: Path) -> None:
    with interfaces(tmp_path) as (found, ways):
        run(found, ways, SCENARIO)
        for break_it in (let_all_through, let_words_through):
            with pytest.MonkeyPatch.context() as patch:
                break_it(patch)
                found.sync()  # nothing is remembered from before
                with pytest.raises(AssertionError):
                    check(found, ways)


@given(operations=OPERATIONS)
@settings(max_examples=10, suppress_health_check=list(HealthCheck), deadline=None)
def test_nobody_meets_it_in_many_ways(
    operations: list[Operation], tmp_path_factory: pytest.TempPathFactory, *, campaign: bool
) -> None:
    if not campaign:
        pytest.skip("many wikis: with --campaign")
    with interfaces(tmp_path_factory.mktemp("campaign")) as (found, ways):
        run(found, ways, [*operations, ("sync", "", [])])
