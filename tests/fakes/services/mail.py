"""A server with IMAP on loopback.

Rules from https://www.rfc-editor.org/rfc/rfc9051 and rfc3501: greeting, CAPABILITY, LOGIN, EXAMINE
(UIDVALIDITY; NO for a folder that is not there), UID SEARCH, UID FETCH with literals, NOOP, LOGOUT;
a UID is never used again; https://www.rfc-editor.org/rfc/rfc5530 (AUTHENTICATIONFAILED,
UNAVAILABLE, NONEXISTENT).
"""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from tests.fakes.services.server import Answer, FakeService, Request


def a_mail(subject: str, text: str, *, id_: str, answers: str = "", day: int = 1) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "Ann <ann@example.org>", "team@example.org"
    mail["Message-ID"], mail["Date"] = id_, f"{day:02} Mar 2026 09:00:00 +0000"
    if answers:
        mail["In-Reply-To"] = mail["References"] = answers
    mail.set_content(text)
    return mail


class FakeMail(FakeService):
    """One account with folders; the token is its password."""

    def __init__(self) -> None:
        super().__init__()
        self.folders: dict[str, dict[int, bytes]] = {"INBOX": {}}
        self.broken: set[int] = set()
        self.validity = 7
        self.port = 0
        self._next = 1

    def put(self, mail: EmailMessage, folder: str = "INBOX") -> int:
        uid, self._next = self._next, self._next + 1
        self.folders.setdefault(folder, {})[uid] = mail.as_bytes()
        return uid

    def is_body(self, request: Request) -> bool:
        return "BODY.PEEK[]" in request.path

    def is_allowed(self, request: Request) -> bool:
        return bool(request.body == self.token)

    def reply(self, _: Request) -> Answer:
        return Answer()


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    service: FakeMail
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.password = ""
        self.folder: dict[int, bytes] = {}
        self._say("* OK IMAP4rev1 ready")
        while line := self.rfile.readline().decode():
            tag, command, *rest = line.rstrip("\r\n").split(" ", 2)
            words = rest[0] if rest else ""
            if command == "UID":
                command, _, words = words.partition(" ")
            answer = self._answer(command, words)
            self._say(f"{tag} {answer}")
            if command == "LOGOUT":
                return

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _answer(self, command: str, words: str) -> str:
        if command == "CAPABILITY":
            self._say("* CAPABILITY IMAP4rev1")
            return "OK done"
        if command == "LOGOUT":
            self._say("* BYE")
            return "OK done"
        if command == "LOGIN":
            self.password = words.rpartition(" ")[2].strip('"')
        answer = self.service.answer(
            Request(method=command, path=words, query={}, headers={}, body=self.password)
        )
        if answer.status == 401:
            return "NO [AUTHENTICATIONFAILED] no"
        if answer.status != 200:
            return "NO [UNAVAILABLE] later"
        return {
            "LOGIN": lambda _: "OK in",
            "NOOP": lambda _: "OK done",
            "EXAMINE": self._examine,
            "SEARCH": self._search,
            "FETCH": self._fetch,
        }[command](words)

    def _examine(self, words: str) -> str:
        folder = self.service.folders.get(words.strip('"'))
        if folder is None:
            return "NO [NONEXISTENT] no such folder"
        self.folder = folder
        self._say(f"* {len(folder)} EXISTS")
        self._say(f"* OK [UIDVALIDITY {self.service.validity}] valid")
        return "OK [READ-ONLY] done"

    def _search(self, words: str) -> str:
        assert words == "ALL" or words.startswith("SINCE ")
        self._say(f"* SEARCH {' '.join(map(str, self.folder))}")
        return "OK done"

    def _fetch(self, words: str) -> str:
        uids, _, asked = words.partition(" ")
        for uid in map(int, uids.split(",")):
            if uid in self.folder:
                if "HEADER.FIELDS" in asked:
                    self._headers(uid)
                elif uid in self.service.broken:
                    return "NO cannot be read"
                else:
                    content = self.folder[uid]
                    self._literal(f"* 1 FETCH (UID {uid} BODY[] ", content)
        return "OK done"

    def _headers(self, uid: int) -> None:
        content = self.folder[uid]
        head = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0] + b"\r\n\r\n"
        size = len(content)
        self._literal(f"* 1 FETCH (UID {uid} RFC822.SIZE {size} BODY[HEADER.FIELDS (DATE)] ", head)

    def _literal(self, before: str, content: bytes) -> None:
        self.wfile.write(f"{before}{{{len(content)}}}\r\n".encode() + content + b")\r\n")


@contextmanager
def serving_mail(service: FakeMail) -> Iterator[None]:
    """Serve *service* on loopback until the block ends."""
    handler = type("Own", (Session,), {"service": service})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        service.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
