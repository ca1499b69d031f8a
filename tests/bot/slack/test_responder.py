import asyncio
from dataclasses import dataclass, field

import pytest

from bot.slack import responder as responding
from bot.slack import sentences
from bot.slack.blocks import Message
from bot.slack.responder import MAX_ATTEMPTS, Ask, Responder
from bot.slack.writer import Lookup, Writer
from bot.store import Claimed, Outcome, Received
from bot.types import Answer, Question
from index.errors import IndexMissingError
from tests.fakes.slack_bot_process import answered

STARTED = 10_000.0


@dataclass
class WriterOnPaper:
    """Notes what it is to do; finds what it is told to."""

    found: Lookup = field(default_factory=lambda: Lookup(ts=None, permitted=True))
    written: list[Message] = field(default_factory=list)
    finished: list[tuple[Outcome, str | None]] = field(default_factory=list)
    working: int = 0

    async def show_working(self, _: Claimed) -> None:
        self.working += 1

    async def find(self, _: Claimed) -> Lookup:
        return self.found

    async def write(self, _: Claimed, message: Message) -> None:
        self.written.append(message)

    async def finish(self, _: Claimed, outcome: Outcome, ts: str | None = None) -> None:
        self.finished.append((outcome, ts))


def claimed(text: str = "<@U0> why?", channel: str = "C1", **changes: object) -> Claimed:
    received = Received(
        event_id="Ev1",
        team="T1",
        channel=channel,
        ts="1.0",
        thread_ts="1.0",
        user="U1",
        text=text,
    )
    fields: dict[str, object] = {
        "id": "q1",
        "received": received,
        "received_at": STARTED + 1,
        "attempts": 1,
        "turned_away": False,
        "maybe_posted": False,
    }
    return Claimed(**(fields | changes))  # type: ignore[arg-type]  # a mixed bag of fields


def respond(question: Claimed, *, writer: WriterOnPaper, ask: Ask, now: float = 2.0) -> None:
    asyncio.run(
        Responder(
            ask=ask,
            writer=as_writer(writer),
            bot_user="U0",
            audiences={"C1": frozenset({"staff"}), "D1": frozenset({"staff"})},
            max_question_chars=100,
            started_at=STARTED,
            now=lambda: STARTED + now,
        ).respond(question)
    )


def as_writer(writer: WriterOnPaper) -> Writer:
    return writer  # type: ignore[return-value]  # it has the methods that are called


class Asked:
    """Answers, and keeps the questions."""

    def __init__(self) -> None:
        self.questions: list[Question] = []

    async def __call__(self, question: Question) -> Answer:
        self.questions.append(question)
        await asyncio.sleep(0)  # like any real one, it lets others run
        return answered(question)


@pytest.mark.parametrize(
    ("channel", "groups"),
    [("C1", frozenset({"staff"})), ("C2", frozenset()), ("D1", frozenset())],
)
def test_a_question_sees_what_its_channel_may_see(channel: str, groups: frozenset[str]) -> None:
    writer, ask = WriterOnPaper(), Asked()

    respond(claimed(channel=channel), writer=writer, ask=ask)

    assert ask.questions == [Question(text="why?", audience=groups)]
    assert "why?" in writer.written[0].text
    assert writer.working == 1


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (claimed("<@U0>"), sentences.HINT),
        (claimed("x" * 101), sentences.TOO_LONG.format(max_chars=100)),
        (claimed(turned_away=True), sentences.BUSY),
        (claimed(received_at=STARTED - 700), sentences.INTERRUPTED),
        (claimed(attempts=MAX_ATTEMPTS + 1), sentences.INTERRUPTED),
    ],
)
def test_what_cannot_be_asked_gets_a_fixed_sentence(question: Claimed, said: str) -> None:
    writer, ask = WriterOnPaper(), Asked()

    respond(question, writer=writer, ask=ask)

    assert writer.written == [Message(text=said)]
    assert ask.questions == []


@pytest.mark.parametrize("received_at", [STARTED - 500, STARTED + 1])
def test_a_young_question_left_behind_and_one_that_waited_long_here_are_answered(
    received_at: float,
) -> None:
    writer, ask = WriterOnPaper(), Asked()
    now = 50 if received_at < STARTED else 5000

    respond(claimed(received_at=received_at), writer=writer, ask=ask, now=now)

    assert len(ask.questions) == 1


def test_an_answer_found_in_the_thread_is_not_asked_for_again() -> None:
    writer, ask = WriterOnPaper(found=Lookup(ts="5.0", permitted=True)), Asked()

    respond(claimed(maybe_posted=True), writer=writer, ask=ask)

    assert writer.finished == [(Outcome.POSTED, "5.0")]
    assert (writer.written, ask.questions) == ([], [])


def test_an_answer_that_is_certainly_not_there_is_asked_for_again() -> None:
    writer, ask = WriterOnPaper(), Asked()

    respond(claimed(maybe_posted=True), writer=writer, ask=ask)

    assert (len(writer.written), len(ask.questions)) == (1, 1)


def test_an_answer_that_cannot_be_looked_for_is_not_given_twice() -> None:
    writer, ask = WriterOnPaper(found=Lookup(ts=None, permitted=False)), Asked()

    respond(claimed(maybe_posted=True), writer=writer, ask=ask)

    assert writer.written == [Message(text=sentences.UNCERTAIN)]
    assert ask.questions == []


def test_a_question_that_fails_for_ever_is_given_up() -> None:
    writer = WriterOnPaper()

    respond(claimed(attempts=2 * MAX_ATTEMPTS + 1), writer=writer, ask=Asked())

    assert writer.finished == [(Outcome.GIVEN_UP, None)]
    assert writer.written == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(IndexMissingError("secret"), sentences.NO_INDEX), (ValueError("secret"), sentences.FAILED)],
)
def test_an_error_becomes_a_fixed_sentence_with_the_reference_of_its_log_line(
    error: Exception, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    writer = WriterOnPaper()

    async def fail(_: Question) -> Answer:
        raise error

    respond(claimed(), writer=writer, ask=fail)

    assert writer.written == [Message(text=sentence.format(reference="q1"))]
    assert [getattr(r, "question_id", None) for r in caplog.records] == ["q1"]


def test_an_answer_that_never_comes_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responding, "ASK_TIMEOUT_S", 0.0)
    writer = WriterOnPaper()

    async def hang(_: Question) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    respond(claimed(), writer=writer, ask=hang)

    assert writer.written == [Message(text=sentences.FAILED.format(reference="q1"))]
