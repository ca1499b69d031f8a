"""A key of `footnote keys` opens the tools of its scopes, and no longer than it is valid."""

import asyncio
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from footnote_qa import Footnote
from footnote_qa.bot import composition
from footnote_qa.bot.mcp import access_of, make_app
from footnote_qa.bot.state import KeyRepository, Scope
from tests.fakes.api import LEAVE

NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def keys(bot: Footnote) -> Iterator[KeyRepository]:
    with composition.store(bot.settings) as store:
        yield KeyRepository(store.database)


@asynccontextmanager
async def client(bot: Footnote, keys: KeyRepository, key: str) -> Any:
    app = make_app(bot, access_of(keys, NOBODY)[0])
    headers = {"Authorization": f"Bearer {key}"}
    transport = httpx2.ASGITransport(app)
    address = "http://127.0.0.1:8765"
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url=address, headers=headers) as http,
        Client(streamable_http_client(f"{address}/mcp", http_client=http)) as opened,
    ):
        yield opened


def used(bot: Footnote, keys: KeyRepository, key: str) -> dict[str, str]:
    """Return how each tool and resource goes for a client with this key."""

    async def main() -> dict[str, str]:
        async with client(bot, keys, key) as opened:
            found = {
                "listed": " ".join(tool.name for tool in (await opened.list_tools()).tools),
                "resources": str(len((await opened.list_resources()).resources) > 0),
            }
            calls = {
                "ask": {"question": LEAVE},
                "search": {"query": LEAVE},
                "read_document": {"document": "leave.md"},
            }
            for name, arguments in calls.items():
                reply = await opened.call_tool(name, arguments)
                refused = "may not use" in str(reply.content)
                found[name] = "refused" if refused else "allowed"
            try:
                await opened.read_resource("footnote://documents/leave.md")
                found["resource"] = "allowed"
            except MCPError as error:
                found["resource"] = "refused" if "may not read" in str(error) else "allowed"
            return found

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("scope", "tool"),
    [(Scope.ASK, "ask"), (Scope.SEARCH, "search"), (Scope.DOCUMENTS, "read_document")],
)
def test_a_key_opens_the_tool_of_its_scope_alone(
    bot: Footnote, keys: KeyRepository, scope: Scope, tool: str
) -> None:
    key, _ = keys.add("client", scopes=[scope], audience=NOBODY)

    found = used(bot, keys, key)

    tools = {"ask", "search", "read_document"}
    assert found["listed"] == tool
    assert {name for name in tools if found[name] == "allowed"} == {tool}
    reads = scope is Scope.DOCUMENTS
    assert (found["resources"], found["resource"]) == (
        str(reads),
        "allowed" if reads else "refused",
    )


def test_keys_count_from_the_moment_they_are_made_until_they_are_revoked(
    keys: KeyRepository,
) -> None:
    find, text = access_of(keys, frozenset({"hr"}))
    first = find(text)
    made, key = keys.add("later", scopes=[Scope.ASK], audience=NOBODY)
    found = find(made)
    keys.revoke(key.id)

    assert first is not None
    assert (first.audience, first.scopes >= {Scope.ASK, Scope.SEARCH}) == (frozenset({"hr"}), True)
    assert found == key
    assert find(made) is None
    assert [find(one) for one in ("", "x", text[:-1], "fn_this-run_x", "\udcff")] == [None] * 5


@pytest.mark.parametrize("scope", [Scope.FEEDBACK, Scope.ASK])
def test_a_key_for_this_run_is_made_only_while_no_other_opens_a_tool(
    keys: KeyRepository, scope: Scope
) -> None:
    keys.add("client", scopes=[scope], audience=NOBODY)

    assert (access_of(keys, NOBODY)[1] == "") is (scope is Scope.ASK)
