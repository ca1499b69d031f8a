"""Parse e-mail with the standard library: headers, text, attached messages and files."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath

from index.errors import UnreadableDocumentError
from index.parsing import SUFFIXES, html
from index.parsing import parse as parse_file
from index.parsing.blocks import Blocks
from index.parsing.text import clean, decode
from index.types import Parsed, ProblemKind

_SHOWN = ("From", "To", "Cc", "Date")
_HEADERS = (*_SHOWN, "Subject", "Message-ID", "Received", "MIME-Version")
_MAX_DEPTH = 5
_MOST_ATTACHED_BYTES = 50_000_000
# Errors that the parser is known to raise for malformed headers.
_HEADER_FAULTS = (MessageError, ValueError, LookupError, AttributeError, TypeError)
_ENCRYPTED = frozenset(
    {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
)


def parse(content: bytes) -> Parsed:
    """Return the text of the mail *content*, and of the mails forwarded in it.

    Raises:
        UnreadableDocumentError: ENCRYPTED, EMPTY or BROKEN.
    """
    message = _message(content)
    if not any(name in message for name in _HEADERS):
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "the name says eml, but the content has no mail headers"
        )
    blocks = Blocks()
    has_text = _add(blocks, message, depth=0)
    if not has_text:
        raise UnreadableDocumentError(ProblemKind.EMPTY, "there is no text in the mail")
    return blocks.parsed(_header(message, "Subject"), modified_at=_date(message))


def _message(content: bytes) -> EmailMessage:
    message = message_from_bytes(content.lstrip(), policy=policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError(f"not a mail: {type(message).__name__}")
    return message


def _add(blocks: Blocks, message: EmailMessage, *, depth: int) -> bool:
    """Add a mail and the mails forwarded in it; return whether there was any text."""
    if any(part.get_content_type() in _ENCRYPTED for part in message.walk()):
        raise UnreadableDocumentError(
            ProblemKind.ENCRYPTED, "the mail is encrypted; save it without encryption"
        )
    subject = _header(message, "Subject")
    blocks.heading(depth + 1, subject)
    blocks.add("\n".join(f"{name}: {text}" for name in _SHOWN if (text := _header(message, name))))
    attached = _attachments(message)
    bodies = [body for body in _bodies(message, attached) if body.text.strip()]
    for body in bodies:
        blocks.add_parsed(body)
    names = [name for part in attached if (name := part.get_filename())]
    blocks.add(f"Attachments: {', '.join(names)}" if names else "")
    has_inner = False
    for part in attached if depth < _MAX_DEPTH else ():
        inner = part.get_content() if part.get_content_type() == "message/rfc822" else None
        if isinstance(inner, EmailMessage):
            has_inner = _add(blocks, inner, depth=depth + 1) or has_inner
        elif inner is None:
            has_inner = _add_file(blocks, part, depth=depth) or has_inner
    return bool(subject or names or bodies or has_inner)


def _add_file(blocks: Blocks, part: EmailMessage, *, depth: int) -> bool:
    """Add the text of an attached file below its name; return whether there was any."""
    name = part.get_filename() or ""
    suffix = PurePosixPath(name).suffix.lower()
    content = part.get_payload(decode=True)
    if suffix not in SUFFIXES or suffix == ".eml" or not isinstance(content, bytes):
        return False
    if len(content) > _MOST_ATTACHED_BYTES:
        return False
    try:
        parsed = parse_file(content, name=name)
    except UnreadableDocumentError:  # its name stays among those of the attachments
        return False
    blocks.heading(depth + 2, name)
    lower = (replace(one, level=one.level + depth + 2) for one in parsed.headings)
    blocks.add_parsed(Parsed(text=parsed.text, headings=tuple(lower)))
    return True


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(clean(str(message.get(name, ""))).split())
    except _HEADER_FAULTS:
        return ""


def _date(message: EmailMessage) -> datetime | None:
    try:
        date = parsedate_to_datetime(_header(message, "Date"))
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
