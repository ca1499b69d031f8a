"""Webhooks over real HTTP: who may wake a source, and what is refused."""

import hashlib
import hmac
import logging
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from footnote_qa.index.building import Polling
from footnote_qa.index.building.webhooks import SIGNED_BY, listening
from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources import SourceSpec, key_of

BODY = b'{"action": "opened"}'


def spec(kind: str, name: str = "") -> SourceSpec:
    return SourceSpec(kind=kind, path=name, environment={"webhook": f"HOOK_{name or kind}"})


SPECS = [*(spec(kind) for kind in SIGNED_BY), spec("github", "other")]


class Hooks:
    """A listener, and which sources it has woken."""

    def __init__(self, port: int, woken: list[str]) -> None:
        self._port, self.woken = port, woken

    def call(
        self,
        path: str,
        body: bytes = BODY,
        *,
        method: str = "POST",
        headers: dict[str, str] | None = None,
    ) -> int:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    for one in SPECS:
        variable = one.environment["webhook"]
        monkeypatch.setenv(variable, f"secret of {variable}")
    woken: list[str] = []
    with listening(SPECS, "127.0.0.1:0", woken.append) as port:
        yield Hooks(port, woken)


def signed(variable: str, body: bytes = BODY) -> str:
    digest = hmac.new(f"secret of {variable}".encode(), body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


@pytest.mark.parametrize("kind", SIGNED_BY)
def test_a_signed_call_wakes_the_source_whose_secret_it_has(hooks: Hooks, kind: str) -> None:
    status = hooks.call(f"/hooks/{kind}", headers={SIGNED_BY[kind]: signed(f"HOOK_{kind}")})

    assert status == 204
    assert hooks.woken == [key_of(spec(kind))]


def test_of_two_sources_of_a_kind_only_the_one_that_signed_is_woken(hooks: Hooks) -> None:
    hooks.call("/hooks/github", headers={SIGNED_BY["github"]: signed("HOOK_other")})

    assert hooks.woken == [key_of(spec("github", "other"))]


@pytest.mark.parametrize(
    ("path", "body", "signature", "status"),
    [
        ("/hooks/github", BODY, "", 401),
        ("/hooks/github", BODY, "sha256=", 401),
        ("/hooks/github", BODY, "sha256=é", 401),
        ("/hooks/github", BODY, signed("HOOK_notion"), 401),  # the secret of another source
        ("/hooks/github", BODY + b" ", signed("HOOK_github"), 401),
        ("/hooks/github", b"", signed("HOOK_github", b""), 411),
        ("/hooks/slack", BODY, signed("HOOK_github"), 404),
        ("/", BODY, signed("HOOK_github"), 404),
    ],
)
def test_everything_else_wakes_nothing(
    hooks: Hooks, path: str, body: bytes, signature: str, status: int
) -> None:
    latin = signature.encode().decode("latin-1")

    assert hooks.call(path, body, headers={SIGNED_BY["github"]: latin}) == status
    assert hooks.woken == []


def test_only_calls_that_post_are_answered(hooks: Hooks) -> None:
    assert hooks.call("/hooks/github", method="GET") == 501
    assert hooks.call("/hooks/github", headers={"Content-Length": "99999999999"}) == 413


def test_a_notion_token_is_logged_and_wakes_nothing(
    hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        good = hooks.call("/hooks/notion", b'{"verification_token": "secret_abcDEF123"}')
        bad = hooks.call("/hooks/notion", b'{"verification_token": "\\u001b[2J"}')

    assert (good, bad) == (204, 401)
    tokens = [getattr(one, "verification_token", None) for one in caplog.records]
    assert [one for one in tokens if one] == ["secret_abcDEF123"]
    assert hooks.woken == []


@pytest.mark.parametrize(
    ("secret", "address", "fault"),
    [("", "127.0.0.1:0", "no source has a secret"), ("x", "everywhere", "use HOST:PORT")],
)
def test_what_cannot_be_listened_to_is_said(
    monkeypatch: pytest.MonkeyPatch, secret: str, address: str, fault: str
) -> None:
    monkeypatch.setenv("HOOK_github", secret)
    listener = listening([spec("github")], address, print)

    with pytest.raises(SourceError, match=fault):
        listener.__enter__()


def test_a_source_that_is_woken_is_asked_before_its_time_but_not_all_the_time() -> None:
    at = [1000.0]
    polling = Polling([spec("github"), spec("notion")], now=lambda: at[0])
    github, notion = key_of(spec("github")), key_of(spec("notion"))
    assert polling.is_due(github)
    assert polling.is_due(notion)
    at[0] += 60

    polling.wake(github)

    assert polling.is_awaited()
    assert (polling.is_due(github), polling.is_due(notion)) == (True, False)
    polling.wake(github)  # again in the same moment
    assert not polling.is_awaited()
    assert not polling.is_due(github)
    at[0] += 10
    assert polling.is_awaited()
    assert polling.is_due(github)
    assert not polling.is_awaited()
