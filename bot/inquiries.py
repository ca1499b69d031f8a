"""What is kept of a question between its arrival and its outcome."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a question came."""

    MENTION = "mention"
    DIRECT = "direct"
    FOLLOW_UP = "follow_up"  # in a thread, without a mention
    UNASKED = "unasked"  # nobody asked the bot: it speaks only if it has the answer
    COMMAND = "command"  # answered privately
    SHORTCUT = "shortcut"  # somebody wants another's message answered
    AGAIN = "again"  # asked again after a failure


class Outcome(StrEnum):
    """How a question ended."""

    POSTED = "posted"
    WITHDRAWN = "withdrawn"  # it was deleted before its answer came
    REFUSED = "refused"  # there, nothing may be posted any more
    UNCERTAIN = "uncertain"  # whether the answer arrived could not be found out
    GIVEN_UP = "given_up"  # posting failed again and again
    STOPPED = "stopped"  # the asker pressed Stop
    SILENT = "silent"  # nobody had asked, and the documents don't say; or the asker is ignored


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A question as it came in.

    Attributes:
        event_id: Slack's name for the delivery; the same when it is delivered again.
        team: Workspace.
        channel: Channel or direct message.
        ts: The message's own time stamp, which is its id within the channel.
        thread_ts: Time stamp of the thread's first message, under which the answer goes.
        user: Who asks.
        text: As Slack sent it.
        kind: How it came.
        response_url: Where a private answer goes, for half an hour; "" if the answer is posted.
        is_open: Whether people of other companies read along, through a shared channel.
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
    """A question that one process works on.

    Attributes:
        id: Ours; leads from what a person sees to the log.
        received: As it came in.
        received_at: Seconds since the epoch.
        attempts: How often it was claimed, this time included.
        turned_away: It came when too many waited: it only gets told so.
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
    """A question that was taken back.

    Attributes:
        id: Ours.
        thread_ts: Time stamp of the first message of its thread.
        posting: Its owner may just be posting, and must finish doing so to clean up after itself.
        messages: Time stamps of what is known to stand in Slack for it.
    """

    id: str
    thread_ts: str
    posting: bool
    messages: tuple[str, ...]
