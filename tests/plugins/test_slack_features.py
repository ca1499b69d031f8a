"""Features that plug-ins add to the Slack bot: what they can do, and what they cannot."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncBoltRequest
from typer.testing import CliRunner

from footnote_qa.bot.cli.app import app as command_line
from footnote_qa.bot.settings import ChannelSettings, FeatureSettings, SlackSettings
from footnote_qa.bot.slack import app as slack_app
from footnote_qa.bot.slack import load_features, working_features
from footnote_qa.bot.slack.composition import Bot, Parts
from footnote_qa.bot.slack.feature_plugins import Feature
from footnote_qa.bot.slack.features import additions
from footnote_qa.bot.slack.manifest import COMMAND, SCOPES
from footnote_qa.bot.slack.messages import texts
from footnote_qa.bot.slack.outbound import Clients
from footnote_qa.bot.slack.tokens import Identity
from footnote_qa.bot.state import Kind, QuestionRepository, Received
from footnote_qa.errors import PluginError
from footnote_qa.index.types import Passage
from footnote_qa.plugins import CONTRACT, SlackCall, SlackReply
from tests.fakes.searcher import MemorySearcher, a_chunk
from tests.fakes.slack_bot_process import Engine
from tests.fakes.slack_display import show
from tests.fakes.slack_state import BOT_USER, TEAM
from tests.fakes.slack_workspace import BOT_TOKEN, DIRECT, SlackWorkspace

SETTINGS = SlackSettings(
    channels=(
        ChannelSettings(id="C0GENERAL", audience=("staff",)),
        ChannelSettings(id="C0OFF", enabled=False),
    ),
    groups={"staff": ("U0STAFF",)},
)
CHUNKS = (
    a_chunk("SSO is the single sign-on.", title="Words"),
    a_chunk("The bonus is 900 euros, see <!channel> evil.example.", id=2, audience=("staff",)),
)


class Shelf:
    """Documents, of which only the search is used."""

    def __init__(self) -> None:
        self.searcher = MemorySearcher(CHUNKS)

    def search(self, question: str, *, k: int, audience: frozenset[str]) -> list[Passage]:
        return list(self.searcher.search(question, k=k, audience=audience).passages)

    def stale(self) -> str:
        return ""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


class Odd:
    """A feature with the replies of a test."""

    contract = CONTRACT
    name = "odd"
    title = "Odd"
    description = "Odd things"
    command = "/odd"
    shortcut = False

    def __init__(self, reply: Callable[[SlackCall], Any] = lambda _: SlackReply()) -> None:
        self.reply = reply

    def home(self, call: SlackCall) -> str:
        return str(self.reply(call).text)


@pytest.fixture
def slack() -> Iterator[SlackWorkspace]:
    with SlackWorkspace(SCOPES) as workspace:
        yield workspace


class Deliver:
    """The complete bot in this process; people use it in the fake Slack."""

    def __init__(self, slack: SlackWorkspace, state: Path) -> None:
        self.slack, self.state = slack, state

    def __call__(
        self,
        added: Sequence[Feature],
        *bodies: Any,
        settings: SlackSettings = SETTINGS,
    ) -> list[Received]:
        """Deliver what people did, and return the questions that it led to."""
        with QuestionRepository(self.state) as store:
            asyncio.run(self._deliver(store, added, bodies, settings))
            claimed = [store.claim("us", max_per_user=99) for _ in store.unfinished()]
        return [one.received for one in claimed if one is not None]

    async def _deliver(
        self,
        store: QuestionRepository,
        added: Sequence[Feature],
        bodies: Sequence[Any],
        settings: SlackSettings,
    ) -> None:
        async with aiohttp.ClientSession() as session:
            clients = Clients(token=BOT_TOKEN, base_url=self.slack.api_url, session=session)
            identity = Identity(team=TEAM, bot_user=BOT_USER, bot_id="B0")
            parts = Parts(
                clients=clients,
                identity=identity,
                engine=Engine(Path("gate")),
                store=store,
                library=Shelf(),
                answers=Path("answers"),
                answers_are_indexed=False,
                spend=list,
                owner="us",
                started_at=0.0,
                features=tuple(added),
            )
            bolt = slack_app.bolt_app(clients.calls, identity)
            slack_app.connect(bolt, Bot(settings, parts), lambda: None)
            for body in bodies:
                request = AsyncBoltRequest(mode="socket_mode", body=body)
                assert (await bolt.async_dispatch(request)).status == 200
            while others := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(others)


@pytest.fixture
def deliver(slack: SlackWorkspace, tmp_path: Path) -> Deliver:
    return Deliver(slack, tmp_path / "state")


def defining(**arguments: Any) -> list[Feature]:
    one = FeatureSettings(plugin="plugin:define", arguments=arguments)
    return load_features([one], taken=(COMMAND,))


def odd(monkeypatch: pytest.MonkeyPatch, reply: Callable[[SlackCall], Any]) -> list[Feature]:
    made = Odd(reply)
    monkeypatch.setattr("footnote_qa.bot.slack.feature_plugins.slack_feature", lambda _: made)
    return load_features([FeatureSettings(plugin="plugin:odd")])


def said(slack: SlackWorkspace) -> list[str]:
    return [show(one).text.replace(texts.JOINER, "").strip() for one in slack.private]


@pytest.mark.usefixtures("examples")
def test_the_example_defines_a_word_by_command_in_a_message_and_asks_where_it_finds_nothing(
    deliver: Deliver, slack: SlackWorkspace
) -> None:
    message = {"ts": "1.0", "user": "U0STAFF", "text": "SSO"}

    asked = deliver(
        defining(),
        slack.command("SSO", name="/define").payload,
        slack.shortcut("feature_define", "C0GENERAL", message).payload,
        slack.command("Kubernetes", name="/define").payload,
    )

    assert said(slack) == ["SSO is the single sign-on.\n— Words"] * 2
    [question] = asked
    assert (question.text, question.kind) == ("What does Kubernetes mean?", Kind.COMMAND)
    assert (question.user, question.channel) == ("U0ASKER", "C0GENERAL")
    assert slack.answers("C0GENERAL") == []


@pytest.mark.usefixtures("examples")
def test_a_feature_finds_only_what_the_person_may_see_in_that_place(
    deliver: Deliver, slack: SlackWorkspace
) -> None:
    for user, channel in [("U0ASKER", DIRECT), ("U0ASKER", "C0OPEN"), ("U0STAFF", DIRECT)]:
        body = slack.command("bonus", name="/define", channel=channel, user=user).payload
        deliver(defining(), body)

    assert len(slack.private) == 1
    shown = show(slack.private[0])
    assert "The bonus is 900 euros" in shown.text
    assert (shown.pings, shown.links) == ([], [])


@pytest.mark.usefixtures("examples")
def test_a_feature_has_a_section_on_the_home_tab_of_who_may_see_its_documents(
    deliver: Deliver, slack: SlackWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("footnote_qa.bot.slack.features.app_home._facts", _no_facts)
    for user in ("U0ASKER", "U0STAFF"):
        event = {"type": "app_home_opened", "user": user, "channel": DIRECT, "tab": "home"}
        deliver(defining(words=("SSO", "bonus")), slack.deliver(event).payload)

    asker, staff = (show(slack.state.homes[user]).text for user in ("U0ASKER", "U0STAFF"))
    assert "Try /define with SSO." in asker
    assert "Try /define with SSO, bonus." in staff


async def _no_facts(*_: object) -> None:
    return None


def test_guests_and_channels_that_are_off_get_no_feature(
    deliver: Deliver, slack: SlackWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack.add_user("U0GUEST", is_restricted=True)
    used: list[str] = []

    def reply(call: SlackCall) -> SlackReply:
        used.append(call.user)
        return SlackReply(text="yes")

    added = odd(monkeypatch, reply)

    deliver(
        added,
        slack.command("x", name="/odd", user="U0GUEST").payload,
        slack.command("x", name="/odd", channel="C0OFF").payload,
        slack.command("x", name="/odd").payload | {"team_id": "T0OTHER"},
    )

    assert said(slack) == [texts.GUEST, texts.OFF]
    assert used == []


def _exit(_: SlackCall) -> Any:
    raise SystemExit(3)


@pytest.mark.parametrize(
    "reply",
    [lambda _: 1 / 0, _exit, lambda _: "a text", lambda _: SlackReply(text=None)],  # type: ignore[arg-type]  # wrong on purpose
    ids=["raises", "exits", "other type", "no text"],
)
def test_a_feature_that_fails_says_so_to_its_user_and_the_bot_continues(
    deliver: Deliver,
    slack: SlackWorkspace,
    monkeypatch: pytest.MonkeyPatch,
    reply: Callable[[SlackCall], Any],
) -> None:
    asked = deliver(
        odd(monkeypatch, reply),
        slack.command("x", name="/odd").payload,
        slack.command("Is the bot still there?").payload,
    )

    [told] = said(slack)
    assert told.startswith(texts.FAILED.partition("{")[0])
    assert [one.text for one in asked] == ["Is the bot still there?"]


def test_a_feature_that_hangs_holds_up_nobody(
    deliver: Deliver, slack: SlackWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = threading.Event()
    monkeypatch.setattr(additions, "REPLY_TIMEOUT_S", 0.01)
    added = odd(monkeypatch, lambda _: SlackReply(text=str(ends.wait())))

    deliver(added, *(slack.command(str(n), name="/odd").payload for n in range(5)))

    ends.set()
    told = said(slack)
    assert len(told) == 5
    assert told.count(texts.BUSY) == 1


def test_however_much_a_feature_says_it_is_shown(
    deliver: Deliver, slack: SlackWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = odd(monkeypatch, lambda _: SlackReply(text="a.b:/@c " * 999))

    deliver(added, slack.command("x", name="/odd").payload)

    assert said(slack)[0].startswith("a.b:/@c a.b")


def test_a_feature_that_cannot_be_loaded_is_left_out_and_named(
    install: Any, caplog: pytest.LogCaptureFixture
) -> None:
    install("broken_feature", "1 / 0", slack_features={"broken": "broken_feature:Feature"})
    install("good_feature", _MODULE, slack_features={"good": "good_feature:Feature"})
    chosen = [
        FeatureSettings(plugin=one)
        for one in ("plugin:broken", "plugin:good", "good_feature:Feature")
    ]

    found = working_features(chosen)

    assert [one.name for one in found] == ["good"]
    faults = [str(vars(record).get("fault")) for record in caplog.records]
    assert "ZeroDivisionError" in faults[0]
    assert "the name 'good'" in faults[1]


_MODULE = """
class Feature:
    contract = 1
    name = "good"
    title = "Good"
    description = "Good things"
    command = "/good"
    shortcut = True
    def reply(self, call): ...
    def home(self, call): ...
"""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "Very Odd"),
        ("title", " "),
        ("title", "A title that no menu of messages can show"),
        ("command", "odd"),
        ("command", COMMAND),
        ("description", None),
    ],
)
def test_a_feature_with_a_name_that_slack_does_not_take_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    made = Odd()
    monkeypatch.setattr(made, "shortcut", True, raising=False)
    monkeypatch.setattr(made, name, value, raising=False)
    monkeypatch.setattr("footnote_qa.bot.slack.feature_plugins.slack_feature", lambda _: made)

    with pytest.raises(PluginError, match="the Slack feature plugin:odd has the"):
        load_features([FeatureSettings(plugin="plugin:odd")], taken=(COMMAND,))


@pytest.mark.usefixtures("examples")
def test_the_manifest_has_the_command_and_the_entry_in_the_menu(tmp_path: Path) -> None:
    import json

    import footnote_qa.bot.cli.slack  # noqa: F401 - it registers the command

    config = tmp_path / "footnote.toml"
    config.write_text('[[slack.features]]\nplugin = "plugin:define"\n')

    done = CliRunner().invoke(command_line, ["--config", str(config), "slack", "manifest"])

    assert done.exit_code == 0, (done.output, done.exception)
    made = json.loads(done.stdout)["features"]
    assert [one["command"] for one in made["slash_commands"]] == [COMMAND, "/define"]
    assert made["shortcuts"][-1]["name"] == "What does this mean?"
    assert made["shortcuts"][-1]["callback_id"] == "feature_define"
