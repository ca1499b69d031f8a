"""Make the pictures of the README from real answers: `make pictures` (needs node and chromium)."""

import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from rich.console import Console
from rich.text import Text
from shots import shoot  # beside this file, wherever it is run

from footnote_qa.bot import composition
from footnote_qa.bot.cli.console import answer_view
from footnote_qa.bot.settings import load
from footnote_qa.bot.slack.messages.blocks import Frame, answer_message
from footnote_qa.bot.types import Answer, Question

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
QUESTIONS = (
    "How much of its computing capacity would OpenAI get from Project Stargate?",
    "What will SoftBank pay per GPU?",
)


def terminal(answers: list[Answer]) -> None:
    """Write what `footnote ask` shows into terminal.svg."""
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=96, file=nowhere, highlight=False)
        for question, answer in zip(QUESTIONS, answers, strict=True):
            console.print(Text(f'$ footnote ask "{question}"', style="bold"))
            console.print(answer_view(answer))
            console.print()
    console.save_svg(str(HERE / "terminal.svg"), title="footnote", unique_id="footnote")


def slack(answers: list[Answer]) -> None:
    """Write what the bot posts, rendered in a browser, into slack.png."""
    frame = Frame(now=datetime.now(UTC), question_id="q1", helper=True)
    messages = [
        {"name": "Footnote", "blocks": list(answer_message(answer, frame).blocks)}
        for answer in answers
    ]
    shoot("slack", messages)


def main() -> None:
    """Ask the demo's questions and make both pictures."""
    settings = load(data_dir=ROOT / ".footnote-demo")
    engine = composition.engine(settings, composition.live_index(settings))
    answers = [engine.ask(Question(text=question)) for question in QUESTIONS]
    terminal(answers)
    slack(answers)


if __name__ == "__main__":
    main()
