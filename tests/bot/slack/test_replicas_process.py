"""Several bots on one PostgreSQL: killed, and the database killed under them."""

import itertools
import random
import signal
import time
from collections import Counter

import pytest

from footnote_qa.bot.slack.messages import texts
from tests.fakes.postgresql import missing, running
from tests.fakes.slack_display import show
from tests.fakes.slack_process import Bot, Start, eventually, settled
from tests.fakes.slack_workspace import CHANNEL, DIRECT, Fault, SlackWorkspace

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing() or "can run"),
]

QUESTIONS, SAMPLED_QUESTIONS = 600, 60
REPLICAS = 3
MAX_PER_USER = 2
PEOPLE = 12
FAILOVER_S = 30.0
MANY = 15
TRIED = texts.GIVEN_UP.partition("{")[0]
FAULTS = (
    Fault(status=429, retry_after_s=1),
    Fault(error="ratelimited"),
    Fault(status=503),
    Fault(drop="before"),
    Fault(drop="after"),
)


class Replicas:
    """Bots that share a database; one that is killed is replaced."""

    def __init__(self, start: Start, url: str) -> None:
        self.url = url
        self._start_bot = start
        self.bots = [self._start() for _ in range(REPLICAS)]

    def _start(self) -> Bot:
        return self._start_bot(
            TEST_STATE_URL=self.url,
            TEST_LEASE_S="4",
            TEST_MAX_QUEUE="10000",
            TEST_MAX_PER_USER=str(MAX_PER_USER),
            TEST_SENTENCE_S="0.1",
        )

    def replace(self, number: int) -> None:
        self.bots[number].signal(signal.SIGKILL)
        self.bots[number].ended()
        self.bots[number] = self._start()

    def finish(self) -> None:
        for bot in self.bots:
            bot.gate.touch()
            bot.signal(signal.SIGTERM)
        assert [bot.ended() for bot in self.bots] == [0] * len(self.bots)


def ask(slack: SlackWorkspace, number: int) -> None:
    """Ask one of several kinds of questions, of which some stream."""
    text = f"{'stream' if number % 7 == 0 else 'question'} {number:04}?"
    user = f"U0PERSON{number % PEOPLE}"
    if number % 3:
        slack.mention(text, user=user)
    else:
        slack.direct(text, user=user)


def shown(slack: SlackWorkspace) -> dict[int, list[str]]:
    """Return the messages in the thread of each question."""
    found: dict[int, list[str]] = {}
    for channel in (CHANNEL, DIRECT):
        messages = slack.state.conversations[channel].messages
        numbers = {
            str(m["ts"]): int(m["text"].rstrip("?").rpartition(" ")[2])
            for m in messages
            if m.get("bot_id") is None
        }
        for number in numbers.values():
            found[number] = []
        for message in slack.answers(channel):
            found[numbers[str(message["thread_ts"])]].append(show(message).text)
    return found


def outcomes(url: str) -> list[str | None]:
    import psycopg

    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT outcome FROM question").fetchall()
    return [row[0] for row in rows]


def unfinished(url: str) -> int:
    return sum(outcome is None for outcome in outcomes(url))


def most_in_work(url: str) -> int:
    """Return how many questions the busiest person has in work, over all replicas."""
    import psycopg

    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM question"
            " WHERE state != 'done' AND lease_until > extract(epoch FROM clock_timestamp())"
            ' GROUP BY "user") AS each'
        ).fetchone()
    assert row is not None
    return int(row[0])


def disturb(
    slack: SlackWorkspace, replicas: Replicas, chance: random.Random, *, number: int
) -> None:
    """Let Slack fail, deliver something again, or kill a replica."""
    if number % 4 == 0 and not slack.faults_left("chat.postMessage"):
        slack.fail("chat.postMessage", chance.choice(FAULTS))
    if number % 5 == 0:
        slack.repeat(chance.choice(slack.deliveries))
    if number % 20 == 10:
        eventually(lambda: unfinished(replicas.url) < MANY, "not too many wait")
        replicas.replace(number // 20 % REPLICAS)


def test_three_replicas_give_each_question_one_outcome_while_they_and_their_database_are_killed(
    slack: SlackWorkspace, start: Start, *, campaign: bool
) -> None:
    count = QUESTIONS if campaign else SAMPLED_QUESTIONS
    chance = random.Random(18)  # noqa: S311 the same order each time
    slack.state.scopes |= {"channels:history"}
    for number in range(PEOPLE):
        slack.add_user(f"U0PERSON{number}")
    with running() as database:
        url = database.new_database()
        replicas = Replicas(start, url)
        busiest = 0
        numbers = iter(range(count))
        for number in numbers:
            ask(slack, number)
            disturb(slack, replicas, chance, number=number)
            if number % 40 == 30:
                database.kill()
                for asked_meanwhile in itertools.islice(numbers, 4):
                    ask(slack, asked_meanwhile)
                is_failover = campaign and number == count // 80 * 40 + 30
                time.sleep(FAILOVER_S if is_failover else chance.uniform(0.5, 3))
                database.start()
            busiest = max(busiest, most_in_work(url))
        eventually(lambda: taken(slack), "all are acknowledged")
        eventually(lambda: unfinished(url) == 0, "all have an outcome")
        replicas.finish()
        ended = Counter(outcomes(url))
    found = shown(slack)
    answered = [n for n, said in found.items() if said and f"{n:04}?" in said[0]]
    others = {text for n, said in found.items() if n not in answered for text in said}

    assert ended == {"posted": count}
    assert {n: len(said) for n, said in found.items()} == dict.fromkeys(range(count), 1)
    # Tried too often, by processes that were killed: a click asks it again
    assert [text for text in others if not text.startswith(TRIED)] == []
    assert len(answered) >= 0.97 * count
    assert 0 < busiest <= MAX_PER_USER


def taken(slack: SlackWorkspace) -> bool:
    """Deliver again what is not acknowledged; return whether there was nothing left."""
    if settled(slack):
        return True
    slack.redeliver()
    time.sleep(1)
    return settled(slack)
