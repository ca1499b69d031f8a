"""Parse PowerPoint 97 to 2003: each slide as a page with its title, texts and notes."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.ole import Container
from footnote_qa.index.types import Parsed, ProblemKind

_DOCUMENT, _SLIDE, _NOTES = 1000, 1006, 1008
_LIST, _PERSIST, _HEADER, _WIDE, _NARROW, _REFERENCE = 4080, 1011, 3999, 4000, 4008, 3998
_EDIT, _DIRECTORY, _SHOW_INFO, _NOTES_ATOM = 4085, 6002, 1017, 1009
_HIDDEN = 0x0004
_TITLES = frozenset({0, 6})  # kinds of text: title, centred title
_SLIDES, _MASTERS, _NOTES_LIST = 0, 1, 2  # kinds of lists
_CONTAINER = 0xF
_MAX_DEPTH = 30
_ENCRYPTED_TOKEN = 0xF3D1C4DF


@dataclass(frozen=True, slots=True)
class _Record:
    kind: int
    instance: int
    is_container: bool
    start: int  # of its content
    end: int


@dataclass(slots=True)
class _Slide:
    """A slide in the list of slides: where it is kept, and the texts of its placeholders."""

    persist: int
    number: int
    texts: list[tuple[int, str]] = field(default_factory=list)


def parse(content: bytes) -> Parsed:
    """Return the text of the slides of *content* in order; hidden ones are left out.

    Raises:
        UnreadableDocumentError: ENCRYPTED, BROKEN or EMPTY.
    """
    container = Container(content, "ppt")
    stream, user = container.read("PowerPoint Document"), container.read("Current User")
    if not stream:
        raise _broken()
    if len(user) >= 16 and struct.unpack_from("<I", user, 12)[0] == _ENCRYPTED_TOKEN:  # noqa: PLR2004
        raise UnreadableDocumentError(
            ProblemKind.ENCRYPTED, "it is encrypted; save it without a password"
        )
    try:
        blocks = _Reader(stream, user).written()
    except (struct.error, IndexError) as error:
        raise _broken() from error
    return blocks.parsed(container.title() or blocks.first_heading())


def _broken() -> UnreadableDocumentError:
    return UnreadableDocumentError(
        ProblemKind.BROKEN, "the file is damaged; open it in its program and save it again"
    )


class _Reader:
    def __init__(self, stream: bytes, user: bytes) -> None:
        self._stream = stream
        self._places = self._persisted(user)

    def written(self) -> Blocks:
        blocks = Blocks()
        lists = self._lists()
        notes = {one.number: one for one in lists.get(_NOTES_LIST, [])}
        for slide in lists.get(_SLIDES, []):
            record = self._kept(slide.persist)
            info = self._child(record, _SHOW_INFO) if record else None
            if (
                info is not None
                and struct.unpack_from("<H", self._stream, info.start + 10)[0] & _HIDDEN
            ):
                continue
            blocks.page()
            self._add_slide(blocks, slide, record)
            self._add_notes(blocks, record, notes)
        return blocks

    def _add_slide(self, blocks: Blocks, slide: _Slide, record: _Record | None) -> None:
        found = list(slide.texts)
        for kind, text in self._texts(record) if record else ():
            if (kind, text) not in found:
                found.append((kind, text))
        title = next((text for kind, text in found if kind in _TITLES and text.strip()), "")
        blocks.heading(1, title.replace("\v", " ").replace("\r", " "))
        for _, text in found:
            if text is not title:
                blocks.add(_paragraphs(text))

    def _add_notes(self, blocks: Blocks, record: _Record | None, notes: dict[int, _Slide]) -> None:
        atom = self._child(record, 1007) if record else None  # SlideAtom: it names its notes
        number = struct.unpack_from("<I", self._stream, atom.start + 16)[0] if atom else 0
        page = self._kept(notes[number].persist) if number in notes else None
        for kind, text in self._texts(page) if page else ():
            if kind == 2 and text.strip():  # noqa: PLR2004  the text of notes
                blocks.add(f"Notes: {_paragraphs(text)}")

    def _persisted(self, user: bytes) -> dict[int, int]:
        """Return where each part is kept; later edits replace the parts of earlier ones."""
        places: dict[int, int] = {}
        offset = struct.unpack_from("<I", user, 16)[0] if len(user) >= 20 else 0  # noqa: PLR2004
        seen: set[int] = set()
        while offset and offset not in seen:
            seen.add(offset)
            record = self._record(offset)
            if record.kind != _EDIT:
                break
            before, directory = struct.unpack_from("<II", self._stream, record.start + 8)
            for number, place in self._directory(directory):
                places.setdefault(number, place)
            offset = before
        return places

    def _directory(self, offset: int) -> Iterator[tuple[int, int]]:
        record = self._record(offset)
        at = record.start
        while record.kind == _DIRECTORY and at + 4 <= record.end:
            packed = struct.unpack_from("<I", self._stream, at)[0]
            first, count = packed & 0xFFFFF, packed >> 20
            places = struct.unpack_from(f"<{count}I", self._stream, at + 4)
            yield from enumerate(places, start=first)
            at += 4 + 4 * count

    def _lists(self) -> dict[int, list[_Slide]]:
        """Return the lists of slides and of notes pages, with the texts of placeholders."""
        lists: dict[int, list[_Slide]] = {}
        document = next((one for one in self._documents()), None)
        for part in self._children(document) if document else ():
            if part.kind != _LIST:
                continue
            slides: list[_Slide] = lists.setdefault(part.instance, [])
            kind = -1
            for atom in self._children(part):
                if atom.kind == _PERSIST:
                    persist = struct.unpack_from("<I", self._stream, atom.start)[0]
                    number = struct.unpack_from("<I", self._stream, atom.start + 12)[0]
                    slides.append(_Slide(persist, number))
                elif atom.kind == _HEADER:
                    kind = struct.unpack_from("<I", self._stream, atom.start)[0]
                elif slides and (text := self._text(atom)) is not None:
                    slides[-1].texts.append((kind, text))
        return lists

    def _documents(self) -> Iterator[_Record]:
        """Yield the records of the document, the newest first."""
        for place in self._places.values():
            record = self._record(place)
            if record.kind == _DOCUMENT:
                yield record
        at = 0
        while at + 8 <= len(self._stream):
            record = self._record(at)
            if record.kind == _DOCUMENT:
                yield record
            at = max(record.end, at + 8)

    def _kept(self, persist: int) -> _Record | None:
        place = self._places.get(persist)
        record = self._record(place) if place is not None else None
        return record if record is not None and record.kind in {_SLIDE, _NOTES} else None

    def _texts(self, record: _Record, depth: int = 0) -> Iterator[tuple[int, str]]:
        """Yield the texts in the boxes of a slide."""
        kind = -1
        for part in self._children(record):
            if part.kind == _HEADER:
                kind = struct.unpack_from("<I", self._stream, part.start)[0]
            elif part.is_container and depth < _MAX_DEPTH:
                yield from self._texts(part, depth + 1)
            elif (text := self._text(part)) is not None and text.strip():
                yield kind, text

    def _text(self, record: _Record) -> str | None:
        content = self._stream[record.start : record.end]
        if record.kind == _WIDE:
            return content.decode("utf-16-le", errors="replace")
        return content.decode("latin-1") if record.kind == _NARROW else None

    def _child(self, record: _Record, kind: int) -> _Record | None:
        return next((one for one in self._children(record) if one.kind == kind), None)

    def _children(self, record: _Record) -> Iterator[_Record]:
        at = record.start
        while at + 8 <= record.end:
            child = self._record(at)
            yield child
            at = max(child.end, at + 8)

    def _record(self, at: int) -> _Record:
        packed, kind, length = struct.unpack_from("<HHI", self._stream, at)
        end = min(at + 8 + length, len(self._stream))
        return _Record(kind, packed >> 4, packed & 0xF == _CONTAINER, at + 8, end)


def _paragraphs(text: str) -> str:
    return "\n".join(line.strip() for line in text.replace("\v", "\n").split("\r") if line.strip())
