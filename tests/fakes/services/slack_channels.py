"""Slack's Web API for reading channels, on loopback.

Rules from https://docs.slack.dev: refusals have status 200 and `ok: false` (using-the-web-api),
`conversations.history` gives the first messages of threads with `reply_count` and `latest_reply`,
`conversations.replies` all of one; pages by `response_metadata.next_cursor`; 429 with Retry-After.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.services.server import Answer, FakeService, Request

CHANNEL = "C0HELP"


@dataclass
class FakeTalk:
    text: str
    replies: list[tuple[str, str]] = field(default_factory=list)
    edited: str = ""
    is_broken: bool = False
    latest: str = "1772356000.000200"


class FakeSlack(FakeService):
    """One channel with threads."""

    def __init__(self) -> None:
        super().__init__()
        self.unauthorised = Answer(value={"ok": False, "error": "token_expired"})
        self.threads: dict[str, FakeTalk] = {}
        self.is_there = True
        self.people = {"UANN": "ann@example.org", "UBOB": "bob@example.org"}
        self.members = ["UANN", "UBOB"]

    def is_body(self, request: Request) -> bool:
        return request.path == "/conversations.replies"

    def reply(self, request: Request) -> Answer:
        method, asked = request.path.removeprefix("/"), request.query
        if method == "auth.test":
            return said(url="https://acme.slack.test/", team="Acme", user="footnote")
        if method == "users.info":
            user = asked["user"]
            if user not in self.people:
                return refused("user_not_found")
            profile = {"display_name": user[1:].title(), "email": self.people[user]}
            return said(user={"id": user, "profile": profile})
        if asked.get("channel") != CHANNEL or not self.is_there:
            return refused("channel_not_found")
        if method == "conversations.info":
            return said(channel={"id": CHANNEL, "name": "help"})
        if method == "conversations.members":
            return self._page(asked, "members", self.members)
        if method == "conversations.history":
            oldest = float(asked.get("oldest", 0))
            rows = [
                self._root(ts) for ts in sorted(self.threads, reverse=True) if float(ts) >= oldest
            ]
            joined = {"ts": "1772355999.000100", "subtype": "channel_join", "text": "joined"}
            return self._page(asked, "messages", [*rows, joined])
        if method == "conversations.replies":
            talk = self.threads.get(asked["ts"])
            if talk is None:
                return refused("thread_not_found")
            if talk.is_broken:
                return refused("fatal_error")
            replies = [
                {"ts": f"{1772355000 + at}.000200", "user": who, "text": text}
                for at, (who, text) in enumerate(talk.replies)
            ]
            return self._page(asked, "messages", [self._root(asked["ts"]), *replies])
        return refused("unknown_method")

    def _root(self, ts: str) -> dict[str, Any]:
        talk = self.threads[ts]
        edited = {"edited": {"ts": talk.edited}} if talk.edited else {}
        thread = {"reply_count": len(talk.replies), "latest_reply": talk.latest, "thread_ts": ts}
        has_replies = thread if talk.replies else {}
        return {"ts": ts, "user": "UANN", "text": talk.text} | edited | has_replies

    def _page(self, asked: dict[str, str], name: str, rows: list[Any]) -> Answer:
        start, limit = int(asked.get("cursor") or 0), int(asked.get("limit") or 100)
        more = str(start + limit) if start + limit < len(rows) else ""
        part = {name: rows[start : start + limit]}
        return said(**part, response_metadata={"next_cursor": more})


def said(**values: Any) -> Answer:
    return Answer(value={"ok": True, **values})


def refused(code: str) -> Answer:
    return Answer(value={"ok": False, "error": code})
