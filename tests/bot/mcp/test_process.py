"""`footnote mcp` as a process of its own, over both transports, by the SDK's own client."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from footnote_qa import Footnote
from footnote_qa.bot import composition
from footnote_qa.bot.state import KeyRepository, Scope
from tests.fakes.api import LEAVE, MOVE

COMMAND = ["-c", "from footnote_qa.bot.cli import main; main()"]


def environment() -> dict[str, str]:
    kept = ("PATH", "PYTHONPATH", "HOME", "HF_HUB_OFFLINE")
    return {name: os.environ[name] for name in kept if name in os.environ}


def ask_over_stdio(data: Path, *options: str, mode: str = "auto") -> list[Any]:
    heard: list[str | None] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001 - the names that the client calls
        heard.append(message)

    async def main() -> list[Any]:
        server = StdioServerParameters(
            command=sys.executable,
            args=[*COMMAND, "--data-dir", str(data), "mcp", *options],
            env=environment(),
            cwd=str(data.parent),
        )
        async with Client(stdio_client(server), mode=mode) as client:
            return [
                await client.call_tool("ask", {"question": LEAVE}, progress_callback=hear),
                await client.call_tool("ask", {"question": MOVE}),
                await client.list_resources(),
                heard,
            ]

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("options", "mode", "is_seen"),
    [((), "auto", False), (("--audience", "board"), "legacy", True)],
)
def test_client_asks_over_standard_input_for_its_audience(
    bot: Footnote, options: tuple[str, ...], mode: str, is_seen: bool
) -> None:
    answer, secret, listed, heard = ask_over_stdio(bot.settings.data_dir, *options, mode=mode)

    assert answer.structured_content["answer"] == "Every employee has twenty days of leave [1]."
    assert ("Hanau" in str(secret)) is is_seen
    assert ("secret/plan.md" in str(listed)) is is_seen
    assert "searching the documents" in heard


def test_standard_output_has_nothing_but_the_protocol(bot: Footnote) -> None:
    requests = [
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        },
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        "this is no request",
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "ask"}},
    ]
    lines = [one if isinstance(one, str) else json.dumps(one) for one in requests]

    ended = subprocess.run(
        [sys.executable, *COMMAND, "--data-dir", str(bot.settings.data_dir), "-v", "mcp"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        env=environment(),
        cwd=bot.settings.data_dir.parent,
        timeout=60,
        check=False,
    )

    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert {one.get("id") for one in answers} >= {1}
    assert all(one["jsonrpc"] == "2.0" for one in answers)
    assert ended.returncode == 0


@contextmanager
def serving(bot: Footnote, *options: str) -> Iterator[tuple[str, str]]:
    """Yield the address of `footnote mcp --http`, and the line that it prints."""
    folder = bot.settings.data_dir.parent
    process = subprocess.Popen(
        [
            *(sys.executable, *COMMAND, "--data-dir", str(bot.settings.data_dir)),
            *("mcp", "--http", "--port", "0", *options),
        ],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=folder,
    )
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        address = re.search(r"http://\S+", line)
        assert address, line + process.stderr.read()
        yield address.group(), line
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stderr.close()


def add_key(bot: Footnote, *groups: str, scopes: tuple[Scope, ...] = tuple(Scope)) -> str:
    with composition.store(bot.settings) as store:
        keys = KeyRepository(store.database)
        return keys.add("client", scopes=scopes, audience=frozenset(groups))[0]


async def over_http(address: str, key: str, *, mode: str = "auto") -> list[Any]:
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(address, http_client=http), mode=mode) as client,
    ):
        return [
            await client.call_tool("ask", {"question": LEAVE}),
            await client.call_tool("ask", {"question": MOVE}),
            await client.list_resources(),
        ]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_each_key_has_its_own_audience_also_at_the_same_time(bot: Footnote, mode: str) -> None:
    keys = [add_key(bot), add_key(bot, "board")] * 3

    async def both(address: str) -> list[list[Any]]:
        return list(await asyncio.gather(*(over_http(address, key, mode=mode) for key in keys)))

    with serving(bot) as (address, line):
        said = asyncio.run(both(address))

    assert address.startswith("http://127.0.0.1:")
    assert "with the key" not in line
    for at, (answer, secret, listed) in enumerate(said):
        assert "twenty days" in answer.structured_content["answer"]
        assert ("Hanau" in str(secret)) is (at % 2 == 1)
        assert ("secret/plan.md" in str(listed)) is (at % 2 == 1)


def test_while_there_is_no_key_one_is_made_for_this_run(bot: Footnote) -> None:
    with serving(bot, "--audience", "board") as (address, line):
        key = line.split()[-1]
        _, secret, _ = asyncio.run(over_http(address, key))
        with pytest.raises((MCPError, httpx2.HTTPError, ExceptionGroup)):
            asyncio.run(over_http(address, key[:-1]))

    assert len(key) >= 24
    assert "Hanau" in str(secret)


def test_requests_that_no_client_of_ours_sends_are_refused(bot: Footnote) -> None:
    key = add_key(bot)
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    accepts = {"Accept": "application/json, text/event-stream"}
    good = accepts | {"Authorization": f"Bearer {key}"}

    with serving(bot) as (address, _), httpx2.Client(timeout=30) as http:

        def status(headers: dict[str, str], content: bytes = b"", url: str = address) -> int:
            body = content or json.dumps(ping).encode()
            headers = {"Content-Type": "application/json"} | headers
            return http.post(url, content=body, headers=headers).status_code

        assert status(good) == 200
        assert status(accepts) == 401
        for authorization in (
            "Bearer",
            "Bearer wrong",
            f"Basic {key}",
            key,
            f"Bearer {key} {key}",
            "Bearer " + "x" * 7000,
        ):
            assert status(accepts | {"Authorization": authorization}) == 401
        assert status(good | {"Origin": "https://evil.example"}) == 403
        assert status(good | {"Host": "evil.example"}) == 421
        assert status(good | {"Content-Type": "text/plain"}) == 400
        assert status(good, b"{" + b" " * 1_000_001) == 413
        assert status(good, b"{not json") == 400
        assert status(good, b"[" * 100_000) == 400
        assert status(good, url=address + "/../") in {404, 405}
        assert status(good) == 200  # it still works


def test_an_audience_beside_keys_is_refused_before_anything_is_served(bot: Footnote) -> None:
    add_key(bot)

    ended = subprocess.run(
        [
            *(sys.executable, *COMMAND, "--data-dir", str(bot.settings.data_dir)),
            *("mcp", "--http", "--audience", "hr"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(),
        cwd=bot.settings.data_dir.parent,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2
    assert "has its own audience" in ended.stderr
