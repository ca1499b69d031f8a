"""An answer in the terminal: its sources, and the quotes that it does not already say."""

from rich.console import Console

from bot.cli.console import answer_view
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
