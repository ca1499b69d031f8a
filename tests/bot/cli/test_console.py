"""An answer in the terminal: its sources, and the quotes that it does not already say."""

from dataclasses import replace
from decimal import Decimal

from rich.console import Console

from footnote_qa.bot.cli.console import answer_view
from footnote_qa.bot.json_output import answer_json
from footnote_qa.bot.trace import Step, StepKind
from footnote_qa.bot.types import Answer, Choice, Status
from tests.fakes.searcher_for_eval import answer, citation

QUOTE = "Employees get 30 days of leave."


def printed(text: str, *, quotes: bool = False) -> str:
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(answer_view(answer(text, citation("leave.md", quote=QUOTE)), quotes=quotes))
    return captured.get()


def test_a_quote_that_is_the_answer_itself_is_not_printed_twice() -> None:
    shown = printed("Employees get 30 days of leave [1].")

    assert shown.count("30 days") == 1
    assert "leave.md" in shown


def test_a_quote_is_printed_where_the_answer_uses_other_words() -> None:
    assert f"“{QUOTE}”" in printed("You have thirty days a year [1].")


def test_every_quote_is_printed_if_asked_for() -> None:
    assert f"“{QUOTE}”" in printed("Employees get 30 days of leave [1].", quotes=True)


def asking_back() -> Answer:
    back = answer("Do you mean “Leave” or “Travel”?")
    choices = tuple(
        Choice(label=label, question=f"How long does it take? ({label})")
        for label in ("Leave", "Travel")
    )
    return replace(back, status=Status.CLARIFY, citations=(), choices=choices)


def test_a_question_back_lists_the_completed_questions() -> None:
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(answer_view(asking_back()))

    shown = captured.get()
    assert "Do you mean “Leave” or “Travel”?" in shown
    assert "1. How long does it take? (Leave)" in shown
    assert "2. How long does it take? (Travel)" in shown


def test_choices_and_steps_are_in_the_json() -> None:
    step = Step(
        kind=StepKind.MODEL,
        ms=12.5,
        counts={"input_tokens": 120},
        names={"provider": "main", "purpose": "answer"},
        cost_usd=Decimal("0.25"),
    )

    made = answer_json(replace(asking_back(), trace=(step,)))

    assert made["status"] == "clarify"
    assert made["choices"] == [
        {"label": "Leave", "question": "How long does it take? (Leave)"},
        {"label": "Travel", "question": "How long does it take? (Travel)"},
    ]
    assert made["trace"] == [
        {
            "step": "model",
            "detail": "",
            "input_tokens": 120,
            "provider": "main",
            "purpose": "answer",
            "cost_usd": 0.25,
            "ms": 12.5,
        }
    ]
