"""Save an approved or verified answer as a Markdown file in a folder that can be a source."""

import hashlib
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

from footnote_qa.bot import built_on
from footnote_qa.bot.database import Database
from footnote_qa.bot.safe_text import clean

MAX_SLUG_CHARS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """An answer that an authorised person has approved or verified.

    Attributes:
        channel: Where it was posted.
        ts: Time stamp of the reply.
        author: Who wrote it, by id and by name.
        approver: Who approved it, by id and by name.
        audience: Groups that may read it; empty means everybody.
        at: When it was approved, in UTC.
        built_on: Documents that the answers before it cite, each with its address.
        review_on: When it has to be reviewed; None for a reply that was approved in Slack.
        quoted: SHA-256 of each document that it is based on, by the document's id.
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
    review_on: date | None = None
    quoted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedAnswer:
    """A verified answer in a list.

    Attributes:
        file: Its file in the folder of the answers.
        question: What it answers.
        at: When it was verified last, in UTC.
        review_on: When it has to be reviewed.
        quoted: SHA-256 of each document that it is based on, by the document's id.
    """

    file: str
    question: str
    at: datetime
    review_on: date
    quoted: Mapping[str, str]


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
        "approver_name": _one_line(approved.approver_name),
        "at": approved.at.timestamp(),
        "question": approved.question if approved.review_on else "",
        "review_at": _midnight(approved.review_on),
        "quoted": json.dumps(dict(approved.quoted)),
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
            "INSERT INTO approved (file, team, channel, ts, author, approver, approver_name, at,"
            " question, review_at, quoted) VALUES (:file, :team, :channel, :ts, :author, :approver,"
            " :approver_name, :at, :question, :review_at, :quoted)",
            values,
        )


def _midnight(day: date | None) -> float | None:
    return None if day is None else datetime.combine(day, time(), UTC).timestamp()


def verified_answers(database: Database) -> list[ApprovedAnswer]:
    """Return the verified answers, the one to review first first."""
    with database.sql() as sql:
        rows = sql.execute(
            "SELECT file, question, at, review_at, quoted FROM approved"
            " WHERE review_at IS NOT NULL ORDER BY review_at, file"
        ).fetchall()
    return [
        ApprovedAnswer(
            file=row["file"],
            question=row["question"],
            at=datetime.fromtimestamp(row["at"], UTC),
            review_on=datetime.fromtimestamp(row["review_at"], UTC).date(),
            quoted=json.loads(row["quoted"]),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The words beside a source that is an approved or verified answer: whose it is, until when.

    Attributes:
        name: Who approved it; "" if that is not known any more.
        review_on: When it has to be reviewed; None if it has no such day.
    """

    name: str
    review_on: date | None

    def is_due(self, today: date) -> bool:
        """Whether the day of its review has come."""
        return self.review_on is not None and self.review_on <= today


def marks_of(database: Database) -> dict[str, Mark]:
    """Return the mark of each approved or verified answer, by the name of its file."""
    with database.sql() as sql:
        rows = sql.execute("SELECT file, approver_name, review_at FROM approved").fetchall()
    return {
        row["file"]: Mark(
            name=row["approver_name"],
            review_on=None
            if row["review_at"] is None
            else datetime.fromtimestamp(row["review_at"], UTC).date(),
        )
        for row in rows
    }


def review_verified(database: Database, folder: Path, file: str, *, reviewed: Approved) -> bool:
    """Note that a verified answer was reviewed; its question and its words stay.

    Args:
        database: The state.
        folder: Of the answers.
        file: Of the answer.
        reviewed: Who reviewed it and when, when it is due again, and the documents of today.

    Returns:
        False if there is no such answer.
    """
    if file not in {one.file for one in verified_answers(database)} or not reviewed.review_on:
        return False
    path = folder / file
    text = _VERIFIED_LINE.sub(lambda _: _verified_line(reviewed), path.read_text(encoding="utf-8"))
    _write(path, text)
    values: dict[str, object] = {
        "file": file,
        "approver": reviewed.approver,
        "approver_name": _one_line(reviewed.approver_name),
        "at": reviewed.at.timestamp(),
        "review_at": _midnight(reviewed.review_on),
        "quoted": json.dumps(dict(reviewed.quoted)),
    }

    def note() -> None:
        with database.sql() as sql:
            sql.execute(
                "UPDATE approved SET approver = :approver, approver_name = :approver_name,"
                " at = :at, review_at = :review_at, quoted = :quoted WHERE file = :file",
                values,
            )

    database.patiently(note)
    return True


def withdraw_verified(database: Database, folder: Path, file: str) -> bool:
    """Delete a verified answer; the next build no longer has it. Return whether there was one."""
    if file not in {one.file for one in verified_answers(database)}:
        return False
    (folder / file).unlink(missing_ok=True)

    def note() -> None:
        with database.sql() as sql:
            sql.execute("DELETE FROM approved WHERE file = :file", {"file": file})

    database.patiently(note)
    return True


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
            text = _APPROVER_LINE.sub(r"\1 by a colleague", text)
        _write(path, text)
    return len(rows)


_AUTHOR_LINE: Final = re.compile(r"^Answered by .*?(?= in Slack\.$)", re.MULTILINE)
_APPROVER_LINE: Final = re.compile(
    r"^(Approved|Verified) by .*?(?= on \d{4}-\d\d-\d\d\.)", re.MULTILINE
)
_VERIFIED_LINE: Final = re.compile(r"^Verified by .* on \d{4}-\d\d-\d\d\. Review .*$", re.MULTILINE)


def _text(approved: Approved) -> str:
    # A text of JSON is one of YAML; an entry that were left out would let more people read it
    groups = json.dumps(list(approved.audience), ensure_ascii=False) if approved.audience else ""
    facts = [f"audience: {groups}" if groups else "", built_on.written(approved.built_on)]
    front = ["---", *filter(None, facts), "---", ""] if any(facts) else []
    title = f"# {_one_line(approved.question)}"
    lines = [*front, title, "", clean(approved.answer).strip(), "", *_signed(approved), ""]
    return "\n".join(lines)


def _signed(approved: Approved) -> list[str]:
    if approved.review_on is not None:
        return [_verified_line(approved)]
    approver = _one_line(approved.approver_name) or "a colleague"
    return [
        f"Answered by {_one_line(approved.author_name) or 'a colleague'} in Slack.",
        f"Approved by {approver} on {approved.at:%Y-%m-%d}.",
    ]


def _verified_line(approved: Approved) -> str:
    name = _one_line(approved.approver_name) or "a colleague"
    return f"Verified by {name} on {approved.at:%Y-%m-%d}. Review by {approved.review_on}."


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
