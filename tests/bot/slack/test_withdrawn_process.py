"""Questions that are edited, deleted or ignored: the complete bot against a fake Slack."""

from pathlib import Path

import pytest

from footnote_qa.bot.slack.messages import texts
from tests.fakes import fork_server
from tests.fakes.slack_process import ROOT, Start, finish, message_texts, settled
from tests.fakes.slack_workspace import CHANNEL, DIRECT, Fault, SlackWorkspace

pytestmark = pytest.mark.slow


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_question_edited_while_it_waits_is_answered_as_it_reads_now(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start(TEST_MAX_CONCURRENT="1")
    slack.direct("wait for me")
    bot.wait_until_waiting()
    private = slack.direct("how many dogs?")
    public = slack.mention("how many horses?")
    slack.wait_for(lambda: settled(slack), "both questions kept")

    slack.edit(DIRECT, private, "how many cats?")
    message = slack.state.conversations[CHANNEL].message(public) or {}
    edited = {"text": "<@U0BOT> how many cows?", "edited": {"user": "U0ASKER", "ts": public}}
    slack.deliver(message | edited | {"type": "app_mention", "channel": CHANNEL})
    slack.wait_for(lambda: settled(slack), "both edits kept")
    bot.gate.touch()
    slack.wait_for(lambda: len(slack.answers(DIRECT)) > 1 and slack.answers(CHANNEL), "answers")
    finish(bot)

    assert "You asked: how many cats? ()" in message_texts(slack, DIRECT)[1]
    assert "You asked: how many cows? (staff)" in message_texts(slack, CHANNEL)[0]


def test_a_message_that_becomes_a_mention_by_an_edit_is_answered(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()

    slack.mention("now?", edited={"user": "U0ASKER", "ts": "1760000005.0"})
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    finish(bot)

    assert len(slack.answers(CHANNEL)) == 1


def test_a_question_deleted_before_its_answer_is_never_answered_and_holds_up_no_other(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start(TEST_MAX_CONCURRENT="1")
    working = slack.direct("wait for the canary-1")
    slack.wait_for(lambda: slack.count("users.info"), "work on the first")
    waiting = slack.direct("canary-2?")

    slack.delete(DIRECT, waiting, told=True)
    slack.delete(DIRECT, working, told=True)
    slack.direct("and now?")
    slack.wait_for(
        lambda: ["and now?" in text for text in message_texts(slack, DIRECT)] == [True],
        "the answer to the last, and no other",
    )
    slack.wait_for(lambda: settled(slack), "all acknowledged")
    finish(bot)

    (text,) = message_texts(slack, DIRECT)
    assert "and now?" in text
    assert b"canary" not in on_disk(bot.state)


def test_the_answer_to_a_question_that_is_deleted_goes_with_it_and_with_all_records(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    ts = slack.direct("canary?")
    slack.wait_for(lambda: slack.answers(DIRECT), "the answer")

    slack.delete(DIRECT, ts, told=True)
    slack.wait_for(lambda: not slack.answers(DIRECT), "the answer goes")
    finish(bot)

    assert slack.answers(DIRECT) == []
    assert b"canary" not in on_disk(bot.state)


def test_an_answer_on_its_way_when_its_question_is_deleted_does_not_stay(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    first = slack.direct("the head of a thread")
    slack.wait_for(lambda: slack.answers(DIRECT), "its answer")
    slack.fail("chat.postMessage", Fault(hold="after"))
    ts = slack.direct("hm?", thread_ts=first)
    slack.wait_for(lambda: len(slack.answers(DIRECT)) > 1, "the post")

    slack.delete(DIRECT, ts, told=True)
    slack.wait_for(lambda: settled(slack), "told")
    slack.release()
    slack.wait_for(lambda: len(slack.answers(DIRECT)) == 1, "the answer goes")
    finish(bot)

    assert "the head of a thread" in message_texts(slack, DIRECT)[0]


def test_a_question_that_left_a_tombstone_is_deleted_too(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    ts = slack.direct("hm?")
    slack.wait_for(lambda: slack.answers(DIRECT), "the answer")

    gone = {"subtype": "tombstone", "ts": ts, "text": "This message was deleted."}
    event = {"type": "message", "subtype": "message_changed", "message": gone, "channel": DIRECT}
    slack.deliver(event | {"channel_type": "im", "ts": "1760009999.0"})
    slack.wait_for(lambda: not slack.answers(DIRECT), "the answer goes")
    finish(bot)

    assert slack.answers(DIRECT) == []


@pytest.mark.parametrize(
    "fields", [{"is_restricted": True}, {"is_ultra_restricted": True}, {"team_id": "T0OTHER"}]
)
def test_guests_and_people_of_other_companies_are_refused(
    slack: SlackWorkspace, start: Start, fields: dict[str, object]
) -> None:
    slack.add_user("U0GUEST", **fields)
    bot = start()

    slack.mention("may I?", user="U0GUEST")
    slack.mention("fine?")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1, "both outcomes")
    finish(bot)

    said = sorted(message_texts(slack, CHANNEL))
    assert said[0] == texts.GUEST
    assert "You asked: fine? (staff)" in said[1]


def test_where_people_of_other_companies_read_along_nothing_is_answered(
    slack: SlackWorkspace, start: Start
) -> None:
    slack.state.conversations[CHANNEL].is_ext_shared = True
    bot = start()

    slack.mention("what are the rules?")
    slack.wait_for(lambda: slack.answers(CHANNEL), "the note")
    finish(bot)

    assert message_texts(slack, CHANNEL) == [texts.OPEN]


def test_where_slack_does_not_say_who_asks_only_everybodys_documents_are_used(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.fail("users.info", *[Fault(error="internal_error")] * 3)

    slack.mention("who am I?")
    slack.wait_for(lambda: slack.answers(CHANNEL), "the answer")
    finish(bot)

    assert "You asked: who am I? ()" in message_texts(slack, CHANNEL)[0]


def test_a_forgotten_person_leaves_no_word_behind_while_the_bot_runs(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start(TEST_MAX_CONCURRENT="1")
    slack.direct("canary answered?")
    slack.wait_for(lambda: slack.answers(DIRECT), "the answer")
    slack.direct("wait, canary in work")
    slack.wait_for(lambda: slack.count("agents.sessions.setStatus") > 2, "work on the second")
    slack.direct("canary waiting")
    slack.wait_for(lambda: settled(slack), "all kept")
    before = on_disk(bot.state).count(b"canary")

    done = fork_server.run(
        "--data-dir", str(bot.state), "forget-user", "U0ASKER", "--json", cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    bot.gate.touch()
    slack.mention("still there?", user="U0STAFF")
    slack.wait_for(lambda: slack.answers(CHANNEL), "an answer to another")
    finish(bot)

    assert before > 0
    assert '"questions": 3' in done.stdout
    assert b"canary" not in on_disk(bot.state)
    assert len(slack.answers(DIRECT)) == 1
    audit = (bot.state / "audit.jsonl").read_text()
    assert audit.count("\n") == 1
    assert '"user": "U0ASKER"' in audit
