from typing import Any

import pytest

from footnote_qa.bot.slack.inbound.inbox import asked
from footnote_qa.bot.state.questions import Received

MENTION: dict[str, Any] = {
    "type": "app_mention",
    "channel": "C1",
    "user": "U1",
    "ts": "2.0",
    "text": "<@U0> why?",
}
DIRECT = MENTION | {"type": "message", "channel_type": "im", "channel": "D1"}


def read(event: object, **body: Any) -> Received | None:
    envelope: dict[str, Any] = {"team_id": "T1", "event_id": "Ev1", "event": event}
    return asked(envelope | body, team="T1", bot_user="U0")


def test_a_mention_is_a_question_in_its_own_thread() -> None:
    assert read(MENTION) == Received(
        event_id="Ev1",
        team="T1",
        channel="C1",
        ts="2.0",
        thread_ts="2.0",
        user="U1",
        text="<@U0> why?",
    )


def test_a_mention_in_a_thread_belongs_to_that_thread() -> None:
    found = read(MENTION | {"thread_ts": "1.0"})

    assert found is not None
    assert (found.ts, found.thread_ts) == ("2.0", "1.0")


@pytest.mark.parametrize(
    "subtype", [{}, {"subtype": "file_share"}, {"subtype": "thread_broadcast"}]
)
def test_a_direct_message_is_a_question(subtype: dict[str, str]) -> None:
    assert read(DIRECT | subtype) is not None


@pytest.mark.parametrize(
    "event",
    [
        MENTION | {"edited": {"user": "U1", "ts": "3602.1"}},
        MENTION | {"edited": {"user": "U1"}},
        MENTION | {"bot_id": "B1"},
        MENTION | {"bot_profile": {"id": "B1"}},
        MENTION | {"user": "U0"},
        MENTION | {"user": "USLACKBOT"},
        MENTION | {"user": None},
        MENTION | {"ts": ""},
        DIRECT | {"subtype": "message_changed"},
        DIRECT | {"subtype": "message_deleted"},
        DIRECT | {"subtype": "bot_message"},
        DIRECT | {"subtype": "channel_join"},
        DIRECT | {"channel_type": "channel"},  # it mentions us: that comes as an event of its own
        DIRECT | {"channel_type": "mpim"},
        {"type": "reaction_added"},
        {},
        None,
        "text",
    ],
)
def test_anything_else_is_no_question(event: object) -> None:
    assert read(event) is None


def test_an_event_of_another_workspace_is_not_ours() -> None:
    assert read(MENTION, team_id="T2") is None


def test_in_a_shared_channel_the_authorization_says_whose_event_it_is() -> None:
    ours = read(MENTION, team_id="T2", authorizations=[{"team_id": "T1"}])
    theirs = read(MENTION, team_id="T1", authorizations=[{"team_id": "T2"}])

    assert ours is not None
    assert ours.team == "T1"
    assert theirs is None


def test_in_a_channel_that_is_shared_others_read_along_and_in_a_direct_message_nobody() -> None:
    found = [
        read(event, is_ext_shared_channel=shared)
        for event, shared in ((MENTION, True), (MENTION, False), (DIRECT, True))
    ]

    assert [question is not None and question.is_open for question in found] == [True, False, False]
