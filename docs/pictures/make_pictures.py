"""Make the pictures of the README from real answers: `make pictures` (needs node and chromium)."""

import json
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot import wiring
from bot.console import answer_view
from bot.settings import load
from bot.slack.blocks import answer_message
from bot.types import Answer, Question

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
    messages = [
        {"name": "Footnote", "blocks": list(answer_message(answer, now=datetime.now(UTC)).blocks)}
        for answer in answers
    ]
    page = subprocess.run(  # noqa: S603 - our own script
        [_program("node"), str(HERE / "render.mjs")],
        input=json.dumps(messages),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(page, encoding="utf-8")
        subprocess.run(  # noqa: S603 - our own page
            [
                _program("chromium"),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--hide-scrollbars",
                "--force-device-scale-factor=2",
                "--window-size=760,650",
                f"--user-data-dir={folder}/profile",
                f"--screenshot={HERE / 'slack.png'}",
                path.as_uri(),
            ],
            check=True,
            capture_output=True,
        )


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        sys.exit(f"{name} is needed for the pictures: install it, or keep those that are there")
    return found


def main() -> None:
    """Ask the demo's questions and make both pictures."""
    settings = load(data_dir=ROOT / ".footnote-demo")
    engine = wiring.engine(settings, wiring.live_index(settings))
    answers = [engine.ask(Question(text=question)) for question in QUESTIONS]
    terminal(answers)
    slack(answers)


if __name__ == "__main__":
    main()
