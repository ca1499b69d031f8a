"""The manifest of a generation: counts, versions, gate results and checksums of every file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from footnote_qa.index.atomic_files import replace_text, sha256_file
from footnote_qa.index.errors import IndexDamagedError, IndexMissingError, StaleIndexError
from footnote_qa.index.sources import SourceSpec

FORMAT = 1
"""Raised when newer code could no longer read generations of older code."""

MANIFEST = "MANIFEST.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """Expected size and checksum of a file of a generation."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCheck:
    """One condition for promotion.

    Attributes:
        name: Such as "documents".
        passed: Whether it is met.
        message: The result, and what to do if the condition is not met.
    """

    name: str
    passed: bool
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Description of a generation; its file is written last and seals all others.

    Attributes:
        generation: Its name, such as "gen-000042".
        created_at: In UTC.
        parent: The generation it was built from; None for the first.
        model: Embedding model as the settings named it.
        fingerprint: Digest of that model's files.
        dim: Length of a vector.
        parser: Version of the parsers.
        chunker: Version of the chunker.
        chunk_tokens: Most tokens in a chunk.
        next_chunk_id: The first id that no chunk of any generation has had so far.
        documents: How many are indexed.
        chunks: How many chunks they have.
        sources: Where the documents came from.
        lexical: Version of the word index; the first manifests do not give it.
        lexical_only: Whether vectors are still missing.
        vector_store: The plug-in of its vectors, as `module:attribute`; "" for our own file.
        gate: Conditions for promotion and whether each was met.
        files: Every other file, by its path in the generation.
        format: Version of the layout itself.
    """

    generation: str
    created_at: datetime
    parent: str | None
    model: str
    fingerprint: str
    dim: int
    parser: str
    chunker: str
    chunk_tokens: int
    next_chunk_id: int
    documents: int
    chunks: int
    sources: tuple[SourceSpec, ...]
    lexical: str = "1"
    lexical_only: bool = False
    vector_store: str = ""
    gate: tuple[GateCheck, ...] = ()
    files: Mapping[str, FileEntry] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def passed(self) -> bool:
        """Whether every condition for promotion was met."""
        return all(check.passed for check in self.gate)


_ADAPTER = TypeAdapter(Manifest)


def damaged(path: Path, what: str) -> str:
    """Return the message that says what is wrong with *path* and what to do."""
    return f"{path} {what}: run `footnote index build --full`"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest: from now on the files in *folder* must match it."""
    value = _ADAPTER.dump_python(
        manifest, mode="json", exclude={"sources": {"__all__": {"is_remembered"}}}
    )
    value["digest"] = digest(value)
    replace_text(folder / MANIFEST, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a generation.

    Raises:
        IndexMissingError: There is no manifest.
        IndexDamagedError: It cannot be read.
        StaleIndexError: It was written by other code.
    """
    path = folder / MANIFEST
    name = folder.name.removesuffix(".staged")
    try:
        return parse_manifest(path.read_bytes(), name, path)
    except FileNotFoundError as error:
        raise IndexMissingError(f"{path} is missing: run `footnote index build --full`") from error
    except OSError as error:
        raise IndexDamagedError(damaged(path, "cannot be read")) from error


def parse_manifest(content: bytes, name: str, path: Path) -> Manifest:
    """Return the manifest of the generation *name*.

    Args:
        content: The bytes of its file.
        name: The generation that it must be of.
        path: Where it was read, for messages.

    Raises:
        IndexDamagedError: It cannot be read, or is not what was written.
        StaleIndexError: It was written by other code.
    """
    try:
        value: dict[str, Any] = json.loads(content)
        if value.pop("digest", None) != digest(value):
            raise IndexDamagedError(damaged(path, "is not what was written"))
        if value.get("format") != FORMAT:
            raise StaleIndexError(
                f"{name} has format {value.get('format')}, but this version reads {FORMAT}: "
                "run `footnote index build --full`"
            )
        manifest = _ADAPTER.validate_python(value)
    except (ValueError, AttributeError) as error:  # pydantic's error is a ValueError
        raise IndexDamagedError(damaged(path, "cannot be read")) from error
    if manifest.generation != name:
        raise IndexDamagedError(damaged(path, f"is that of {manifest.generation}"))
    # Whatever the file says, its sources are not those of the settings
    sources = tuple(replace(spec, is_remembered=True) for spec in manifest.sources)
    return replace(manifest, sources=sources)


def digest(value: Mapping[str, Any]) -> str:
    """Return a digest of the manifest's own content, which includes all other checksums."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def faults(folder: Path, manifest: Manifest) -> list[str]:
    """Compare every file of a generation with its manifest; return the differences."""
    wrong = [
        fault
        for relative, entry in sorted(manifest.files.items())
        if (fault := _fault(folder / relative, relative, entry)) is not None
    ]
    known = set(manifest.files) | {MANIFEST}
    strangers = [
        f"{path.relative_to(folder).as_posix()}: not in the manifest"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).as_posix() not in known
    ]
    return wrong + strangers


def _fault(path: Path, name: str, entry: FileEntry) -> str | None:
    try:
        size = path.stat().st_size
        if size != entry.size_bytes:
            return f"{name}: {size} bytes, not {entry.size_bytes}"
        if sha256_file(path) != entry.sha256:
            return f"{name}: its checksum is wrong"
    except FileNotFoundError:
        return f"{name}: missing"
    except OSError as error:
        return f"{name}: cannot be read ({error.strerror})"
    return None
