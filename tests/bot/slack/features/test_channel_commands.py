"""/ask-docs settings, topics and digest, and the digest itself."""

import asyncio
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from slack_sdk.errors import SlackApiError

from footnote_qa.bot.slack.features import send_digests
from footnote_qa.bot.slack.features.channel_commands import WORDS, _on_topic
from footnote_qa.bot.slack.features.dependencies import Dependencies
from footnote_qa.bot.slack.inbound import People
from footnote_qa.bot.slack.messages import texts, views
from footnote_qa.bot.slack.messages.blocks import Frame, answer_message
from footnote_qa.bot.state import (
    AnswerRepository,
    Approved,
    ChannelRepository,
    ChannelRules,
    Digest,
    QuestionRepository,
    Received,
    Topic,
    approve,
    marks_of,
    subscribe,
    take_due,
    topics_of,
)
from footnote_qa.bot.types import Citation, Status
from tests.fakes.slack_display import show
from tests.fakes.web import an_answer

MONDAY = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
LEAVE = "How many days of parental leave do employees get?"


@dataclass
class Slack:
    """The methods that are called, which note what they get."""

    posted: list[dict[str, Any]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    whispered: list[str] = field(default_factory=list)
    down: bool = False

    async def users_info(self, *, user: str, include_locale: bool) -> dict[str, Any]:
        assert include_locale
        if self.down:
            raise cast("Any", SlackApiError)("no", {"ok": False, "error": "internal_error"})
        return {
            "user": {
                "team_id": "T1",
                "is_admin": user == "UADMIN",
                "tz_offset": 3600,
                "profile": {"display_name": user.removeprefix("U").title()},
            }
        }

    async def views_open(self, *, trigger_id: str, view: dict[str, Any]) -> None:
        assert trigger_id == "trigger"
        self.views.append(view)

    async def conversations_open(self, *, users: str) -> dict[str, Any]:
        return {"channel": {"id": f"D{users}"}}

    async def chat_postMessage(self, **message: Any) -> None:  # noqa: N802 - Slack's
        if self.down:
            raise cast("Any", SlackApiError)("no", {"ok": False, "error": "internal_error"})
        self.posted.append(message)

    async def chat_postEphemeral(self, *, text: str, **_: Any) -> None:  # noqa: N802 - Slack's
        self.whispered.append(text)


@dataclass
class Office:
    deps: Dependencies
    slack: Slack

    def command(self, words: str, *, user: str = "UHELPER", channel: str = "C1") -> str:
        """Use the command; return the sentence that the person gets."""
        said: list[str] = []

        async def ack(text: str = "", **_: Any) -> None:
            said.append(text)

        command = {"channel_id": channel, "user_id": user, "trigger_id": "trigger"}
        asyncio.run(_done(WORDS[words](self.deps, ack, command)))
        assert len(said) == 1, "acknowledged once"
        return said[0]

    def name(self, words: str, helper: str, *, user: str = "UHELPER") -> dict[str, str]:
        """Send the dialog; return its errors."""
        errors: dict[str, str] = {}

        async def ack(**given: Any) -> None:
            errors.update(given.get("errors") or {})

        fields = {
            "words": {"words": {"value": words}},
            "helper": {"helper": {"selected_user": helper or None}},
        }
        view = {"private_metadata": "C1", "state": {"values": fields}}
        asyncio.run(_on_topic(self.deps, ack, {"user": {"id": user}, "view": view}))
        return errors

    def ask(self, *questions: str, status: Status = Status.NOT_FOUND, channel: str = "C1") -> None:
        for question in questions:
            id_ = f"q{next(_ids)}"
            place = Received(
                event_id=id_, team="T1", channel=channel, ts=id_, thread_ts=id_, user="U9", text=""
            )
            answer = replace(an_answer("", status=status), generation="g")
            self.deps.records.keep(id_, place, question, answer)

    def send(self, now: datetime = MONDAY) -> None:
        asyncio.run(send_digests(self.deps, now))


async def _done(work: Awaitable[None]) -> None:
    await work


_ids = iter(range(10_000))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    slack = Slack()
    with QuestionRepository(tmp_path / "state.sqlite") as store:
        earlier = MONDAY - timedelta(days=2)
        channels = ChannelRepository(
            store.database, team="T1", configured={"C1": ChannelRules(helper="UHELPER")}
        )
        deps = Dependencies(
            team="T1",
            clients=cast("Any", SimpleNamespace(posts=slack, calls=slack)),
            store=store,
            inbox=cast("Any", None),
            records=AnswerRepository(store.database, now=earlier.timestamp),
            channels=channels,
            people=People(cast("Any", slack), team="T1", now=lambda: 0.0),
            audiences=cast("Any", None),
            library=None,
            answers=tmp_path,
            answers_are_indexed=True,
            wake=lambda: None,
        )
        yield Office(deps, slack)


def test_settings_open_for_administrators(office: Office) -> None:
    refused = office.command("settings", user="UHELPER")
    office.command("settings", user="UADMIN")

    assert refused == texts.ONLY_ADMINS
    assert [view["callback_id"] for view in office.slack.views] == [views.RULES]
    assert office.slack.views[0]["private_metadata"] == "C1"


@pytest.mark.parametrize("words", ["topics", "digest", "digest on"])
@pytest.mark.parametrize(
    ("user", "channel", "refusal"),
    [("UREADER", "C1", texts.NOT_A_HELPER), ("UHELPER", "DHELPER", texts.NOT_HERE)],
)
def test_whoever_does_not_decide_changes_nothing(
    office: Office, words: str, user: str, channel: str, refusal: str
) -> None:
    assert office.command(words, user=user, channel=channel) == refusal
    assert office.slack.views == []
    assert take_due(office.deps.store.database, "T1", now=9e9) == []


def test_a_question_goes_to_the_person_of_its_topic(office: Office) -> None:
    assert office.name("leave,  parental leave", "UANN") == {}
    assert office.name("budget", "UBOB", user="UADMIN") == {}
    helper = office.deps.channels.helper

    asked = {
        LEAVE: "UANN",
        "Which BUDGETS are left?": "UBOB",
        "Is there budget for parental leave?": "UANN",  # more of its words
        "Where is the door?": "UHELPER",
    }
    assert {question: helper("C1", question) for question in asked} == asked
    assert helper("C2", LEAVE) == ""
    assert office.slack.whispered[0] == texts.TOPIC_SAVED.format(
        words="leave, parental leave", name="Ann"
    )


def test_topics_of_a_script_without_spaces_are_found(office: Office) -> None:
    office.name("有給休暇", "UANN")

    assert office.deps.channels.helper("C1", "年次有給休暇は何日ですか？") == "UANN"
    assert office.deps.channels.helper("C1", "駐車場はどこですか？") == "UHELPER"


def test_the_person_of_a_topic_may_decide_until_it_is_removed(office: Office) -> None:
    office.name("leave", "UANN")
    before = asyncio.run(office.deps.may_decide("C1", "UANN"))
    office.command("topics", user="UANN")
    office.name("leave", "")

    assert before
    assert "leave" in str(office.slack.views[0]["blocks"][0])
    assert topics_of(office.deps.store.database, "T1", "C1") == []
    assert not asyncio.run(office.deps.may_decide("C1", "UANN"))


@pytest.mark.parametrize(
    ("words", "user", "fault"),
    [
        (" , ", "UHELPER", texts.NO_TOPIC_WORDS),
        ("leave", "UREADER", texts.NOT_A_HELPER),
        ("one more", "UHELPER", texts.TOO_MANY_TOPICS.format(count=50)),
    ],
)
def test_a_topic_that_cannot_be_stored_says_why(
    office: Office, words: str, user: str, fault: str
) -> None:
    for number in range(50):
        office.name(f"topic {number}", "UANN")

    assert office.name(words, "UANN", user=user) == {"words": fault}


def test_a_digest_comes_on_monday_with_what_was_asked_in_its_channel(office: Office) -> None:
    assert office.command("digest") == texts.DIGEST_ON
    office.ask(LEAVE, "Where is the <!channel> door?", LEAVE.upper())
    office.ask("why?", status=Status.ANSWERED)
    office.ask("a secret of another channel?", channel="C2")
    database = office.deps.store.database
    subscribe(database, _digest(), next_at=MONDAY.timestamp())

    office.send(MONDAY - timedelta(seconds=1))
    before = list(office.slack.posted)
    office.send()
    office.send()  # another process, or the next hour
    shown = show(office.slack.posted[0])

    assert before == []
    assert len(office.slack.posted) == 1
    assert office.slack.posted[0]["channel"] == "DUHELPER"
    assert "Questions: 4" in shown.text
    assert "Without an answer: 3" in shown.text
    assert f"{LEAVE} (2×)" in shown.text
    assert "secret" not in shown.text
    assert shown.pings == ["C1"], "the channel's own name alone"


def _digest() -> Digest:
    return Digest(team="T1", channel="C1", user="UHELPER")


def test_a_digest_comes_every_week_until_it_is_switched_off(office: Office) -> None:
    office.ask(LEAVE)
    database = office.deps.store.database
    subscribe(database, _digest(), next_at=MONDAY.timestamp())

    due = [
        bool(take_due(database, "T1", now=(MONDAY + timedelta(days=days)).timestamp()))
        for days in (0, 6, 7, 8, 30, 31)
    ]
    off = office.command("digest off"), office.command("digest off")

    assert due == [True, False, True, False, True, False]
    assert off == (texts.DIGEST_OFF, texts.DIGEST_WAS_OFF)
    assert take_due(database, "T1", now=9e9) == []


def test_a_digest_that_slack_does_not_take_is_tried_again(office: Office) -> None:
    office.ask(LEAVE)
    subscribe(office.deps.store.database, _digest(), next_at=MONDAY.timestamp())
    office.slack.down = True
    office.send()
    office.slack.down = False

    office.send(MONDAY + timedelta(minutes=59))
    early = list(office.slack.posted)
    office.send(MONDAY + timedelta(hours=1))

    assert early == []
    assert len(office.slack.posted) == 1


@pytest.mark.parametrize("down", [False, True])
def test_whoever_no_longer_decides_gets_no_digest(office: Office, down: bool) -> None:
    """Unless Slack does not say who they are: then it is asked again later."""
    office.ask(LEAVE)
    database = office.deps.store.database
    digest = replace(_digest(), user="UREADER")
    subscribe(database, digest, next_at=MONDAY.timestamp())
    office.slack.down = down

    office.send()

    assert office.slack.posted == []
    assert bool(take_due(database, "T1", now=9e9)) is down


def test_a_week_without_questions_sends_nothing(office: Office) -> None:
    subscribe(office.deps.store.database, _digest(), next_at=MONDAY.timestamp())

    office.send()

    assert office.slack.posted == []


@pytest.mark.parametrize(
    ("review_on", "shown"),
    [
        (date(2027, 5, 29), "verified by Ann, review by 2027-05-29"),
        (date(2026, 11, 30), "verified by Ann, review due since 2026-11-30"),
        (None, "verified by Ann"),
    ],
)
def test_a_source_that_is_a_verified_answer_shows_its_owner_and_its_review(
    office: Office, tmp_path: Path, review_on: date | None, shown: str
) -> None:
    database = office.deps.store.database
    approved = Approved(
        team="T1",
        channel="C1",
        ts="1",
        question="Leave?",
        answer="Thirty days.",
        author="UANN",
        author_name="Ann",
        approver="UANN",
        approver_name="Ann",
        audience=(),
        at=MONDAY,
        review_on=review_on,
    )
    file = approve(database, tmp_path, approved).name
    answer = an_answer("Thirty days [1].", _citation(f"answers/{file}"))

    def place() -> str:
        frame = Frame(now=MONDAY, question_id="q", marks=marks_of(database))
        return show({"blocks": list(answer_message(answer, frame).blocks)}).text

    before = place()
    office.deps.records.forget_user("UANN")

    assert shown in before
    assert "Ann" not in place()
    assert "verified" in place()


def _citation(document: str) -> Citation:
    return Citation(
        label=1,
        document=document,
        title="Leave?",
        page=None,
        heading=(),
        start=0,
        end=12,
        quote="A quote, the words of which are others.",
        url=None,
        modified_at=MONDAY,
    )


def test_a_topic_is_for_one_channel_of_one_workspace(office: Office) -> None:
    office.name("leave", "UANN")

    assert topics_of(office.deps.store.database, "T1", "C1") == [
        Topic(words="leave", helper="UANN")
    ]
    assert topics_of(office.deps.store.database, "T2", "C1") == []
