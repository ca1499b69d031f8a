"""A generation on disk: written aside, sealed by a manifest, promoted by replacing CURRENT."""

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from index.encoder import OnnxEncoder
from index.errors import IndexDamagedError, IndexMissingError, StaleIndexError
from index.files import fsync_path, private_folder, replace_text, sha256_file
from index.lexical import LexicalIndex
from index.passages import PassageReader
from index.sources import SourceSpec
from index.vectors import VectorIndex

log = logging.getLogger(__name__)

FORMAT = 1
"""Raised when a generation of older code could not be read by newer code."""

MANIFEST = "MANIFEST.json"
PASSAGES = "passages.sqlite"
VECTORS = "vectors.faiss"
LEXICAL = "lexical"
ENCODER = "encoder"
_NAME = re.compile(r"gen-(\d{6,})")
_STAGED = re.compile(r"gen-(\d{6,})\.staged")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """What a file of a generation must be."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCheck:
    """One condition for promotion.

    Attributes:
        name: Such as "documents".
        passed: Whether it holds.
        message: What was found, and what to do if it does not hold.
    """

    name: str
    passed: bool
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a generation is; its file is written last and seals all the others.

    Attributes:
        generation: Its name, such as "gen-000042".
        created_at: In UTC.
        parent: The generation it was built from; None for the first.
        model: Embedding model as the settings named it.
        fingerprint: Of that model's files.
        dim: Length of a vector.
        parser: Version of the parsers.
        chunker: Version of the chunker.
        chunk_tokens: Longest chunk.
        next_chunk_id: The first id that no chunk of any generation so far has had.
        documents: How many are indexed.
        chunks: How many they have.
        sources: Where the documents came from.
        lexical_only: Whether vectors are still missing.
        gate: Conditions for promotion and whether they held.
        files: Every other file, by its path in the generation.
        format: Of the layout itself.
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
    lexical_only: bool = False
    gate: tuple[GateCheck, ...] = ()
    files: Mapping[str, FileEntry] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def passed(self) -> bool:
        """Whether every condition for promotion held."""
        return all(check.passed for check in self.gate)


_MANIFEST_ADAPTER = TypeAdapter(Manifest)


class Generation:
    """A generation, open for searching.

    Attributes:
        folder: Where it lies.
        manifest: What it is.
        passages: Its documents and chunks.
        vectors: Its vectors; None if it has no chunk.
        lexical: Its words.
        encoder: The model that embeds questions for it.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.passages = PassageReader(folder / PASSAGES)
        try:
            self.vectors = VectorIndex(folder / VECTORS) if manifest.chunks else None
            self.lexical = LexicalIndex(folder / LEXICAL)
            self.encoder = OnnxEncoder(folder / ENCODER)
        except (RuntimeError, ValueError, OSError) as error:  # faiss, tantivy, ONNX Runtime
            raise IndexDamagedError(_damaged(folder, "cannot be opened")) from error
        if self.encoder.info.fingerprint != manifest.fingerprint:
            raise StaleIndexError(
                f"{manifest.generation} holds the encoder of another model than its vectors: "
                "run `footnote index build --full`"
            )

    def close(self) -> None:
        """Close its files."""
        self.passages.close()


def _damaged(path: Path, what: str) -> str:
    return f"{path} {what}: run `footnote index build --full`"


class IndexDirectory:
    """The folder that holds all generations and the name of the one that is served."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._current = root / "CURRENT"

    @property
    def lock_path(self) -> Path:
        """The file whose lock a build holds."""
        return self.root / "build.lock"

    def current(self) -> str | None:
        """Return the name of the generation that is served, or None before the first."""
        try:
            name = self._current.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise IndexDamagedError(_damaged(self._current, "cannot be read")) from error
        if not _NAME.fullmatch(name):
            raise IndexDamagedError(_damaged(self._current, f"names no generation ({name[:40]!r})"))
        return name

    def served(self) -> str:
        """Return the name of the generation that is served; raises `IndexMissingError`."""
        name = self.current()
        if name is None:
            raise IndexMissingError(
                f"there is no index in {self.root}: run `footnote index build FOLDER`"
            )
        return name

    def current_mark(self) -> tuple[int, int, int] | None:
        """Return what changes whenever CURRENT is replaced, or None if it is not there."""
        try:
            stat = self._current.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def names(self) -> list[str]:
        """Return the names of all sealed generations, oldest first."""
        if not self.root.is_dir():
            return []
        found = [
            path.name
            for path in self.root.iterdir()
            if _NAME.fullmatch(path.name) and (path / MANIFEST).is_file()
        ]
        return sorted(found, key=_number)

    def manifest(self, name: str) -> Manifest:
        """Read a generation's manifest.

        Raises:
            IndexDamagedError: It cannot be read.
            StaleIndexError: It was written by other code.
        """
        path = self.root / name / MANIFEST
        try:
            value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            digest = value.pop("digest", None)
            if digest != _digest(value):
                raise IndexDamagedError(_damaged(path, "is not what was written"))
            if value.get("format") != FORMAT:
                raise StaleIndexError(
                    f"{name} has format {value.get('format')}, this version reads {FORMAT}: "
                    "run `footnote index build --full`"
                )
            return _MANIFEST_ADAPTER.validate_python(value)
        except FileNotFoundError as error:
            raise IndexMissingError(
                f"{path} is missing: run `footnote index build --full`"
            ) from error
        except (OSError, ValueError, AttributeError) as error:  # pydantic's is a ValueError
            raise IndexDamagedError(_damaged(path, "cannot be read")) from error

    def verify(self, name: str) -> list[str]:
        """Compare every file of a generation with its manifest; return what is wrong."""
        manifest = self.manifest(name)
        folder = self.root / name
        wrong = [
            fault
            for relative, entry in sorted(manifest.files.items())
            if (fault := _fault(folder / relative, entry)) is not None
        ]
        known = set(manifest.files) | {MANIFEST}
        strangers = [
            f"{path.relative_to(folder).as_posix()}: not in the manifest"
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.relative_to(folder).as_posix() not in known
        ]
        return wrong + strangers

    def open(self, name: str | None = None) -> Generation:
        """Check every checksum of a generation and open it.

        Args:
            name: Which one; None opens the one that is served.

        Raises:
            IndexMissingError: There is none.
            IndexDamagedError: A file is not what the manifest says.
            StaleIndexError: It was made by other code or another model.
        """
        name = name or self.served()
        wrong = self.verify(name)
        if wrong:
            raise IndexDamagedError(_damaged(self.root / name, f"is damaged ({wrong[0]})"))
        return Generation(self.root / name, self.manifest(name))

    def open_best(self) -> Generation:
        """Open the served generation, or if it is damaged the newest promoted one that is whole.

        Raises:
            IndexMissingError: There is no generation at all.
            IndexDamagedError: None is whole.
        """
        try:
            return self.open()
        except (IndexDamagedError, StaleIndexError) as error:
            first = error
        except IndexMissingError as error:
            if not self.names():
                raise
            first = IndexDamagedError(str(error))
        for name in reversed(self.names()):
            try:
                if self.manifest(name).passed:
                    generation = self.open(name)
                    log.error("served an older generation", extra={"generation": name})
                    return generation
            except (IndexDamagedError, StaleIndexError, IndexMissingError):
                continue
        raise first

    def stage(self) -> Path:
        """Make the empty folder of the next generation and return it; clear earlier leftovers.

        Only the holder of the build lock may call this.
        """
        private_folder(self.root)
        numbers = [0]
        for path in list(self.root.iterdir()):
            if _STAGED.fullmatch(path.name):
                numbers.append(_number(path.name))
                shutil.rmtree(path, ignore_errors=True)
            elif _NAME.fullmatch(path.name):
                numbers.append(_number(path.name))
        folder = self.root / f"gen-{max(numbers) + 1:06d}.staged"
        folder.mkdir(mode=0o700)
        return folder

    def seal(self, staged: Path, manifest: Manifest) -> Manifest:
        """Write the manifest, make everything durable and give the folder its final name."""
        files: dict[str, FileEntry] = {}
        for path in sorted(staged.rglob("*")):
            if path.is_file():
                path.chmod(0o600)
                fsync_path(path)
                entry = FileEntry(sha256=sha256_file(path), size_bytes=path.stat().st_size)
                files[path.relative_to(staged).as_posix()] = entry
            else:
                path.chmod(0o700)
                fsync_path(path)
        sealed = replace(manifest, files=files)
        value = _MANIFEST_ADAPTER.dump_python(sealed, mode="json")
        value["digest"] = _digest(value)
        replace_text(staged / MANIFEST, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
        staged.rename(self.root / manifest.generation)
        fsync_path(self.root)
        return sealed

    def promote(self, name: str) -> None:
        """Serve this generation from now on: the one moment at which an index changes."""
        replace_text(self._current, f"{name}\n")

    def collect(self, keep: int) -> list[str]:
        """Remove all but the newest *keep* generations, the served one and its parent.

        Returns:
            Names of those removed.
        """
        current = self.current()
        kept = {current, *self.names()[-keep:]}
        if current is not None:
            kept.add(self.manifest(current).parent)
        removed = [name for name in self.names() if name not in kept]
        for name in removed:
            # Without its manifest it is no generation: a kill in mid-removal leaves no half one.
            (self.root / name / MANIFEST).unlink()
            shutil.rmtree(self.root / name, ignore_errors=True)
        return removed


def staged_name(staged: Path) -> str:
    """Return the name that the staged folder will have.

    >>> staged_name(Path("index/gen-000007.staged"))
    'gen-000007'
    """
    return staged.name.removesuffix(".staged")


def now() -> datetime:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def _digest(value: Mapping[str, Any]) -> str:
    """Return a digest of the manifest's own content: its other checksums hang on it."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _number(name: str) -> int:
    found = re.search(r"\d+", name)
    return int(found.group()) if found else 0


def _fault(path: Path, entry: FileEntry) -> str | None:
    name = path.name
    if not path.is_file():
        return f"{name}: missing"
    size = path.stat().st_size
    if size != entry.size_bytes:
        return f"{name}: {size} bytes, not {entry.size_bytes}"
    if sha256_file(path) != entry.sha256:
        return f"{name}: its checksum is wrong"
    return None
