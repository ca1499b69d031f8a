"""Every real document there is goes through the child process, and each has one outcome."""

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest

from index.errors import UnreadableDocumentError
from index.parsing import SUFFIXES
from index.parsing.child import ParserPool
from index.types import ProblemKind

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "documents"

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


def outcome(pool: ParserPool, path: Path) -> str:
    try:
        pool.parse(path.read_bytes(), path.name)
    except UnreadableDocumentError as error:
        return error.kind
    return "text"


@pytest.mark.slow
def test_every_real_document_is_read_or_has_a_problem_of_its_kind() -> None:
    if not FOLDER.exists():
        pytest.skip("no folder of shared documents beside the repository")
    with (FOLDER / "MANIFEST.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))

    with ParserPool(timeout_s=60) as pool:
        outcomes = {row["file"]: outcome(pool, FOLDER / row["file"]) for row in rows}

    assert len(outcomes) == len(rows) == 226
    wrong = {
        row["file"]: outcomes[row["file"]]
        for row in rows
        if outcomes[row["file"]] not in expected(row["file"], row["kind"])
    }
    assert wrong == {}
    readable = {Path(row["file"]).suffix for row in rows} & SUFFIXES
    read = {Path(file).suffix for file, one in outcomes.items() if one == "text"}
    assert readable - read == set()


def expected(file: str, kind: str) -> frozenset[str]:
    if Path(file).suffix not in SUFFIXES:
        return frozenset({ProblemKind.UNSUPPORTED})
    return EXPECTED.get(kind, frozenset({"text", "empty", "broken"}))
