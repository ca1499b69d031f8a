"""The pages in a real browser: ask, stream, open a source, rate, share; by keyboard too."""

import asyncio
import shutil
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from footnote_qa.bot.state import Rating, Received
from footnote_qa.bot.types import Status
from footnote_qa.bot.web.server import served
from footnote_qa.bot.web_settings import SignInSettings, WebSettings
from tests.fakes import oidc_provider
from tests.fakes.embedder import HashEmbedder
from tests.fakes.slack_browser import Tab, browser
from tests.fakes.web import DOCUMENTS, EVIL, Pages, an_answer, build
from tests.fakes.web import pages as web_pages

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium"),
]

FIELD = "document.querySelector('[data-ask] textarea')"
LAST = "document.querySelector('#last')"


def drive(pages: Pages, folder: Path, work: Callable[[Tab, str], Awaitable[Any]]) -> Any:
    """Open the pages by their entrance and do *work*; nothing may be logged as an error."""

    async def main() -> Any:
        chromium = str(shutil.which("chromium"))
        async with served(pages.site) as entrance, browser(chromium, folder) as tab:
            await tab.goto(entrance)
            await tab.until(f"!!{FIELD}")
            await tab.evaluate(
                "window.faults = []; addEventListener('securitypolicyviolation',"
                " (e) => faults.push(e.violatedDirective)); addEventListener('error',"
                " (e) => faults.push(e.message))"
            )
            return await work(tab, entrance.partition("/enter")[0])

    return asyncio.run(main())


async def press(tab: Tab, key: str, *, code: int = 0, text: str = "", shift: bool = False) -> None:
    modifiers = 8 if shift else 0
    for kind in ("keyDown", "keyUp"):
        await tab._call(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            code=key,
            windowsVirtualKeyCode=code,
            modifiers=modifiers,
            **({"text": text} if text and kind == "keyDown" else {}),
        )


async def tab_to(tab: Tab, script: str) -> int:
    """Press Tab until the element with the focus is the wanted one; return how often."""
    for pressed in range(1, 80):
        await press(tab, "Tab", code=9)
        if await tab.evaluate(
            f"document.activeElement && document.activeElement.matches({script!r})"
        ):
            return pressed
    raise AssertionError(f"no way to {script} by keyboard")


def test_ask_open_a_source_rate_and_share(pages: Pages, tmp_path: Path) -> None:
    async def work(tab: Tab, address: str) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        await tab.evaluate(f"{FIELD}.value = 'leave and parking?'; {FIELD}.form.requestSubmit()")
        await tab.until(f"!!{LAST}")
        seen["answer"] = await tab.evaluate(f"{LAST}.querySelector('.says').innerText")
        seen["said"] = await tab.evaluate("document.getElementById('live').innerText")
        seen["path"] = await tab.evaluate("location.pathname")
        await tab.evaluate("document.querySelector('#last a.cite').click()")
        await tab.until("!!document.querySelector('#panel[open] #quote')")
        seen["quote"] = await tab.evaluate(
            "[...document.querySelectorAll('#panel mark')].map((m) => m.innerText).join('')"
        )
        seen["in view"] = await tab.evaluate(
            "(() => { const r = document.querySelector('#quote').getBoundingClientRect();"
            " return r.top >= 0 && r.bottom <= innerHeight })()"
        )
        await tab.evaluate("document.querySelector('[data-close]').click()")
        await tab.evaluate("document.querySelector('#last button[value=down]').click()")
        await tab.until("!!document.querySelector('#last select[name=reason]')")
        await tab.evaluate(
            "document.querySelector('#last textarea').value = 'Forty.';"
            " document.querySelector('#last .reason').requestSubmit()"
        )
        await tab.until("document.querySelector('#last').innerText.includes('Thank you')")
        await tab.evaluate("document.querySelector('#last form[action$=share] button').click()")
        await tab.until("document.querySelector('#last').innerText.includes('can sign in')")
        seen["faults"] = await tab.evaluate("faults")
        await tab.goto(f"{address}{seen['path']}")
        await tab.until("document.querySelectorAll('.turn').length === 1")
        seen["again"] = await tab.evaluate("document.querySelector('.says').innerText")
        return seen

    seen = drive(pages, tmp_path / "browser", work)

    (feedback,) = pages.site.answers.feedback()
    assert seen["answer"] == (
        "Every employee has thirty days of leave 1. Parking costs three euros a day 2."
    )
    assert seen["said"].startswith("Answer: Every employee has thirty days")
    assert seen["path"].startswith("/c/")
    assert seen["quote"] == "Every employee has thirty days of leave."
    assert seen["in view"] is True
    assert (feedback["rating"], feedback["comment"]) == ("down", "Forty.")
    assert seen["faults"] == []
    assert seen["again"] == seen["answer"]


def test_everything_is_reached_by_keyboard(pages: Pages, tmp_path: Path) -> None:
    async def work(tab: Tab, address: str) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        await tab.goto(f"{address}/documents")
        await tab.until("location.pathname === '/documents' && document.readyState === 'complete'")
        await press(tab, "Tab", code=9)
        seen["first"] = await tab.evaluate("document.activeElement.innerText")
        await press(tab, "Enter", code=13, text="\r")
        await tab.until("document.activeElement.id === 'main'")
        await tab.goto(f"{address}/")
        await tab.until(f"!!{FIELD} && location.pathname === '/'")
        await tab.evaluate("document.activeElement.blur()")
        await press(tab, "/", code=191, text="/")
        seen["slash"] = await tab.evaluate(f"document.activeElement === {FIELD}")
        for letter in "leave":
            await press(tab, letter, text=letter)
        await press(tab, "Enter", code=13, text="\r")
        await tab.until(f"!!{LAST}")
        await tab.evaluate(f"{LAST}.querySelector('h2').focus()")
        seen["to source"] = await tab_to(tab, "#last a.cite")
        await press(tab, "Enter", code=13, text="\r")
        await tab.until("!!document.querySelector('#panel[open] #quote')")
        seen["in panel"] = await tab.evaluate(
            "document.activeElement === document.querySelector('#panel h2')"
        )
        await press(tab, "Escape", code=27)
        await tab.until("!document.querySelector('#panel').open")
        seen["back"] = await tab.evaluate("document.activeElement.className")
        await tab_to(tab, "#last button[value=up]")
        await press(tab, "Enter", code=13, text="\r")
        await tab.until("!!document.querySelector('#last button[value=up][aria-pressed=true]')")
        return seen

    seen = drive(pages, tmp_path / "browser", work)

    (feedback,) = pages.site.answers.feedback()
    assert seen == {
        "first": "Skip to the content",
        "slash": True,
        "to source": 1,
        "in panel": True,
        "back": "cite",
    }
    assert feedback["rating"] == "up"


def test_nothing_of_a_document_runs_and_the_policy_stops_what_would(
    pages: Pages, tmp_path: Path
) -> None:
    async def work(tab: Tab, _: str) -> tuple[str, list[str]]:
        await tab.evaluate(f"{FIELD}.value = 'evil leave'; {FIELD}.form.requestSubmit()")
        await tab.until(f"!!{LAST}")
        html = await tab.evaluate("document.getElementById('turns').innerHTML")
        await tab.evaluate(
            "document.body.insertAdjacentHTML('beforeend',"
            ' \'<img src="https://evil.example/x" onerror="faults.push(1)">\');'
            " document.body.append(Object.assign(document.createElement('script'),"
            " {textContent: 'faults.push(2)'}))"
        )
        await tab.until("faults.length >= 2")
        return html, await tab.evaluate("faults")

    html, faults = drive(pages, tmp_path / "browser", work)

    assert "&lt;img src=x" in html
    assert "<img" not in html
    assert set(map(str, faults)) <= {"img-src", "script-src-elem", "script-src-attr"}
    assert EVIL not in html


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_the_screen_and_every_text_can_be_read(
    pages: Pages, tmp_path: Path, width: int, scheme: str
) -> None:
    async def work(tab: Tab, address: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        await tab.emulate((width, 800), scheme)
        await tab.evaluate(f"{FIELD}.value = 'leave?'; {FIELD}.form.requestSubmit()")
        await tab.until(f"!!{LAST}")
        path = await tab.evaluate("location.pathname")
        await asyncio.to_thread(pages.site.overviews.read_questions, pages.index)
        paths = [path, "/", "/search?q=leave", "/documents", "/documents/leave.md", "/nothing"]
        paths += ("/owners", "/owners/gaps/gap", "/owners/answers/gap", "/operators")
        for one in (*paths, "/operators/doctor", "/operators/generations/gen-000001"):
            await tab.goto(f"{address}{one}")
            await tab.until(
                f"location.pathname + location.search === {one!r}"
                " && document.readyState === 'complete'"
            )
            found[one.replace(path, "/c")] = await tab.evaluate(MEASURE)
        return found

    keep_gap(pages)
    found = drive(pages, tmp_path / "browser", work)

    nothing = {"too wide": 0, "low contrast": [], "without a name": [], "headings": True}
    assert found == dict.fromkeys(found, nothing)
    assert len(found) == 12


def keep_gap(pages: Pages) -> None:
    """Store a question that nobody answered, and that somebody complained about."""
    received = Received(
        event_id="", team="T", channel="C", ts="1", thread_ts="1", user="U", text="parking dogs?"
    )
    answer = an_answer("", status=Status.NOT_FOUND)
    pages.site.answers.keep("gap", received, "parking for dogs?", answer)
    pages.site.answers.rate("gap", "U", Rating.DOWN)


def test_an_owner_verifies_an_answer_and_sees_it_in_the_list(pages: Pages, tmp_path: Path) -> None:
    async def work(tab: Tab, address: str) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        await tab.goto(f"{address}/owners")
        await tab.until("!!document.querySelector('.gap a.title')")
        await tab.evaluate("document.querySelector('.gap a.title').click()")
        await tab.until("!!document.querySelector('#verify textarea')")
        await tab.evaluate("document.querySelector('#verify textarea').focus()")
        for letter in "No dogs.":
            await press(tab, letter, text=letter)
        await tab_to(tab, "#verify button")
        await press(tab, "Enter", code=13, text="\r")
        await tab.until("document.querySelector('#verify').innerText.includes('is verified')")
        seen["focus"] = await tab.evaluate("document.activeElement.innerText")
        await tab.evaluate("document.querySelector('#case button').click()")
        await tab.until("document.querySelector('#case').innerText.includes('test case now')")
        await tab.goto(f"{address}/owners")
        await tab.until("location.pathname === '/owners' && document.readyState === 'complete'")
        seen["list"] = await tab.evaluate(
            "document.querySelector('#verified').parentElement.innerText"
        )
        return seen

    keep_gap(pages)
    pages.site.overviews.read_questions(pages.index)
    seen = drive(pages, tmp_path / "browser", work)

    (file,) = pages.site.answers_folder.glob("*.md")
    assert file.read_text().startswith("# parking for dogs?\n\nNo dogs.\n\nVerified by You on ")
    assert seen["focus"] == "The answer is verified."
    assert "parking for dogs?" in seen["list"]
    assert "After the next build" in seen["list"]
    assert [case.question for case in pages.cases] == ["parking for dogs?"]


MEASURE = """(() => {
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255)
      .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const numbers = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = numbers(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const one of document.querySelectorAll("body *")) {
    const words = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!words || !one.checkVisibility()) continue;
    const own = numbers(getComputedStyle(one).color).slice(0, 3);
    const [a, b] = [luminance(own), luminance(behind(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${one.tagName}.${one.className} ${ratio.toFixed(2)}`);
  }
  const controls = "a, button, input:not([type=hidden]), select, textarea";
  const nameless = [...document.querySelectorAll(controls)]
    .filter((one) => one.checkVisibility() && !one.innerText.trim())
    .filter((one) => !one.getAttribute("aria-label") && !(one.labels && one.labels.length))
    .map((one) => one.outerHTML);
  return {
    "too wide": Math.max(0, document.documentElement.scrollWidth - innerWidth),
    "low contrast": low,
    "without a name": nameless,
    "headings": document.querySelectorAll("h1").length === 1 && !!document.querySelector("main"),
  };
})()"""


def test_an_operator_goes_back_to_an_older_generation(
    pages: Pages, folder: Path, embedder: HashEmbedder, tmp_path: Path
) -> None:
    async def work(tab: Tab, address: str) -> str:
        await tab.goto(f"{address}/operators")
        await tab.until("!!document.querySelector('a[href$=\"gen-000001\"]')")
        await tab.evaluate("document.querySelector('a[href$=\"gen-000001\"]').focus()")
        await press(tab, "Enter", code=13, text="\r")
        await tab.until("location.pathname.endsWith('gen-000001')")
        await tab.until("document.readyState === 'complete'")
        await tab_to(tab, "main form button")
        await press(tab, "Enter", code=13, text="\r")
        await tab.until("location.pathname === '/operators' && document.readyState === 'complete'")
        return str(await tab.evaluate("document.querySelector('.badge').parentElement.innerText"))

    build(folder, embedder, DOCUMENTS | {"new.md": "# New\n\nWords.\n"})

    shown = drive(pages, tmp_path / "browser", work)

    assert shown == "gen-000001 In use"
    assert pages.index.generation.manifest.generation == "gen-000001"


AXE = Path(__file__).resolve().parents[3] / "docs/pictures/node_modules/axe-core/axe.min.js"


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: npm install in docs/pictures")
def test_axe_finds_nothing_on_any_page(pages: Pages, tmp_path: Path) -> None:
    async def work(tab: Tab, address: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        await tab._call("Page.setBypassCSP", enabled=True)
        await tab.evaluate(f"{FIELD}.value = 'leave?'; {FIELD}.form.requestSubmit()")
        await tab.until(f"!!{LAST}")
        path = await tab.evaluate("location.pathname")
        paths = [path, "/", "/search?q=leave", "/documents", "/documents/leave.md", "/nothing"]
        paths += ["/owners", "/owners/gaps/gap", "/owners/answers/gap", "/operators"]
        for one in (*paths, "/operators/generations/gen-000001"):
            await tab.goto(f"{address}{one}")
            await tab.until(
                f"location.pathname + location.search === {one!r}"
                " && document.readyState === 'complete'"
            )
            if one == path:
                await tab.evaluate("document.querySelector('a.cite').click()")
                await tab.until("!!document.querySelector('#panel[open] #quote')")
            await tab.evaluate(AXE.read_text(encoding="utf-8"))
            found[one] = await tab.resolved(
                "axe.run().then((r) => r.violations.map((v) => `${v.impact} ${v.id}`))"
            )
        return found

    keep_gap(pages)
    pages.site.overviews.read_questions(pages.index)
    found = drive(pages, tmp_path / "browser", work)

    assert {page: faults for page, faults in found.items() if faults} == {}
    assert len(found) == 11


def test_the_theme_stays_as_it_was_chosen(pages: Pages, tmp_path: Path) -> None:
    async def work(tab: Tab, address: str) -> list[Any]:
        seen: list[Any] = []
        for _ in range(3):
            await tab.evaluate("document.querySelector('[data-theme-button]').click()")
            seen.append(await tab.evaluate("document.documentElement.dataset.theme || 'auto'"))
        await tab.evaluate("document.querySelector('[data-theme-button]').click()")
        await tab.evaluate("document.querySelector('[data-theme-button]').click()")
        await tab.goto(f"{address}/documents")
        await tab.until("location.pathname === '/documents' && document.readyState === 'complete'")
        seen.append(await tab.evaluate("document.documentElement.dataset.theme"))
        seen.append(await tab.evaluate("getComputedStyle(document.body).backgroundColor"))
        return seen

    seen = drive(pages, tmp_path / "browser", work)

    assert seen == ["light", "dark", "auto", "dark", "rgb(20, 21, 19)"]


def test_somebody_signs_in_and_out_at_a_provider_on_another_site(
    web_index: Path, tmp_path: Path
) -> None:
    """The browser keeps strict cookies back between sites, and the policy stops some redirects."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"

    async def work(tab: Tab, pages: Pages) -> list[str]:
        await tab.goto(f"{url}/search?q=leave")
        await tab.until("!!document.querySelector('#found .source')")
        name = await tab.evaluate("location.pathname + location.search")
        await tab.evaluate("document.querySelector('form[action=\"/leave\"]').requestSubmit()")
        await tab.until("location.pathname === '/signed-out' && !!document.querySelector('h1')")
        said = await tab.evaluate("document.querySelector('h1').innerText")
        with pages.database.sql() as sql:
            left = sql.execute("SELECT count(*) FROM web_session").fetchone()[0]
        return [str(name), str(said), str(left)]

    async def main(pages: Pages) -> list[str]:
        async with (
            served(pages.site, port=port),
            browser(str(shutil.which("chromium")), tmp_path / "browser") as tab,
        ):
            return await work(tab, pages)

    with oidc_provider.running() as provider:
        provider.address = provider.address.replace("127.0.0.1", "localhost")
        provider.redirect = f"{url}/sign-in/callback"
        sign_in = SignInSettings(
            issuer=provider.address,
            client_id=oidc_provider.CLIENT_ID,
            client_secret=SecretStr(oidc_provider.CLIENT_SECRET),
        )
        settings = WebSettings(url=url, sign_in=sign_in)
        with web_pages(tmp_path / "state", web_index / "index", settings=settings) as pages:
            found = asyncio.run(main(pages))

    assert found == ["/search?q=leave", "You are signed out", "0"]
