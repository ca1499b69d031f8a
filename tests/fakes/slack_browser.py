"""A browser without a window, asked through its own protocol until a page shows what it should."""

import asyncio
import base64
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PATIENCE_S = 300.0  # only a test that fails waits for so long

_ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--remote-debugging-port=0", "--window-size=860,680"),
    "--force-device-scale-factor=2",
)


class NavigatingError(Exception):
    """The page that was asked is gone: the browser is about to show the next one."""


class Tab:
    """One page; chromedevtools.github.io/devtools-protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)

    async def goto(self, url: str) -> None:
        await self._call("Page.navigate", url=url)

    async def evaluate(self, script: str) -> Any:
        """Return what a script says."""
        reply = await self._call("Runtime.evaluate", expression=script, returnByValue=True)
        return reply["result"].get("value")

    async def resolved(self, script: str) -> Any:
        """Return what the promise of a script becomes."""
        reply = await self._call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        return reply["result"].get("value")

    async def until(self, script: str) -> None:
        """Wait until a script says yes."""
        async with asyncio.timeout(PATIENCE_S):
            while not await self._says_yes(script):  # noqa: ASYNC110 a page sends no event
                await asyncio.sleep(0.05)

    async def _says_yes(self, script: str) -> bool:
        try:
            return bool(await self.evaluate(script))
        except NavigatingError:
            return False

    async def emulate(self, size: tuple[int, int], scheme: str) -> None:
        """Show pages as a screen of *size* does whose owner prefers "light" or "dark"."""
        width, height = size
        screen = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": False}
        await self._call("Emulation.setDeviceMetricsOverride", **screen)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self._call("Emulation.setEmulatedMedia", features=features)

    async def picture(self) -> bytes:
        reply = await self._call("Page.captureScreenshot")
        return base64.b64decode(reply["data"])

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json()
            if message.get("id") == number:
                if "error" in message:
                    raise NavigatingError(message["error"])
                return dict(message["result"])


@asynccontextmanager
async def browser(chromium: str, folder: Path) -> AsyncIterator[Tab]:
    """Start a browser that keeps its things in *folder*; yields its tab."""
    process = await asyncio.create_subprocess_exec(
        *(chromium, *_ARGUMENTS, f"--user-data-dir={folder}", "about:blank"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port = await asyncio.to_thread(_port, folder / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as reply:
                tabs = await reply.json()
            (tab,) = [t for t in tabs if t["type"] == "page"]
            async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Tab(socket)
    finally:
        process.terminate()
        await process.wait()


def _port(file: Path) -> int:
    """Return where the browser listens, which it writes into a file."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if file.exists() and "\n" in (text := file.read_text()):
            return int(text.splitlines()[0])
        time.sleep(0.05)
    raise AssertionError("the browser never listened")
