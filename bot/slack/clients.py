"""Two clients over one pool of connections: one repeats what fails, one repeats nothing."""

import aiohttp
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient


class Clients:
    """What calls Slack.

    Attributes:
        calls: Repeats what may be repeated.
        posts: Repeats nothing by itself: a second post would be a second answer.
        session: The pool of connections.
    """

    def __init__(self, *, token: str, base_url: str, session: aiohttp.ClientSession) -> None:
        retries = [
            AsyncConnectionErrorRetryHandler(max_retry_count=2),
            AsyncRateLimitErrorRetryHandler(max_retry_count=3),
            AsyncServerErrorRetryHandler(max_retry_count=2),
        ]
        self.session = session
        self.calls = AsyncWebClient(
            token=token, base_url=base_url, session=session, retry_handlers=retries
        )
        self.posts = AsyncWebClient(
            token=token, base_url=base_url, session=session, retry_handlers=[]
        )
