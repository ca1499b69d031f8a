"""Parse mailboxes (mbox): each mail under its subject."""

import re
from collections.abc import Iterator
from email.message import EmailMessage

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.eml import message_of
from footnote_qa.index.parsing.mails import Attachment, add_mail, attachments_of
from footnote_qa.index.types import Parsed, ProblemKind

_FROM = re.compile(rb"(?:\A|(?<=\n)(?:\r?\n)?)From [^\r\n]*\d{4}[^\r\n]*\r?\n")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def parse(content: bytes) -> Parsed:
    """Return the text of all mails in *content*.

    Raises:
        UnreadableDocumentError: BROKEN if it is no mailbox, EMPTY if no mail has text.
    """
    blocks = Blocks()
    count, unread = 0, 0
    for message in _mails(content):
        count += 1
        try:
            add_mail(blocks, message)
        except UnreadableDocumentError:  # an encrypted one
            unread += 1
    if not count:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "the name says mbox, but no line in it begins a mail"
        )
    parsed = blocks.parsed()
    note = f"{unread} of {count} mails are encrypted" if unread else None
    return Parsed(text=parsed.text, headings=parsed.headings, note=note)


def attachments(content: bytes) -> list[Attachment]:
    """Return the files attached to all mails; names that several have get a number."""
    found: list[Attachment] = []
    names: set[str] = set()
    for message in _mails(content):
        for one in attachments_of(message):
            stem, dot, suffix = one.name.rpartition(".")
            name, number = one.name, 2
            while name in names:
                name, number = f"{stem} ({number}){dot}{suffix}", number + 1
            names.add(name)
            found.append(Attachment(name, one.content))
    return found


def _mails(content: bytes) -> Iterator[EmailMessage]:
    content = content.lstrip()
    starts = list(_FROM.finditer(content))
    ends = [*[match.start() for match in starts[1:]], len(content)]
    for match, end in zip(starts, ends, strict=False):
        yield message_of(_ESCAPED.sub(rb"\1", content[match.end() : end]))
