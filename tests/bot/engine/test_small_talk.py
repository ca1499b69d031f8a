"""Greetings, thanks and questions on the bot get a reply of its own, without a search or a cost."""

import pytest

from footnote_qa.bot.engine import AnswerEngine
from footnote_qa.bot.engine.small_talk import (
    ABOUT,
    FINE,
    GLAD,
    GOODBYE,
    HELLO,
    HERE,
    SORRY,
    WELCOME,
    reply_to,
)
from footnote_qa.bot.types import Question, Status

SAID = {
    HELLO: ["hi", "Hi!!", "hello there", "Hey team 👋", "good morning", "Guten Morgen!", "Moin",
            "bonjour", "¡Hola!", "buenas tardes", "ciao", "привет", "你好", "こんにちは", "👋"],
    WELCOME: ["thanks", "Thank you so much!", "thx", "ok thanks", "great, thank you", "thank u",
              "thanks, that helped!", "Danke schön", "vielen Dank!", "merci beaucoup", "gracias",
              "спасибо", "谢谢", "cheers", "Perfect, thanks a lot!", "thanks bot"],
    GLAD: ["perfect", "great answer", "that helped", "awesome!", "well done", "ok", "👍"],
    SORRY: ["that's wrong", "That is not right.", "this didn't help", "wrong answer", "useless"],
    HERE: ["test", "testing 1 2 3", "ping", "are you there?", "is anyone there", "bist du da?"],
    ABOUT: ["what can you do?", "who are you", "What are you?", "help", "can you help me?",
            "how do you work", "are you a robot?", "are you ChatGPT", "was kannst du?",
            "what can I ask you", "hi, what can you do?", "qui es-tu ?", "你是谁"],
    FINE: ["how are you?", "hello, how are you today?", "what's up", "wie geht's"],
    GOODBYE: ["bye", "good night!", "see you tomorrow", "tschüss"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reply"), [(text, reply) for reply, texts in SAID.items() for text in texts]
)
def test_small_talk_is_met_with_the_reply_that_fits(text: str, reply: str) -> None:
    assert reply_to(text) == reply


@pytest.mark.parametrize(
    "text",
    [
        "hi, how many days of leave do I have?",
        "Thanks! And for contractors?",
        "What can you do about a lost badge?",
        "help desk opening hours",
        "test environment password policy",
        "who is our CEO",
        "what is this form for?",
        "hello world example in python",
        "good morning briefing: who gives it?",
        "how do I use this printer",
        "ok but what about sick leave",
        "wrong badge, whom do I tell?",
        "你好，请假有几天？",
    ],
)
def test_a_question_on_the_documents_is_no_small_talk(text: str) -> None:
    assert reply_to(text) is None


class _NoSearch:
    """An index that must not be asked."""

    def search(self, *_: object, **__: object) -> None:
        raise AssertionError("small talk was searched for")


def test_small_talk_is_answered_without_a_search_and_without_a_model() -> None:
    engine = AnswerEngine(_NoSearch(), _NoSearch(), fallback=_NoSearch(), k=3)  # type: ignore[arg-type]  # none of them may be used

    answer = engine.ask(Question(text="hi there", audience=None))

    assert (answer.status, answer.text, answer.citations) == (Status.CHAT, HELLO, ())
    assert answer.usage.cost_usd == 0
