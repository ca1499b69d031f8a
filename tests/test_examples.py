"""The example documents and questions are what the README, the demo and the evaluation rely on."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from examples.make_documents import DOCUMENTS, EXAMPLES, HANDBOOK, blocks, make, to_text
from footnote_qa.bot.extractive.answerer import THRESHOLD
from footnote_qa.bot.settings import (
    DocumentsSettings,
    IndexSettings,
    ModelsSettings,
    SearchSettings,
    TracingSettings,
    WebSettings,
)
from footnote_qa.bot.state_settings import StateSettings
from footnote_qa.bot.types import Status
from footnote_qa.eval.datasets.loading import load
from footnote_qa.eval.types import Case, Place
from footnote_qa.index.parsing import parse
from footnote_qa.index.types import Parsed, ProblemKind

REPOSITORY = Path(__file__).resolve().parents[1]
ARTICLE = REPOSITORY.parent / "shared" / "corpus" / "openai-softbank-stargate.txt"
CASES = load(EXAMPLES / "questions.jsonl").cases
ANSWERABLE = [case for case in CASES if case.answerable]
IDS = sorted(p.relative_to(DOCUMENTS).as_posix() for p in DOCUMENTS.rglob("*") if p.is_file())
COMMANDS = {
    "init",
    "search",
    "ask",
    "chat",
    "config",
    "doctor",
    "models",
    "eval run",
    "slack run",
    "slack manifest",
    "slack try",
    "slack feedback",
    "forget",
}
COMMANDS |= {
    f"eval {verb}" for verb in ("compare", "report", "generate", "review", "import", "judge")
}
COMMANDS |= {f"index {verb}" for verb in ("build", "status", "documents", "text", "verify")}
COMMANDS |= {"eval runs", "eval export", "eval prefer", "eval diff"}
COMMANDS |= {"backup", "restore", "plugins", "mcp"}
COMMANDS |= {"backup", "restore", "serve", "keys"}
COMMANDS |= {"backup", "restore", "sources", "index purge"}
COMMANDS |= {f"index {verb}" for verb in ("generations", "rollback", "watch")}
COMMAND = re.compile(r"(?:`|bin/)footnote (?:--[\w-]+ \S+ )*((?:index |eval |slack )?[a-z]+)")


@cache
def parsed(document: str) -> Parsed:
    return parse((DOCUMENTS / document).read_bytes(), name=document)


def page_of(quote: str, document: str) -> set[int]:
    found = parsed(document)
    starts = [match.start() for match in re.finditer(re.escape(quote), found.text)]
    return {sum(page <= start for page in found.pages) for start in starts}


def headings_over(quote: str, document: str) -> set[str]:
    """The last heading before each place of *quote*."""
    found = parsed(document)
    starts = [match.start() for match in re.finditer(re.escape(quote), found.text)]
    above = ([h.text for h in found.headings if h.start <= start] for start in starts)
    return {headings[-1] for headings in above if headings}


def runs(text: str, length: int = 8) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def places() -> dict[str, Place]:
    numbered = ((case.id, enumerate(case.relevant, 1)) for case in ANSWERABLE)
    return {f"{name}-{number}": place for name, rows in numbered for number, place in rows}


def first_columns(page: str, heading: str) -> list[tuple[str, str]]:
    """First two cells of each row of the table that comes first under *heading*."""
    text = (HANDBOOK / page).read_text(encoding="utf-8").split(f"## {heading}\n")[1]
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", text.split("\n## ")[0], flags=re.MULTILINE)
    return [(first, second) for first, second in rows]


place_cases = pytest.mark.parametrize("place", places().values(), ids=places().keys())


def test_making_the_documents_again_gives_the_same_bytes(tmp_path: Path) -> None:
    made = make(tmp_path)

    again = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in made}
    assert again == {name: (DOCUMENTS / name).read_bytes() for name in IDS}


def test_making_the_documents_removes_one_whose_source_is_gone(tmp_path: Path) -> None:
    make(tmp_path)
    stale = tmp_path / "handbook" / "left-over.md"
    stale.write_text("Old.", encoding="utf-8")

    make(tmp_path)

    assert not stale.exists()


def test_the_handbook_among_the_documents_is_the_handbook() -> None:
    copies = {path.name: path.read_bytes() for path in (DOCUMENTS / "handbook").iterdir()}

    assert copies == {path.name: path.read_bytes() for path in HANDBOOK.iterdir()}


def test_the_documents_come_in_five_formats() -> None:
    suffixes = {Path(name).suffix for name in IDS}

    assert suffixes == {".md", ".txt", ".html", ".pdf", ".docx"}


def test_a_source_with_a_piece_that_no_writer_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="blockquote"):
        blocks("> Quoted.")


def test_a_table_cannot_become_plain_text() -> None:
    with pytest.raises(ValueError, match="table"):
        to_text("| a | b |\n|---|---|\n| 1 | 2 |")


def test_the_paged_briefing_has_the_share_on_page_two_and_the_year_on_page_three() -> None:
    document = "briefings/capacity-and-dates.pdf"

    assert len(parsed(document).pages) == 3
    assert page_of("75%", document) == {2}
    assert page_of("2030", document) == {3}


def test_the_navigation_of_the_web_page_is_not_part_of_its_article() -> None:
    text = parsed("briefings/why-diversify.html").text

    assert "Everything hangs on one provider" in text
    assert "Subscribe" not in text
    assert "window.visits" not in text


@pytest.mark.parametrize("document", [name for name in IDS if name.startswith("briefings/")])
def test_a_briefing_has_150_to_500_words(document: str) -> None:
    words = re.findall(r"\w+", parsed(document).text)

    assert 150 <= len(words) <= 560  # \w+ counts "data-centre" twice and page feet as words


def test_there_are_36_questions_and_a_third_cannot_be_answered() -> None:
    unanswerable = [case for case in CASES if not case.answerable]

    assert (len(CASES), len(unanswerable)) == (36, 12)


def test_both_kinds_of_document_are_asked_about() -> None:
    kinds = {place.document.split("/")[0] for place in places().values()}

    assert kinds == {"briefings", "handbook"}


@pytest.mark.parametrize("case", ANSWERABLE, ids=lambda case: case.id)
def test_a_known_answer_is_in_a_relevant_document(case: Case) -> None:
    texts = [" ".join(parsed(place.document).text.split()) for place in case.relevant]

    assert case.answers
    for answer in case.answers:
        assert any(answer.lower() in text.lower() for text in texts), answer


@place_cases
def test_a_quote_is_in_the_stored_text(place: Place) -> None:
    assert place.quote
    assert place.quote in parsed(place.document).text


@place_cases
def test_a_place_in_a_paged_document_names_the_page_of_its_quote(place: Place) -> None:
    assert place.quote

    assert (place.page is not None) == bool(parsed(place.document).pages)
    assert place.page is None or place.page in page_of(place.quote, place.document)


@place_cases
def test_a_heading_is_the_one_over_its_quote(place: Place) -> None:
    assert place.quote

    assert set(place.heading) <= headings_over(place.quote, place.document)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_question_is_not_a_copy_of_the_words_it_looks_for(case: Case) -> None:
    shared = [runs(case.question, 6) & runs(parsed(p.document).text, 6) for p in case.relevant]

    assert not any(shared)


@pytest.mark.skipif(not ARTICLE.exists(), reason="the article is not in ../shared/corpus")
@pytest.mark.parametrize("document", IDS)
def test_no_document_repeats_eight_words_of_the_article(document: str) -> None:
    article = runs(ARTICLE.read_text(encoding="utf-8"))

    assert not runs(parsed(document).text) & article


@pytest.mark.skipif(not ARTICLE.exists(), reason="the article is not in ../shared/corpus")
def test_no_question_repeats_eight_words_of_the_article() -> None:
    article = runs(ARTICLE.read_text(encoding="utf-8"))

    asked = {case.id for case in CASES if runs(case.question) & article}
    assert asked == set()


@pytest.mark.parametrize("page", sorted(HANDBOOK.glob("*.md")), ids=lambda path: path.stem)
def test_the_handbook_describes_no_command_that_is_not_there(page: Path) -> None:
    named = set(COMMAND.findall(page.read_text(encoding="utf-8")))

    assert named - COMMANDS == set()


def test_the_first_page_of_the_handbook_names_every_command() -> None:
    named = set(COMMAND.findall((HANDBOOK / "getting-started.md").read_text(encoding="utf-8")))

    assert named == COMMANDS


def test_the_handbook_explains_every_kind_of_problem() -> None:
    explained = [kind for kind, _ in first_columns("troubleshooting.md", "Kinds of problem")]

    assert sorted(explained) == sorted(ProblemKind)


def test_the_handbook_explains_every_outcome() -> None:
    explained = [name for name, _ in first_columns("asking-questions.md", "Read the six outcomes")]

    assert explained == list(Status)


def test_the_handbook_names_the_defaults_that_hold() -> None:
    tables = {
        "index": IndexSettings().model_dump(),
        "documents": DocumentsSettings().model_dump(),
        "search": SearchSettings().model_dump(),
        "models": ModelsSettings().model_dump() | {"offline_threshold": THRESHOLD},
        "state": StateSettings().model_dump(),
        "tracing": TracingSettings().model_dump(),
        "web": WebSettings().model_dump(),
    }

    named = first_columns("settings-and-files.md", "Useful settings")

    for name, default in named:
        table, key = name.split(".")
        held = tables[table][key]
        if default in {"none", "a file in the data folder"}:
            assert not held, name
        else:
            named_value = default.strip("`")
            is_text = isinstance(held, str)
            assert named_value == held if is_text else json.loads(named_value) == _plain(held)
    assert len(named) == 29


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
