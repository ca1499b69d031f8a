"""Topics of a channel, and the person to ask about each."""

import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from footnote_qa.bot.database import Database
from footnote_qa.index.storage import stems

MOST_TOPICS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic of a channel.

    Attributes:
        words: Words and phrases that belong to it, separated by commas.
        helper: The person to ask.
    """

    words: str
    helper: str


def topics_of(database: Database, team: str, channel: str) -> list[Topic]:
    """Return the topics of a channel, by their words."""
    with database.sql() as sql:
        rows = sql.execute(
            "SELECT words, helper FROM topic WHERE team = :team AND channel = :channel"
            " ORDER BY words",
            {"team": team, "channel": channel},
        ).fetchall()
    return [Topic(words=row["words"], helper=row["helper"]) for row in rows]


def name_helper(database: Database, topic: Topic, *, team: str, channel: str, by: str) -> None:
    """Name the person for a topic; without a person, the topic goes."""
    values = {
        "team": team,
        "channel": channel,
        "words": topic.words,
        "helper": topic.helper,
        "by": by,
        "at": time.time(),
    }

    def note() -> None:
        with database.transaction() as sql:
            sql.execute(
                "DELETE FROM topic WHERE team = :team AND channel = :channel AND words = :words",
                values,
            )
            if topic.helper:
                sql.execute(
                    "INSERT INTO topic (team, channel, words, helper, changed_by, at)"
                    " VALUES (:team, :channel, :words, :helper, :by, :at)",
                    values,
                )

    database.patiently(note)


def listed(text: str) -> str:
    """Return words and phrases in one form: each once, separated by commas.

    >>> listed(" leave,  Parental  leave , leave")
    'leave, Parental leave'
    """
    parts = (" ".join(one.split()) for one in text.split(","))
    return ", ".join(dict.fromkeys(one for one in parts if one))


def about(question: str, topics: Sequence[Topic]) -> Topic | None:
    """Return the topic with most words of a question; None if no topic has any.

    >>> leave = Topic(words="leave, parental leave", helper="U1")
    >>> found = about("How do employees take a parental leave?", [leave])
    >>> found and found.helper
    'U1'
    >>> about("Where can I leaf through it?", [leave]) is None
    True
    """
    asked = stems(question)
    plain = _plain(question)
    scores = [sum(_fits(one, asked, plain) for one in topic.words.split(",")) for topic in topics]
    best = max(scores, default=0)
    return topics[scores.index(best)] if best else None


def _fits(phrase: str, asked: Sequence[str], plain: str) -> int:
    """Return how many words of a phrase a question has; 0 unless it has all of them."""
    wanted = stems(phrase)
    if wanted and set(wanted) <= set(asked):
        return len(wanted)
    is_unspaced = any(unicodedata.category(letter) == "Lo" for letter in phrase)
    return int(is_unspaced and _plain(phrase) in plain)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
