from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

import pytest

from footnote_qa.index.building.build import Builder, quiet
from footnote_qa.index.building.plan import make_plan
from footnote_qa.index.types import SourceFile
from tests.fakes.building import found

TEXT = b"# Leave\n\nEvery employee has twenty days of leave.\n"


@dataclass
class Shelf:
    """A source of one page that counts how often it is read."""

    page: SourceFile
    reads: int = 0

    def files(self) -> Iterator[SourceFile]:
        yield replace(self.page, read=self.read)

    def read(self) -> bytes:
        self.reads += 1
        return TEXT


@pytest.fixture
def shelf() -> Shelf:
    page = SourceFile(
        document="leave.md",
        name="leave.md",
        title="Leave",
        size_bytes=len(TEXT),
        modified_at=None,
        url=None,
        audience=(),
        read=bytes,
        sha256=sha256(TEXT).hexdigest(),
    )
    return Shelf(page)


def test_a_file_is_read_for_the_plan_only_if_its_source_does_not_know_its_hash(
    shelf: Shelf,
) -> None:
    (known,) = make_plan([shelf], (), quiet)
    reads = shelf.reads
    shelf.page = replace(shelf.page, sha256=None)

    (hashed,) = make_plan([shelf], (), quiet)

    assert (reads, shelf.reads) == (0, 1)
    assert known.sha256 == hashed.sha256 == sha256(TEXT).hexdigest()


def test_a_new_title_is_a_change(builder: Builder, shelf: Shelf) -> None:
    builder.build((), [shelf])
    same = builder.build((), [shelf])
    shelf.page = replace(shelf.page, title="Holidays")

    result = builder.build((), [shelf])

    assert same.generation == "gen-000001"
    assert {str(action): count for action, count in result.actions.items()} == {"changed": 1}
    document = builder.directory.open().passages.document("leave.md")
    assert document is not None
    assert document.title == "Holidays"
    assert found(builder.directory.root, "holidays")[0][0] == "leave.md"
