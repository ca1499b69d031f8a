"""Sign-in by OpenID Connect over real HTTP: what a person gets, and every way to forge it.

Sections without a name are those of OpenID Connect Core 1.0.
"""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from footnote_qa.bot.errors import SignInError, WebError
from footnote_qa.bot.state import SignInRepository
from footnote_qa.bot.web.pages.signing_in import BROWSER, local_address
from footnote_qa.bot.web.server import serve
from footnote_qa.bot.web.visits import COOKIE
from footnote_qa.bot.web_settings import SignInSettings, WebSettings
from tests.fakes import oidc_provider, web
from tests.fakes.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, query_of

HIDDEN = "ninety thousand"


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[Provider]:
    with oidc_provider.running() as provider:
        yield provider


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    """The provider as it is at first."""
    fresh = Provider(address=shared_provider.address, key=shared_provider.key)
    shared_provider.__dict__.update(fresh.__dict__)
    return shared_provider


@pytest.fixture
def pages(provider: Provider, web_index: Path, tmp_path: Path) -> Iterator[web.Pages]:
    with web.pages(tmp_path / "state", web_index / "index", settings=settings_of(provider)) as made:
        yield made


def settings_of(provider: Provider, **changes: Any) -> WebSettings:
    sign_in: dict[str, Any] = {
        "issuer": provider.address,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "groups": {"board": ("Directors",)},
        "owners": ("Writers",),
        "operators": ("Admins",),
    }
    return WebSettings(url="http://localhost", sign_in=SignInSettings(**sign_in | changes))


@dataclass
class Browser:
    """A browser that goes from page to page and keeps its cookies."""

    pages: web.Pages
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._sent("GET", path, headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        return self._sent("POST", path, headers, fields)

    def _sent(
        self, method: str, path: str, headers: dict[str, str], fields: dict[str, str] | None = None
    ) -> httpx.Response:
        async def main() -> httpx.Response:
            cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            async with self.pages.client(Cookie=cookie, **headers) as client:
                return await client.request(method, path, data=fields)

        reply = asyncio.run(main())
        for name, value in re.findall(
            r"([\w-]+)=([^;]*);", "\n".join(reply.headers.get_list("set-cookie"))
        ):
            if name.endswith((COOKIE, BROWSER)):
                self.cookies[name] = value.strip('"')
        return reply

    def begin(self, address: str = "/") -> str:
        """Go to the provider; return the address there."""
        begun = self.get(f"/sign-in?next={address}")
        assert begun.status_code == 303, begun.text
        return begun.headers["location"]

    def at_provider(self, address: str) -> str:
        """Return the address to which the provider sends back."""
        answer = httpx.get(address)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"].removeprefix("http://localhost")

    def sign_in(self, address: str = "/") -> httpx.Response:
        return self.get(self.at_provider(self.begin(address)))

    @property
    def is_in(self) -> bool:
        return self.get("/documents").status_code == 200

    @property
    def csrf(self) -> str:
        session = self.pages.site.sessions.find(self.cookies[COOKIE])
        assert session is not None
        return session.csrf


def test_a_page_leads_to_the_provider_and_back_to_itself(pages: web.Pages) -> None:
    browser = Browser(pages)

    first = browser.get("/documents?q=leave")
    begun = browser.get(first.headers["location"])
    back = browser.get(browser.at_provider(begun.headers["location"]))
    shown = browser.get("/documents?q=leave")

    assert first.headers["location"] == "/sign-in?next=%2Fdocuments%3Fq%3Dleave"
    assert 'content="0;url=/documents?q=leave"' in back.text
    assert shown.status_code == 200
    assert "leave.md" in shown.text


def test_the_request_has_all_that_the_code_flow_with_pkce_needs(pages: web.Pages) -> None:
    """Section 3.1.2.1; RFC 7636, section 4.3; RFC 9700, section 2.1.1."""
    asked = query_of(Browser(pages).begin())
    again = query_of(Browser(pages).begin())

    assert asked["response_type"] == "code"
    assert asked["client_id"] == CLIENT_ID
    assert asked["redirect_uri"] == "http://localhost/sign-in/callback"
    assert asked["scope"] == "openid profile email"
    assert asked["code_challenge_method"] == "S256"
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name]) == 43
        assert asked[name] != again[name]


def test_groups_of_the_provider_open_documents_and_roles(
    pages: web.Pages, provider: Provider
) -> None:
    browser = Browser(pages)
    seen = {}
    for groups in ((), ("Directors",), ("Writers",), ("Admins", "Directors")):
        provider.person["groups"] = list(groups)
        browser.sign_in()
        paths = ("/documents/secret.md", "/owners", "/operators")
        seen[groups] = [browser.get(path).status_code for path in paths]

    assert seen == {
        (): [404, 404, 404],
        ("Directors",): [200, 404, 404],
        ("Writers",): [404, 200, 404],
        ("Admins", "Directors"): [200, 404, 200],
    }


@pytest.mark.parametrize(
    ("groups", "same_names", "audience"),
    [
        (["board", "hr"], False, set()),
        (["board", "hr"], True, {"board", "hr"}),
        # Names of other people's documents are never groups of the provider
        (["email:boss@example.org", "slack:C1", "notion/acme/hr", "all:[[]]"], True, set()),
        ("board", True, {"board"}),
        ([1, None, {"a": 1}, ""], True, set()),
        ({"board": True}, True, set()),
    ],
)
def test_a_group_of_the_same_name_counts_only_if_the_settings_say_so(
    provider: Provider, groups: Any, same_names: bool, audience: set[str]
) -> None:
    from footnote_qa.bot.web.sign_in import identity_of

    settings = settings_of(provider, groups={}, same_names=same_names).sign_in

    found = identity_of({"sub": "u", "groups": groups}, settings)

    assert found.audience == audience


def test_only_a_verified_address_opens_what_it_may_see_in_a_source(
    provider: Provider, pages: web.Pages
) -> None:
    """Section 5.7: an address may be claimed by anybody, and the source knows people by it."""
    pages.index.access.replace_members("s", [("board", "email:ann@example.org")])
    try:
        browser, seen = Browser(pages), []
        for verified in (True, False, "true", None):
            provider.person = {"sub": "u", "email": "Ann@Example.org", "email_verified": verified}
            browser.sign_in()
            seen.append(browser.get("/documents/secret.md").status_code)
        provider.person["email_verified"] = True
        browser.sign_in()
        before = browser.get("/search?q=director").text
        pages.index.access.replace_members("s", [])
        after = browser.get("/search?q=director").text
    finally:
        pages.index.access.forget_all_but([])

    assert seen == [200, 404, 404, 404]
    assert HIDDEN in before
    assert HIDDEN not in after


def test_a_question_of_somebody_who_signed_in_is_asked_with_their_groups(
    pages: web.Pages, provider: Provider
) -> None:
    provider.person = {"sub": "u-7", "name": "Eve", "groups": ["Directors"]}
    browser = Browser(pages)
    browser.sign_in()

    browser.post("/ask", {"question": "salary of the director", "csrf": browser.csrf})

    asked = pages.engine.questions[-1]
    assert asked.user == "oidc:u-7"
    assert asked.audience == frozenset({"board"})


def test_somebody_in_no_group_of_readers_gets_no_session(
    pages: web.Pages, provider: Provider
) -> None:
    sign_in = pages.site.sign_in
    assert sign_in is not None
    sign_in.provider.settings = settings_of(provider, readers=("Staff",)).sign_in
    browser = Browser(pages)

    refused = browser.sign_in()
    provider.person["groups"] = ["Staff"]
    allowed = browser.sign_in()

    assert refused.status_code == 403
    assert COOKIE not in refused.headers.get("set-cookie", "")
    assert allowed.status_code == 200


def test_claims_that_the_token_lacks_come_from_userinfo(
    pages: web.Pages, provider: Provider
) -> None:
    """Section 5.3."""
    provider.person = {"sub": "u-1", "name": "Ann", "groups": ["Directors"]}
    provider.in_userinfo = frozenset({"groups", "name"})
    browser = Browser(pages)

    browser.sign_in()

    assert browser.get("/documents/secret.md").status_code == 200


def test_an_unverified_address_does_not_borrow_the_word_of_another_one() -> None:
    from footnote_qa.bot.web.sign_in import identity_of

    settings = SignInSettings(issuer="https://a", client_id="c")
    found = identity_of({"sub": "u", "email": "boss@example.org"}, settings)

    assert found.email == ""


# --- Each forged token is refused -----------------------------------------------------------------

Change = Callable[[Provider, dict[str, Any]], str]


def _with(**changes: Any) -> Change:
    def sign(provider: Provider, claims: dict[str, Any]) -> str:
        changed = {**claims, **changes}
        return provider.signed({name: v for name, v in changed.items() if v is not ...})

    return sign


def _public(provider: Provider) -> bytes:
    found: bytes = provider.key.as_pem(private=False)
    return found


def _swapped(provider: Provider, claims: dict[str, Any]) -> str:
    head, _, signature = provider.signed(claims).split(".")
    body = oidc_provider._base64(json.dumps({**claims, "groups": ["Directors"]}).encode())
    return f"{head}.{body}.{signature}"


FORGED: dict[str, Change] = {
    "2: of another issuer": _with(iss="https://evil.example"),
    "2: without an issuer": _with(iss=...),
    "3: for another client": _with(aud="other"),
    "3: for another client, authorized for us": _with(aud="other", azp=CLIENT_ID),
    "3: for nobody": _with(aud=...),
    "4: for several, and not for us alone": _with(aud=[CLIENT_ID, "other"]),
    "5: authorized for another client": _with(azp="other"),
    "6: without a signature": lambda p, c: p.unsigned(c),
    "6: signed by somebody else": lambda p, c: Provider(
        key=ECKey.generate_key("P-256", {"kid": p.key.kid})
    ).signed(c),
    "6: changed after it was signed": _swapped,
    "7: signed with the client's secret": lambda p, c: p.signed_with(CLIENT_SECRET.encode(), c),
    "8: signed with the public key as a secret": lambda p, c: p.signed_with(_public(p), c),
    "9: expired": _with(exp=900),
    "9: without an end": _with(exp=...),
    "10: from the future": _with(iat=1100),
    "11: of another sign-in": _with(nonce="another"),
    "11: without a nonce": _with(nonce=...),
    "2: about nobody": _with(sub=...),
    "2: about an empty name": _with(sub=""),
    "3.1.3.8: beside another access token": _with(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "not a token": lambda *_: "a.b.c",
}


def verified_of(provider: Provider, change: Change) -> dict[str, Any]:
    """Check a token that is right but for *change*."""
    from footnote_qa.bot.web.sign_in.tokens import Expected, verified

    claims = {
        "iss": provider.address,
        "aud": CLIENT_ID,
        "sub": "u-1",
        "exp": 1300,
        "iat": 1000,
        "nonce": "n",
        "at_hash": oidc_provider._half("access"),
    }
    keys = {"keys": [provider.key.as_dict(private=False)]}
    expected = Expected(
        issuer=provider.address,
        client_id=CLIENT_ID,
        nonce="n",
        access_token="access",  # noqa: S106 - of the test
        algorithms=("RS256", "ES256", "HS256", "none"),
    )
    return verified(change(provider, claims), keys, expected, now=1000)


@pytest.mark.parametrize("attack", FORGED)
def test_a_forged_token_is_refused(provider: Provider, attack: str) -> None:
    """Section 3.1.3.7; the number is its rule. Even if the provider says it signs with nothing."""
    with pytest.raises(SignInError):
        verified_of(provider, FORGED[attack])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": [CLIENT_ID]},
        {"azp": CLIENT_ID, "aud": [CLIENT_ID, "other"]},
        {"iat": 1030},
        {"at_hash": ...},
    ],
    ids=str,
)
def test_a_right_token_is_taken(provider: Provider, changes: dict[str, Any]) -> None:
    assert verified_of(provider, _with(**changes))["sub"] == "u-1"


def test_the_most_common_signature_is_known() -> None:
    """RS256 is what each provider has to offer (Discovery, section 3)."""
    provider = Provider(address="https://a", key=RSAKey.generate_key(2048, {"kid": "r1"}))

    assert verified_of(provider, _with())["sub"] == "u-1"


@pytest.mark.parametrize("attack", ["6: without a signature", "11: of another sign-in"])
def test_a_forged_token_opens_no_session(
    pages: web.Pages, provider: Provider, attack: str, caplog: pytest.LogCaptureFixture
) -> None:
    provider.sign = lambda claims: FORGED[attack](provider, claims)
    browser = Browser(pages)

    reply = browser.sign_in()

    assert reply.status_code == 403
    assert "report the reference" in reply.text
    assert COOKIE not in browser.cookies
    assert not browser.is_in
    assert [one.message for one in caplog.records if one.name.startswith("footnote")] == [
        "sign-in refused"
    ]


def test_new_keys_of_the_provider_are_fetched(pages: web.Pages, provider: Provider) -> None:
    """Section 10.1.1."""
    Browser(pages).sign_in()
    before, provider.key = provider.key, ECKey.generate_key("P-256", {"kid": "k2"})
    browser = Browser(pages)

    browser.sign_in()
    provider.key = before

    assert browser.is_in
    assert [path for path, _ in provider.asked].count("/keys") == 2
    assert [path for path, _ in provider.asked].count("/.well-known/openid-configuration") == 1


# --- The answer of the provider -------------------------------------------------------------------

ANSWERS: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "no state": lambda a: {k: v for k, v in a.items() if k != "state"},
    "a guessed state": lambda a: {**a, "state": "x" * 43},
    "no code": lambda a: {k: v for k, v in a.items() if k != "code"},
    "a guessed code": lambda a: {**a, "code": "guess"},
    "an error (3.1.2.6)": lambda a: {**a, "error": "access_denied"},
    "another issuer (RFC 9207, 2.4)": lambda a: {**a, "iss": "https://evil.example"},
    "no issuer (RFC 9207, 2.4)": lambda a: {k: v for k, v in a.items() if k != "iss"},
}


@pytest.mark.parametrize("attack", ANSWERS)
def test_an_answer_that_is_not_the_providers_opens_no_session(
    pages: web.Pages, provider: Provider, attack: str
) -> None:
    provider.answer = ANSWERS[attack]
    browser = Browser(pages)

    assert browser.sign_in().status_code == 403
    assert COOKIE not in browser.cookies


def test_an_answer_works_once(pages: web.Pages, provider: Provider) -> None:
    """RFC 6749, section 10.5: neither the state nor the code."""
    browser = Browser(pages)
    answer = browser.at_provider(browser.begin())
    assert browser.get(answer).status_code == 200
    del browser.cookies[COOKIE]

    again = browser.get(answer)
    used = query_of(answer)["code"]
    provider.answer = lambda good: {**good, "code": used}
    with_new_state = browser.sign_in()

    assert again.status_code == with_new_state.status_code == 403
    assert COOKIE not in browser.cookies


def test_nobody_is_signed_in_to_somebody_elses_account(pages: web.Pages) -> None:
    """RFC 6749, section 10.12: the answer of the attacker's own sign-in, in another browser."""
    attacker, victim = Browser(pages), Browser(pages)
    answer = attacker.at_provider(attacker.begin())

    without = victim.get(answer)
    victim.begin()
    beside_their_own = victim.get(answer)

    assert without.status_code == beside_their_own.status_code == 403
    assert COOKIE not in victim.cookies
    assert attacker.get(answer).status_code == 200, "the victim's try has used it up"


def test_a_stolen_code_is_no_use_without_the_verifier(pages: web.Pages, provider: Provider) -> None:
    """RFC 7636, section 1: the thief begins a sign-in of their own."""
    victim, thief = Browser(pages), Browser(pages)
    stolen = query_of(victim.at_provider(victim.begin()))["code"]
    provider.answer = lambda good: {**good, "code": stolen}

    assert thief.sign_in().status_code == 403


def test_several_pages_of_one_browser_can_sign_in_at_the_same_time(pages: web.Pages) -> None:
    browser = Browser(pages)
    first, second = browser.begin("/search"), browser.begin("/documents")

    replies = [browser.get(browser.at_provider(one)) for one in (second, first)]

    assert ["0;url=/documents" in replies[0].text, "0;url=/search" in replies[1].text] == [True] * 2


def test_a_sign_in_is_too_old_after_ten_minutes(pages: web.Pages) -> None:
    now = [1000.0]
    attempts = SignInRepository(pages.database, now=lambda: now[0])
    young, old = attempts.begin("/"), attempts.begin("/")

    now[0] += 600
    assert attempts.take(young.state, browser=young.browser) == young
    assert attempts.take(young.state, browser=young.browser) is None, "it works once"
    now[0] += 1
    assert attempts.take(old.state, browser=old.browser) is None


def test_the_state_has_neither_cookies_nor_states(pages: web.Pages) -> None:
    browser = Browser(pages)
    state = query_of(browser.begin())["state"]

    with pages.database.sql() as sql:
        rows = sql.execute("SELECT * FROM web_sign_in").fetchall()

    values = [str(value) for row in rows for value in tuple(row)]
    assert state not in values
    assert browser.cookies[BROWSER] not in values


@pytest.mark.parametrize(
    "address",
    [
        *("https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example"),
        *("/%09/evil.example/..//", "javascript:alert(1)", "/a\r\nSet-Cookie: x=1", "/\t/evil"),
        *("/sign-in?next=/", "", "evil.example", "/" + "x" * 3000),
    ],
)
def test_a_sign_in_leads_to_our_own_pages_alone(address: str) -> None:
    found = local_address(address)

    assert found == "/" or (found.startswith("/%09/") and found == address)


def test_signing_in_makes_a_new_session(pages: web.Pages) -> None:
    """Session fixation: the cookie that an attacker has put there opens nothing afterwards."""
    browser = Browser(pages)
    browser.cookies[COOKIE] = "planted" * 6 + "x"
    browser.sign_in()
    first = browser.cookies[COOKIE]
    browser.sign_in()

    assert first != "planted" * 6 + "x"
    assert browser.cookies[COOKIE] != first
    assert pages.site.sessions.find("planted" * 6 + "x") is None


def test_cookies_behind_https_are_of_this_host_and_secure(
    provider: Provider, web_index: Path, tmp_path: Path
) -> None:
    settings = settings_of(provider).model_copy(update={"url": "https://localhost"})
    with web.pages(tmp_path / "state", web_index / "index", settings=settings) as pages:
        begun = Browser(pages).get("/sign-in")

    cookie = begun.headers["set-cookie"]
    assert re.fullmatch(
        rf"__Host-{BROWSER}=[\w-]{{43}}; HttpOnly; Max-Age=600; Path=/; SameSite=lax; Secure",
        cookie,
    )
    assert query_of(begun.headers["location"])["redirect_uri"].startswith("https://localhost/")


def test_signing_out_ends_the_session_here_and_at_the_provider(
    pages: web.Pages, provider: Provider
) -> None:
    """RP-Initiated Logout 1.0, section 2."""
    browser = Browser(pages)
    browser.sign_in()
    cookie = browser.cookies[COOKIE]

    left = browser.post("/leave", {"csrf": browser.csrf})
    address = re.search(r'url=([^"]*)"', left.text)
    assert address is not None
    asked = query_of(address[1].replace("&amp;", "&"))

    assert address[1].startswith(f"{provider.address}/end?")
    assert asked["post_logout_redirect_uri"] == "http://localhost/signed-out"
    assert asked["client_id"] == CLIENT_ID
    assert asked["id_token_hint"].count(".") == 2
    assert pages.site.sessions.find(cookie) is None
    assert "Sign in" in browser.get("/signed-out").text


@pytest.mark.parametrize("trouble", ["no address", "down"])
def test_signing_out_works_without_the_provider(
    pages: web.Pages, provider: Provider, trouble: str
) -> None:
    browser = Browser(pages)
    if trouble == "no address":
        provider.metadata["end_session_endpoint"] = None
    browser.sign_in()
    if trouble == "down":
        provider.down = True
        sign_in = pages.site.sign_in
        assert sign_in is not None
        sign_in.provider._known = None

    left = browser.post("/leave", {"csrf": browser.csrf})

    assert 'url=/signed-out"' in left.text
    assert browser.get("/documents").status_code == 303


@pytest.mark.parametrize(
    ("metadata", "status"),
    [
        ({"issuer": "https://evil.example"}, 403),  # Discovery, section 4.3
        ({"token_endpoint": None}, 403),
        ({"token_endpoint": "http://evil.example/token"}, 403),  # section 16.17
        ({"jwks_uri": "ftp://a"}, 403),
        ({"id_token_signing_alg_values_supported": ["none", "HS256"]}, 403),
        ({"userinfo_endpoint": None}, 200),
    ],
)
def test_a_description_that_is_not_the_providers_signs_nobody_in(
    pages: web.Pages, provider: Provider, metadata: dict[str, Any], status: int
) -> None:
    provider.metadata = metadata
    browser = Browser(pages)

    begun = browser.get("/sign-in")
    done = (
        browser.get(browser.at_provider(begun.headers["location"])) if begun.is_redirect else begun
    )

    assert done.status_code == status


def test_nobody_is_sent_to_a_provider_that_calls_itself_something_else(
    pages: web.Pages, provider: Provider
) -> None:
    """Discovery, section 4.3: with a token of its own, it would sign in whom it likes."""
    provider.metadata = {"issuer": "https://evil.example"}
    provider.claims = lambda claims: {**claims, "iss": "https://evil.example"}
    provider.answer = lambda answer: {**answer, "iss": "https://evil.example"}

    assert Browser(pages).get("/sign-in").status_code == 403


def test_userinfo_of_somebody_else_is_refused(pages: web.Pages, provider: Provider) -> None:
    """Section 5.3.2."""
    provider.in_userinfo, provider.userinfo_sub = frozenset({"name"}), "u-2"

    assert Browser(pages).sign_in().status_code == 403


def test_a_provider_that_is_down_is_no_traceback(pages: web.Pages, provider: Provider) -> None:
    provider.down = True

    reply = Browser(pages).get("/sign-in")

    assert reply.status_code == 403
    assert provider.address not in reply.text


def test_the_script_of_a_page_is_not_redirected(pages: web.Pages) -> None:
    reply = Browser(pages).get("/documents", **{"X-Partial": "1"})

    assert reply.status_code == 403
    assert "Load the page again" in reply.text


def test_the_token_of_the_single_user_mode_opens_nothing(pages: web.Pages) -> None:
    browser = Browser(pages)

    assert pages.site.token == ""
    assert browser.get("/enter?token=").status_code == 403
    assert not browser.cookies


def test_sign_ins_of_an_address_are_limited(pages: web.Pages) -> None:
    object.__setattr__(pages.site.guesses, "_now", lambda: 0.0)  # however long the requests take
    browser = Browser(pages)

    statuses = [browser.get("/sign-in").status_code for _ in range(32)]

    assert statuses[:30] == [303] * 30
    assert statuses[30:] == [429] * 2


def test_a_form_without_the_secret_signs_nobody_out(pages: web.Pages) -> None:
    browser = Browser(pages)
    browser.sign_in()

    replies = [
        browser.post("/leave", {"csrf": "guess"}),
        browser.post("/leave", {"csrf": browser.csrf}, Origin="https://evil.example"),
    ]

    assert [one.status_code for one in replies] == [403, 403]
    assert browser.is_in


def test_other_settings_end_all_sessions(
    provider: Provider, web_index: Path, tmp_path: Path
) -> None:
    """Somebody who was an owner may not be one any more."""
    cookies: list[str] = []
    found = []
    for owners in (("Writers",), ("Others",)):
        settings = settings_of(provider, owners=owners)
        with web.pages(tmp_path / "state", web_index / "index", settings=settings) as pages:
            browser = Browser(pages)
            browser.sign_in()
            cookies.append(browser.cookies[COOKIE])
            found.append([pages.site.sessions.find(one) is not None for one in cookies])

    assert found == [[True], [False, True]]


def listens(address: str) -> None:
    raise AssertionError(f"it listens on {address}")


def test_other_machines_reach_the_pages_only_with_a_sign_in(
    web_index: Path, tmp_path: Path
) -> None:
    with web.pages(tmp_path / "state", web_index / "index") as pages:
        served = serve(pages.site, port=0, begun=listens, host="0.0.0.0")  # noqa: S104 - it is refused
        with pytest.raises(WebError, match=r"--host 0\.0\.0\.0 needs a way to sign in"):
            asyncio.run(served)


@pytest.mark.parametrize(
    ("sign_in", "url", "fault"),
    [
        ({"issuer": "http://login.example.org", "client_id": "a"}, "https://a", "https://"),
        ({"issuer": "https://a"}, "https://a", "client_id"),
        ({"client_id": "a"}, "https://a", "issuer"),
        ({"issuer": "https://a", "client_id": "a", "scopes": ["email"]}, "https://a", "openid"),
        ({"issuer": "https://a", "client_id": "a"}, "", "needs the pages' address"),
        ({"issuer": "https://a", "client_id": "a"}, "http://docs.local", "begins with https"),
    ],
)
def test_settings_that_cannot_work_are_named(sign_in: dict[str, Any], url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        WebSettings.model_validate({"url": url, "sign_in": sign_in})
