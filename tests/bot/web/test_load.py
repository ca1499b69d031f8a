"""Many readers at the same time, over real sockets."""

import asyncio
import time
from collections.abc import AsyncGenerator

import httpx

from footnote_qa.bot.web.server import served
from footnote_qa.bot.web.visits import COOKIE
from tests.fakes.web import Pages, Reader

READERS = 100


async def ask(client: httpx.AsyncClient, reader: Reader, csrf: str) -> tuple[float, str]:
    """Ask as the script does; return the seconds until the first byte, and the events."""
    headers = {"Cookie": f"{COOKIE}={reader.cookie}", "Accept": "text/event-stream"}
    form = {"question": "leave and parking?", "csrf": csrf}
    began = time.perf_counter()
    async with client.stream("POST", "/ask", data=form, headers=headers) as reply:
        assert reply.status_code == 200
        parts = reply.aiter_text()
        first = await anext(parts)
        first_s = time.perf_counter() - began
        return first_s, first + "".join([part async for part in parts])


def test_a_hundred_readers_together_each_get_one_answer(pages: Pages) -> None:
    readers = [pages.sign_in(f"reader{n}") for n in range(READERS)]
    secrets = [reader.csrf for reader in readers]

    async def main() -> list[tuple[float, str]]:
        async with served(pages.site) as entrance:
            home = entrance.partition("/enter")[0]
            limits = httpx.Limits(max_connections=READERS)
            async with httpx.AsyncClient(base_url=home, limits=limits, timeout=120) as client:
                asked = zip(readers, secrets, strict=True)
                return await asyncio.gather(*(ask(client, *one) for one in asked))

    told = asyncio.run(main())

    assert [text.count("event: answer") for _, text in told] == [1] * READERS
    assert all(text.startswith("event: step") for _, text in told)
    with pages.database.sql() as sql:
        assert sql.execute("SELECT count(*) FROM answer").fetchone()[0] == READERS


def test_the_first_byte_does_not_wait_for_the_engine(pages: Pages) -> None:
    """The engine of this test never answers, and a reader who leaves ends it."""
    reader = pages.sign_in()
    csrf = reader.csrf
    first_s: list[float] = []
    ended = 0

    async def never(_: object) -> AsyncGenerator[str]:
        nonlocal ended
        try:
            await asyncio.sleep(3600)
            yield ""
        finally:
            ended += 1

    pages.engine.astream = never  # type: ignore[assignment,method-assign]  # it never answers

    async def main() -> None:
        headers = {"Cookie": f"{COOKIE}={reader.cookie}", "Accept": "text/event-stream"}
        form = {"question": "leave?", "csrf": csrf}
        async with served(pages.site) as entrance:
            home = entrance.partition("/enter")[0]
            async with httpx.AsyncClient(base_url=home, timeout=60, headers=headers) as client:
                for _ in range(5):
                    began = time.perf_counter()
                    async with client.stream("POST", "/ask", data=form) as reply:
                        await anext(reply.aiter_bytes())
                        first_s.append(time.perf_counter() - began)
            async with asyncio.timeout(20):
                while ended < len(first_s):  # noqa: ASYNC110 - the engine sends no event
                    await asyncio.sleep(0.01)

    asyncio.run(main())

    print(f"first byte: {1000 * min(first_s):.0f} ms")  # noqa: T201 - a figure for the reader
    assert min(first_s) < 0.25  # the aim is 50 ms; the machine of a test may be busy
    assert not pages.site.running.locked()
