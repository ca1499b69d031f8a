"""A question on its way from arrival to outcome: what came in, who works on it, how it ended."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a question came."""

    MENTION = "mention"
    DIRECT = "direct"
    FOLLOW_UP = "follow_up"  # in a thread, without a mention
    UNASKED = "unasked"  # nobody asked the bot: it answers only if it has the answer
    COMMAND = "command"  # answered privately
    SHORTCUT = "shortcut"  # somebody wants another person's message answered
    AGAIN = "again"  # asked again after a failure


class Outcome(StrEnum):
    """How a question ended."""

    POSTED = "posted"
    WITHDRAWN = "withdrawn"  # it was deleted before its answer came
    REFUSED = "refused"  # the bot may no longer post there
    UNCERTAIN = "uncertain"  # it is unknown whether the answer arrived
    GIVEN_UP = "given_up"  # for a day, not even a note could be posted
    STOPPED = "stopped"  # the asker pressed Stop
    SILENT = "silent"  # nobody had asked and there is no answer, or the asker is ignored


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A question as it came in.

    Attributes:
        event_id: Slack's id for the delivery; the same when it is delivered again.
        team: Workspace.
        channel: Channel or direct message.
        ts: The message's own time stamp, which is its id within the channel.
        thread_ts: Time stamp of the thread's first message, under which the answer goes.
        user: Who asks.
        text: As Slack sent it.
        kind: How it came.
        response_url: Where a private answer goes, for half an hour; "" if the answer is posted.
        is_open: Whether people of other companies can read it, in a shared channel.
    """

    event_id: str
    team: str
    channel: str
    ts: str
    thread_ts: str
    user: str
    text: str
    kind: Kind = Kind.MENTION
    response_url: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A question that one process is working on.

    Attributes:
        id: Our id; shown to people, to find the question in the log.
        received: As it came in.
        received_at: Seconds since the epoch.
        attempts: How often it was claimed, including this time.
        turned_away: Too many were waiting when it came: the only reply is to say so.
        maybe_posted: An earlier owner had begun to post.
        parts: Time stamps of the messages that an earlier owner is known to have begun.
    """

    id: str
    received: Received
    received_at: float
    attempts: int
    turned_away: bool
    maybe_posted: bool
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A question that was withdrawn.

    Attributes:
        id: Our id.
        thread_ts: Time stamp of the first message of its thread.
        posting: Its owner may be posting right now, and must finish so that it can clean up.
        messages: Time stamps of its messages that are known to be in Slack.
    """

    id: str
    thread_ts: str
    posting: bool
    messages: tuple[str, ...]
