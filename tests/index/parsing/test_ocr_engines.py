"""Which program recognises words, and what is said if there is none."""

import stat
import sys
from pathlib import Path
from types import ModuleType

import pytest

from footnote_qa.index.errors import TextRecognitionError
from footnote_qa.index.parsing import ocr_engines
from footnote_qa.index.parsing.ocr_engines import Engine, find_engine, recognise
from footnote_qa.index.parsing.ocr_pages import page_from_json, page_to_json
from footnote_qa.index.parsing.pdf_text import lines_of
from tests.index.parsing.printed import picture, printed, saved

LANGUAGES = 'List of available languages in "/usr/share/tessdata/" (2):\neng\nosd\n'


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An otherwise empty folder as the path, without RapidOCR."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ocr_engines, "_rapidocr_version", lambda: None)
    return tmp_path


def install(folder: Path, script: str) -> None:
    path = folder / "tesseract"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def working(folder: Path, tsv: str = "") -> None:
    install(
        folder,
        f"""case "$1" in
--list-langs) printf '{LANGUAGES}' ;;
--version) echo "tesseract 5.9.1" ;;
*) printf '{tsv}' ;;
esac""",
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("auto", ["tesseract", "apt-get install", 'pip install "footnote-qa[ocr]"']),
        ("tesseract", ["tesseract is not installed", "apt-get install tesseract-ocr"]),
        ("rapidocr", ["rapidocr is not installed", 'pip install "footnote-qa[ocr]"']),
    ],
)
@pytest.mark.usefixtures("only")
def test_a_missing_program_is_named_with_what_to_install(
    wanted: ocr_engines.Kind, expected: list[str]
) -> None:
    with pytest.raises(TextRecognitionError) as caught:
        find_engine(wanted, ["eng"])

    assert all(words in str(caught.value) for words in [*expected, '"off"'])


def test_tesseract_is_preferred_and_reads_the_languages_that_it_has(
    only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    working(only)
    monkeypatch.setattr(ocr_engines, "_rapidocr_version", lambda: "1.4.4")

    engine = find_engine("auto", ["eng", "deu"])

    assert (engine.kind, engine.version, engine.data) == (
        "tesseract",
        "5.9.1",
        "/usr/share/tessdata/",
    )
    assert (engine.languages, engine.missing) == (("eng",), ("deu",))
    assert engine.identity == "tesseract 5.9.1 eng"


@pytest.mark.usefixtures("only")
def test_rapidocr_is_taken_where_there_is_no_tesseract(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ocr_engines, "_rapidocr_version", lambda: "1.4.4")

    assert find_engine("auto", ["eng"]) == Engine(kind="rapidocr", version="1.4.4")


def test_no_language_at_all_is_an_error_that_names_the_packages(only: Path) -> None:
    working(only)

    with pytest.raises(TextRecognitionError, match="apt-get install tesseract-ocr-fra"):
        find_engine("auto", ["fra"])


@pytest.mark.parametrize("script", ["exit 3", "echo", "kill -9 $$"])
def test_a_tesseract_that_does_not_run_is_an_error(only: Path, script: str) -> None:
    install(only, script)

    with pytest.raises(TextRecognitionError, match="tesseract"):
        find_engine("auto", ["eng"])


def test_words_that_tesseract_is_unsure_of_are_dropped(only: Path) -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight"
    rows = [
        "4\t1\t1\t1\t1\t0\t10\t20\t300\t30\t-1\t",
        "5\t1\t1\t1\t1\t1\t10\t22\t80\t25\t96.0\tGuests",
        "5\t1\t1\t1\t1\t2\t100\t22\t80\t25\t3.0\t|~",
        "5\t1\t1\t1\t1\t3\t200\t22\t80\t25\t91.5\tmoor",
    ]
    working(only, "\\n".join([head + "\tconf\ttext", *rows]))

    page = recognise(saved(picture(printed(""))), find_engine("auto", ["eng"]), timeout_s=5)

    assert [word.text for word in page.words] == ["Guests", "moor"]
    assert lines_of(page).text == "Guests moor"


@pytest.mark.parametrize("tsv", ["", "no table", "level\\tconf\\n"])
def test_a_reply_without_words_is_a_page_without_words(only: Path, tsv: str) -> None:
    working(only, tsv)

    page = recognise(saved(picture(printed(""))), find_engine("auto", ["eng"]), timeout_s=5)

    assert page.words == []


def test_pieces_of_rapidocr_become_lines_of_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def box(left: float, top: float, right: float) -> list[list[float]]:
        return [[left, top], [right, top], [right, top + 20], [left, top + 20]]

    found = [
        (box(300, 102, 400), "17 euro", 0.9),
        (box(20, 100, 120), "Berth B7", 0.9),
        (box(20, 150, 120), "below", 0.9),
    ]
    fake = ModuleType("rapidocr_onnxruntime")
    fake.RapidOCR = lambda **_: lambda _: (found, None)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", fake)
    ocr_engines._rapidocr.cache_clear()

    page = recognise(saved(picture(printed(""))), Engine(kind="rapidocr", version="1"), timeout_s=5)
    ocr_engines._rapidocr.cache_clear()

    assert [(word.text, word.line) for word in page.words] == [
        ("Berth", 0),
        ("B7", 0),
        ("17", 0),
        ("euro", 0),
        ("below", 1),
    ]
    assert page.words[0].box[0] < page.words[1].box[0] < page.words[2].box[0]


def test_a_page_comes_back_from_json_as_it_was() -> None:
    value = {"width": 595.0, "height": 842.0, "words": [["Dues", 10.0, 700.0, 40.0, 712.0, 0]]}

    assert page_to_json(page_from_json(value)) == value


@pytest.mark.slow
def test_rapidocr_itself_reads_a_line() -> None:
    pytest.importorskip("rapidocr_onnxruntime")
    ocr_engines._rapidocr.cache_clear()
    page = picture(printed("Guests may moor for nineteen nights.", size=16)).crop((0, 0, 1240, 400))

    found = recognise(saved(page), Engine(kind="rapidocr", version="1"), timeout_s=60)

    assert "nineteen" in " ".join(word.text for word in found.words)
