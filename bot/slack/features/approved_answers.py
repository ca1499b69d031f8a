"""Save an approved reply as a Markdown file in a folder that can be used as a source."""

import hashlib
import json
import os
import re
import tempfile
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from footnote_qa.bot import built_on
from footnote_qa.bot.slack.messages import clean
from footnote_qa.bot.state import Database

MAX_SLUG_CHARS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A reply that an authorised person has approved as the answer.

    Attributes:
        channel: Where it was posted.
        ts: Time stamp of the reply.
        author: Who wrote it, by id and by name.
        approver: Who approved it, by id and by name.
        audience: Groups that may read it; empty means everybody.
        at: When it was approved, in UTC.
        built_on: Documents that the thread's answers cite, each with its address.
    """

    team: str
    channel: str
    ts: str
    question: str
    answer: str
    author: str
    author_name: str
    approver: str
    approver_name: str
    audience: tuple[str, ...]
    at: datetime
    built_on: tuple[tuple[str, str | None], ...] = ()


def approve(database: Database, folder: Path, approved: Approved) -> Path:
    """Write the document; approving the same reply again replaces it."""
    path = folder / _file_name(approved)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(path, _text(approved))
    values: dict[str, object] = {
        "file": path.name,
        "team": approved.team,
        "channel": approved.channel,
        "ts": approved.ts,
        "author": approved.author,
        "approver": approved.approver,
        "at": approved.at.timestamp(),
    }
    database.patiently(lambda: _note(database, values))
    return path


def _note(database: Database, values: dict[str, object]) -> None:
    with database.transaction() as sql:
        # With another question, the same reply has another file.
        sql.execute(
            "DELETE FROM approved WHERE file = :file"
            " OR (team = :team AND channel = :channel AND ts = :ts)",
            values,
        )
        sql.execute(
            "INSERT INTO approved (file, team, channel, ts, author, approver, at)"
            " VALUES (:file, :team, :channel, :ts, :author, :approver, :at)",
            values,
        )


def unname(database: Database, folder: Path, user: str) -> int:
    """Remove a person's name from documents they wrote or approved; return how many there were."""
    with database.sql() as sql:
        rows = sql.execute(
            "SELECT file, author, approver FROM approved WHERE author = :user OR approver = :user",
            {"user": user},
        ).fetchall()
    for row in rows:
        path = folder / str(row["file"])
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8")
        if row["author"] == user:
            text = _AUTHOR_LINE.sub("Answered by a colleague", text)
        if row["approver"] == user:
            text = _APPROVER_LINE.sub("Approved by a colleague", text)
        _write(path, text)
    return len(rows)


_AUTHOR_LINE: Final = re.compile(r"^Answered by .*?(?= in Slack\.$)", re.MULTILINE)
_APPROVER_LINE: Final = re.compile(r"^Approved by .*?(?= on \d{4}-\d\d-\d\d\.$)", re.MULTILINE)


def _text(approved: Approved) -> str:
    # A text of JSON is one of YAML; an entry that were left out would let more people read it
    groups = json.dumps(list(approved.audience), ensure_ascii=False) if approved.audience else ""
    facts = [f"audience: {groups}" if groups else "", built_on.written(approved.built_on)]
    front = ["---", *filter(None, facts), "---", ""] if any(facts) else []
    day = f"{approved.at:%Y-%m-%d}"
    lines = [
        *front,
        f"# {_one_line(approved.question)}",
        "",
        clean(approved.answer).strip(),
        "",
        f"Answered by {_one_line(approved.author_name) or 'a colleague'} in Slack.",
        f"Approved by {_one_line(approved.approver_name) or 'a colleague'} on {day}.",
        "",
    ]
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _file_name(approved: Approved) -> str:
    """Return a name made from the reply's place, so that approving it again gives the same one."""
    place = f"{approved.team}:{approved.channel}:{approved.ts}"
    ascii_only = unicodedata.normalize("NFKD", approved.question).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:MAX_SLUG_CHARS].strip("-")
    return f"{slug or 'answer'}-{hashlib.sha256(place.encode()).hexdigest()[:10]}.md"


def _write(path: Path, text: str) -> None:
    """Write the file in one step, because a build may read the folder at any time."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
