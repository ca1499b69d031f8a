"""Conversations with a good model, end to end: real search, and replies written by hand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from footnote_qa.bot import composition
from footnote_qa.bot.engine import AnswerEngine
from footnote_qa.bot.settings import ModelsSettings, SearchSettings, Settings
from footnote_qa.bot.trace import StepKind
from footnote_qa.bot.types import Answer, Question, Status, Turn
from tests.bot.engine.test_faults import a_supplier
from tests.fakes.good_model import GoodModel, words_of
from tests.fakes.handbook import HANDBOOK
from tests.fakes.indexed import build
from tests.fakes.model_server import Reply, model_server

pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True)
class Talk:
    """The engine over the handbook, and the model behind it."""

    engine: AnswerEngine
    model: GoodModel

    def ask(self, text: str, history: tuple[Turn, ...] = ()) -> Answer:
        return self.engine.ask(Question(text=text, history=history, audience=None))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the handbook is indexed with the real model."""
    folder = tmp_path_factory.mktemp("handbook")
    for name, text in HANDBOOK.items():
        (folder / "documents").mkdir(exist_ok=True)
        (folder / "documents" / name).write_text(text, encoding="utf-8")
    build(folder / "data", folder / "documents")
    return folder / "data"


@pytest.fixture
def talk(data: Path) -> Iterator[Talk]:
    model = GoodModel()
    with model_server(Reply(writes=model.write)) as server:
        provider = a_supplier(server.base_url, timeout_s=60.0, context_tokens=16_000)
        settings = Settings(
            data_dir=data,
            search=SearchSettings(k=3),
            models=ModelsSettings(providers=(provider,)),
        )
        engine = composition.engine(settings, composition.live_index(settings))
        yield Talk(engine=engine, model=model)


def plain(markdown: str) -> list[str]:
    """Return the words of an answer, without the labels of citations."""
    return re.findall(r"\w+", re.sub(r"\[\d+\]", "", markdown))


def assert_all_of_it_is_shown(answer: Answer, reply: str) -> None:
    assert answer.status is Status.ANSWERED, answer.message
    assert plain(answer.text) == plain(words_of(reply))
    assert not any(part.marked for part in answer.blocks)
    assert answer.citations


def searched(answer: Answer) -> list[str]:
    return [one.detail for one in answer.trace if one.kind is StepKind.SEARCH]


# Of each turn: the message, the question that the model makes of it ("" if it is not asked), and
# its reply with words of its evidence
Turns = tuple[tuple[str, str, str], ...]
THREADS: tuple[Turns, ...] = (
    (
        (
            "How many days of annual leave do employees get?",
            "",
            "Employees get **30 days** of annual leave a year [[30 days of annual leave]].",
        ),
        (
            "and contractors?",
            "How many days of annual leave do contractors get?",
            "Contractors get no paid leave [[no paid leave]].",
        ),
        ("shorter", "", "No paid leave [[no paid leave]]."),
    ),
    (
        (
            "What is the daily allowance for trips to France, Germany and Norway?",
            "",
            (
                "In France it is 32 euros a day [[France | 32]]. In Germany it is 28 euros a day "
                "[[Germany | 28]]. In Norway it is 40 euros a day [[Norway | 40]]."
            ),
        ),
        (
            "as a table",
            "",
            (
                "| Country | Euros a day |\n|---|---|\n| France | 32 [[France | 32]] |\n"
                "| Germany | 28 [[Germany | 28]] |\n| Norway | 40 [[Norway | 40]] |"
            ),
        ),
        (
            "and who approves such a trip?",
            "Who approves a trip?",
            (
                "The team lead approves trips below 500 euros, and a director approves "
                "more expensive "
                "trips [[A director approves]]."
            ),
        ),
    ),
    (
        (
            "How do I book a trip?",
            "",
            (
                "Do this in order:\n\n1. Open the travel portal and choose *New trip* "
                "[[New trip]].\n"
                "2. Enter the dates and the cost [[New trip]].\n"
                "3. Wait for the approval before you pay for anything [[New trip]]."
            ),
        ),
        (
            "in one sentence please",
            "",
            (
                "Enter the trip in the travel portal, and wait for the approval before you pay for "
                "anything [[New trip]]."
            ),
        ),
        (
            "in German",
            "",
            "Warten Sie auf die Genehmigung, bevor Sie etwas bezahlen [[New trip]].",
        ),
    ),
    (
        (
            "How long does a new badge take?",
            "",
            "A new badge takes 3 days [[takes 3 days]].",
        ),
        (
            "what if I lose it?",
            "What do I have to do if I lose my badge?",
            "Report a lost badge to the security desk on the same day [[lost badge]].",
        ),
        (
            "how much is a replacement?",
            "How much does a replacement of a lost badge cost?",
            "A replacement costs 10 euros [[10 euros]].",
        ),
    ),
    (
        (
            "When does carried over leave expire?",
            "",
            "Unused days that are carried over expire on 31 March [[31 March]].",
        ),
        (
            "how many days can I carry over?",
            "How many unused days of leave can I carry into the next year?",
            "Up to 5 unused days can be carried into the next year [[Up to 5 unused]].",
        ),
        (
            "as bullet points",
            "",
            (
                "- Up to 5 unused days can be carried into the next year [[Up to 5 unused]].\n"
                "- They expire on 31 March [[31 March]]."
            ),
        ),
    ),
    (
        (
            "What is the command to create an SSH key?",
            "",
            (
                "Create the key with this command [[ssh-keygen]]:\n\n"
                '```\nssh-keygen -t ed25519 -C "work"\n```'
            ),
        ),
        ("thanks!", "", ""),
        (
            "auf Deutsch",
            "",
            (
                "Dieser Befehl erzeugt den Schlüssel [[ssh-keygen]]:\n\n"
                '```\nssh-keygen -t ed25519 -C "work"\n```'
            ),
        ),
    ),
    (
        (
            "How long is paid parental leave?",
            "",
            "Parents get 16 weeks of paid parental leave [[16 weeks]].",
        ),
        (
            "when do I have to apply?",
            "When do I have to apply for parental leave?",
            "Apply 8 weeks before the birth [[8 weeks before]].",
        ),
        (
            "and for contractors?",
            "How much parental leave do contractors get?",
            "Contractors may take the same time unpaid [[same time unpaid]].",
        ),
    ),
    (
        (
            "Who leads the Falcon team?",
            "",
            "Ann Lee leads the Falcon team [[Ann Lee leads]].",
        ),
        (
            "where does she work?",
            "Where does Ann Lee work?",
            "Ann Lee works in the Oslo office, in room 12 [[room 12]].",
        ),
        (
            "when does that office open?",
            "When does the Oslo office open?",
            "The Oslo office opens at 7:00 [[7:00]].",
        ),
    ),
    (
        (
            "What are the rules for passwords?",
            "",
            (
                "A password has at least 14 characters, and it must not contain your name "
                "[[14 characters]]."
            ),
        ),
        (
            "step by step",
            "",
            (
                "1. Choose a password with at least 14 characters [[14 characters]].\n"
                "2. It must not contain your name [[14 characters]].\n"
                "3. Use the password manager [[14 characters]]."
            ),
        ),
        ("in simple words", "", "A password has at least 14 characters [[14 characters]]."),
    ),
    (
        (
            "What is the training budget?",
            "",
            "Everybody has a training budget of 1,200 euros a year [[1,200 euros]].",
        ),
        (
            "who approves it?",
            "Who approves the courses of the training budget?",
            "The team lead approves courses [[approves courses]].",
        ),
        (
            "are exams paid too?",
            "Are exams paid from the training budget?",
            (
                "Exams are paid once [[Exams are paid once]]. A second try is at your own cost "
                "[[second try]]."
            ),
        ),
    ),
    (
        (
            "When is a doctor's note required?",
            "",
            "A doctor's note is required from the fourth day of sick leave [[fourth day]].",
        ),
        (
            "where do I send it?",
            "Where do I send the doctor's note?",
            "Send the note to the people desk [[people desk]].",
        ),
        (
            "translate that to French",
            "",
            "Envoyez le document au service du personnel [[people desk]].",
        ),
    ),
    (
        (
            "Which laptops can I choose?",
            "",
            "You may choose between a MacBook and a ThinkPad [[ThinkPad]].",
        ),
        (
            "how often are they replaced?",
            "How often are laptops replaced?",
            "Laptops are replaced every 4 years [[every 4 years]].",
        ),
        (
            "and when do I return mine?",
            "When do I return my laptop?",
            (
                "Return your laptop on your last day of work [[last day of work]]. "
                "Erase nothing before "
                "that [[Erase nothing]]."
            ),
        ),
    ),
)
CHANGES = (
    *("shorter", "as a table", "in one sentence", "in German", "as bullet points"),
    *("auf Deutsch", "step by step", "in simple words", "translate that"),
)


@pytest.mark.parametrize("turns", THREADS, ids=[one[0][0] for one in THREADS])
def test_three_turns_of_a_thread_are_answered_in_full(talk: Talk, turns: Turns) -> None:
    history: tuple[Turn, ...] = ()
    for message, question, reply in turns:
        talk.model.learns([reply] if reply else [], [question] if question else [])
        answer = talk.ask(message, history)

        if reply:
            assert_all_of_it_is_shown(answer, reply)
        else:
            assert answer.status is Status.CHAT
        if message.startswith(CHANGES):
            assert searched(answer) == []
            assert [one.kind for one in answer.trace][:1] == [StepKind.READ]
        elif question:
            assert searched(answer)[0] == question
        history += (
            Turn(role="user", text=message),
            Turn(role="assistant", text=answer.text, answer=answer),
        )

    assert not talk.model.answers
    assert not talk.model.rewritten


# The question, the searches that the model plans, what it asks for, its answer, its documents
HOPS = (
    (
        "In which room is the person who leads the team that maintains the payment service?",
        "SEARCH: payment service team\nSEARCH: Ann Lee room",
        (),
        "Ann Lee leads the Falcon team [[Ann Lee leads]] and works in room 12 [[room 12]].",
        {"teams.md", "people.md"},
    ),
    (
        "When does the office of the person who leads the Otter team open?",
        "",
        (),
        "Raj Patel works in the Lyon office [[room 40]], and it opens at 8:30 [[8:30]].",
        {"people.md", "offices.md"},
    ),
    (
        "In which data centre is the cluster of the payment service?",
        "",
        (),
        (
            "The payment service runs on the Borealis cluster [[runs on the Borealis]], "
            "which is in the "
            "Bergen data centre [[Bergen]]."
        ),
        {"services.md", "clusters.md"},
    ),
    (
        "On which day is the cluster of the search service updated?",
        "",
        ("SEARCH: Tundra cluster updated",),
        (
            "The search service runs on the Tundra cluster [[runs on the Tundra]]. The "
            "Tundra cluster is "
            "updated on Thursdays [[Thursdays]]."
        ),
        {"services.md", "clusters.md"},
    ),
    (
        "Who is the deputy of the lead of the Falcon team?",
        "",
        ("SEARCH: Ann Lee deputy",),
        "Ann Lee leads the Falcon team [[Ann Lee leads]], and her deputy is Tom Berg [[Tom Berg]].",
        {"teams.md", "people.md"},
    ),
    (
        "Compare the Oslo office with the Lyon office",
        "SEARCH: Oslo office\nSEARCH: Lyon office",
        (),
        (
            "| Office | Opens at |\n|---|---|\n| Oslo office | 7:00 [[7:00]] |\n"
            "| Lyon office | 8:30 [[8:30]] |"
        ),
        {"offices.md"},
    ),
    (
        "How long is parental leave and how much is the training budget?",
        "SEARCH: parental leave\nSEARCH: training budget",
        (),
        (
            "Parents get 16 weeks of paid parental leave [[16 weeks]]. Everybody has a "
            "training budget "
            "of 1,200 euros a year [[1,200 euros]]."
        ),
        {"leave.md", "training.md"},
    ),
    (
        "Where do I report a lost badge, and what else has to be reported there?",
        "SEARCH: report lost badge\nSEARCH: report incident security desk",
        ("READ: 1",),
        (
            "Report a lost badge to the security desk on the same day [[lost badge]]. "
            "Report an incident "
            "to the security desk within 1 hour [[within 1 hour]]."
        ),
        {"badges.md", "passwords.md"},
    ),
)


@pytest.mark.parametrize(
    ("question", "plan", "requests", "reply", "documents"), HOPS, ids=[one[0] for one in HOPS]
)
def test_question_over_several_places_is_answered_from_all_of_them(
    talk: Talk,
    question: str,
    plan: str,
    requests: tuple[str, ...],
    reply: str,
    documents: set[str],
) -> None:
    talk.model.learns([*requests, reply], [f"{question}\n{plan}"])

    answer = talk.ask(question)

    assert_all_of_it_is_shown(answer, reply)
    assert {one.document for one in answer.citations} == documents
    wanted = [line.removeprefix("SEARCH: ") for line in plan.splitlines()]
    wanted += [one.removeprefix("SEARCH: ") for one in requests if one.startswith("SEARCH")]
    assert set(wanted) <= set(searched(answer))
    assert talk.model.asked.count("answer") == 1 + len(requests)


@pytest.mark.parametrize(
    "text",
    [
        *("hi there", "thanks, that helped!", "what can you do?", "good morning"),
        *("are you there?", "that's wrong", "who are you?", "bye"),
    ],
)
def test_small_talk_costs_no_request(talk: Talk, text: str) -> None:
    answer = talk.ask(text)

    assert (answer.status, answer.citations) == (Status.CHAT, ())
    assert answer.text
    assert talk.model.asked == []
    assert searched(answer) == []


# The vague question, how the person chooses (None: by the label), and the reply
VAGUE = (
    ("How long does it take?", "1"),
    ("How much does it cost?", "the second one"),
    ("What is the limit?", None),
    ("How many days is it?", None),
    ("How do I request it?", "2"),
    ("What do I have to do?", "first"),
)


@pytest.mark.parametrize(("question", "choice"), VAGUE)
def test_question_that_names_nothing_is_asked_back_once_and_then_answered(
    talk: Talk, question: str, choice: str | None
) -> None:
    back = talk.ask(question)
    assert back.status is Status.CLARIFY, back.text
    assert 2 <= len(back.choices) <= 3
    assert talk.model.asked == []
    at = {"1": 0, "first": 0, "2": 1, "the second one": 1}.get(choice or "", 1)
    chosen = back.choices[at]
    (document,) = (name for name, text in HANDBOOK.items() if f"# {chosen.label}\n" in text)
    sentence = re.findall(r"^[A-Z][^.|`#\n]*\.", HANDBOOK[document], re.MULTILINE)[0]
    talk.model.learns([f"{sentence.rstrip('.')} [[{sentence}]]."], [chosen.question])
    history = (
        Turn(role="user", text=question),
        Turn(role="assistant", text=back.text, answer=back),
    )

    answer = talk.ask(choice or chosen.label, history)

    assert answer.status is Status.ANSWERED
    assert searched(answer)[0] == chosen.question
    assert {one.document for one in answer.citations} == {document}
