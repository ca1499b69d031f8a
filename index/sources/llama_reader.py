"""Use any LlamaIndex reader as a source of documents; no other file here knows LlamaIndex."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Protocol, cast

from footnote_qa.errors import PluginError
from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.names import prefixed, printable, too_big
from footnote_qa.index.sources.patterns import takes
from footnote_qa.index.types import Problem, ProblemKind, SourceFile
from footnote_qa.plugins.registry import Kind, load

# Readers use different names; these are the ones for the best-known services.
_IDS = ("page_id", "document_id", "file_path", "path", "url", "source", "id")
_TITLES = ("title", "name", "file_name")
_ADDRESSES = ("url", "page_url", "web_url", "source_url", "html_url", "webViewLink", "link")
_TIMES = (
    "last_modified_at",
    "last_modified_date",
    "last_edited_time",
    "modified_at",
    "modifiedTime",
    "updated_at",
    "date",
)

Argument = str | int | float | bool | tuple[str, ...]


class LlamaDocument(Protocol):
    """The part of a LlamaIndex document that is used here."""

    id_: str
    metadata: Mapping[str, object]

    def get_content(self) -> str:
        """Return its text."""
        ...


class LlamaReader(Protocol):
    """The part of a LlamaIndex reader that is used here."""

    def load_data(self, **arguments: object) -> Iterable[LlamaDocument]:
        """Load all documents."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaReaderSource:
    """The documents that a reader loads; parts of one document are joined again.

    Readers give no reliable sign of change, so every build loads everything, but only changed
    documents are embedded.

    Attributes:
        reader: The class, as `module:Class`.
        arguments: For its constructor.
        environment: Secret arguments, and the variables that hold their values.
        load: Arguments for `load_data`.
        include: Patterns; a document's id must match at least one.
        exclude: Patterns; a document's id may not match any.
        prefix: Put before each document's id; empty if there is one source only.
        audience: Groups that may see the documents; empty means everybody.
        max_file_bytes: Largest document that is taken.
    """

    reader: str
    arguments: Mapping[str, Argument]
    environment: Mapping[str, str]
    load: Mapping[str, Argument]
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    prefix: str = ""
    audience: tuple[str, ...] = ()
    max_file_bytes: int = 100_000_000

    def files(self) -> Iterator[SourceFile | Problem]:
        """Yield every document that the reader loads, sorted by id.

        Raises:
            SourceError: There is no such reader, or it cannot load them.
        """
        groups: dict[str, list[LlamaDocument]] = {}
        for document in self._loaded():
            groups.setdefault(_id(document), []).append(document)
        found = [self._file(name, parts) for name, parts in groups.items() if self._is_chosen(name)]
        yield from sorted(found, key=lambda one: one.document)

    def _loaded(self) -> list[LlamaDocument]:
        try:
            reader = _reader_class(self.reader)(**_plain(self.arguments), **self._secrets())
            return list(reader.load_data(**_plain(self.load)))
        except SourceError:
            raise
        # A reader may raise any error of the service that it reads from.
        except Exception as error:
            raise SourceError(
                f"the reader {self.reader} failed ({type(error).__name__}): check its arguments"
            ) from error

    def _secrets(self) -> dict[str, str]:
        missing = [name for name in self.environment.values() if not os.environ.get(name)]
        if missing:
            raise SourceError(f"the reader {self.reader} needs the variables {', '.join(missing)}")
        return {argument: os.environ[name] for argument, name in self.environment.items()}

    def _is_chosen(self, name: str) -> bool:
        return takes(name, self.include, self.exclude)

    def _file(self, name: str, parts: Sequence[LlamaDocument]) -> SourceFile | Problem:
        content = "\n\n".join(part.get_content() for part in parts).encode(errors="replace")
        document = prefixed(self.prefix, name)
        if len(content) > self.max_file_bytes:
            reason = too_big(len(content), self.max_file_bytes)
            return Problem(document=document, kind=ProblemKind.TOO_BIG, reason=reason)
        metadata = parts[0].metadata
        return SourceFile(
            document=document,
            name=f"{name.rpartition('/')[2]}.md",  # readers return text, often Markdown
            title=_first(metadata, _TITLES),
            size_bytes=len(content),
            modified_at=_time(metadata),
            url=_address(metadata),
            audience=self.audience,
            read=partial(bytes, content),
            sha256=sha256(content).hexdigest(),
        )


class _ReaderClass(Protocol):
    def __call__(self, **arguments: object) -> LlamaReader: ...


def _reader_class(name: str) -> _ReaderClass:
    try:
        return cast("_ReaderClass", load(Kind.SOURCE, name))
    except PluginError as error:
        raise SourceError(f"there is no reader {name}: {error}") from error


def _plain(arguments: Mapping[str, Argument]) -> dict[str, object]:
    """Return the arguments as readers expect them: lists, not tuples."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in arguments.items()
    }


def _id(document: LlamaDocument) -> str:
    # With most readers, the document's own id is a new random one at each load.
    name = _first(document.metadata, _IDS) or document.id_
    path = "/".join(part for part in name.split("/") if part not in {"", ".", ".."})
    return printable(path.removeprefix("https:/").removeprefix("http:/")) or "document"


def _first(metadata: Mapping[str, object], names: Sequence[str]) -> str | None:
    values = (metadata.get(name) for name in names)
    words = (" ".join(str(value).split()) for value in values if isinstance(value, str | int))
    return next((word for word in words if word), None)


def _address(metadata: Mapping[str, object]) -> str | None:
    address = _first(metadata, _ADDRESSES)
    return address if address and address.startswith(("https://", "http://")) else None


def _time(metadata: Mapping[str, object]) -> datetime | None:
    try:
        time = datetime.fromisoformat(_first(metadata, _TIMES) or "")
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
