from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources import SourceSpec, open_sources
from footnote_qa.index.types import Problem, ProblemKind, SourceFile

CANARY = "canary"
PAGES: dict[str, dict[str, object]] = {
    "pages/leave": {"title": "Leave", "url": "https://wiki.test/leave", "updated_at": "2030-05-01"},
    "../pay": {"page_id": 7, "url": "javascript:alert(1)"},
}


def reader_class() -> type:
    """A reader as a team would write it, on llama-index's own base class."""
    from llama_index.core.readers.base import BaseReader
    from llama_index.core.schema import Document

    class WikiReader(BaseReader):
        def __init__(self, spaces: list[str], token: str = "") -> None:
            self.spaces, self.token = spaces, token

        def load_data(self, limit: int = 10) -> Iterable[Document]:  # type: ignore[override]  # each reader has arguments of its own
            if self.token != CANARY:
                raise PermissionError(f"refused: {self.token}")
            assert self.spaces == ["HR"]
            for path, facts in list(PAGES.items())[:limit]:
                yield Document(text=f"# {path}", metadata={"file_path": path, **facts})
                yield Document(text="second part", metadata={"file_path": path, **facts})

    return WikiReader


@pytest.fixture
def wiki(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import ModuleType

    module = ModuleType("wiki_for_tests")
    module.WikiReader = reader_class()  # type: ignore[attr-defined]  # made here
    module.number = 1  # type: ignore[attr-defined]  # made here
    monkeypatch.setitem(sys.modules, "wiki_for_tests", module)
    monkeypatch.setenv("WIKI_TOKEN", CANARY)


def spec(reader: str = "wiki_for_tests:WikiReader", **changes: int) -> SourceSpec:
    return SourceSpec(
        kind="llama_index",
        reader=reader,
        arguments={"spaces": ("HR",)},
        environment={"token": "WIKI_TOKEN"},
        load={**changes},
        audience=("hr",),
    )


def found(one: SourceSpec, *, max_file_bytes: int = 1000) -> list[SourceFile | Problem]:
    (source,) = open_sources([one], max_file_bytes=max_file_bytes)
    return list(source.files())


def refusal(one: SourceSpec) -> str:
    with pytest.raises(SourceError) as caught:
        found(one)
    return str(caught.value)


@pytest.mark.usefixtures("wiki")
def test_parts_of_a_document_are_put_together_under_an_id_that_lasts() -> None:
    again, once = found(spec()), found(spec())

    assert [one.document for one in once] == [one.document for one in again] == ["7", "pages/leave"]
    page = once[1]
    assert isinstance(page, SourceFile)
    assert page.read() == b"# pages/leave\n\nsecond part"
    assert page.sha256 == sha256(page.read()).hexdigest()
    assert (page.name, page.title, page.url) == ("leave.md", "Leave", "https://wiki.test/leave")
    assert page.modified_at == datetime(2030, 5, 1, tzinfo=UTC)
    assert page.audience == ("hr",)


@pytest.mark.usefixtures("wiki")
def test_an_address_that_is_none_is_left_out() -> None:
    page = found(spec())[0]

    assert isinstance(page, SourceFile)
    assert page.url is None


@pytest.mark.usefixtures("wiki")
def test_arguments_reach_the_loading() -> None:
    assert [one.document for one in found(spec(limit=1))] == ["pages/leave"]


@pytest.mark.usefixtures("wiki")
def test_a_document_over_the_limit_is_too_big() -> None:
    problems = [one for one in found(spec(), max_file_bytes=22) if isinstance(one, Problem)]

    assert [one.kind for one in problems] == [ProblemKind.TOO_BIG]


@pytest.mark.usefixtures("wiki")
def test_a_reader_that_fails_is_reported_without_its_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WIKI_TOKEN", "wrong-canary")

    reason = refusal(spec())

    assert "PermissionError" in reason
    assert "canary" not in reason


@pytest.mark.usefixtures("wiki")
def test_a_missing_secret_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIKI_TOKEN")

    assert refusal(spec()).endswith("needs the variables WIKI_TOKEN")


@pytest.mark.usefixtures("wiki")
@pytest.mark.parametrize(
    ("reader", "why"),
    [
        ("nowhere_at_all:Reader", "there is no reader"),
        ("wiki_for_tests:Missing", "there is no reader"),
        ("wiki_for_tests:number", "has no load_data"),
    ],
)
def test_a_wrong_reader_is_reported(reader: str, why: str) -> None:
    assert why in refusal(spec(reader))
