"""How often each method may be called: Slack's tiers, on the workspace's own clock."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

# docs.slack.dev/apis/web-api/rate-limits: requests a minute, for each method and workspace
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
METHODS = {
    "agents.sessions.setStatus": 3,
    "assistant.threads.setSuggestedPrompts": 4,
    "chat.appendStream": 4,
    "chat.delete": 3,
    "chat.postEphemeral": 4,
    "chat.startStream": 2,
    "chat.stopStream": 2,
    "chat.update": 3,
    "conversations.open": 3,
    "conversations.replies": 3,
    "users.info": 4,
    "views.open": 4,
    "views.publish": 4,
}
MINUTE_S = 60.0
BURST = 5  # "short bursts above that limit" are allowed for chat.postMessage, how short is not said


@dataclass
class Tiers:
    """Counts calls; a method is refused when it was called too often in the last minute."""

    made: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def wait_s(self, method: str, args: dict[str, Any], now_s: float) -> int:
        """Return after how many seconds the call may be made; 0 lets it pass, and counts it."""
        if method == "chat.postMessage":  # one a second in each channel
            return self._take(f"{method} {args.get('channel')}", BURST, float(BURST), now_s)
        tier = METHODS.get(method)
        return 0 if tier is None else self._take(method, TIERS[tier], MINUTE_S, now_s)

    def _take(self, key: str, count: int, window_s: float, now_s: float) -> int:
        calls = self.made[key]
        while calls and now_s - calls[0] >= window_s:
            calls.popleft()
        if len(calls) >= count:
            return max(1, round(window_s - (now_s - calls[0])))
        calls.append(now_s)
        return 0
