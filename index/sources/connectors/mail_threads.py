"""Mails that answer each other are one thread."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Final

_ID: Final = re.compile(r"<[^<>\s]+>")
_REPLY: Final = re.compile(r"^\s*(?:(?:re|aw|antw|sv|fwd?|wg|tr)\s*(?:\[\d+\])?\s*:\s*)+", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The headers of a mail.

    Attributes:
        uid: Identifies it in its folder.
        id: Its Message-ID; "" if it has none.
        references: The mails it answers, the first of the thread first.
        subject: Its subject.
        sender: Who sent it.
        sent_at: When, in UTC; None if unknown.
        size: Its size in bytes.
    """

    uid: str
    id: str = ""
    references: tuple[str, ...] = ()
    subject: str = ""
    sender: str = ""
    sent_at: datetime | None = None
    size: int = 0


def mail_of(uid: str, headers: bytes, size: int) -> Mail:
    r"""Return what the headers of a mail say.

    >>> found = mail_of("7", b"Message-ID: <b@x>\nIn-Reply-To: <a@x>\nSubject: Re: Leave\n\n", 9)
    >>> found.id, found.references, found.subject
    ('<b@x>', ('<a@x>',), 'Re: Leave')
    """
    found = message_from_bytes(headers, policy=policy.default)
    own = _ID.findall(_text(found.get("Message-ID")))
    before = _ID.findall(f"{_text(found.get('References'))} {_text(found.get('In-Reply-To'))}")
    return Mail(
        uid=uid,
        id=own[0] if own else "",
        references=tuple(dict.fromkeys(before)),
        subject=" ".join(_text(found.get("Subject")).split()),
        sender=_text(found.get("From")),
        sent_at=_date(_text(found.get("Date"))),
        size=size,
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def threads(mails: Iterable[Mail]) -> Iterator[tuple[str, list[Mail]]]:
    """Yield each thread: the id of its first mail, and its mails by time.

    https://www.rfc-editor.org/rfc/rfc5256 (REFERENCES, without merging by subject). The first mail
    need not be there itself: then those that answer it are one thread all the same.

    >>> a, b = Mail(uid="1", id="<a>"), Mail(uid="2", id="<b>", references=("<a>",))
    >>> [(key, [one.uid for one in each]) for key, each in threads([b, a])]
    [('<a>', ['1', '2'])]
    """
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while above.get(name, name) != name:
            name = above[name]
        return name

    known = list(mails)
    for mail in known:
        chain = [*mail.references, mail.id or f"uid:{mail.uid}"]
        for earlier, later in pairwise(chain):
            one, other = top(earlier), top(later)
            if one != other:
                above[other] = one
    groups: dict[str, list[Mail]] = {}
    for mail in known:
        groups.setdefault(top(mail.id or f"uid:{mail.uid}"), []).append(mail)
    first = datetime.min.replace(tzinfo=UTC)
    for key, group in groups.items():
        yield key, sorted(group, key=lambda one: (one.sent_at or first, one.id != key, one.uid))


def subject_of(mails: list[Mail]) -> str:
    """Return the subject of a thread, without what answers put before it.

    >>> subject_of([Mail(uid="1", subject="AW: Re: Leave")])
    'Leave'
    """
    return _REPLY.sub("", mails[0].subject)
