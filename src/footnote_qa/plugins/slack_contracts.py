"""The protocol that features of the Slack bot follow, and what they get and return."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from footnote_qa.index.types import Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackCall:
    """A feature that a person uses.

    Attributes:
        user: Their id in Slack.
        channel: The channel where they use it; "" on the home tab.
        text: The words after the command, or the message of the shortcut; "" on the home tab.
        search: Finds up to k passages for a question, only in documents that this person may see
            in this place; called as `search(question, k)`, best first.
    """

    user: str
    channel: str
    text: str
    search: Callable[[str, int], list[Passage]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackReply:
    """The reply of a feature to a person.

    Attributes:
        text: Shown to this person only, as plain text; "" shows nothing.
        question: Asked for this person, as with /ask-docs; "" asks nothing.
    """

    text: str = ""
    question: str = ""


class SlackFeaturePlugin(Protocol):
    """Adds a slash command, an entry in the menu of messages, and a section of the home tab.

    Several threads may call it. It gets no client of Slack: Footnote writes what it returns.

    Attributes:
        contract: `footnote_qa.plugins.CONTRACT` of the release that it was written for.
        name: Identifies it: lower-case letters, digits and underscores.
        title: Heading of its section, and its entry in the menu of messages.
        description: One line for Slack's list of commands.
        command: Such as "/define"; "" adds no command.
        shortcut: Whether it is in the menu of messages.
    """

    contract: int
    name: str
    title: str
    description: str
    command: str
    shortcut: bool

    def reply(self, call: SlackCall) -> SlackReply:
        """Return what the person gets who used the command or the menu."""
        ...

    def home(self, call: SlackCall) -> str:
        """Return the text of its section of the person's home tab; "" shows no section."""
        ...
