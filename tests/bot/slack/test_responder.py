import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from footnote_qa.bot.database import Target
from footnote_qa.bot.slack import responder as responding
from footnote_qa.bot.slack.inbound.access import UNKNOWN, People, Person, Standing
from footnote_qa.bot.slack.inbound.audiences import Audiences
from footnote_qa.bot.slack.messages import texts
from footnote_qa.bot.slack.messages.blocks import Frame, Message, note
from footnote_qa.bot.slack.outbound.delivery import Delivery
from footnote_qa.bot.slack.outbound.status import StatusIndicator
from footnote_qa.bot.slack.outbound.streaming import Stage, Stream
from footnote_qa.bot.slack.outbound.writer import Writer
from footnote_qa.bot.slack.responder import GIVE_UP_AFTER_S, MAX_ATTEMPTS, Policy, Responder
from footnote_qa.bot.state.answers import AnswerRepository
from footnote_qa.bot.state.channel_settings import ChannelRepository, ChannelRules
from footnote_qa.bot.state.questions import Claimed, Kind, Outcome, QuestionRepository, Received
from footnote_qa.bot.types import Answer, Question, Turn
from footnote_qa.index.errors import IndexMissingError
from tests.fakes.slack_bot_process import answered, not_found

STARTED = 10_000.0
GIVEN_UP = texts.GIVEN_UP.format(reference="q1")
MEMBER = Person(standing=Standing.MEMBER)


@dataclass
class StreamOnPaper:
    """Notes what it is asked to do."""

    stage: Stage = Stage.UNBEGUN
    said: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        self.said.append(sentence)

    async def pause(self) -> None:
        pass


@dataclass
class Paper:
    """A stand-in for everything that talks to Slack; it notes each request."""

    person_: Person = MEMBER
    resumes: bool = True
    stream_: StreamOnPaper = field(default_factory=StreamOnPaper)
    written: list[Message] = field(default_factory=list)
    streamed_: list[Answer] = field(default_factory=list)
    finished: list[Outcome] = field(default_factory=list)
    indicator: list[str] = field(default_factory=list)

    async def is_withdrawn(self, _: Claimed) -> bool:
        return False

    async def person(self, _: str) -> Person:
        return self.person_

    async def locale(self, _: str) -> str:
        return self.person_.locale

    async def working(self, _: Claimed) -> None:
        self.indicator.append("working")

    async def at_rest(self, _: Claimed) -> None:
        self.indicator.append("at rest")

    async def nothing_came(self, _: Claimed) -> None:
        self.indicator.append("nothing came")

    async def finish(self, _: Claimed, outcome: Outcome) -> None:
        self.finished.append(outcome)

    def stream(self, _: Claimed) -> Stream:
        return cast("Stream", self.stream_)

    async def resumed(self, claimed: Claimed) -> Claimed | None:
        return claimed if self.resumes else None

    async def whole(self, _: Claimed, message: Message) -> None:
        self.written.append(message)

    async def replaced(self, _: Claimed, __: Stream, message: Message) -> None:
        self.written.append(message)

    async def streamed(self, _: Claimed, __: Stream, answer: Answer, *, frame: Frame) -> None:
        assert frame.question_id
        self.streamed_.append(answer)


class Engine:
    """Answers, and keeps the questions."""

    def __init__(self, answer: Callable[[Question], Answer] = answered) -> None:
        self.questions: list[Question] = []
        self._answer = answer

    async def aask(self, question: Question) -> Answer:
        self.questions.append(question)
        await asyncio.sleep(0)  # like any real one, it lets others run
        return self._answer(question)

    async def astream(self, question: Question) -> AsyncGenerator[str | Answer]:
        answer = await self.aask(question)
        yield "One."
        yield "Two."
        yield answer


@pytest.fixture
def store(target: Target) -> Iterator[QuestionRepository]:
    with QuestionRepository(target) as opened:
        yield opened


def claimed(text: str = "<@U0> why?", channel: str = "C1", **changes: object) -> Claimed:
    received = Received(
        event_id="Ev1",
        team="T1",
        channel=channel,
        ts="1.0",
        thread_ts="1.0",
        user="U1",
        text=text,
        kind=Kind(str(changes.pop("kind", "mention"))),
        is_open=bool(changes.pop("is_open", False)),
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


def respond(
    store: QuestionRepository,
    question: Claimed,
    *,
    paper: Paper,
    engine: Engine | None = None,
    now: float = 2.0,
    guests: str = "refuse",
) -> AnswerRepository:
    records = AnswerRepository(store.database)
    rules = {
        "C1": ChannelRules(audience=frozenset({"staff"}), helper="U9", language="German"),
        "C0": ChannelRules(enabled=False, unasked=True),
    }
    people = cast("People", paper)
    channels = ChannelRepository(
        store.database, team="T1", configured=rules, groups={"hr": ["U1"], "it": ["U2"]}
    )
    responder = Responder(
        engine=engine or Engine(),
        delivery=cast("Delivery", paper),
        writer=cast("Writer", paper),
        indicator=cast("StatusIndicator", paper),
        records=records,
        channels=channels,
        people=people,
        audiences=Audiences(
            cast("AsyncWebClient", paper), people=people, channels=channels, directory=None
        ),
        policy=Policy(
            bot_user="U0",
            max_question_chars=100,
            started_at=STARTED,
            guests=guests,
            now=lambda: STARTED + now,
        ),
    )
    asyncio.run(responder.respond(question))
    return records


@pytest.mark.parametrize(
    ("channel", "groups"),
    [("C1", frozenset({"staff"})), ("C2", frozenset()), ("D1", frozenset({"hr"}))],
)
def test_a_question_sees_what_its_channel_or_alone_its_asker_may_see(
    store: QuestionRepository, channel: str, groups: frozenset[str]
) -> None:
    paper, engine = Paper(), Engine()

    respond(store, claimed(channel=channel), paper=paper, engine=engine)

    (question,) = engine.questions
    assert (question.text, question.audience) == ("why?", groups)
    assert (question.user, question.channel, question.thread) == ("U1", channel, f"{channel}:1.0")
    assert paper.stream_.said == ["One.", "Two."]
    assert "why?" in paper.streamed_[0].text
    assert paper.indicator == ["working", "at rest"]


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("de-DE", "In diesem Kanal bin ich ausgeschaltet. Schick mir stattdessen"),
        ("ja-JP", "このチャンネルでは無効になっています。"),
        ("nl-NL", texts.OFF),
    ],
)
def test_a_person_reads_the_language_of_their_slack(
    store: QuestionRepository, locale: str, said: str
) -> None:
    paper = Paper(person_=replace(MEMBER, locale=locale))

    respond(store, claimed(channel="C0"), paper=paper)

    assert paper.written[0].text.startswith(said)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (claimed("<@U0>"), texts.HINT),
        (claimed("x" * 101), texts.TOO_LONG.format(max_chars=100)),
        (claimed(channel="C0"), texts.OFF),
        (claimed(turned_away=True), texts.BUSY),
        (claimed(received_at=STARTED - 700), texts.INTERRUPTED),
        (claimed(attempts=MAX_ATTEMPTS + 1), GIVEN_UP),
        (claimed(attempts=2 * MAX_ATTEMPTS + 1), GIVEN_UP),
        (claimed(attempts=100, maybe_posted=True), GIVEN_UP),
        (claimed(attempts=100, received_at=STARTED - 2 * GIVE_UP_AFTER_S), GIVEN_UP),
        (claimed(attempts=100, turned_away=True), texts.BUSY),
    ],
)
def test_what_cannot_be_asked_gets_a_fixed_sentence(
    store: QuestionRepository, question: Claimed, said: str
) -> None:
    paper, engine = Paper(), Engine()

    respond(store, question, paper=paper, engine=engine)

    assert [message.text for message in paper.written] == [said]
    assert paper.finished == []
    assert paper.written[0].offers_again is (said in {texts.BUSY, texts.INTERRUPTED, GIVEN_UP})
    assert engine.questions == []


@pytest.mark.parametrize("received_at", [STARTED - 500, STARTED + 1])
def test_a_young_question_left_behind_and_one_that_waited_long_here_are_answered(
    store: QuestionRepository, received_at: float
) -> None:
    engine = Engine()
    now = 50 if received_at < STARTED else 5000

    respond(store, claimed(received_at=received_at), paper=Paper(), engine=engine, now=now)

    assert len(engine.questions) == 1


def test_what_an_earlier_try_brought_to_its_end_is_not_asked_again(
    store: QuestionRepository,
) -> None:
    paper, engine = Paper(resumes=False), Engine()

    respond(store, claimed(maybe_posted=True), paper=paper, engine=engine)

    assert (paper.written, engine.questions) == ([], [])


def test_a_question_begun_by_an_earlier_process_is_answered_in_one_piece(
    store: QuestionRepository,
) -> None:
    paper, engine = Paper(), Engine()

    respond(store, claimed(parts=("5.0",)), paper=paper, engine=engine)

    assert len(engine.questions) == 1
    assert paper.stream_.said == []
    assert "why?" in paper.written[0].text


def test_a_question_ends_without_a_note_only_if_a_process_could_not_post_it_for_a_day(
    store: QuestionRepository,
) -> None:
    paper = Paper()

    question = claimed(attempts=2 * MAX_ATTEMPTS + 1)
    respond(store, question, paper=paper, now=GIVE_UP_AFTER_S + 2)

    assert paper.finished == [Outcome.GIVEN_UP]
    assert paper.written == []


@pytest.mark.parametrize("standing", [Standing.GUEST, Standing.EXTERNAL])
@pytest.mark.parametrize(
    ("guests", "said", "finished", "asked"),
    [
        ("refuse", [note(texts.GUEST)], [], 0),
        ("ignore", [], [Outcome.SILENT], 0),
        ("answer", [], [], 1),
    ],
)
def test_guests_and_strangers_get_what_is_set(
    store: QuestionRepository,
    standing: Standing,
    guests: str,
    said: list[Message],
    finished: list[Outcome],
    asked: int,
) -> None:
    paper, engine = Paper(person_=Person(standing=standing)), Engine()

    respond(store, claimed(), paper=paper, engine=engine, guests=guests)

    assert (paper.written, paper.finished) == (said, finished)
    assert [q.audience for q in engine.questions] == [frozenset()] * asked


def test_of_whom_slack_says_nothing_only_everybodys_documents_are_shown(
    store: QuestionRepository,
) -> None:
    engine = Engine()

    respond(store, claimed(), paper=Paper(person_=UNKNOWN), engine=engine)

    assert [question.audience for question in engine.questions] == [frozenset()]


def test_where_other_companies_read_along_nothing_is_answered_but_everybodys_if_so_set(
    store: QuestionRepository,
) -> None:
    refusing, answering, engine = Paper(), Paper(), Engine()

    respond(store, claimed(is_open=True), paper=refusing, engine=engine)
    respond(store, claimed(is_open=True), paper=answering, engine=engine, guests="answer")

    assert refusing.written == [note(texts.OPEN)]
    assert [question.audience for question in engine.questions] == [frozenset()]


def test_a_question_is_answered_in_the_language_of_its_channel(store: QuestionRepository) -> None:
    engine = Engine()

    respond(store, claimed(), paper=Paper(), engine=engine)
    respond(store, claimed(channel="C2"), paper=Paper(), engine=engine)

    assert [question.language for question in engine.questions] == ["German", ""]


@pytest.mark.parametrize("changes", [{"turned_away": True}, {"channel": "C0"}, {"attempts": 4}])
def test_a_question_to_nobody_without_an_answer_gets_no_reply(
    store: QuestionRepository, changes: dict[str, object]
) -> None:
    paper = Paper()

    respond(store, claimed("why?", kind="unasked", **changes), paper=paper)  # type: ignore[arg-type]  # a mixed bag of fields

    assert (paper.written, paper.finished) == ([], [Outcome.SILENT])


def test_other_bots_are_not_answered(store: QuestionRepository) -> None:
    paper = Paper(person_=Person(standing=Standing.APP))

    respond(store, claimed(), paper=paper)

    assert (paper.written, paper.finished) == ([], [Outcome.SILENT])
    assert "nothing came" in paper.indicator


def test_a_question_to_nobody_is_answered_only_if_the_documents_do(
    store: QuestionRepository,
) -> None:
    silent, telling = Paper(), Paper()
    question = claimed("why?", kind="unasked")

    records = respond(store, question, paper=silent, engine=Engine(lambda _: not_found()))
    nothing_kept = records.kept("q1") is None
    respond(store, question, paper=telling)

    assert (silent.written, silent.finished, silent.indicator) == ([], [Outcome.SILENT], [])
    assert nothing_kept
    assert "why?" in telling.written[0].text
    assert telling.indicator == []


def test_a_follow_up_brings_along_what_was_said_in_its_thread(store: QuestionRepository) -> None:
    engine = Engine()
    respond(store, claimed("<@U0> first?"), paper=Paper(), engine=engine)

    respond(store, claimed("and then?", id="q2", kind="follow_up"), paper=Paper(), engine=engine)

    history = engine.questions[1].history
    assert [turn.role for turn in history] == ["user", "assistant"]
    assert history[0] == Turn(role="user", text="first?")
    assert "You asked: first?" in history[1].text


def test_a_private_question_does_not_use_what_was_said_before(
    store: QuestionRepository,
) -> None:
    engine = Engine()
    respond(store, claimed("<@U0> first?"), paper=Paper(), engine=engine)

    respond(store, claimed("mine?", id="q2", kind="command"), paper=Paper(), engine=engine)

    assert engine.questions[1].history == ()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(IndexMissingError("secret"), texts.NO_INDEX), (ValueError("secret"), texts.FAILED)],
)
def test_an_error_becomes_a_fixed_sentence_with_the_reference_of_its_log_line(
    store: QuestionRepository, error: Exception, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    paper = Paper()

    def fail(_: Question) -> Answer:
        raise error

    respond(store, claimed(), paper=paper, engine=Engine(fail))

    assert [m.text for m in paper.written] == [sentence.format(reference="q1")]
    assert paper.written[0].offers_again
    assert [getattr(r, "question_id", None) for r in caplog.records] == ["q1"]


def test_an_answer_that_never_comes_is_a_failure(
    store: QuestionRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responding, "ASK_TIMEOUT_S", 0.0)
    paper = Paper()

    class Hanging(Engine):
        async def astream(self, question: Question) -> AsyncGenerator[str | Answer]:
            await asyncio.Event().wait()
            yield answered(question)

    respond(store, claimed(), paper=paper, engine=Hanging())

    assert [m.text for m in paper.written] == [texts.FAILED.format(reference="q1")]


def test_when_nobody_will_read_the_rest_the_engine_is_not_asked_for_it(
    store: QuestionRepository,
) -> None:
    paper = Paper(stream_=StreamOnPaper(stage=Stage.STOPPED))

    respond(store, claimed(), paper=paper)

    assert paper.stream_.said == ["One."]
    assert (len(paper.written), paper.streamed_) == (1, [])
