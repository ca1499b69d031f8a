"""Scanned pages and pictures are read by text recognition, if it is switched on."""

import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from benchmarks.fidelity.traps import traps
from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.plan import Action
from footnote_qa.index.building.recognition import DocumentReader, Ocr
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.child import ParserPool
from footnote_qa.index.parsing.ocr_engines import Engine, find_engine
from footnote_qa.index.types import ProblemKind
from tests.fakes.building import found, specs
from tests.index.parsing.printed import (
    ENGLISH,
    GERMAN,
    picture,
    printed,
    saved,
    scanned,
    share_kept,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed"),
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    found = find_engine("tesseract", ["eng", "deu"])
    if found.missing:
        pytest.skip(f"tesseract lacks {found.missing}")
    return found


@pytest.fixture
def reader(tmp_path: Path, engine: Engine) -> Iterator[DocumentReader]:
    with (
        ParserPool() as pool,
        DocumentReader(pool, Ocr(engine=engine), tmp_path / "cache" / "ocr.sqlite") as opened,
    ):
        yield opened


@pytest.mark.parametrize("text", [ENGLISH, GERMAN], ids=["english", "german"])
@pytest.mark.parametrize("font", ["Times-Roman", "Helvetica", "Courier"])
def test_nearly_all_words_of_a_page_at_150_dpi_are_read(
    reader: DocumentReader, text: str, font: str
) -> None:
    page = saved(picture(printed(text, font=font)))

    parsed = reader.parse(page, "page.png")

    assert share_kept(text, parsed.text) >= 0.98
    assert parsed.recognised == (1,)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_pictures_of_every_kind_are_read(reader: DocumentReader, kind: str) -> None:
    name = f"letter.{kind.lower()}"

    parsed = reader.parse(saved(picture(printed(ENGLISH)), kind=kind), name)

    assert share_kept(ENGLISH, parsed.text) >= 0.95
    assert parsed.pages == ()


def test_pages_of_a_tiff_keep_their_numbers(reader: DocumentReader) -> None:
    pages = [picture(printed(f"This is the sheet called {name}.")) for name in ("alpha", "beta")]

    parsed = reader.parse(saved(*pages, kind="TIFF"), "fax.tif")

    assert [parsed.text[start:].split(".")[0] for start in parsed.pages] == [
        "This is the sheet called alpha",
        "This is the sheet called beta",
    ]


def test_only_the_scanned_pages_of_a_pdf_are_recognised(reader: DocumentReader) -> None:
    own = "The first page has text of its own, with twenty words or so for its readers."
    content = scanned(own, printed(ENGLISH, title="Berths"), own.replace("first", "third"))

    parsed = reader.parse(content, "rules.pdf")

    assert parsed.recognised == (2,)
    assert parsed.note is None
    assert own in parsed.text
    assert share_kept(ENGLISH, parsed.text) >= 0.98
    assert "Berths" in [heading.text for heading in parsed.headings]
    assert "third page" in parsed.text[parsed.pages[2] :]


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_page_on_its_side_is_read(reader: DocumentReader, turned: int) -> None:
    content = saved(picture(printed(ENGLISH), turned=turned))

    parsed = reader.parse(content, "page.png")

    assert share_kept(ENGLISH, parsed.text) >= 0.95


def test_a_page_whose_letters_make_no_words_is_recognised(reader: DocumentReader) -> None:
    garbled = "".join(chr(ord(c) - 29) if c.isalpha() else c for c in ENGLISH)
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4)
    canvas.drawImage(ImageReader(picture(printed(ENGLISH))), 0, 0, *A4)
    layer = canvas.beginText(60, 750)
    layer.setTextRenderMode(3)  # invisible
    for number in range(0, len(garbled), 80):
        layer.textLine(garbled[number : number + 80])
    canvas.drawText(layer)
    canvas.save()

    parsed = reader.parse(file.getvalue(), "a.pdf")

    assert parsed.recognised == (1,)
    assert share_kept(ENGLISH, parsed.text) >= 0.98


def test_a_page_with_a_good_layer_of_text_is_not_recognised(reader: DocumentReader) -> None:
    parsed = reader.parse(printed(ENGLISH), "a.pdf")

    assert parsed.recognised == ()
    assert share_kept(ENGLISH, parsed.text) == 1


def test_a_build_that_stops_gives_up_the_pages_that_wait(
    reader: DocumentReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def recognise(*_: object, **__: object) -> bytes:
        begun.set()
        time.sleep(0.5)
        raise UnreadableDocumentError(ProblemKind.TIMEOUT, "slow")

    monkeypatch.setattr(ParserPool, "recognise", recognise)
    content = scanned(*[printed(f"Page number {n}.") for n in range(20)])
    failed: list[BaseException] = []

    def read() -> None:
        try:
            reader.parse(content, "a.pdf")
        except CancelledError as error:
            failed.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    begun.wait(60)
    reader.stop()
    thread.join(20)

    assert failed
    assert not thread.is_alive()


def test_a_table_of_a_scan_is_read_row_by_row(reader: DocumentReader) -> None:
    trap = next(one for one in traps() if one.kind == "aligned table")

    parsed = reader.parse(scanned(trap.content), "fees.pdf")

    rows = parsed.text.replace("13 m", "13m").split("\n")
    assert "| Berth | Length | Fee | Keeper |" in rows
    assert "| B3 | 13m | 20 euro | Keeper3 |" in rows


@pytest.mark.parametrize("content", ["white", "dots"])
def test_a_picture_without_words_is_left_out(reader: DocumentReader, content: str) -> None:
    blank = picture(printed(""))
    if content == "dots":
        for place in range(0, 1000, 50):
            blank.putpixel((place, place), 0)

    with pytest.raises(UnreadableDocumentError) as caught:
        reader.parse(saved(blank), "photo.png")

    assert caught.value.kind is ProblemKind.LEFT_OUT


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", ProblemKind.EMPTY),
        (b"\x89PNG\r\n\x1a\n cut short", ProblemKind.BROKEN),
        (b"GIF89a nothing", ProblemKind.BROKEN),
        (b"plain text", ProblemKind.BROKEN),
    ],
)
def test_a_bad_picture_is_a_problem(
    reader: DocumentReader, content: bytes, kind: ProblemKind
) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        reader.parse(content, "photo.png")

    assert caught.value.kind is kind


def test_a_truncated_picture_is_a_problem(reader: DocumentReader) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        reader.parse(saved(picture(printed(ENGLISH)))[:5000], "photo.png")

    assert caught.value.kind is ProblemKind.BROKEN


def test_a_page_is_recognised_once_whatever_file_it_is_in(
    reader: DocumentReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = ParserPool.recognise

    def recognise(pool: ParserPool, made: bytes, engine: Engine, *, timeout_s: float) -> bytes:
        asked.append(made)
        return real(pool, made, engine, timeout_s=timeout_s)

    monkeypatch.setattr(ParserPool, "recognise", recognise)
    page, other = printed("One page of a contract."), printed("Another page of it.")

    first = reader.parse(scanned(page), "a.pdf")
    again = reader.parse(scanned(page, other), "b.pdf")

    assert len(asked) == 2
    assert "One page of a contract." in first.text
    assert "Another page of it." in again.text


def test_a_page_that_takes_too_long_is_reported(tmp_path: Path, engine: Engine) -> None:
    own = "The first page has text of its own, with twenty words or so for its readers."
    ocr = Ocr(engine=engine, page_timeout_s=0.01)
    cache = tmp_path / "cache" / "ocr.sqlite"

    with ParserPool() as pool, DocumentReader(pool, ocr, cache) as reader:
        parsed = reader.parse(scanned(own, printed(ENGLISH)), "a.pdf")
        with pytest.raises(UnreadableDocumentError) as caught:
            reader.parse(saved(picture(printed(ENGLISH))), "a.png")

    assert parsed.note == "page 2 whose words could not be recognised in time"
    assert own in parsed.text
    assert caught.value.kind is ProblemKind.SCANNED


def test_a_broken_cache_is_replaced(tmp_path: Path, engine: Engine) -> None:
    cache = tmp_path / "cache" / "ocr.sqlite"
    cache.parent.mkdir()
    cache.write_bytes(b"no database at all, but some bytes" * 200)

    with ParserPool() as pool, DocumentReader(pool, Ocr(engine=engine), cache) as reader:
        parsed = reader.parse(scanned(printed("A short page.")), "a.pdf")

    assert parsed.text.strip() == "A short page."


def test_without_recognition_a_scan_says_what_to_switch_on() -> None:
    with ParserPool() as pool, DocumentReader(pool, None, Path()) as reader:
        with pytest.raises(UnreadableDocumentError) as scan:
            reader.parse(scanned(printed(ENGLISH)), "a.pdf")
        with pytest.raises(UnreadableDocumentError) as photo:
            reader.parse(saved(picture(printed(ENGLISH))), "a.png")

    assert (scan.value.kind, photo.value.kind) == (ProblemKind.SCANNED, ProblemKind.LEFT_OUT)
    assert "switch on ocr under [documents]" in scan.value.reason


def test_a_build_reads_scans_once_recognition_is_on_and_says_which_pages(
    builder: Builder, documents: Path, engine: Engine
) -> None:
    (documents / "rules.pdf").write_bytes(scanned(printed("Dogs sleep in the cellar.")))
    (documents / "sign.png").write_bytes(saved(picture(printed("Swimming is forbidden here."))))
    (documents / "style.css").write_text("p { color: red }")
    on = replace(builder, options=replace(builder.options, ocr=Ocr(engine=engine)))

    off = builder.build(specs(documents))
    read = on.build(specs(documents))
    again = on.build(specs(documents))
    generation = on.directory.open()
    rows = {row.document: row for row in generation.passages.rows()}

    assert [one.document for one in off.problems] == ["rules.pdf"]
    assert off.left_out == ("sign.png", "style.css")
    assert read.problems == ()
    assert read.left_out == again.left_out == ("style.css",)
    assert rows["rules.pdf"].kind is ProblemKind.RECOGNISED
    assert rows["rules.pdf"].reason == "page 1 read by text recognition"
    assert (rows["sign.png"].status, rows["style.css"].status) == ("indexed", "skipped")
    assert found(builder.directory.root, "dogs cellar")[0][0] == "rules.pdf"
    assert again.generation == read.generation
    assert Action.UNREADABLE not in read.actions
