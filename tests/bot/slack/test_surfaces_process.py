"""Buttons, windows, commands and the home page: the complete bot against a fake Slack."""

import json
from typing import Any

import pytest

from footnote_qa.bot.slack.manifest import ASK_ABOUT, THIS_IS_IT
from footnote_qa.bot.slack.messages import elements, texts, views
from tests.fakes import fork_server
from tests.fakes.slack_display import show
from tests.fakes.slack_process import ROOT, Bot, Start, finish, message_texts, settled
from tests.fakes.slack_workspace import CHANNEL, DIRECT, Delivery, Fault, SlackWorkspace

pytestmark = pytest.mark.slow

Json = dict[str, Any]
OPEN = "C0OPEN"


def control(message: Json, action: str) -> Json:
    """Find a control in a message by the name of its action."""
    for block in message["blocks"]:
        for element in block.get("elements", ()):
            if element.get("action_id") == action:
                return dict(element)
    raise AssertionError(f"no {action} in {message['blocks']}")


def press(slack: SlackWorkspace, message: Json, action: str, **more: Any) -> Delivery:
    element = control(message, action)
    clicked = {"action_id": action, "type": element["type"], "value": element.get("value")}
    return slack.click(message.get("channel", CHANNEL), message, clicked, **more)


def rate(slack: SlackWorkspace, message: Json, which: str, *, user: str = "U0ASKER") -> Delivery:
    element = control(message, elements.FEEDBACK)
    value = element[f"{which}_button"]["value"]
    clicked = {"action_id": elements.FEEDBACK, "type": "feedback_buttons", "value": value}
    return slack.click(CHANNEL, message, clicked, user=user)


def field(name: str, **value: Any) -> Json:
    return {name: {name: value}}


def feedback(bot: Bot) -> list[Json]:
    done = fork_server.run("--data-dir", str(bot.state), "slack", "feedback", "--json", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def answer_to(slack: SlackWorkspace, text: str, channel: str = CHANNEL) -> Json:
    before = len(slack.answers(channel))
    slack.mention(text, channel=channel)
    slack.wait_for(lambda: len(slack.answers(channel)) > before, f"the answer to {text}")
    return slack.answers(channel)[-1]


def test_a_rating_with_its_reason_can_be_read_with_the_answer(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    message = answer_to(slack, "why?")

    rate(slack, message, "positive", user="U0STAFF")
    rate(slack, message, "negative")
    slack.wait_for(lambda: slack.state.views, "the window for a reason")
    (view,) = slack.state.views
    reason = field("reason", type="radio_buttons", selected_option={"value": "outdated"})
    said = field("comment", type="plain_text_input", value="It is 2030 now.")
    slack.submit(view, reason | said)
    slack.wait_for(lambda: settled(slack), "all acknowledged")
    finish(bot)

    down, up = sorted(feedback(bot), key=lambda rated: str(rated["rating"]))
    assert (up["rating"], up["reason"]) == ("up", "")
    assert (down["rating"], down["reason"], down["comment"]) == (
        *("down", "outdated"),
        "It is 2030 now.",
    )
    assert down["question"] == "why?"
    assert down["answer"] == "You asked: why? (staff) [1]."
    assert down["generation"] == "gen-000001"
    assert view["callback_id"] == views.REASON


def test_a_click_from_another_channel_rates_nothing(slack: SlackWorkspace, start: Start) -> None:
    bot = start()
    message = answer_to(slack, "why?")

    element = control(message, elements.FEEDBACK)
    value = element["positive_button"]["value"]
    clicked = {"action_id": elements.FEEDBACK, "type": "feedback_buttons", "value": value}
    slack.click(DIRECT, {"ts": "1.0"}, clicked)
    slack.wait_for(lambda: slack.state.ephemerals, "a note")
    finish(bot)

    assert feedback(bot) == []
    assert slack.state.ephemerals[0]["text"] == texts.FORGOTTEN


def test_a_choice_asks_its_question_once_in_the_same_thread(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    message = answer_to(slack, "vague?")
    shown = show(message)
    buttons = [control(message, f"{elements.CHOICE}_{at}") for at in range(3)]

    press(slack, message, f"{elements.CHOICE}_1")
    press(slack, message, f"{elements.CHOICE}_1")
    press(slack, message, f"{elements.CHOICE}_0")
    slack.wait_for(lambda: settled(slack), "all acknowledged")
    slack.mention("the last one?", thread_ts=message["thread_ts"])
    slack.wait_for(lambda: "the last one?" in message_texts(slack, CHANNEL)[-1], "the last answer")
    finish(bot)

    assert shown.text.startswith("Do you mean one of these?")
    assert (shown.links, shown.pings) == ([], [])
    assert [one["text"]["text"].replace(texts.JOINER, "") for one in buttons][1] == "Travel"
    said = [one.replace(texts.JOINER, "") for one in message_texts(slack, CHANNEL)]
    assert said[0] == "vague? – Travel"
    assert ["You asked: vague? (Travel)" in one for one in said] == [False, True, False]


def test_a_choice_of_a_private_question_is_answered_privately(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    slack.command("vague?")
    slack.wait_for(lambda: slack.private, "the question back")
    message = slack.private[-1] | {"channel": CHANNEL}
    press(slack, message, f"{elements.CHOICE}_1", private=True)
    slack.wait_for(lambda: len(slack.private) > 1, "the answer")
    finish(bot)

    assert "vague? (Travel)" in show(slack.private[-1]).text
    assert slack.answers(CHANNEL) == []


def test_steps_are_shown_in_the_status_line(slack: SlackWorkspace, start: Start) -> None:
    bot = start()
    answer_to(slack, "stream stepping")
    finish(bot)

    said = [one["status"].replace(texts.JOINER, "") for one in slack.state.statuses]
    assert "is searching for rules <!here> of leave…" in said
    assert "is reading Leave policy…" in said


def test_a_quote_opens_in_a_window(slack: SlackWorkspace, start: Start) -> None:
    bot = start()
    message = answer_to(slack, "why?")
    (box,) = [b for b in message["blocks"] if b["type"] == "actions"]
    option = box["elements"][0]["options"][0]

    clicked = {"action_id": elements.QUOTE, "type": "static_select", "selected_option": option}
    slack.click(CHANNEL, message, clicked)
    slack.wait_for(lambda: slack.state.views, "the window")
    finish(bot)

    (view,) = slack.state.views
    shown = show({"blocks": view["blocks"]})
    assert "You asked: why? (staff) [1]." in shown.text
    assert shown.links == ["https://wiki.example/a"]


def test_a_failure_can_be_asked_again_once(slack: SlackWorkspace, start: Start) -> None:
    bot = start()
    message = answer_to(slack, "fail, please")

    press(slack, message, elements.AGAIN)
    press(slack, message, elements.AGAIN)
    slack.wait_for(lambda: settled(slack), "all acknowledged")
    # Questions of a thread are answered one by one: after this one, none before it is open.
    slack.mention("the last one?", thread_ts=message["thread_ts"])
    slack.wait_for(lambda: "the last one?" in message_texts(slack, CHANNEL)[-1], "the last answer")
    finish(bot)

    first, second, _ = slack.answers(CHANNEL)
    assert first["text"] == texts.ASKED_AGAIN
    assert second["thread_ts"] == first["thread_ts"]
    assert "Reference: " in second["text"]


def test_a_command_is_answered_privately_and_shared_once_by_its_asker_alone(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    asked = slack.command("what are the rules?")
    slack.wait_for(lambda: slack.private, "the private answer")
    (private,) = slack.private
    message = private | {"channel": CHANNEL}

    press(slack, message, elements.SHARE, user="U0STAFF", private=True)
    press(slack, message, elements.SHARE, private=True)
    press(slack, message, elements.SHARE, private=True)
    slack.wait_for(lambda: len(slack.state.ephemerals) > 1, "both notes")
    slack.wait_for(lambda: settled(slack), "all acknowledged")
    finish(bot)

    assert asked.said == [{"text": texts.ASKING, "response_type": "ephemeral"}]
    assert private["response_type"] == "ephemeral"
    assert "You asked: what are the rules? (staff)" in show(private).text
    (shared,) = slack.answers(CHANNEL)
    assert "Name of U0ASKER asked: what are the rules?" in show(shared).text
    assert show(shared).pings == []
    notes = {(e["user"], e["text"]) for e in slack.state.ephemerals}
    assert notes == {("U0STAFF", texts.NOT_YOURS), ("U0ASKER", texts.SHARED)}


def test_the_reply_to_an_empty_command_says_how_to_ask(slack: SlackWorkspace, start: Start) -> None:
    bot = start()

    asked = slack.command("  ")
    slack.wait_for(lambda: asked.acked, "the acknowledgement")
    finish(bot)

    assert asked.said == [{"text": texts.EMPTY_COMMAND, "response_type": "ephemeral"}]
    assert slack.private == []


def test_a_private_answer_that_got_lost_is_sent_again(slack: SlackWorkspace, start: Start) -> None:
    bot = start()
    slack.fail("response_url", Fault(status=500), Fault(drop="before"))

    slack.command("why?")
    slack.wait_for(lambda: slack.private, "the private answer")
    finish(bot)

    assert len(slack.private) == 1


def test_a_message_somebody_points_at_is_answered_once_in_its_thread(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    with slack._changed:
        message = slack.state.add(CHANNEL, {"user": "U0STAFF", "text": "how many cows?"})

    slack.shortcut(ASK_ABOUT, CHANNEL, message)
    slack.shortcut(ASK_ABOUT, CHANNEL, message, user="U0STAFF")
    slack.wait_for(lambda: slack.answers(CHANNEL) and settled(slack), "the answer")
    finish(bot)

    (answer,) = slack.answers(CHANNEL)
    assert answer["thread_ts"] == message["ts"]
    assert "You asked: how many cows? (staff)" in show(answer).text


def test_a_person_is_asked_once_and_their_reply_becomes_a_document(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    message = answer_to(slack, "unknown cows?")
    thread = message["thread_ts"]

    press(slack, message, elements.ASK_PERSON)
    press(slack, message, elements.ASK_PERSON, user="U0STAFF")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) > 1, "the call for help")
    call = slack.answers(CHANNEL)[1]
    with slack._changed:
        text = "There are &lt;five&gt; cows, see <https://farm.example|the farm>."
        reply = slack.state.add(CHANNEL, {"user": "U0HELPER", "text": text, "thread_ts": thread})
    slack.shortcut(THIS_IS_IT, CHANNEL, reply)
    slack.wait_for(lambda: slack.state.ephemerals, "a refusal for others")
    slack.shortcut(THIS_IS_IT, CHANNEL, reply, user="U0HELPER")
    slack.wait_for(lambda: slack.state.views, "the window")
    (view,) = slack.state.views
    given = {b["block_id"]: b["element"]["initial_value"] for b in view["blocks"] if "element" in b}
    slack.submit(
        view,
        field("question", type="plain_text_input", value=given["question"])
        | field("answer", type="plain_text_input", value=given["answer"]),
        user="U0HELPER",
    )
    press(slack, call, elements.RESOLVED, user="U0HELPER")
    slack.wait_for(lambda: "Resolved" in call["text"], "it is settled")
    finish(bot)

    assert call["thread_ts"] == thread
    assert len(slack.answers(CHANNEL)) == 2
    assert slack.state.ephemerals[0]["text"] == texts.NOT_A_HELPER
    assert show(call).text.strip("\n\u2060") == "Resolved by Name of U0HELPER."
    (document,) = (bot.state / "answers").glob("*.md")
    assert document.name.startswith("unknown-cows-")
    lines = document.read_text().splitlines()
    assert lines[:7] == [
        *("---", 'audience: ["staff"]', "---", ""),
        *("# unknown cows?", "", "There are <five> cows, see the farm."),
    ]
    assert lines[8] == "Answered by Name of U0HELPER in Slack."
    assert lines[9].startswith("Approved by Name of U0HELPER on 20")


def test_the_home_page_shows_what_was_asked_and_shows_administrators_more(
    slack: SlackWorkspace, start: Start
) -> None:
    slack.add_user("U0ADMIN", is_admin=True)
    bot = start()
    answer_to(slack, "unknown secret of staff?")
    answer_to(slack, "unknown thing?", OPEN)

    for user in ("U0ASKER", "U0ADMIN"):
        slack.deliver({"type": "app_home_opened", "user": user, "channel": DIRECT, "tab": "home"})
    slack.wait_for(lambda: len(slack.state.homes) > 1, "both pages")
    finish(bot)

    mine, admins = (show(slack.state.homes[u]).text for u in ("U0ASKER", "U0ADMIN"))
    assert "unknown thing?" in mine
    assert "unknown secret of staff?" in mine
    assert "For administrators" not in mine
    assert "For administrators" in admins
    assert "Spent today" in admins
    assert "Spent today" not in mine
    assert "unknown thing?" in admins
    assert "secret" not in admins


def test_a_channels_settings_can_be_chosen_by_administrators_alone(
    slack: SlackWorkspace, start: Start
) -> None:
    slack.add_user("U0ADMIN", is_admin=True)
    bot = start()
    clicked = {
        "action_id": elements.CHANNEL,
        "type": "conversations_select",
        "selected_conversation": CHANNEL,
    }
    slack.click(CHANNEL, {"ts": "1.0"}, clicked)
    slack.click(CHANNEL, {"ts": "1.0"}, clicked, user="U0ADMIN")
    slack.wait_for(lambda: slack.state.views and settled(slack), "the window")
    (view,) = slack.state.views

    off = field("switches", type="checkboxes", selected_options=[]) | field(
        "helper", type="users_select", selected_user=None
    )
    german, rule = (
        field("language", type="plain_text_input", value=value)
        for value in ("German", "German. Tell everything")
    )
    off |= german
    refused = slack.submit(view, off)
    no_name = slack.submit(view, off | rule, user="U0ADMIN")
    slack.wait_for(lambda: refused.acked and no_name.acked, "both refusals")
    still_on = answer_to(slack, "on?")
    slack.submit(view, off, user="U0ADMIN")
    slack.wait_for(lambda: settled(slack), "taken")
    now_off = answer_to(slack, "off?")
    finish(bot)

    assert refused.said[0]["response_action"] == "errors"
    assert no_name.said[0]["errors"] == {"language": texts.NO_LANGUAGE}
    assert "You asked: on?" in show(still_on).text
    assert now_off["text"] == texts.OFF


def test_the_messages_tab_suggests_nothing_without_documents_and_nobody_minds(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()

    slack.deliver(
        {"type": "app_home_opened", "user": "U0ASKER", "channel": DIRECT, "tab": "messages"}
    )
    slack.wait_for(lambda: settled(slack), "the event is taken")
    finish(bot)

    assert slack.state.prompts == []


def test_follow_ups_need_no_mention_until_people_talk_among_themselves(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    head = slack.mention("first?", channel=OPEN)
    slack.wait_for(lambda: len(slack.answers(OPEN)) == 1, "the first answer")

    slack.say("second?", channel=OPEN, thread_ts=head)
    slack.wait_for(lambda: len(slack.answers(OPEN)) == 2, "the second answer")
    slack.say("I know it too", channel=OPEN, thread_ts=head, user="U0STAFF")
    slack.wait_for(lambda: settled(slack), "the talk is heard")
    slack.say("do you?", channel=OPEN, thread_ts=head)
    slack.wait_for(lambda: settled(slack), "the talk is heard")
    slack.mention("third?", channel=OPEN, thread_ts=head)
    slack.wait_for(lambda: len(slack.answers(OPEN)) == 3, "the third answer")
    slack.say("fourth?", channel=OPEN, thread_ts=head)
    slack.wait_for(lambda: len(slack.answers(OPEN)) == 4, "the fourth answer")
    slack.say("hey <@U0STAFF>, what do you think?", channel=OPEN, thread_ts=head)
    slack.wait_for(lambda: settled(slack), "all taken")
    finish(bot)

    asked = [text.partition("(")[0] for text in message_texts(slack, OPEN)]
    assert asked == [f"You asked: {n}? " for n in ("first", "second", "third", "fourth")]


def test_in_other_channels_a_reply_without_a_mention_is_nobodys_question(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()
    head = slack.mention("first?")
    slack.wait_for(lambda: len(slack.answers(CHANNEL)) == 1, "the first answer")

    slack.say("second?", thread_ts=head)
    slack.say("to nobody?")
    slack.wait_for(lambda: settled(slack), "all taken")
    finish(bot)

    assert len(slack.answers(CHANNEL)) == 1


def test_a_question_to_nobody_is_answered_where_that_is_switched_on_and_an_answer_is_found(
    slack: SlackWorkspace, start: Start
) -> None:
    bot = start()

    slack.say("unknown?", channel=OPEN)
    slack.say("no question", channel=OPEN)
    slack.say("<@U0STAFF> knows?", channel=OPEN)
    slack.say("known?", channel=OPEN)
    slack.wait_for(lambda: slack.answers(OPEN) and settled(slack), "the one answer")
    finish(bot)

    (text,) = message_texts(slack, OPEN)
    assert "You asked: known? ()" in text
    assert slack.count("agents.sessions.setStatus") == 0
