"""The text of mails and the files attached to them, whatever format they are kept in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import html
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed, ProblemKind

_SHOWN = ("From", "To", "Cc", "Date")
_MAX_DEPTH = 5
_MOST_ATTACHED_BYTES = 50_000_000
_MOST_ATTACHED = 500
# Errors that the parser is known to raise for malformed headers.
_HEADER_FAULTS = (MessageError, ValueError, LookupError, AttributeError, TypeError)
_ENCRYPTED = frozenset(
    {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
)

_LOCKED = (".p7m", ".pgp-encrypted", ".pgp", ".gpg")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file attached to a mail: its name, unique within the mail, and its bytes."""

    name: str
    content: bytes


def add_mail(blocks: Blocks, message: EmailMessage, *, depth: int = 0) -> bool:
    """Add a mail and the mails forwarded in it; return whether there was any text.

    Raises:
        UnreadableDocumentError: ENCRYPTED.
    """
    if any(part.get_content_type() in _ENCRYPTED for part in message.walk()):
        raise UnreadableDocumentError(
            ProblemKind.ENCRYPTED, "the mail is encrypted; save it without encryption"
        )
    subject = header_of(message, "Subject")
    blocks.heading(depth + 1, subject)
    lines = [f"{name}: {text}" for name in _SHOWN if (text := header_of(message, name))]
    blocks.add("\n".join(lines))
    attached = _attachments(message)
    bodies = [body for body in _bodies(message, attached) if body.text.strip()]
    for body in bodies:
        blocks.add_parsed(body)
    names = [name for part in attached if (name := part.get_filename())]
    blocks.add(f"Attachments: {', '.join(names)}" if names else "")
    if not bodies and any(name.lower().endswith(_LOCKED) for name in names):
        raise UnreadableDocumentError(
            ProblemKind.ENCRYPTED, "the mail is encrypted; save it without encryption"
        )
    has_inner = False
    for inner in _forwarded(attached) if depth < _MAX_DEPTH else ():
        has_inner = add_mail(blocks, inner, depth=depth + 1) or has_inner
    return bool(subject or names or bodies or has_inner)


def attachments_of(message: EmailMessage) -> list[Attachment]:
    """Return the files attached to a mail and to the mails forwarded in it.

    Pictures within the text and files over 50 MB are not among them.
    """
    found: list[Attachment] = []
    names: set[str] = set()
    for part in _files(message, 0):
        name = _own_name(part.get_filename() or "", names)
        content = part.get_payload(decode=True)
        if name and isinstance(content, bytes) and 0 < len(content) <= _MOST_ATTACHED_BYTES:
            names.add(name)
            found.append(Attachment(name, content))
    return found[:_MOST_ATTACHED]


def _files(message: EmailMessage, depth: int) -> Iterator[EmailMessage]:
    attached = _attachments(message)
    for part in attached:
        is_shown = part.get_content_disposition() == "inline" or part["Content-ID"] is not None
        is_picture = part.get_content_maintype() == "image" and is_shown
        if not is_picture and part.get_content_type() != "message/rfc822":
            yield part
    for inner in _forwarded(attached) if depth < _MAX_DEPTH else ():
        yield from _files(inner, depth + 1)


def _own_name(given: str, names: set[str]) -> str:
    """Return a file name without folders that is not among *names*; "" for none."""
    words = " ".join(clean(given).replace("\\", "/").rpartition("/")[2].split())
    path = PurePosixPath(words.lstrip("."))
    name, number = path.name, 2
    while name in names:
        name, number = f"{path.stem} ({number}){path.suffix}", number + 1
    return name if name.isprintable() else ""


def _forwarded(attached: list[EmailMessage]) -> Iterator[EmailMessage]:
    for part in attached:
        inner = part.get_content() if part.get_content_type() == "message/rfc822" else None
        if isinstance(inner, EmailMessage):
            yield inner


def header_of(message: EmailMessage, name: str) -> str:
    """Return a header in one line; "" if it is missing or cannot be read."""
    try:
        return " ".join(clean(str(message.get(name, ""))).split())
    except _HEADER_FAULTS:
        return ""


def date_of(message: EmailMessage) -> datetime | None:
    """Return when a mail was written, in UTC; None if it does not say."""
    try:
        date = parsedate_to_datetime(header_of(message, "Date"))
    except (ValueError, OverflowError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)


def _attachments(message: EmailMessage) -> list[EmailMessage]:
    try:
        return list(message.iter_attachments())
    except AttributeError:  # it claims to be multipart but has no parts
        return []


def _bodies(message: EmailMessage, attached: list[EmailMessage]) -> Iterator[Parsed]:
    """Yield the plain text, else the HTML, then the texts among the attachments."""
    plain = message.get_body(preferencelist=("plain",))
    body = _text(plain) if isinstance(plain, EmailMessage) else None
    if body is None or not body.text.strip():
        page = message.get_body(preferencelist=("html",))
        body = _text(page) if isinstance(page, EmailMessage) else body
    if body is not None:
        yield body
    for part in attached:
        is_named = part.get_filename() or part.get_content_disposition() == "attachment"
        if part.get_content_maintype() == "text" and not is_named:
            yield _text(part)


def _text(part: EmailMessage) -> Parsed:
    payload = part.get_payload(decode=True)
    charset = part.get_content_charset()
    text = decode(payload, declared=charset) if isinstance(payload, bytes) and payload else ""
    if part.get_content_subtype() == "html":
        return html.render(text) if text else Parsed(text="")
    return Parsed(text=clean(text))
