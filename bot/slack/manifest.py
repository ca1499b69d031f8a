"""The Slack app manifest, with the events and scopes that the app needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from footnote_qa.bot.slack.feature_plugins import Feature


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """An event the app listens to.

    Attributes:
        event: Slack's name of the subscription, such as "message.im".
        scope: The scope that Slack requires for the event; "" for none.
        listens: Whether it is only needed to read channel messages without a mention.
    """

    event: str
    scope: str = ""
    listens: bool = False

    @property
    def type(self) -> str:
        """The `type` of such an event."""
        return self.event.partition(".")[0]


SUBSCRIPTIONS: Final = (
    Subscription(event="app_mention", scope="app_mentions:read"),
    Subscription(event="message.im", scope="im:history"),
    Subscription(event="app_home_opened"),
    Subscription(event="agent_session_stopped"),
    Subscription(event="app_uninstalled"),
    Subscription(event="tokens_revoked"),
    Subscription(event="message.channels", scope="channels:history", listens=True),
    Subscription(event="message.groups", scope="groups:history", listens=True),
)

COMMAND: Final = "/ask-docs"
ASK_ABOUT: Final = "ask_about_message"
THIS_IS_IT: Final = "this_is_the_answer"
SHORTCUTS: Final = {
    ASK_ABOUT: ("Answer from documents", "Answers this message from the documents"),
    THIS_IS_IT: ("This is the answer", "Makes this reply a document that can be cited"),
}

METHODS: Final = {
    "agents.sessions.setStatus": "chat:write",
    "assistant.threads.setStatus": "chat:write",
    "assistant.threads.setSuggestedPrompts": "assistant:write",
    "chat.appendStream": "chat:write",
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.startStream": "chat:write",
    "chat.stopStream": "chat:write",
    "chat.update": "chat:write",
    "conversations.open": "im:write",
    # In channels it would also need their history, so there the app does without it.
    "conversations.replies": "im:history",
    "users.info": "users:read",
    "views.open": "",
    "views.publish": "",
}
"""Every method called with the bot token, and the scope it needs; "" for none."""

OPTIONAL: Final = {
    "assistant:write": "suggested questions in the messages tab",
}
"""Optional scopes, and what each one adds."""

LISTENING: Final = {
    "channels:history": "follow-ups without a mention, answers to deleted questions taken away,"
    " and looking whether an answer arrived, in public channels",
    "groups:history": "the same in private channels",
}
"""Scopes that deliver every message of a channel to the app; only requested if asked for."""

PERMISSION_METHODS: Final = {
    "conversations.members": "channels:read",
    "usergroups.users.list": "usergroups:read",
}
"""Methods called only if documents are for groups of sources or of Slack."""

PERMISSIONS: Final = {
    "users:read.email": "what each person may read in the sources",
    "usergroups:read": "documents for user groups of Slack",
    "channels:read": "documents for all members of a public channel",
    "groups:read": "the same for private channels",
}
"""Scopes to find out who may see documents with permissions of their own."""

_ALL: Final = {s.scope for s in SUBSCRIPTIONS if not s.listens} | set(METHODS.values())
SCOPES: Final = tuple(sorted((_ALL | {"commands"}) - set(OPTIONAL) - {""}))


def app_manifest(
    http_url: str | None,
    *,
    listen: bool = False,
    permissions: bool = False,
    added: Sequence[Feature] = (),
) -> dict[str, object]:
    """Describe the app for "From a manifest" on https://api.slack.com/apps.

    Args:
        http_url: Where Slack sends events; None for Socket Mode.
        listen: Whether the app may read messages in channels without being mentioned.
        permissions: Whether the app may look up addresses, user groups and members of channels.
        added: What plug-ins add.
    """
    subscribed = [s.event for s in SUBSCRIPTIONS if listen or not s.listens]
    optional = [
        *OPTIONAL,
        *(LISTENING if listen else ()),
        *(PERMISSIONS if permissions else ()),
    ]
    where = {} if http_url is None else {"request_url": http_url}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Footnote",
            "description": "Answers from your team's documents, with checked citations",
            "background_color": "#1f3a5f",
        },
        "features": _features(http_url, added),
        "oauth_config": {"scopes": {"bot": list(SCOPES), "bot_optional": optional}},
        "settings": {
            "event_subscriptions": {"bot_events": subscribed, **where},
            "interactivity": {"is_enabled": True, **where},
            "org_deploy_enabled": False,
            "socket_mode_enabled": http_url is None,
            "token_rotation_enabled": False,
        },
    }


def _features(http_url: str | None, added: Sequence[Feature]) -> dict[str, object]:
    where = {} if http_url is None else {"url": http_url}
    own = [_shortcut(name, title, told) for name, (title, told) in SHORTCUTS.items()]
    more = [_shortcut(one.shortcut, one.title, one.description) for one in added if one.shortcut]
    return {
        "agent_view": {
            "agent_description": "Ask about your documents; every answer cites its sources."
        },
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "footnote", "always_online": True},
        "shortcuts": own + more,
        "slash_commands": [
            {
                "command": COMMAND,
                "description": "Ask the documents; only you see the answer",
                "usage_hint": "your question, or: settings, topics, digest",
                "should_escape": True,
                **where,
            },
            *(
                {
                    "command": one.command,
                    "description": one.description[:_MAX_CHARS],
                    "should_escape": True,
                    **where,
                }
                for one in added
                if one.command
            ),
        ],
    }


_MAX_CHARS: Final = 100
"""Of the descriptions that Slack shows."""


def _shortcut(name: str, title: str, description: str) -> dict[str, object]:
    return {
        "type": "message",
        "name": title,
        "callback_id": name,
        "description": description[:_MAX_CHARS],
    }
