"""P11 and P13: real, broken and hostile documents have one outcome each, and reach nothing."""

import contextlib
import csv
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import docx
import pytest

from footnote_qa.index.building.build import BuildResult
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import SUFFIXES
from footnote_qa.index.parsing.child import ParserPool
from footnote_qa.index.storage.generation import IndexDirectory
from footnote_qa.index.storage.passages import INDEXED, DocumentRow
from footnote_qa.index.types import ProblemKind
from tests.fakes.building import make_builder, specs
from tests.fakes.embedder import HashEmbedder
from tests.faults.killing import need_strace
from tests.index.parsing.archives import changed

pytestmark = pytest.mark.slow

SAMPLED = 3  # documents of each kind and suffix, outside a campaign

# What a document of a kind may come to; "text" is one that was read.
EXPECTED: Mapping[str, frozenset[str]] = {
    "normal": frozenset({"text", "scanned", "empty"}),
    "huge": frozenset({"text"}),
    "encoding": frozenset({"text"}),
    "naughty": frozenset({"text"}),
    "empty": frozenset({"empty"}),
    "scanned": frozenset({"scanned"}),
    "encrypted": frozenset({"encrypted", "text"}),
    "bomb": frozenset({"too_big", "unsafe", "timeout", "memory"}),
}


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "documents"


@pytest.fixture(scope="module")
def kinds(folder: Path, *, campaign: bool) -> dict[str, str]:
    """The kind of every document, as the list beside them says; a sample outside a campaign."""
    with (folder / "MANIFEST.tsv").open(newline="") as file:
        rows = sorted(csv.DictReader(file, delimiter="\t"), key=lambda row: int(row["bytes"]))
    seen = Counter[tuple[str, str]]()
    chosen = {}
    for row in rows:
        group = (Path(row["file"]).suffix, row["kind"])
        seen[group] += 1
        if campaign or (seen[group] <= SAMPLED and row["kind"] != "huge"):
            chosen[row["file"]] = row["kind"]
    return chosen


def facts(folder: Path) -> dict[str, tuple[int, int]]:
    found = ((path, path.stat()) for path in folder.rglob("*"))
    return {str(path): (status.st_size, status.st_mtime_ns) for path, status in found}


@pytest.fixture(scope="module")
def built(
    folder: Path,
    kinds: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    embedder: HashEmbedder,
) -> Iterator[tuple[BuildResult, dict[str, DocumentRow]]]:
    """The results for all documents in one build, which left the files unchanged."""
    home = tmp_path_factory.mktemp("real")
    before = facts(folder)
    spec = replace(specs(folder)[0], include=tuple(kinds))
    result = make_builder(home, embedder).build([spec])
    assert facts(folder) == before
    opened = IndexDirectory(home / "index").open()
    yield result, {row.document: row for row in opened.passages.rows()}
    opened.close()


def outcome(row: DocumentRow) -> str:
    return "text" if row.status == INDEXED else str(row.kind)


def expected(file: str, kind: str) -> frozenset[str]:
    if Path(file).suffix not in SUFFIXES:
        return frozenset({ProblemKind.UNSUPPORTED, ProblemKind.LEFT_OUT})
    if Path(file).suffix == ".xml" and kind == "bomb":  # its entities are not read
        return frozenset({"text", "empty", "broken"})
    return EXPECTED.get(kind, frozenset({"text", "empty", "broken"}))


def test_p11_every_real_document_has_one_row_and_an_outcome_of_its_kind(
    built: tuple[BuildResult, dict[str, DocumentRow]], kinds: dict[str, str]
) -> None:
    result, rows = built

    assert result.promoted
    attached = {one for one in rows if one not in kinds}
    assert {str(Path(one).parent) for one in attached} <= set(kinds)  # below the mail it came with
    outcomes = {document: outcome(row) for document, row in rows.items()}
    assert set(kinds) <= set(rows)
    wrong = {
        file: outcomes[file]
        for file, kind in kinds.items()
        if outcomes[file] not in expected(file, kind)
    }
    assert wrong == {}
    assert {problem.document for problem in result.problems} == {
        document for document, one in outcomes.items() if one not in {"text", "left_out"}
    }
    assert all(problem.reason.strip() for problem in result.problems)


def test_p11_every_format_among_them_is_read(
    built: tuple[BuildResult, dict[str, DocumentRow]],
) -> None:
    _, rows = built

    suffixes = {Path(document).suffix for document in rows} & SUFFIXES
    read = {Path(document).suffix for document, row in rows.items() if row.status == INDEXED}
    assert suffixes - read == set()


def hostile(secret: Path) -> dict[str, bytes]:
    """Documents that name a file and an address for a reader to open."""
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">'
    entity += '<!ENTITY f SYSTEM "http://127.0.0.1:9/canary">]>'
    page = f"<img src='{secret.as_uri()}'><iframe src='{secret.as_uri()}'></iframe>"
    page += f"<link rel=stylesheet href='http://127.0.0.1:9/x'><object data='{secret}'></object>"
    rst = f"Kept\n\n.. include:: {secret}\n\n.. image:: {secret.as_uri()}\n"
    rst += f".. raw:: html\n   :file: {secret}\n\n.. csv-table::\n   :file: {secret}\n"
    rst += ".. raw:: html\n   :url: http://127.0.0.1:9/canary\n"
    include = f'{{\\rtf1 {{\\field{{\\*\\fldinst INCLUDETEXT "{secret}"}}}} Kept}}'
    file = BytesIO()
    document = docx.Document()
    document.add_paragraph("Kept TEXT")
    document.save(file)
    linked = '<Relationship Id="rIdX" Type="http://schemas.openxmlformats.org/officeDocument/'
    linked += f'2006/relationships/image" Target="{secret.as_uri()}" TargetMode="External"/>'
    content = changed(
        changed(
            file.getvalue(),
            "word/document.xml",
            lambda xml: entity + xml.split("?>", 1)[1].replace("TEXT", "&e; &f;"),
        ),
        "word/_rels/document.xml.rels",
        lambda xml: xml.replace("</Relationships>", f"{linked}</Relationships>"),
    )
    return {
        "page.html": f"<p>Kept</p>{page}".encode(),
        "page.xhtml": f"{entity}<html><body><p>Kept &e; &f;</p></body></html>".encode(),
        "page.md": f"Kept\n\n![x]({secret.as_uri()})\n\n{page}\n".encode(),
        "page.rst": rst.encode(),
        "page.rtf": include.encode(),
        "page.docx": content,
    }


def test_p13_parsers_open_no_connection_and_no_file_that_a_document_names(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    need_strace()
    secret = tmp_path / "canary.txt"
    secret.write_text("the canary sings")
    calls = tmp_path / "calls"
    trace = ("strace", "-f", "-qq", "-o", str(calls), "-e", "trace=openat,open,connect,sendto")
    documents = hostile(secret)
    with contextlib.suppress(pytest.skip.Exception):
        real = request.getfixturevalue("folder")
        for file, kind in request.getfixturevalue("kinds").items():
            if kind == "xxe":
                documents[Path(file).name] = (real / file).read_bytes()
    texts = []

    with ParserPool(
        command=(*trace, sys.executable, "-P", "-B", "-m", "footnote_qa.index.parsing.worker")
    ) as pool:
        for name, content in documents.items():
            with contextlib.suppress(UnreadableDocumentError):
                texts.append(pool.parse(content, name).text)

    traced = calls.read_text(errors="replace")
    assert "openat(" in traced
    assert secret.name not in traced
    assert "AF_INET" not in traced
    assert sum("Kept" in text for text in texts) >= 5
    assert not any("sings" in text for text in texts)
