"""Mail: each thread is one document, and the files attached to it are documents below it."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.connectors.mail_stores import MailStore, store_of
from footnote_qa.index.sources.connectors.mail_threads import Mail, subject_of, threads
from footnote_qa.index.sources.connectors.paths import joined, safe
from footnote_qa.index.sources.names import too_big
from footnote_qa.index.sources.sync import Event, Item, ItemError, Listed, Unlisted

_WRITTEN: Final = "1"
"""Raised when unchanged mails become another text."""

_FROM: Final = re.compile(rb"^(>*From )", re.MULTILINE)


class MailSource:
    """The threads of chosen folders.

    Args:
        store: Where the mails are.
        settings: The source's settings.
    """

    def __init__(self, store: MailStore, settings: ConnectorSettings) -> None:
        self._store, self._settings = store, settings
        self._threads: dict[str, tuple[str, list[Mail]]] = {}

    def check(self) -> str:
        """Return who is signed in."""
        return self._store.check()

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield every thread: a mailbox reports no deletion, so all are listed."""
        del cursor
        for folder in self._store.folders():
            try:
                mails = self._store.mails(folder)
            except ItemError as error:
                yield Unlisted(scope=folder, reason=error.reason)
                continue
            for key, thread in threads(mails):
                yield self._item(folder, key, thread)
        yield Listed()

    def _item(self, folder: str, id_: str, thread: list[Mail]) -> Item:
        key = f"{folder} {id_}"
        self._threads[key] = folder, thread
        parts = sorted(one.uid.partition(".")[0] for one in thread)
        mark = hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]
        first, last = thread[0].sent_at, thread[-1].sent_at
        title = subject_of(thread)
        day = f"{first:%Y-%m-%d} " if first else ""
        page = self._settings.text("page")
        return Item(
            key=key,
            version=f"{mark}.{_WRITTEN}",
            path=joined(*map(safe, folder.split("/")), f"{day}{safe(title)}.mbox"),
            name="thread.mbox",
            title=title or None,
            url=page.replace("{id}", quote(thread[0].id.strip("<>"))) if page else None,
            modified_at=last,
            created_at=first,
            author=thread[0].sender,
            scope=folder,
        )

    def fetch(self, item: Item) -> bytes:
        """Return the mails of a thread as one mailbox, the oldest first."""
        folder, thread = self._threads.get(item.key, ("", []))
        if not thread:
            raise ItemError("the mailbox has the thread no more")
        size = sum(mail.size for mail in thread)
        if size > self._settings.max_bytes:
            raise ItemError(too_big(size, self._settings.max_bytes))
        return b"".join(_boxed(mail, self._store.read(folder, mail.uid)) for mail in thread)

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield nothing: a mailbox does not say who may read a mail."""
        yield from ()


def _boxed(mail: Mail, content: bytes) -> bytes:
    r"""Return a mail in the form mbox, with its line before it.

    https://www.rfc-editor.org/rfc/rfc4155

    >>> _boxed(Mail(uid="1"), b"Subject: A\r\n\r\nFrom here on.\r\n")
    b'From - Thu Jan  1 00:00:00 1970\nSubject: A\n\n>From here on.\n\n'
    """
    at = mail.sent_at or datetime(1970, 1, 1, tzinfo=UTC)
    text = _FROM.sub(rb">\1", content.replace(b"\r\n", b"\n")).strip(b"\n")
    return f"From - {at.ctime()}\n".encode() + text + b"\n\n"


def make(settings: ConnectorSettings) -> MailSource:
    """Return the connector of these settings."""
    return MailSource(store_of(settings), settings)
