"""Fixtures that all tests share: no network but loopback, golden files, small embedder."""

import gc
import logging
import os
import re
import signal
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from footnote_qa.bot.database import Target, parse_state_url
from tests.fakes import indexed, postgresql
from tests.fakes.embedder import HashEmbedder

# How long an example takes says nothing where other work leaves little of the processor.
hypothesis.settings.register_profile("suite", deadline=None, max_examples=30)
hypothesis.settings.register_profile("campaign", deadline=None, max_examples=300)
# A shell's background job ignores interrupts, and so would the commands that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

_LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "", None}  # noqa: S104 - to listen on
_ALL_SLOW = re.compile(r"^pytestmark = (\[\s*)?pytest\.mark\.slow\b", re.MULTILINE)
_LONGEST = {
    *("test_multilingual.py", "test_eval.py", "test_kill.py", "test_fault_process.py"),
    *("test_judge.py", "test_wires.py", "test_app.py", "test_running_bot.py", "test_damage.py"),
}
_SET_BY_THE_COMMAND = ("httpx", "httpcore", "slack_bolt", "slack_sdk", "asyncio")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/")
    parser.addoption(
        "--campaign", action="store_true", help="try every fault and attack, not a sample of them"
    )


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # until the tests are collected: none of it is garbage
    if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the cores as it is
        os.environ["OMP_NUM_THREADS"] = "1"
    campaign = config.getoption("--campaign")
    hypothesis.settings.load_profile("campaign" if campaign else "suite")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no file whose tests are all slow if slow tests are left out: many import torch."""
    if "not slow" not in config.getoption("markexpr") or collection_path.suffix != ".py":
        return None
    return bool(_ALL_SLOW.search(collection_path.read_text(encoding="utf-8"))) or None


@pytest.hookimpl(tryfirst=True)  # before the slow ones are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of the indexed examples as slow, and start with the longest files.

    A long file at the end would leave one worker alone.
    """
    for item in items:
        if "indexed_examples" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.path.name not in _LONGEST)


def pytest_collection_finish() -> None:
    """Let no collection of garbage look at what stays: modules and tests, most of a second each."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def campaign(request: pytest.FixtureRequest) -> bool:
    """Whether to try every fault and attack (`make test-faults`), or an even sample of them."""
    return bool(request.config.getoption("--campaign"))


@pytest.fixture(autouse=True)
def _loopback_only(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse name look-ups and connections to anything but this machine, outside `live` tests."""
    if request.node.get_closest_marker("live"):
        return
    real_connect, real_lookup = socket.socket.connect, socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in _LOOPBACK:
            raise OSError(f"a test wanted to connect to {address[0]}")
        real_connect(self, address)

    def lookup(host: Any, *rest: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in _LOOPBACK:
            raise OSError(f"a test wanted to look up {name}")
        return real_lookup(host, *rest, **named)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", lookup)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings and tokens of whoever runs the tests out of them."""
    for name in list(os.environ):
        if name.startswith(("FOOTNOTE_", "SLACK_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_log_levels() -> Iterator[None]:
    """Restore the log after each test: the command line sets its level for the process."""
    loggers = [logging.getLogger(), *map(logging.getLogger, _SET_BY_THE_COMMAND)]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        for handler in list(logger.handlers):
            if handler not in handlers and type(handler).__module__ != "_pytest.logging":
                logger.removeHandler(handler)


@pytest.fixture(scope="session", autouse=True)
def _lasting_parsers() -> Iterator[None]:
    """Keep the parser's child processes from build to build; `made_of` starts its own for each."""
    from footnote_qa.index.parsing import child
    from footnote_qa.index.parsing.child import ParserPool
    from tests.fakes.parsers import LastingPool

    opened: dict[tuple[object, ...], LastingPool] = {}

    def pool(
        *,
        timeout_s: float,
        memory_bytes: int = child.MEMORY_BYTES,
        plugins: Mapping[str, str] | None = None,
    ) -> ParserPool:
        if plugins:  # a child has the path of its start, and a plug-in's folder is new on it
            return ParserPool(timeout_s=timeout_s, memory_bytes=memory_bytes, plugins=plugins)
        key = timeout_s, memory_bytes
        if key not in opened:
            opened[key] = LastingPool(timeout_s=timeout_s, memory_bytes=memory_bytes)
        return opened[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(child, "ParserPool", pool)
        yield
    for one in opened.values():
        one.close()


@pytest.fixture(scope="session")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> HashEmbedder:
    """A small deterministic embedding model; it knows words, not meanings."""
    return HashEmbedder(tmp_path_factory.mktemp("hash-model"))


@pytest.fixture(scope="session")
def indexed_examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the example documents indexed; to be copied, never changed."""
    return indexed.index_examples(indexed.shared_folder(tmp_path_factory))


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.PostgresServer]:
    """A PostgreSQL server for all tests, which each take a database of their own."""
    if reason := postgresql.missing():
        pytest.skip(reason)
    with postgresql.running() as server:
        yield server


@pytest.fixture
def postgres_target(postgres: postgresql.PostgresServer) -> Iterator[Target]:
    """An empty PostgreSQL database."""
    with postgres.empty_database() as url:
        yield parse_state_url(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    """An empty state, once in a file and once in PostgreSQL."""
    if request.param == "sqlite":
        return tmp_path / "state.sqlite"
    empty: Target = request.getfixturevalue("postgres_target")
    return empty


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Address of an S3 server without buckets; skips where its packages are missing."""
    pytest.importorskip("moto.server", reason="needs moto[server], of the extra dev")
    pytest.importorskip("obstore", reason="needs obstore, of the extra object-store")
    from tests.fakes import object_store

    with object_store.s3_server() as url:
        yield url


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The public data beside the repository; a test that wants it skips where it is missing."""
    folder = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the public data in ../shared/data")
    return folder
