"""Where mails are: a server with IMAP, or mailboxes on disk."""

import base64
import hashlib
import imaplib
import mailbox
import re
import ssl
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar, cast

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.connectors.mail_threads import Mail, mail_of
from footnote_qa.index.sources.names import is_hidden
from footnote_qa.index.sources.sync import ItemError

T = TypeVar("T")

_HEADERS: Final = "MESSAGE-ID REFERENCES IN-REPLY-TO SUBJECT FROM DATE"
_AT_ONCE: Final = 200
_TIMEOUT_S: Final = 30.0
_TRIES: Final = 6
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
# https://www.rfc-editor.org/rfc/rfc5530
_PASSING: Final = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|THROTTLED)\]", re.IGNORECASE)
_REFUSED: Final = re.compile(r"\[(AUTHENTICATIONFAILED|AUTHORIZATIONFAILED|EXPIRED)\]", re.I)


class MailStore(Protocol):
    """Folders with mails, which are only read."""

    def check(self) -> str:
        """Return who is signed in and where; raises `SourceError`."""
        ...

    def folders(self) -> Sequence[str]:
        """Return the folders to read."""
        ...

    def mails(self, folder: str) -> list[Mail]:
        """Return the headers of all mails in a folder; raises `ItemError` if it is not there."""
        ...

    def read(self, folder: str, uid: str) -> bytes:
        """Return a mail; raises `ItemError`."""
        ...


class ImapStore:
    """A mailbox on a server: https://www.rfc-editor.org/rfc/rfc9051.

    Folders are opened to be read only, and nothing is marked as seen.

    Args:
        settings: The source's settings.
    """

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._open: list[imaplib.IMAP4] = []  # the connection, if there is one
        self._closing = weakref.finalize(self, _close, self._open)
        self._folder, self._validity = "", ""

    def check(self) -> str:
        """Return who is signed in."""
        self._called(lambda imap: imap.noop())
        return f"{self._settings.text('user')} at {self._settings.text('host')}"

    def folders(self) -> Sequence[str]:
        """Return the folders of the settings."""
        return self._settings.texts("folders")

    def mails(self, folder: str) -> list[Mail]:
        """Return the headers of all mails in a folder."""
        uids = self._called(lambda imap: self._found(imap, folder))
        found: list[Mail] = []
        for start in range(0, len(uids), _AT_ONCE):
            some = ",".join(uids[start : start + _AT_ONCE])
            found += self._called(partial(self._headers, folder=folder, uids=some))
        return found

    def _found(self, imap: imaplib.IMAP4, folder: str) -> list[str]:
        self._select(imap, folder)
        days = self._settings.number("days")
        since = self._settings.clock.now() - timedelta(days=days)
        criteria = f"SINCE {since:%d-%b-%Y}" if days else "ALL"
        (rows,) = _good(imap.uid("SEARCH", criteria))
        return [one.decode() for one in (rows or b"").split()]

    def _headers(self, imap: imaplib.IMAP4, *, folder: str, uids: str) -> list[Mail]:
        self._select(imap, folder)
        asked = f"(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({_HEADERS})])"
        rows = _good(imap.uid("FETCH", uids, asked))
        found = []
        for number, row in enumerate(rows):
            if isinstance(row, tuple):
                # What follows the headers can be before or after them
                after = rows[number + 1] if number + 1 < len(rows) else b""
                facts = row[0] + (after if isinstance(after, bytes) else b"")
                uid, size = re.search(rb"UID (\d+)", facts), re.search(rb"SIZE (\d+)", facts)
                if uid is not None:
                    own = f"{self._validity}:{uid[1].decode()}"
                    found.append(mail_of(own, row[1], int(size[1]) if size else 0))
        return found

    def read(self, folder: str, uid: str) -> bytes:
        """Return a mail."""
        return self._called(lambda imap: self._body(imap, folder, uid))

    def _body(self, imap: imaplib.IMAP4, folder: str, uid: str) -> bytes:
        self._select(imap, folder)
        validity, _, own = uid.partition(":")
        if validity != self._validity:  # the server has numbered its mails in another way
            raise ItemError("the mailbox was made again: the next sync reads it")
        for row in _good(imap.uid("FETCH", own, "(BODY.PEEK[])")):
            if isinstance(row, tuple):
                return bytes(row[1])
        raise ItemError("the server has the mail no more")

    def _select(self, imap: imaplib.IMAP4, folder: str) -> None:
        if self._folder != folder:
            self._folder = ""
            _good(imap.select(_quoted(folder), readonly=True))
            validity = imap.response("UIDVALIDITY")[1][0]
            self._folder, self._validity = folder, (validity or b"").decode()

    def _called(self, call: Callable[[imaplib.IMAP4], T]) -> T:
        """Return what a call returns, after waiting out faults that pass."""
        pause, why = _FIRST_PAUSE_S, ""
        for attempt in range(_TRIES):
            try:
                with self._lock:
                    return call(self._connected())
            except _PassingError as error:
                why = str(error)
            except _RefusedError:
                self._forget()
                raise SourceError(
                    f"{self._settings.text('host')} refuses the password in"
                    f" {self._settings.variables['password']}: it has expired, was revoked, or the"
                    " server wants one for applications"
                ) from None
            except (imaplib.IMAP4.abort, OSError) as error:
                self._forget()
                why = type(error).__name__
            except imaplib.IMAP4.error as error:
                self._forget()
                raise ItemError("the server answers with something else than IMAP") from error
            if attempt < _TRIES - 1:
                self._settings.clock.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
        raise SourceError(f"{self._settings.text('host')} does not answer now ({why}): try later")

    def _connected(self) -> imaplib.IMAP4:
        if not self._open:
            imap = self._connection()
            try:
                imap.login(self._settings.text("user"), self._settings.secrets["password"])
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                _close([imap])
                if _PASSING.search(str(error)):
                    raise _PassingError(str(error)) from None
                raise _RefusedError from None
            self._open.append(imap)
            self._folder = ""
        return self._open[0]

    def _connection(self) -> imaplib.IMAP4:
        host, port = self._settings.text("host"), self._settings.number("port")
        security = self._settings.text("security")
        if security == "tls":
            trusted = ssl.create_default_context()
            return imaplib.IMAP4_SSL(host, port or 993, ssl_context=trusted, timeout=_TIMEOUT_S)
        imap = imaplib.IMAP4(host, port or 143, timeout=_TIMEOUT_S)
        if security == "starttls":
            imap.starttls(ssl.create_default_context())
        return imap

    def _forget(self) -> None:
        with self._lock:
            _close(self._open)


def _close(connections: list[imaplib.IMAP4]) -> None:
    for one in connections:
        with suppress(imaplib.IMAP4.error, OSError):
            one.shutdown()
    connections.clear()


def _close_boxes(boxes: dict[str, mailbox.mbox]) -> None:
    for one in boxes.values():
        one.close()


class _PassingError(Exception):
    """The server asks to come again later."""


class _RefusedError(Exception):
    """The server does not let the account in."""


def _good(answer: tuple[str, list[Any]]) -> list[Any]:
    """Return what a command gives; raises `ItemError` if the server refuses it."""
    status, rows = answer
    if status == "OK":
        return rows
    text = b" ".join(one for one in rows if isinstance(one, bytes)).decode(errors="replace")
    if _PASSING.search(text):
        raise _PassingError(text)
    if _REFUSED.search(text):
        raise _RefusedError
    raise ItemError(f"the server refuses it: {text[:100]}")


def _quoted(folder: str) -> str:
    r"""Return the name of a folder as IMAP writes it.

    https://www.rfc-editor.org/rfc/rfc3501#section-5.1.3

    >>> _quoted('Team "A"'), _quoted("Entwürfe"), _quoted("R&D")
    ('"Team \\"A\\""', '"Entw&APw-rfe"', '"R&-D"')
    """
    text = "".join(_encoded(part) for part in re.findall(r"[ -~]+|[^ -~]+", folder))
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _encoded(part: str) -> str:
    if " " <= part[0] <= "~":
        return part.replace("&", "&-")
    coded = base64.b64encode(part.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
    return f"&{coded}-"


class MboxStore:
    """Files in the form mbox, in a folder; each file is a folder of mails.

    Args:
        path: A file, or a folder with files that end in .mbox.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._boxes: dict[str, mailbox.mbox] = {}
        self._closing = weakref.finalize(self, _close_boxes, self._boxes)

    def check(self) -> str:
        """Return how many mailboxes there are."""
        count = len(self.folders())
        if not count:
            raise SourceError(f"{self._path} has no file that ends in .mbox")
        return f"{count} mailbox{'es' if count > 1 else ''} in {self._path}"

    def folders(self) -> Sequence[str]:
        """Return the names of the files."""
        if self._path.is_file():
            return [self._path.name]
        if not self._path.is_dir():
            raise SourceError(f"there is no folder {self._path}")
        found = (path.relative_to(self._path) for path in self._path.rglob("*.mbox"))
        return sorted(str(one) for one in found if not any(map(is_hidden, one.parts)))

    def mails(self, folder: str) -> list[Mail]:
        """Return the headers of all mails in a file."""
        found = []
        with self._lock:
            box = self._box(folder)
            for key in box.iterkeys():
                content = box.get_bytes(key)
                head = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0]
                digest = hashlib.sha256(content).hexdigest()[:16]
                found.append(mail_of(f"{digest}.{key}", head + b"\n\n", len(content)))
        return found

    def read(self, folder: str, uid: str) -> bytes:
        """Return a mail."""
        with self._lock:
            try:
                return self._box(folder).get_bytes(
                    cast("str", int(uid.partition(".")[2]))
                )  # its keys are numbers
            except (KeyError, OSError) as error:
                raise ItemError("the mailbox has the mail no more") from error

    def _box(self, folder: str) -> mailbox.mbox:
        if folder not in self._boxes:
            path = self._path if self._path.is_file() else self._path / folder
            try:
                self._boxes[folder] = mailbox.mbox(path, create=False)
            except (OSError, mailbox.Error) as error:
                raise ItemError(f"{path} cannot be read") from error
        return self._boxes[folder]


def store_of(settings: ConnectorSettings) -> MailStore:
    """Return where the mails of the settings are; raises `SourceError`."""
    host, path = settings.text("host"), settings.text("path")
    if bool(host) == bool(path):
        raise SourceError("mail needs either host, the server, or path, a folder with mailboxes")
    if path:
        return MboxStore(Path(path).expanduser())
    if not settings.secrets.get("password"):
        raise SourceError(f"mail needs the variable {settings.variables['password']}")
    return ImapStore(settings)
