"""What Bolt calls: keep first, wake the dispatcher, acknowledge everything else."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.slack.inbox import Arrival, Inbox, Taken
from bot.slack.manifest import SUBSCRIPTIONS
from bot.store import Kind, Received

Next = Callable[[], Awaitable[object]]


def register(
    app: AsyncApp,
    inbox: Inbox,
    *,
    wake: Callable[[], None],
    greet: Callable[[Received], None],
    withdrawn: Callable[[Taken], Awaitable[None]],
) -> None:
    """Connect *app* with the inbox; comes after every listener of a kind of its own.

    Args:
        app: Bolt's; it drops the app's own events before they come here.
        inbox: Keeps questions.
        wake: Called after one was kept.
        greet: Called to show its asker that it arrived.
        withdrawn: Called after one was deleted.
    """

    # Bolt acknowledges an event before its listener runs, but after this: what raises here is
    # not acknowledged, and Slack delivers it again.
    @app.middleware
    async def keep(body: dict[str, Any], ack: Next, next_: Next) -> object:
        taken = await inbox.take(body)
        if taken.arrival is Arrival.WITHDRAWN:
            await withdrawn(taken)
        if taken.arrival is Arrival.NEW and taken.question is not None:
            wake()
            if taken.question.kind is not Kind.UNASKED:
                greet(taken.question)
        if taken.arrival in {Arrival.DUPLICATE, Arrival.WITHDRAWN}:
            return await ack()
        return await next_()

    async def on_anything_else() -> None:
        """An event without a listener is not acknowledged, so Slack would repeat it."""

    for kind in dict.fromkeys(
        s.type for s in SUBSCRIPTIONS if s.type in {"app_mention", "message"}
    ):
        app.event(kind)(on_anything_else)
    app.event(re.compile(".*"))(on_anything_else)
