"""The bot under load: each of many questions has exactly one outcome, and how soon.

python -m benchmarks.slack_load                    500 questions of 50 people, with faults
python -m benchmarks.slack_load --soak 10000       as many, with the size of the process
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from footnote_qa.bot.slack import SCOPES
from tests.fakes.slack_display import show
from tests.fakes.slack_process import Bot
from tests.fakes.slack_workspace import Call, Fault, SlackWorkspace

PEOPLE = 50
CHANNELS = 25
TICKS = os.sysconf("SC_CLK_TCK")
AT_ONCE = 64
FAULTY_SHARE = 0.1
RECONNECT_EVERY = 100
PATIENCE_S = 1800.0
FIRST_SIGNS = ("agents.sessions.setStatus", "chat.postMessage", "chat.startStream")


class Watched(SlackWorkspace):
    """Notes when each question was asked, first shown to be worked on, and answered."""

    def __init__(self) -> None:
        super().__init__(SCOPES)
        self.asked_at: dict[str, float] = {}
        self.sign_at: dict[str, float] = {}
        self.done_at: dict[str, float] = {}

    def _note(self, made: Call) -> None:
        now = time.perf_counter()
        thread = str(made.args.get("thread_ts") or "")
        if made.method in FIRST_SIGNS and made.args.get("status") != "active":
            self.sign_at.setdefault(thread, now)
        if made.method == "chat.postMessage":
            self.done_at[thread] = now
        super()._note(made)

    def ask(self, number: int) -> None:
        """Let one of the people ask, and deliver it twice now and then."""
        user, channel = f"U0P{number % PEOPLE}", f"C0L{number % CHANNELS}"
        before = time.perf_counter()
        ts = self.mention(f"canary-{number}?", channel=channel, user=user)
        self.asked_at[ts] = before
        if number % 3 == 0:
            self.repeat(self.deliveries[-1])


def main() -> int:
    """Run what the arguments say; 1 if a question had no outcome, or more than one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--soak", type=int, default=0)
    parser.add_argument("--no-faults", action="store_true", help="For times without disturbance.")
    parser.add_argument("--pause-ms", type=float, default=0, help="Between two questions.")
    arguments = parser.parse_args()
    count = arguments.soak or arguments.questions
    with Watched() as slack, tempfile.TemporaryDirectory() as folder:
        people(slack)
        bot = Bot(
            slack,
            Path(folder),
            TEST_MAX_QUEUE=str(count + 1),
            TEST_MAX_CONCURRENT="16",
            TEST_LEASE_S="30",
        )
        try:
            slack.wait_until_connected()
            sizes = run(slack, bot, count, faults=not arguments.no_faults, arguments=arguments)
        finally:
            bot.clean_up()
    return report(slack, count, sizes)


def people(slack: Watched) -> None:
    """Fill the workspace."""
    for n in range(PEOPLE):
        slack.add_user(f"U0P{n}")
    for n in range(CHANNELS):
        channel = f"C0L{n}"
        slack.state.conversations[channel] = type(slack.state.conversations["C0GENERAL"])(channel)


def run(
    slack: Watched, bot: Bot, count: int, *, faults: bool, arguments: argparse.Namespace
) -> Sequence[Mapping[str, int]]:
    """Ask all questions, and wait until each has an outcome; returns sizes on the way."""
    chance = random.Random(7)  # noqa: S311 the same faults each time
    sizes = [size(bot)]
    for number in range(count):
        if faults:
            disturb(slack, number, chance)
        slack.ask(number)
        if number % (count // 20 or 1) == 0:
            sizes.append(size(bot))
            print(f"{number} asked, {len(unanswered(slack))} open", file=sys.stderr)
        if arguments.soak:  # a soak is not a flood: more would only fill the queue
            while len(slack.asked_at) - len(slack.done_at) > AT_ONCE:
                time.sleep(0.005)
        time.sleep(arguments.pause_ms / 1000)
    deadline = time.monotonic() + PATIENCE_S
    while unanswered(slack) and time.monotonic() < deadline:
        slack.redeliver()
        time.sleep(2)
    sizes.append(size(bot))
    return sizes


def disturb(slack: Watched, number: int, chance: random.Random) -> None:
    """Let something go wrong with one call in ten, and with the connection now and then."""
    if chance.random() < FAULTY_SHARE:
        faults = [
            Fault(status=429, retry_after_s=1),
            Fault(status=503),
            Fault(error="ratelimited"),
            Fault(drop="before"),
            Fault(drop="after"),
        ]
        slack.fail("chat.postMessage", chance.choice(faults))
    if number % RECONNECT_EVERY == RECONNECT_EVERY // 2:
        slack.disconnect()


def unanswered(slack: Watched) -> set[str]:
    """Return the questions without any reply."""
    answered = {
        m.get("thread_ts") for channel in slack.state.conversations for m in slack.answers(channel)
    }
    return set(slack.asked_at) - {str(ts) for ts in answered}


def size(bot: Bot) -> dict[str, int]:
    """Return how big the bot's process is."""
    folder = Path(f"/proc/{bot.pid}")
    status = dict(
        line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line
    )
    # The command's name is in brackets and may hold spaces; the times follow it.
    times = (folder / "stat").read_text().rpartition(")")[2].split()
    return {
        "cpu_ms": (int(times[11]) + int(times[12])) * 1000 // TICKS,
        "rss_mb": int(status["VmRSS"].split()[0]) // 1024,
        "threads": int(status["Threads"]),
        "descriptors": len(list((folder / "fd").iterdir())),
    }


def report(slack: Watched, count: int, sizes: Sequence[Mapping[str, int]]) -> int:
    """Print what happened; returns 1 if a promise was broken."""
    outcomes: Counter[str] = Counter()
    doubles = crossed = notes_doubled = 0
    under: dict[str, list[dict[str, Any]]] = {}
    for channel in slack.state.conversations:
        for message in slack.answers(channel):
            under.setdefault(str(message.get("thread_ts")), []).append(message)
    numbers = {ts: number for number, ts in enumerate(slack.asked_at)}
    for ts, number in numbers.items():
        messages = under.get(ts, [])
        texts = [show(message).text for message in messages]
        whole = [text for text in texts if "You asked: canary-" in text]
        crossed += sum(f"canary-{number}?" not in text for text in whole)
        # A note that the connection was lost may come with an answer: it says so itself.
        doubles += len(whole) > 1
        notes_doubled += len(texts) - len(whole) > 1
        outcomes["answer" if whole else "note" if texts else "nothing"] += 1
    signs = sorted(
        (slack.sign_at[ts] - at) * 1000 for ts, at in slack.asked_at.items() if ts in slack.sign_at
    )
    done = sorted(
        (slack.done_at[ts] - at) * 1000 for ts, at in slack.asked_at.items() if ts in slack.done_at
    )
    print(f"questions {count}: {dict(outcomes)}, answers doubled {doubles}, crossed {crossed}")
    print(f"notes of a lost connection that were said twice: {notes_doubled}")
    print(f"deliveries {len(slack.deliveries)}, posts {slack.count('chat.postMessage')}")
    for name, values in (("first sign", signs), ("answered", done)):
        p95 = values[int(len(values) * 0.95)]
        print(f"{name:<11} p50 {statistics.median(values):6.0f} ms   p95 {p95:6.0f} ms")
    cpu_ms = sizes[-1]["cpu_ms"] - sizes[0]["cpu_ms"]
    print(f"processor time of the bot for each question {cpu_ms / count:.1f} ms")
    for at in (sizes[1], sizes[len(sizes) // 2], sizes[-1]):
        print("  ".join(f"{key} {value}" for key, value in at.items()))
    kept = outcomes["nothing"] == 0 and not doubles and not crossed
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
