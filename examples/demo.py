"""`make demo`: index the examples, ask three questions, say what to type next."""

import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.rule import Rule

ROOT = Path(__file__).resolve().parents[1]
DATA_DIR = ".footnote-demo"
BUILD = f".venv/bin/footnote --data-dir {DATA_DIR} index build examples/documents"
QUESTIONS = (
    "How much of its computing capacity would OpenAI get from Project Stargate?",
    "What does exit status 2 mean?",
    "What will SoftBank pay per GPU?",
)
NEXT = """\
[bold]Next[/]
  Ask on           .venv/bin/footnote --data-dir .footnote-demo ask "Why diversify suppliers?"
  Your documents   .venv/bin/footnote index build path/to/your/folder
  Measure          make eval
  Into Slack       docs/handbook/slack.md"""


def shown_command(command: str, question: str) -> str:
    """Return the command that puts *question* to the index of the demo, to be copied.

    >>> shown_command("ask", "Who pays?")
    '.venv/bin/footnote --data-dir .footnote-demo ask "Who pays?"'
    """
    return f'.venv/bin/footnote --data-dir {DATA_DIR} {command} "{question}"'


def footnote(*arguments: str) -> int:
    """Run a command of the demo's own data directory and return its exit status."""
    command = [str(Path(sys.executable).with_name("footnote")), "--data-dir", DATA_DIR, *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own command


def _print_command(console: Console, command: str) -> None:
    console.print(f"$ {command}", style="bold", markup=False, soft_wrap=True)


def main() -> int:
    """Run the demo; the exit status is the first one that is not 0."""
    console = Console(highlight=False)
    _print_command(console, BUILD)
    status = footnote("index", "build", "examples/documents")
    for question in QUESTIONS:
        if status:
            return status
        console.print()
        _print_command(console, shown_command("ask", question))
        status = footnote("ask", question)
    console.print()
    console.print(Rule(align="left"))
    console.print(NEXT, soft_wrap=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
