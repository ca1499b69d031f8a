import contextlib
import zipfile
from io import BytesIO

import pytest

import footnote_qa.index.parsing
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import SUFFIXES, parse
from footnote_qa.index.parsing.signature import signature
from footnote_qa.index.types import Parsed, ProblemKind
from tests.fakes.word import new_document
from tests.index.parsing import archives


def refusal(content: bytes, name: str) -> UnreadableDocumentError:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(content, name=name)
    return caught.value


def zipped(**parts: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def test_a_suffix_is_read_whatever_its_case() -> None:
    parsed = parse(b"# Leave\n", name="LEAVE.MD")

    assert parsed.title == "Leave"


def test_an_unsupported_suffix_is_refused_with_what_to_do() -> None:
    error = refusal(b"\x00\x01", "clip.xyz")

    assert error.kind is ProblemKind.UNSUPPORTED
    assert ".xyz" in error.reason
    assert "exclude" in error.reason


@pytest.mark.parametrize(
    ("suffix", "advice"), [(".wpd", "docx"), (".XLSB", "xlsx"), (".mobi", "epub")]
)
def test_an_older_format_is_refused_with_what_to_save_it_as(suffix: str, advice: str) -> None:
    error = refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, f"plan{suffix}")

    assert error.kind is ProblemKind.UNSUPPORTED
    assert error.reason == f"{suffix.lower()} files are not supported; save it as {advice}"


@pytest.mark.parametrize("name", ["plan.doc", "plan.txt", "plan.docx"])
def test_rich_text_is_read_whatever_it_is_called(name: str) -> None:
    assert parse(b"{\\rtf1 Twenty days.}", name=name).text == "Twenty days."


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"mimetype": "application/epub+zip", "a": "x"}, "epub"),
        ({"mimetype": "application/vnd.oasis.opendocument.text", "a": "x"}, "odt"),
        ({"ppt/presentation.xml": "<a/>"}, "pptx"),
        ({"xl/workbook.xml": "<a/>"}, "xlsx"),
        ({"word/document.xml": "<a/>"}, "docx"),
        ({"mimetype": "application/zip", "a": "x"}, "a zip archive"),
        ({"mimetype": "application/epub+zip" + " " * 500, "a": "x"}, "a zip archive"),
    ],
)
def test_a_container_is_recognised_by_its_parts(parts: dict[str, str], found: str) -> None:
    assert signature(archives.zipped(parts)) == found


def test_a_type_that_is_packed_is_not_unpacked_to_be_looked_at() -> None:
    parts = {"mimetype": "application/epub+zip"}

    assert signature(archives.zipped(parts, stored="")) == "a zip archive"


def test_a_document_called_by_the_name_of_its_neighbour_is_read() -> None:
    book = new_document()
    book.add_paragraph("Twenty days.")
    file = BytesIO()
    book.save(file)

    assert parse(file.getvalue(), name="leave.xlsx").text == "Twenty days."
    assert parse(file.getvalue(), name="leave.docm").text == "Twenty days."


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.eml", "a.ipynb", "a.rst", "a.rtf"])
def test_an_archive_named_as_a_text_of_any_kind_is_broken(name: str) -> None:
    assert refusal(zipped(a="text"), name).kind is ProblemKind.BROKEN


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_no_format_falls_over_what_it_cannot_read(suffix: str) -> None:
    for content in (b"\x00\x01\x02", b"PK\x03\x04 cut short", b"{", b"\xff" * 50):
        with contextlib.suppress(UnreadableDocumentError):
            assert parse(content, name=f"a{suffix}").text.strip()


def test_a_name_without_a_suffix_is_unsupported() -> None:
    error = refusal(b"text", "plan")

    assert error.kind is ProblemKind.UNSUPPORTED
    assert error.reason.startswith("a name without a suffix is not supported")


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n ", b"\xef\xbb\xbf", b"\xff\xfe \x00"])
def test_a_file_without_text_is_empty(content: bytes) -> None:
    error = refusal(content, "notes.txt")

    assert error.kind is ProblemKind.EMPTY


def test_a_page_with_nothing_visible_is_empty() -> None:
    error = refusal(b"<html><script>x</script></html>", "page.html")

    assert error.kind is ProblemKind.EMPTY


def test_the_signature_outweighs_the_suffix() -> None:
    parsed = parse(b"<!DOCTYPE html><h1>Hours</h1><p>Nine to five.", name="hours.txt")

    assert parsed.text == "# Hours\n\nNine to five."


def test_a_word_in_the_text_is_no_signature() -> None:
    parsed = parse(b"Write <html> first, then %PDF-1.7.", name="notes.txt")

    assert parsed.text == "Write <html> first, then %PDF-1.7."


@pytest.mark.parametrize("name", ["notes.txt", "notes.md", "page.html"])
def test_an_archive_named_as_text_is_broken(name: str) -> None:
    error = refusal(zipped(a="text"), name)

    assert error.kind is ProblemKind.BROKEN
    assert "a zip archive" in error.reason


@pytest.mark.parametrize("name", ["report.pdf", "report.docx"])
def test_text_named_as_a_document_is_broken(name: str) -> None:
    error = refusal(b"Dear all, the report follows.", name)

    assert error.kind is ProblemKind.BROKEN
    assert error.reason.startswith(f"the name says {name[7:]}, the content is not")


def test_more_text_than_the_limit_is_too_big(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footnote_qa.index.parsing.checks.MAX_TEXT_CHARS", 10)

    assert parse(b"ten chars.", name="a.txt").text == "ten chars."
    assert refusal(b"eleven chars", "a.txt").kind is ProblemKind.TOO_BIG


def test_whatever_a_library_raises_becomes_a_broken_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def parser(content: bytes) -> Parsed:
        raise KeyError(content)

    monkeypatch.setattr(footnote_qa.index.parsing, "_parser", lambda _: parser)

    error = refusal(b"secret", "a.txt")

    assert error.kind is ProblemKind.BROKEN
    assert "KeyError" in error.reason
    assert "secret" not in error.reason


def test_running_out_of_memory_is_not_taken_for_a_broken_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def parser(_: bytes) -> Parsed:
        raise MemoryError

    monkeypatch.setattr(footnote_qa.index.parsing, "_parser", lambda _: parser)

    with pytest.raises(MemoryError):
        parse(b"text", name="a.txt")


@pytest.mark.parametrize(
    "name", ["logo.svg", "a.CSS", "b.zip", "c.mp4", "d.woff2", "app.min.js", "package-lock.json"]
)
def test_a_file_in_which_nobody_looks_for_text_is_left_out(name: str) -> None:
    assert refusal(b"some content", name).kind is ProblemKind.LEFT_OUT


@pytest.mark.parametrize("name", ["plan.key", "plan.pages", "plan.wpd", "plan.xyz", "plan"])
def test_a_file_that_could_hold_text_is_a_problem(name: str) -> None:
    assert refusal(b"some content", name).kind is ProblemKind.UNSUPPORTED
