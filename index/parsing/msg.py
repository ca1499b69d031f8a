"""Parse Outlook mails (msg): their MAPI properties become a mail like any other."""

import re
import struct
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import rtf
from footnote_qa.index.parsing.eml import parsed_mail
from footnote_qa.index.parsing.mails import Attachment, attachments_of
from footnote_qa.index.parsing.ole import Container
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed, ProblemKind

_CLASS, _SUBJECT, _TO, _CC, _BODY, _RTF, _HTML = (
    "001A",
    "0037",
    "0E04",
    "0E03",
    "1000",
    "1009",
    "1013",
)
_SENDER, _ADDRESSES = "0C1A", ("5D01", "0C1F", "0065")
_LONG_NAME, _SHORT_NAME, _CONTENT_ID, _DATA, _MIME = "3707", "3704", "3712", "3701", "370E"
_DATES = (0x00390040, 0x0E060040, 0x30070040)
_CODE_PAGES = (0x3FFD0003, 0x3FDE0003)
_UTF8_PAGE, _LEAST_PAGE = 65001, 437
_BEGINNING = datetime(1601, 1, 1, tzinfo=UTC)
_MAX_DEPTH = 5
_ENTRY_BYTES = 16

# The dictionary with which compressed rich text begins, from Microsoft's description of it.
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_PACKED, _PLAIN = b"LZFu", b"MELA"
_RING = 4096


def parse(content: bytes) -> Parsed:
    """Return the text of the mail *content*, and of the mails attached to it.

    Raises:
        UnreadableDocumentError: ENCRYPTED, EMPTY or BROKEN.
    """
    return parsed_mail(_message(content))


def attachments(content: bytes) -> list[Attachment]:
    """Return the files attached to the mail *content*."""
    return attachments_of(_message(content))


def _message(content: bytes) -> EmailMessage:
    container = Container(content, "msg")
    if not container.has("__properties_version1.0"):
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "the name says msg, the content is another Office file; rename it"
        )
    return _Mail(container, "").message(0)


class _Mail:
    """The properties of a mail, or of a part of one, in a storage of the container."""

    def __init__(self, container: Container, storage: str) -> None:
        self._container = container
        self._storage = storage
        self._fixed = self._fixed_values()

    def message(self, depth: int) -> EmailMessage:
        if (
            "SMIME" in self.text(_CLASS).upper()
            and "MULTIPARTSIGNED" not in self.text(_CLASS).upper()
        ):
            raise UnreadableDocumentError(
                ProblemKind.ENCRYPTED, "the mail is encrypted; save it without encryption"
            )
        made = EmailMessage()
        address = next((text for tag in _ADDRESSES if "@" in (text := self.text(tag))), "")
        sender = self.text(_SENDER)
        shown = sender if address in {"", sender} else f"{sender} <{address}>".strip()
        headers = {
            "Subject": self.text(_SUBJECT),
            "From": shown,
            "To": self.text(_TO),
            "Cc": self.text(_CC),
        }
        for name, text in headers.items():
            if text:
                _set(made, name, text)
        date = self._date()
        if date is not None:
            made["Date"] = format_datetime(date)
        self._add_body(made)
        storages = [
            name for name in self._container.names(self._storage) if name.startswith("__attach")
        ]
        for name in storages:
            self._attach(made, _Mail(self._container, self.path(name)), depth)
        return made

    def _add_body(self, made: EmailMessage) -> None:
        body, page = self.text(_BODY), self._html()
        if not body.strip() and not page.strip():
            packed = self.raw(f"{_RTF}0102")
            body = rtf.parse(_unpacked(packed)).text if packed else ""
        if body.strip():
            made.set_content(body)
        elif page.strip():
            made.set_content(page, subtype="html")

    def _attach(self, made: EmailMessage, part: "_Mail", depth: int) -> None:
        name = part.text(_LONG_NAME) or part.text(_SHORT_NAME)
        inner = part.path(f"__substg1.0_{_DATA}000D")
        if self._container.names(inner) and depth < _MAX_DEPTH:
            made.add_attachment(_Mail(self._container, inner).message(depth + 1))
            return
        data = part.raw(f"{_DATA}0102")
        kind = part.text(_MIME).partition("/")
        main, sub = (
            (kind[0], kind[2])
            if re.fullmatch(r"[\w.+-]+/[\w.+-]+", "/".join(kind[::2]))
            else ("application", "octet-stream")
        )
        if main in {"text", "multipart", "message"}:
            main, sub = "application", "octet-stream"
        if name and data:
            is_shown = bool(part.text(_CONTENT_ID))
            made.add_attachment(
                data,
                main,
                sub,
                filename=_one_line(name),
                cid=f"<{_one_line(part.text(_CONTENT_ID))}>" if is_shown else None,
            )

    def text(self, tag: str) -> str:
        """Return a property that holds text; "" if there is none."""
        wide = self.raw(f"{tag}001F")
        if wide:
            return clean(wide.decode("utf-16-le", errors="replace"))
        narrow = self.raw(f"{tag}001E")
        return clean(decode(narrow, declared=self._code_page())) if narrow.strip(b"\0 ") else ""

    def raw(self, tag: str) -> bytes:
        """Return the bytes of a property; b"" if there is none."""
        return self._container.read(self.path(f"__substg1.0_{tag}"))

    def path(self, name: str) -> str:
        """Return the place of a stream or storage of this part in the container."""
        return f"{self._storage}/{name}" if self._storage else name

    def _html(self) -> str:
        found = self.raw(f"{_HTML}0102")
        return decode(found, declared=self._code_page()) if found else self.text(_HTML)

    def _code_page(self) -> str:
        page = next((self._number(tag) for tag in _CODE_PAGES if tag in self._fixed), 0)
        return "utf-8" if page == _UTF8_PAGE else f"cp{page}" if page >= _LEAST_PAGE else "cp1252"

    def _number(self, tag: int) -> int:
        return int(struct.unpack_from("<I", self._fixed[tag])[0])

    def _date(self) -> datetime | None:
        for tag in _DATES:
            ticks = struct.unpack("<Q", self._fixed[tag])[0] if tag in self._fixed else 0
            try:
                if ticks:
                    return _BEGINNING + timedelta(microseconds=ticks // 10)
            except OverflowError:
                continue
        return None

    def _fixed_values(self) -> dict[int, bytes]:
        """Return the properties of fixed size, such as dates, by their tag."""
        table = self._container.read(self.path("__properties_version1.0"))
        is_part = "__attach" in self._storage.rpartition("/")[2]
        header = 8 if is_part else 24 if self._storage else 32
        return {
            struct.unpack_from("<I", table, at)[0]: table[at + 8 : at + _ENTRY_BYTES]
            for at in range(header, len(table) - _ENTRY_BYTES + 1, _ENTRY_BYTES)
        }


def _set(made: EmailMessage, name: str, text: str) -> None:
    try:
        made[name] = _one_line(text)
    except (ValueError, LookupError, IndexError):  # no valid list of addresses
        made[f"X-{name}"] = _one_line(text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _unpacked(packed: bytes) -> bytes:
    """Return rich text that is packed as MS-OXRTFCP describes."""
    kind = packed[8:12]
    if kind == _PLAIN:
        return packed[16:]
    if kind != _PACKED:
        raise UnreadableDocumentError(ProblemKind.BROKEN, "its text is damaged; save it again")
    ring = _Ring()
    made = bytearray()
    at = 16
    while at < len(packed):
        control = packed[at]
        at += 1
        for bit in range(8):
            is_pair = bool(control & (1 << bit))
            found = ring.take(packed[at : at + 1 + is_pair], is_pair=is_pair)
            if not found:
                return bytes(made)
            at += 1 + is_pair
            made += found
    return bytes(made)


class _Ring:
    """The last bytes that were written; pairs of offset and length repeat parts of them."""

    def __init__(self) -> None:
        self._bytes = bytearray(_DICTIONARY.ljust(_RING, b"\0"))
        self._end = len(_DICTIONARY)

    def take(self, part: bytes, *, is_pair: bool) -> bytes:
        """Return what a byte or a pair gives; b"" at the end of the text."""
        if not is_pair:
            return self._write(part)
        pair = int.from_bytes(part, "big")
        offset, length = pair >> 4, (pair & 0xF) + 2
        if len(part) <= 1 or offset == self._end:
            return b""
        return b"".join(
            self._write(bytes(self._bytes[(offset + step) % _RING :][:1])) for step in range(length)
        )

    def _write(self, one: bytes) -> bytes:
        if one:
            self._bytes[self._end] = one[0]
            self._end = (self._end + 1) % _RING
        return bytes(one)
