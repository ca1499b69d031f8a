"""Parse e-mail with the standard library: headers, text, forwarded mails, attached files."""

from email import message_from_bytes, policy
from email.message import EmailMessage

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.mails import Attachment, add_mail, attachments_of, date_of, header_of
from footnote_qa.index.types import Parsed, ProblemKind

_HEADERS = ("From", "To", "Cc", "Date", "Subject", "Message-ID", "Received", "MIME-Version")


def parse(content: bytes) -> Parsed:
    """Return the text of the mail *content*, and of the mails forwarded in it.

    Raises:
        UnreadableDocumentError: ENCRYPTED, EMPTY or BROKEN.
    """
    message = message_of(content)
    if not any(name in message for name in _HEADERS):
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "the name says eml, but the content has no mail headers"
        )
    return parsed_mail(message)


def parsed_mail(message: EmailMessage) -> Parsed:
    """Return the text of a mail; raises `UnreadableDocumentError`."""
    blocks = Blocks()
    if not add_mail(blocks, message):
        raise UnreadableDocumentError(ProblemKind.EMPTY, "there is no text in the mail")
    return blocks.parsed(header_of(message, "Subject"), modified_at=date_of(message))


def attachments(content: bytes) -> list[Attachment]:
    """Return the files attached to the mail *content*."""
    return attachments_of(message_of(content))


def message_of(content: bytes) -> EmailMessage:
    """Return the mail in *content*."""
    message = message_from_bytes(content.lstrip(), policy=policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError(f"not a mail: {type(message).__name__}")
    return message
