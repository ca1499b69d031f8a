import zipfile
from io import BytesIO

import pytest

import index.parsing
from index.errors import UnreadableDocumentError
from index.parsing import SUFFIXES, parse
from index.types import Parsed, ProblemKind


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


def test_an_unsupported_suffix_is_refused_with_the_names_of_the_supported_ones() -> None:
    error = refusal(b"\x00\x01", "clip.mp4")

    assert error.kind is ProblemKind.UNSUPPORTED
    assert ".mp4" in error.reason
    assert all(suffix in error.reason for suffix in SUFFIXES)


def test_a_name_without_a_suffix_is_unsupported() -> None:
    error = refusal(b"text", "README")

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
    monkeypatch.setattr(index.parsing, "MAX_TEXT_CHARS", 10)

    assert parse(b"ten chars.", name="a.txt").text == "ten chars."
    assert refusal(b"eleven chars", "a.txt").kind is ProblemKind.TOO_BIG


def test_whatever_a_library_raises_becomes_a_broken_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def parser(content: bytes) -> Parsed:
        raise KeyError(content)

    monkeypatch.setattr(index.parsing, "_parser", lambda _: parser)

    error = refusal(b"secret", "a.txt")

    assert error.kind is ProblemKind.BROKEN
    assert "KeyError" in error.reason
    assert "secret" not in error.reason


def test_running_out_of_memory_is_not_taken_for_a_broken_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def parser(_: bytes) -> Parsed:
        raise MemoryError

    monkeypatch.setattr(index.parsing, "_parser", lambda _: parser)

    with pytest.raises(MemoryError):
        parse(b"text", name="a.txt")
