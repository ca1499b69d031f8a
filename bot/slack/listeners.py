"""What Bolt calls: keep first, wake the dispatcher, acknowledge everything else."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.slack.inbox import Arrival, Inbox
from bot.slack.manifest import SUBSCRIPTIONS


def register(app: AsyncApp, inbox: Inbox, wake: Callable[[], None]) -> None:
    """Connect *app* with the inbox.

    Args:
        app: Bolt's; it drops the app's own events before they come here.
        inbox: Keeps questions.
        wake: Called after one was kept.
    """

    # Bolt acknowledges an event before its listener runs, but after this: what raises here is
    # not acknowledged, and Slack delivers it again.
    @app.middleware
    async def keep(
        body: dict[str, Any],
        ack: Callable[[], Awaitable[object]],
        next_: Callable[[], Awaitable[object]],
    ) -> object:
        if await inbox.take(body) is Arrival.DUPLICATE:
            return await ack()
        return await next_()

    async def on_question() -> None:
        wake()

    async def on_anything_else() -> None:
        """An event without a listener is not acknowledged, so Slack would repeat it."""

    for subscription in SUBSCRIPTIONS:
        app.event(subscription.type)(on_question)
    app.event(re.compile(".*"))(on_anything_else)
