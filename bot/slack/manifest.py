"""What the app asks of a workspace: its events, its scopes, and the manifest made of them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """An event the app listens to.

    Attributes:
        event: Slack's name of the subscription, such as "message.im".
        scope: What Slack asks for before it sends the event.
    """

    event: str
    scope: str

    @property
    def type(self) -> str:
        """The `type` that such an event carries."""
        return self.event.partition(".")[0]


SUBSCRIPTIONS: Final = (
    Subscription(event="app_mention", scope="app_mentions:read"),
    Subscription(event="message.im", scope="im:history"),
)

METHODS: Final = {
    "assistant.threads.setStatus": "chat:write",
    "chat.delete": "chat:write",
    "chat.postMessage": "chat:write",
    "conversations.open": "im:write",
    # In channels it would need their history too: there, the app does without.
    "conversations.replies": "im:history",
}
"""Every method the app calls with its bot token, and the scope each needs."""

SCOPES: Final = tuple(sorted({s.scope for s in SUBSCRIPTIONS} | set(METHODS.values())))


def manifest(http_url: str | None) -> dict[str, object]:
    """Describe the app for "From a manifest" on https://api.slack.com/apps.

    Args:
        http_url: Where Slack sends events; None for Socket Mode.
    """
    events: dict[str, object] = {"bot_events": [s.event for s in SUBSCRIPTIONS]}
    if http_url is not None:
        events["request_url"] = http_url
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Footnote",
            "description": "Answers from your team's documents, with checked citations",
        },
        "features": {
            "agent_view": {
                "agent_description": "Ask about your documents; every answer cites its sources."
            },
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "footnote", "always_online": True},
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": {"is_enabled": False},
            "org_deploy_enabled": False,
            "socket_mode_enabled": http_url is None,
            "token_rotation_enabled": False,
        },
    }
