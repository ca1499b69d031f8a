"""The page about a run: everything is in it, and nothing in it runs."""

import asyncio
import re
import shutil
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from footnote_qa.bot.types import Answer, Citation
from footnote_qa.eval.reports import Unclear
from footnote_qa.eval.reports.report import _SCRIPT as REPORT_SCRIPT
from footnote_qa.eval.reports.report import markdown, outcome, write
from footnote_qa.eval.runs.record import RunRecord, save, to_record
from footnote_qa.eval.runs.run import RunResult, Subject, run_questions
from footnote_qa.eval.types import Baseline, Case, Place, QuestionSet
from tests.fakes.searcher_for_eval import ScriptedAsk, ScriptedSearcher, answer, citation
from tests.fakes.slack_browser import browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TEXT = "Everybody gets 30 days of leave. Ask your lead."
HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "</mark></style></title><svg onload=alert(1)>{{ 7 * 7 }}{% raw %}'\"><a href='javascript:1'>"
)


def cited(quote: str, text: str = TEXT, *, label: int = 1) -> Citation:
    return citation("leave.md", label=label, start=text.index(quote), quote=quote)


def measured(
    *, said: str = "You get 30 days [1].", wording: str = "30 days", hostile: str = ""
) -> RunResult:
    quote = hostile or "30 days of leave"
    text = f"Before {quote} after." if hostile else TEXT
    cases = (
        Case(
            id=f"leave{hostile}",
            question=f"How much leave?{hostile}",
            answers=(f"{wording}{hostile}",),
            relevant=(Place(document="leave.md", quote=quote, heading=(f"Leave{hostile}",)),),
            tags=(f"hr{hostile}",),
        ),
        Case(id="moon", question="Who owns the moon?", answerable=False, tags=("far",)),
        Case(id="down", question="Is it down?", answers=("no",)),
    )
    told = answer(f"{said}{hostile}", cited(quote, text), confidence=0.8, ms=40)
    asked: dict[str, Answer | Exception] = {
        cases[0].question: told,
        cases[1].question: answer(confidence=0.1, ms=20),
        cases[2].question: ValueError(f"no model{hostile}"),
    }
    subject = Subject(
        searcher=ScriptedSearcher({case.question: ["leave.md", "b.md"] for case in cases}),
        ask=ScriptedAsk(asked),
        text_of={"leave.md": text}.get,
        settings={"models": {"name": f"m{hostile}"}},
    )
    questions = QuestionSet(
        name=f"sample{hostile}",
        digest="d" * 64,
        cases=cases,
        baselines=(Baseline(name=f"bm25{hostile}", scores={"ndcg@10": 0.5}),),
    )
    return asyncio.run(run_questions(questions, subject))


def page(folder: Path, record: RunRecord, **more: object) -> BeautifulSoup:
    write(record, folder, **more)  # type: ignore[arg-type]  # what a test names itself
    return BeautifulSoup((folder / "report.html").read_text(encoding="utf-8"), "html.parser")


def words(tag: Tag | None) -> str:
    assert tag is not None
    return " ".join(tag.get_text(" ").split())


def test_the_headline_has_each_number_with_its_interval(tmp_path: Path) -> None:
    found = page(tmp_path, to_record(measured()))

    cards = [words(card) for card in found.select(".card")]
    assert "contains_answer 1.000 0.207 – 1.000 · n 1" in cards
    assert "failed ↓ 0.333 0.061 – 0.792 · n 3" in cards


def test_each_question_shows_what_was_expected_and_what_was_found(tmp_path: Path) -> None:
    found = page(tmp_path, to_record(measured()))

    rows = [words(row) for row in found.select("details.q > summary")]
    assert rows == [
        "answered, right How much leave?",
        "refused, rightly Who owns the moon?",
        "failed Is it down?",
    ]
    first = found.select_one("details.q")
    assert first is not None
    assert [words(item) for item in first.select(".sides div:first-child li")] == [
        "30 days",
        "leave.md, Leave: 30 days of leave",
    ]
    assert [item.get_text() for item in first.select(".hit")] == ["leave.md"]


def test_a_quote_is_marked_in_the_text_around_it(tmp_path: Path) -> None:
    found = page(tmp_path, to_record(measured()))

    quote = found.select_one("blockquote")
    assert quote is not None
    assert quote.get_text() == "…Everybody gets 30 days of leave. Ask your lead.…"
    assert [mark.get_text() for mark in quote.select("mark")] == ["30 days of leave"]


def test_the_other_runs_of_the_set_and_each_tag_are_shown_beside_the_run(tmp_path: Path) -> None:
    found = page(tmp_path, to_record(measured()))

    rows = [words(row) for row in found.select("tr")]
    assert "bm25 0.500 – –" in rows
    assert "metric all 95 % interval n far hr" in rows


def test_a_comparison_names_what_fell_and_shows_both_texts(tmp_path: Path) -> None:
    before = to_record(measured())
    after = to_record(measured(said="You get something [1]."))

    found = page(tmp_path, after, against=before, rule=Unclear.MEAN)

    fell = [words(row) for row in found.select("tr.fell")]
    assert any(row.startswith("contains_answer 1.000 0.000 -1.000") for row in fell)
    sides = found.select_one("details.q.bad .sides")
    assert words(sides) == "before You get 30 days [1]. after You get something [1]."


def test_earlier_runs_of_the_set_are_the_trend(tmp_path: Path) -> None:
    results = [replace(measured(), run=f"2026010{day}T000000Z-sample-aaaa") for day in (1, 2, 3)]
    history = [save(result, tmp_path) for result in results]

    alone = page(tmp_path / "one", to_record(results[0]), history=history)
    third = page(tmp_path / "three", to_record(results[2]), history=history)

    titles = [[words(title) for title in found.select("figure h3")] for found in (alone, third)]
    assert titles == [
        ["Risk and coverage", "Latency"],
        ["Trend", "Risk and coverage", "Latency"],
    ]
    trend = third.select_one("figure svg")
    assert trend is not None
    assert len(re.findall(r"\d\d-\d\d", trend.get_text())) == 3


def test_retrieval_alone_has_a_page_too(tmp_path: Path) -> None:
    cases = (
        Case(id="1", question="q", relevant=(Place(document="a"),)),
        Case(id="2", question="r"),
    )
    subject = Subject(searcher=ScriptedSearcher({"q": ["a"], "r": ["a"]}))
    result = asyncio.run(
        run_questions(QuestionSet(name="s", digest="d" * 64, cases=cases), subject)
    )

    found = page(tmp_path, to_record(result))

    rows = [words(row) for row in found.select("details.q > summary")]
    assert rows == ["all found q", "searched r"]


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    record = to_record(measured())

    once = [path.read_bytes() for path in write(record, tmp_path / "a")]
    again = [path.read_bytes() for path in write(record, tmp_path / "b")]

    assert once == again


def test_hostile_text_is_text(tmp_path: Path) -> None:
    found = page(tmp_path, to_record(measured(hostile=HOSTILE)))

    assert not found.select("img, a, iframe, [onload], [onerror]")
    (script,) = found.select("script")
    assert script.string == REPORT_SCRIPT
    digest = b64encode(sha256(REPORT_SCRIPT.encode()).digest()).decode()
    policy = str(found.select_one("meta[http-equiv]"))
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in policy
    assert len(found.select("title")) == 1
    assert len(found.select("style")) == 1 + len(found.select("svg style"))
    assert found.get_text().count("<script>document.title='owned'</script>") > 8
    assert "49" not in words(found.select_one("h1"))


def test_hostile_text_cannot_break_out_of_a_cell_of_markdown(tmp_path: Path) -> None:
    record = to_record(measured(hostile="a | b\n\n# <script>x</script> [c](javascript:d) `e`"))
    write(record, tmp_path)

    text = (tmp_path / "report.md").read_text(encoding="utf-8")

    rows = [line for line in text.splitlines() if line.startswith("| How much leave?")]
    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 5
    assert not re.search(r"(?<!\\)<script", text)
    assert not re.search(r"^# <", text, flags=re.MULTILINE)


def test_markdown_keeps_every_word_on_one_line() -> None:
    assert markdown("two\nlines *here*") == r"two lines \*here\*"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"status": "answered", "values": {"loss": 0.0}}, "answered, right"),
        ({"status": "answered", "values": {"loss": 1.0}}, "answered, wrong"),
        ({"status": "answered"}, "answered"),
        ({"status": "not_found"}, "refused, wrongly"),
        ({"status": "unsupported", "answerable": False}, "refused, rightly"),
        ({"status": "answered", "answerable": False}, "answered, but no document has the answer"),
        ({"status": "answered", "error": "down"}, "failed"),
    ],
)
def test_how_a_question_ended_is_said_in_words(changes: dict[str, object], text: str) -> None:
    (asked,) = to_record(measured()).questions[:1]
    plain: dict[str, object] = {"values": {}, "error": None, "answerable": True}

    assert outcome(asked.model_copy(update=plain | changes)).text == text


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium to open the page in a browser")
def test_a_browser_searches_and_sorts_the_page_and_runs_nothing_else(tmp_path: Path) -> None:
    write(to_record(measured(hostile=HOSTILE)), tmp_path)

    async def main() -> tuple[str, list[int], list[str]]:
        async with browser(str(CHROMIUM), tmp_path / "profile") as tab:
            await tab.goto((tmp_path / "report.html").as_uri())
            await tab.until("document.querySelector('#tools')?.hidden === false")
            dom = await tab.evaluate("document.documentElement.outerHTML")
            found = [await tab.evaluate(SEARCH % words) for words in ("", "LEAVE much", "zebra")]
            kinds = await tab.evaluate(SORT % "outcome")
            return str(dom), [int(count) for count in found], list(kinds)

    dom, found, kinds = asyncio.run(main())

    shown = BeautifulSoup(dom, "html.parser")
    assert words(shown.title).startswith("sample<script>document.title='owned'</script>")
    assert not shown.select("img, a, iframe, [onload], [onerror]")
    assert len(shown.select("script")) == 1
    assert len(shown.select("figure svg")) == 2
    assert found == [3, 1, 0]
    assert kinds == sorted(kinds, key=["bad", "open", "good"].index)


SEARCH = """(() => {
  const field = document.querySelector('#search');
  field.value = '%s';
  field.dispatchEvent(new Event('input'));
  return [...document.querySelectorAll('#questions > :not([hidden])')].length;
})()"""
SORT = """(() => {
  const field = document.querySelector('#sort');
  field.value = '%s';
  field.dispatchEvent(new Event('change'));
  return [...document.querySelectorAll('#questions > *')].map((one) => one.dataset.kind);
})()"""
