import zipfile
from io import BytesIO

import pytest

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import guard, parse
from footnote_qa.index.parsing.guard import open_archive
from footnote_qa.index.types import ProblemKind


def archive(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in entries:
            written.writestr(name, content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def kind_of(content: bytes) -> ProblemKind:
    with pytest.raises(UnreadableDocumentError) as caught:
        open_archive(content)
    return caught.value.kind


def test_an_ordinary_archive_is_opened() -> None:
    with open_archive(archive(("word/document.xml", b"<a/>"))) as opened:
        assert opened.read("word/document.xml") == b"<a/>"


def test_a_part_that_unpacks_to_many_times_its_size_is_unsafe() -> None:
    content = archive(("word/document.xml", b"0" * 10_000_001))

    assert kind_of(content) is ProblemKind.UNSAFE


def test_a_small_part_may_be_packed_as_tightly() -> None:
    with open_archive(archive(("word/document.xml", b"0" * 9_000_000))) as opened:
        assert opened.namelist() == ["word/document.xml"]


@pytest.mark.parametrize("name", ["../evil", "word/../../evil", "/etc/passwd", "a\\..\\b", "C:/x"])
def test_a_part_that_leads_out_of_the_archive_is_unsafe(name: str) -> None:
    # The constructor of ZipInfo would make the name harmless.
    entry = zipfile.ZipInfo("x")
    entry.filename = name

    assert kind_of(archive((entry, b"x"))) is ProblemKind.UNSAFE


def test_a_link_in_an_archive_is_unsafe() -> None:
    entry = zipfile.ZipInfo("word/document.xml")
    entry.external_attr = 0o120777 << 16

    assert kind_of(archive((entry, b"/etc/passwd"))) is ProblemKind.UNSAFE


def test_too_many_parts_are_too_big(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MAX_ENTRIES", 2)

    assert kind_of(archive(("a", b""), ("b", b""), ("c", b""))) is ProblemKind.TOO_BIG


def test_too_much_in_total_is_too_big(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MAX_TOTAL_BYTES", 10)

    assert kind_of(archive(("a", b"123456"), ("b", b"123456"))) is ProblemKind.TOO_BIG


def test_an_archive_cut_short_is_broken() -> None:
    assert kind_of(archive(("a", b"1"))[:-10]) is ProblemKind.BROKEN


def test_the_guard_runs_before_the_parser() -> None:
    content = archive(("word/document.xml", b" " * 10_000_001))

    with pytest.raises(UnreadableDocumentError) as caught:
        parse(content, name="bomb.docx")

    assert caught.value.kind is ProblemKind.UNSAFE
