"""The list of attacks on the pages, with a test for each."""

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from footnote_qa.bot.state import SessionRepository
from footnote_qa.bot.web.app import application
from footnote_qa.bot.web.guards import BODY_TIMEOUT_S, HEADERS, MAX_BODY_BYTES, POLICY, Guards
from footnote_qa.bot.web.server import hosts_of
from footnote_qa.bot.web.viewers import Role
from footnote_qa.bot.web.visits import COOKIE
from footnote_qa.bot.web_settings import WebSettings
from tests.fakes.web import EVIL, HOST, Pages

POSTS = ("/ask", "/leave", "/answers/x/rate", "/answers/x/explain", "/answers/x/share")


def run(work: Awaitable[Any]) -> Any:
    async def main() -> Any:
        return await work

    return asyncio.run(main())


def get(pages: Pages, path: str, **headers: str) -> httpx.Response:
    async def main() -> httpx.Response:
        async with pages.client(**headers) as client:
            return await client.get(path)

    return asyncio.run(main())


@pytest.mark.parametrize("path", ["/", "/c/x", "/search", "/documents", "/documents/leave.md"])
def test_nobody_sees_a_page_without_a_session(pages: Pages, path: str) -> None:
    for cookie in ("", f"{COOKIE}=guess", f"{COOKIE}=\xe9"):
        reply = get(pages, path, Cookie=cookie)

        assert reply.status_code == 403
        assert "Leave" not in reply.text


@pytest.mark.parametrize("path", POSTS)
def test_nobody_sends_a_form_without_a_session(pages: Pages, path: str) -> None:
    async def main() -> httpx.Response:
        async with pages.client() as client:
            return await client.post(path, data={"question": "leave?"})

    assert asyncio.run(main()).status_code == 403
    assert pages.engine.questions == []


def test_the_token_opens_a_session_and_nothing_else_does(pages: Pages) -> None:
    right = get(pages, f"/enter?token={pages.site.token}")
    wrong = [get(pages, f"/enter?token={t}") for t in ("", "x", pages.site.token[:-1], "%ff")]

    cookie = right.headers["set-cookie"]
    assert right.status_code == 200
    assert re.match(
        rf"{COOKIE}=[\w-]{{43}}; HttpOnly; Max-Age=43200; Path=/; SameSite=strict$", cookie
    )
    assert [one.status_code for one in wrong] == [403] * 4
    assert not any("set-cookie" in one.headers for one in wrong)


def test_a_site_without_a_token_lets_nobody_in_by_an_empty_one(pages: Pages) -> None:
    object.__setattr__(pages.site, "token", "")

    assert get(pages, "/enter?token=").status_code == 403


def test_guessing_the_token_is_slowed_down(pages: Pages) -> None:
    statuses = [get(pages, "/enter?token=guess").status_code for _ in range(12)]
    right = get(pages, f"/enter?token={pages.site.token}")

    assert statuses[:10] == [403] * 10
    assert [*statuses[10:], right.status_code] == [429] * 3


def test_a_page_over_https_gives_its_cookie_to_https_alone(pages: Pages) -> None:
    object.__setattr__(pages.site, "settings", WebSettings(url="https://docs.example.org"))
    pages.app = application(pages.site, hosts={HOST})

    reply = get(pages, f"/enter?token={pages.site.token}")

    assert reply.headers["set-cookie"].endswith("; Secure")
    assert reply.headers["strict-transport-security"] == "max-age=31536000"


def test_the_state_holds_no_cookie_that_opens_a_session(pages: Pages) -> None:
    cookie = pages.sign_in().cookie

    with pages.database.sql() as sql:
        rows = sql.execute("SELECT * FROM web_session").fetchall()
    values = [str(value) for row in rows for value in tuple(row)]

    assert cookie not in values
    assert pages.site.sessions.find(rows[0]["id"]) is None


def test_a_session_ends_in_time_on_leaving_and_with_another_way_to_sign_in(pages: Pages) -> None:
    now = [1000.0]
    sessions = SessionRepository(pages.database, via="a", lasts_s=60, now=lambda: now[0])
    others = SessionRepository(pages.database, via="b", lasts_s=60, now=lambda: now[0])
    nobody: frozenset[str] = frozenset()
    first, second = (sessions.begin("u", name="U", audience=nobody, roles=nobody) for _ in range(2))

    assert sessions.find(first) is not None
    assert others.find(first) is None
    sessions.end(first)
    assert sessions.find(first) is None
    now[0] = 1060.1
    assert sessions.find(second) is None


def test_leaving_ends_the_session_of_a_stolen_cookie_too(pages: Pages) -> None:
    reader = pages.sign_in()

    left = run(reader.post("/leave"))

    assert left.headers["location"] == "/"
    assert run(reader.get("/")).status_code == 403


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "attack",
    [
        {"csrf": ""},
        {"csrf": "guess"},
        {"headers": {"Origin": "https://evil.example"}},
        {"headers": {"Origin": "null"}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
        {"headers": {"Sec-Fetch-Site": "same-site"}},
    ],
)
def test_a_form_of_another_site_does_nothing(
    pages: Pages, path: str, attack: dict[str, Any]
) -> None:
    reader = pages.sign_in()
    fields = {"question": "leave?", "rating": "up"}
    fields |= {"csrf": attack["csrf"]} if "csrf" in attack else {}

    reply = run(reader.post(path, fields, **attack.get("headers", {})))

    assert reply.status_code == 403
    assert pages.engine.questions == []
    assert pages.site.sessions.find(reader.cookie) is not None


def test_the_secret_of_one_session_is_no_use_in_another(pages: Pages) -> None:
    ann, bob = pages.sign_in("ann"), pages.sign_in("bob")

    reply = run(bob.post("/ask", {"question": "leave?", "csrf": ann.csrf}))

    assert reply.status_code == 403


def test_a_link_on_another_site_opens_the_page_with_the_strict_cookie(pages: Pages) -> None:
    """The browser keeps the cookie back, so the page loads itself again, and then it has it."""
    first = get(pages, "/documents?q=a%26b", **{"Sec-Fetch-Site": "cross-site"})
    again = get(pages, "/documents", **{"Sec-Fetch-Site": "same-origin"})

    assert first.status_code == 200
    assert 'content="0;url=/documents?q=a%26b"' in first.text
    assert again.status_code == 403


def test_another_name_for_this_machine_reaches_nothing(pages: Pages) -> None:
    reader = pages.sign_in()

    for host in ("evil.example", f"{HOST}.evil.example", f"{HOST}:81", "", "127.0.0.1"):
        reply = run(reader.get("/documents", Host=host))
        assert reply.status_code == 421
        assert "Leave" not in reply.text
    assert "evil.example" not in hosts_of(WebSettings(), 8766)
    assert hosts_of(WebSettings(), 8766) >= {"127.0.0.1:8766", "localhost:8766"}


def test_every_reply_has_the_headers_that_forbid_scripts_frames_and_sniffing(pages: Pages) -> None:
    reader = pages.sign_in()
    replies = [
        run(reader.get(path)) for path in ("/", "/nothing", "/static/x/app.js", "/documents")
    ]
    replies += [run(reader.get("/", Host="evil")), run(reader.stream("leave"))]
    replies += [run(reader.post("/ask", {"csrf": ""}))]

    for reply in replies:
        assert {name: reply.headers.get(name) for name, _ in HEADERS} == dict(HEADERS)
    assert "'unsafe" not in POLICY
    assert "frame-ancestors 'none'" in POLICY
    assert POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert replies[0].headers["cache-control"] == "no-store"


def test_no_page_has_a_script_or_a_style_of_its_own(pages: Pages) -> None:
    reader = pages.sign_in()
    run(reader.ask("evil leave"))
    paths = ("/", "/search?q=leave", "/documents", "/documents/leave.md", "/nothing")
    texts = [run(reader.get(path)).text for path in paths]
    texts.append(run(reader.get(conversation(pages))).text)

    for text in texts:
        tags = tags_of(text)
        scripts = [attributes for name, attributes in tags if name == "script"]
        assert all(re.fullmatch(r"/static/[0-9a-f]{12}/app\.js", one["src"]) for one in scripts)
        assert len(scripts) == 1
        assert "style" not in {name for name, _ in tags}
        for _, attributes in tags:
            assert not [name for name in attributes if name == "style" or name.startswith("on")]
            for name in {"href", "src", "action", "formaction"} & attributes.keys():
                assert re.match(r"[/#](?!/)", attributes[name])


def tags_of(html: str) -> list[tuple[str, dict[str, str]]]:
    """Return every tag of a page as a browser reads it, with its attributes."""
    found: list[tuple[str, dict[str, str]]] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, {name: value or "" for name, value in attrs}))

    Tags().feed(html)
    return found


def conversation(pages: Pages) -> str:
    with pages.database.sql() as sql:
        row = sql.execute("SELECT thread_ts FROM answer ORDER BY at DESC").fetchone()
    return f"/c/{row[0]}"


def test_nothing_of_a_question_or_an_answer_runs(pages: Pages) -> None:
    reader = pages.sign_in()

    streamed = run(reader.stream(f"evil leave {EVIL}")).text
    shown = run(reader.get(conversation(pages))).text

    told = [json.loads(one[6:]) for one in streamed.splitlines() if one.startswith("data: ")]
    for text in (shown, *(one["html"] for one in told if "html" in one)):
        names = {name for name, _ in tags_of(text)}
        assert names.isdisjoint({"img", "iframe", "object", "base"})
        assert "alert(2)" not in re.sub(r"&lt;script&gt;alert\(2\)&lt;/script&gt;", "", text)
        assert 'href="https://evil' not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in told[-1]["html"]


def test_a_large_request_is_refused_before_it_is_read(pages: Pages) -> None:
    reader = pages.sign_in()
    at_most = "x" * (MAX_BODY_BYTES - 200)

    said = run(reader.post("/ask", {"question": "x" * MAX_BODY_BYTES}))
    allowed = run(reader.post("/ask", {"question": at_most}))

    assert said.status_code == 413
    assert allowed.status_code == 413  # the question is too long, and the page says so
    assert "at most 4000 characters" in allowed.text


def chunks(sizes: list[int]) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def receive() -> dict[str, Any]:
        size = sizes.pop(0) if sizes else 0
        return {"type": "http.request", "body": b"x" * size, "more_body": bool(sizes)}

    return receive


@pytest.mark.parametrize(
    ("headers", "sizes", "status"),
    [
        ([], [60, 60], 413),
        ([(b"content-length", b"10")], [60, 60], 413),
        ([(b"content-length", b"-1")], [1], 413),
        ([(b"content-length", b"\xb2")], [1], 413),
        ([(b"content-length", b"101")], [101], 413),
        ([], [60, 40], 200),
    ],
)
def test_a_body_is_as_large_as_it_is_whatever_its_header_says(
    headers: list[tuple[bytes, bytes]], sizes: list[int], status: int
) -> None:
    sent: list[Any] = []

    async def inner(_: Any, receive: Any, send: Any) -> None:
        message = await receive()
        assert len(message["body"]) == 100
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        sent.append(message)

    guards = Guards(app=inner, hosts={"h"}, max_body_bytes=100)
    scope = {"type": "http", "headers": [(b"host", b"h"), *headers]}

    asyncio.run(guards(scope, chunks(sizes), send))

    assert sent[0]["status"] == status


def test_a_body_that_never_comes_does_not_hold_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footnote_qa.bot.web.guards.BODY_TIMEOUT_S", 0.05)
    sent: list[Any] = []

    async def never() -> dict[str, Any]:
        await asyncio.sleep(BODY_TIMEOUT_S * 10)
        return {}

    async def send(message: Any) -> None:
        sent.append(message)

    async def inner(*_: Any) -> None:
        raise AssertionError("the request was not complete")

    guards = Guards(app=inner, hosts={"h"})
    scope = {"type": "http", "headers": [(b"host", b"h")]}

    asyncio.run(guards(scope, never, send))

    assert sent[0]["status"] == 408


def test_forms_of_other_kinds_and_with_many_fields_are_refused(pages: Pages) -> None:
    reader = pages.sign_in()

    async def post(body: bytes, kind: str) -> int:
        headers = {"Cookie": f"{COOKIE}={reader.cookie}", "Content-Type": kind}
        headers["X-CSRF"] = reader.csrf
        async with pages.client(**headers) as client:
            return (await client.post("/ask", content=body)).status_code

    form = "application/x-www-form-urlencoded"
    statuses = [
        asyncio.run(post(body, kind))
        for body, kind in (
            (b'{"question": "leave?"}', "application/json"),
            (b"question=leave", "text/plain"),
            (b"\xff", form),
            (b"&".join([b"a=1"] * 100), form),
            (b"question=leave", f"{form}; charset=utf-8"),
        )
    ]

    assert statuses == [415, 415, 400, 400, 303]


def test_a_session_asks_only_so_often(pages: Pages) -> None:
    object.__setattr__(pages.site.asks, "_most", 2.0)
    ann, bob = pages.sign_in("ann"), pages.sign_in("bob")

    statuses = [run(ann.ask("leave")).status_code for _ in range(3)]

    assert statuses == [303, 303, 429]
    assert run(bob.ask("leave")).status_code == 303


def test_the_rest_of_the_questions_wait_while_the_most_are_answered(pages: Pages) -> None:
    object.__setattr__(pages.site, "running", asyncio.Semaphore(2))
    object.__setattr__(pages.site.asks, "_most", 100.0)
    reader = pages.sign_in()
    open_now, most = 0, 0
    astream = pages.engine.astream

    async def slow(question: Any) -> Any:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        try:
            await asyncio.sleep(0.02)
            async for event in astream(question):
                yield event
        finally:
            open_now -= 1

    pages.engine.astream = slow  # type: ignore[method-assign]  # counts those that run

    async def main() -> list[httpx.Response]:
        return await asyncio.gather(*(reader.ask("leave") for _ in range(6)))

    assert [one.status_code for one in asyncio.run(main())] == [303] * 6
    assert most == 2


@pytest.mark.parametrize(
    "path",
    [
        *("/static/x/../../templates/base.html", "/static/x/%2e%2e%2fapp.py", "/static/x/app.py"),
        *(
            "/documents/../../etc/passwd",
            "/documents/%2e%2e/%2e%2e/etc/passwd",
            "/documents//etc/passwd",
        ),
        *("/static/x/base.html", "/documents/", "/answers/x", "/answers/x/sources/1"),
    ],
)
def test_no_address_leads_to_a_file_of_the_machine(pages: Pages, path: str) -> None:
    reply = run(pages.sign_in().get(path))

    assert reply.status_code == 404
    assert "root:" not in reply.text
    assert "autoescape" not in reply.text


def test_an_error_shows_a_reference_and_nothing_of_itself(pages: Pages) -> None:
    reader = pages.sign_in()

    whole, streamed = run(reader.ask("crash")), run(reader.stream("crash"))

    assert whole.status_code == 500
    assert "report the reference" in whole.text
    assert "secret words" not in whole.text + streamed.text
    assert streamed.text.count("event: problem") == 1


def test_a_page_of_a_role_is_not_there_for_others(pages: Pages) -> None:
    nobody = pages.sign_in(roles=frozenset())
    reader = pages.sign_in(roles=frozenset({Role.READER}))

    assert run(nobody.get("/documents")).status_code == 404
    assert run(reader.get("/documents")).status_code == 200


def test_whether_a_guess_is_near_takes_the_same_time(pages: Pages) -> None:
    """The comparison itself is the library's; this guards that it is the one in use."""
    calls: list[tuple[bytes, bytes]] = []
    real = secrets.compare_digest

    def watched(a: bytes, b: bytes) -> bool:
        calls.append((a, b))
        return real(a, b)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(secrets, "compare_digest", watched)
        get(pages, "/enter?token=guess")
        reader = pages.sign_in()
        run(reader.post("/ask", {"csrf": "guess"}))

    assert calls == [(b"guess", pages.site.token.encode()), (b"guess", reader.csrf.encode())]
