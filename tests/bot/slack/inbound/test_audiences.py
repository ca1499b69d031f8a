import asyncio
from collections.abc import Iterable
from typing import Any, cast

from slack_sdk.errors import SlackApiError

from footnote_qa.bot.slack.inbound.access import People
from footnote_qa.bot.slack.inbound.audiences import KNOWN_FOR_S, Audiences
from footnote_qa.bot.state import ChannelRepository
from footnote_qa.index.access import SyncNote

EMAILS = {"UANN": "ann@x.test", "UBOB": "bob@x.test", "UNEW": ""}
IN_SOURCES = {
    "ann@x.test": {"w/group/staff", "w/group/hr", "slack:COLD"},
    "bob@x.test": {"w/group/staff"},
}


class Slack:
    """The methods of Slack that are called, from a table."""

    def __init__(self) -> None:
        self.members = {"C1": ["UANN", "UBOB"], "S1": ["UANN"], "CHR": ["UANN", "UBOT"]}
        self.asked: list[str] = []

    async def users_info(self, *, user: str, **_: object) -> dict[str, Any]:
        profile = {"email": EMAILS.get(user, "")}
        return {"user": {"team_id": "T1", "profile": profile, "is_bot": user == "UBOT"}}

    async def conversations_members(self, *, channel: str, **_: object) -> dict[str, Any]:
        return {"members": self._of(channel)}

    async def usergroups_users_list(self, *, usergroup: str) -> dict[str, Any]:
        return {"users": self._of(usergroup)}

    def _of(self, id_: str) -> list[str]:
        self.asked.append(id_)
        if id_ not in self.members:
            refused = cast("Any", SlackApiError)("no", {"ok": False, "error": "channel_not_found"})
            raise refused
        return self.members[id_]


class Groups:
    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    def groups_of(self, addresses: Iterable[str]) -> frozenset[str]:
        return frozenset(name for one in addresses for name in IN_SOURCES.get(one, ()))

    def named(self) -> frozenset[str]:
        return self.names

    def notes(self) -> list[SyncNote]:
        return []


class Channels:
    def audience(self, *_: str) -> frozenset[str]:
        return frozenset({"settings"})


def audiences(slack: Slack, *names: str, now: list[float] | None = None) -> Audiences:
    people = People(cast("Any", slack), team="T1")
    clock = now or [0.0]
    return Audiences(
        cast("Any", slack),
        people=people,
        channels=cast("ChannelRepository", Channels()),
        directory=Groups(*names),
        now=lambda: clock[0],
    )


def of(found: Audiences, channel: str, user: str) -> set[str]:
    return set(asyncio.run(found.of(channel, user)))


def test_in_private_a_person_has_the_groups_of_sources_and_of_slack() -> None:
    found = audiences(Slack(), "w/group/hr", "slack:S1", "slack:CHR", "slack:C1")

    assert of(found, "D1", "UANN") == {
        *("settings", "w/group/staff", "w/group/hr", "slack:S1", "slack:CHR", "slack:C1")
    }
    assert of(found, "D2", "UBOB") == {"settings", "w/group/staff", "slack:C1"}


def test_a_person_whose_address_is_hidden_has_no_groups_of_sources() -> None:
    assert of(audiences(Slack(), "w/group/hr"), "D1", "UNEW") == {"settings"}


def test_in_a_channel_only_what_all_of_it_may_see_is_used() -> None:
    slack = Slack()

    assert of(audiences(slack, "w/group/hr", "slack:C1"), "C1", "UANN") == {
        *("settings", "w/group/staff", "slack:C1")
    }
    # An app in a channel is no reader
    assert of(audiences(slack, "w/group/hr", "slack:CHR"), "CHR", "UANN") == {
        *("settings", "w/group/staff", "w/group/hr", "slack:CHR")
    }
    slack.members["C1"] = ["UANN", "UBOB", "UNEW"]
    assert of(audiences(slack, "w/group/hr"), "C1", "UANN") == {"settings"}


def test_a_channel_that_slack_hides_gives_its_own_documents_alone() -> None:
    assert of(audiences(Slack(), "slack:C9", "w/group/hr"), "C9", "UANN") == {
        *("settings", "slack:C9")
    }


def test_who_left_a_channel_is_out_after_a_short_time() -> None:
    slack, now = Slack(), [0.0]
    found = audiences(slack, "slack:CHR", now=now)
    assert "slack:CHR" in of(found, "D1", "UANN")
    slack.members["CHR"] = []

    now[0] = KNOWN_FOR_S + 1

    assert "slack:CHR" not in of(found, "D1", "UANN")


def test_a_membership_that_a_source_remembers_does_not_count_for_slack() -> None:
    found = audiences(Slack(), "slack:COLD", "w/group/hr")

    assert "slack:COLD" not in of(found, "D1", "UANN")


def test_without_documents_of_groups_slack_is_not_asked() -> None:
    slack = Slack()

    assert of(audiences(slack), "C1", "UANN") == {"settings"}
    assert slack.asked == []
