"""Answers, sources and passages as the terminal shows them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from footnote_qa.bot.citations import repeats
from footnote_qa.bot.cli.markdown_view import AnswerMarkdown
from footnote_qa.bot.cli.pipes import PIPE_COLUMNS, without_trailing_blanks
from footnote_qa.bot.types import Answer, Status
from footnote_qa.index.chunking import path_below, plain
from footnote_qa.index.types import Chunk, Passage

_QUOTE_CHARS = 280
_DAY_S = 86_400
_AGES = ((365, "year"), (30, "month"), (7, "week"), (1, "day"))
_GREEN, _YELLOW, _RED = "bold green", "bold yellow", "bold red"
_LOOK = {
    Status.ANSWERED: ("●", _GREEN),
    Status.CHAT: ("●", _GREEN),
    Status.CLARIFY: ("?", _YELLOW),
    Status.NOT_FOUND: ("○", _YELLOW),
    Status.UNSUPPORTED: ("○", _YELLOW),
    Status.FAILED: ("✕", _RED),
}


def age(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago *moment* was, in words.

    >>> age(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 15, tzinfo=UTC))
    '2 weeks ago'
    """
    days = ((now or datetime.now(UTC)) - moment).total_seconds() / _DAY_S
    for length, name in _AGES:
        count = int(days // length)
        if count >= 1:
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "today"


def place(page: int | None, heading: tuple[str, ...]) -> str:
    """Return the place of a text in its document, in words; "" if nothing is known.

    >>> place(3, ("Money", "Who pays"))
    'page 3, Money › Who pays'
    """
    parts = [f"page {page}"] if page is not None else []
    if heading:
        parts.append(" › ".join(heading[-2:]))
    return ", ".join(parts)


def shortened(text: str, limit: int = _QUOTE_CHARS) -> str:
    """Return *text* on one line, cut at a word.

    >>> shortened("one two  three", 9)
    'one two …'
    """
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0] + " …"


def answer_view(answer: Answer, *, quotes: bool = False) -> RenderableType:
    """Return an answer for the terminal: its sentences, then its sources.

    Args:
        answer: The answer.
        quotes: Show the quote of every source, also where the answer says the same words.
    """
    mark, style = _LOOK[answer.status]
    if answer.status is Status.CHAT:
        return _marked(mark, style, Text(answer.text))
    if answer.status is Status.CLARIFY:
        return Group(_marked(mark, style, Text(answer.text)), Text(), _choices(answer))
    parts: list[RenderableType] = []
    if answer.text:
        parts.append(_marked(mark, style, AnswerMarkdown(answer.text, answer.highlights)))
    if answer.message and (answer.status is not Status.ANSWERED or not answer.text):
        parts.append(_marked(mark, style, Text(answer.message)))
    elif answer.message:
        parts.append(Padding(Text(answer.message, style="yellow"), (0, 0, 0, 2)))
    if answer.citations:
        parts += [Text(), _sources(answer, quotes=quotes)]
    if answer.nearest:
        parts += [
            Text(),
            Text("  The closest passages", style="bold"),
            passages_view(answer.nearest),
        ]
    parts += [Text(), _footer(answer)]
    return Group(*parts)


def _choices(answer: Answer) -> RenderableType:
    """Return what the question may mean: in a chat, a number chooses; else a complete question."""
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", width=5)
    table.add_column()
    for at, choice in enumerate(answer.choices, 1):
        table.add_row(Text(f"{at}.", style="bold cyan"), Text(choice.question))
    return table


def _marked(mark: str, style: str, text: RenderableType) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_row(Text(mark, style=style), text)
    return table


def _sources(answer: Answer, *, quotes: bool) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", width=5)
    table.add_column()
    for citation in answer.citations:
        head = Text(citation.title, style="bold")
        where = place(citation.page, path_below(citation.title, citation.heading))
        if where:
            head.append(f"  {where}", style="not bold")
        head.append(f"  {citation.document}", style="not bold dim")
        if citation.modified_at is not None:
            head.append(f", {age(citation.modified_at)}", style="not bold dim")
        table.add_row(Text(f"[{citation.label}]", style="bold cyan"), head)
        if quotes or not repeats(answer.text, citation.quote):
            table.add_row("", Text(f"“{shortened(plain(citation.quote))}”", style="italic"))
        if citation.url:
            table.add_row("", Text(citation.url, style=f"blue link {citation.url}"))
    return table


def passages_view(
    passages: tuple[Passage, ...], *, text_chars: int = _QUOTE_CHARS
) -> RenderableType:
    """Return passages, best first, each with its place and the start of its text."""
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", width=5)
    table.add_column()
    for passage in passages:
        table.add_row(Text(f"{passage.rank}.", style="bold"), _passage_head(passage.chunk))
        table.add_row("", Text(shortened(plain(passage.chunk.text), text_chars), style="dim"))
    return table


def _passage_head(chunk: Chunk) -> Text:
    head = Text(chunk.title, style="bold")
    where = place(chunk.page, path_below(chunk.title, chunk.heading))
    if where:
        head.append(f"  {where}", style="not bold")
    head.append(f"  {PurePosixPath(chunk.document)}", style="not bold dim")
    return head


def _footer(answer: Answer) -> Text:
    parts = []
    if answer.generation and answer.indexed_at is not None:
        built = answer.indexed_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        parts.append(f"index {answer.generation} of {built}")
    if answer.answerer:
        parts.append(
            f"answered {answer.answerer}" if answer.answerer == "offline" else answer.answerer
        )
    parts.append(f"{answer.ms:.0f} ms")
    if answer.status is Status.FAILED:
        parts.append(f"reference {answer.reference}")
    return Text("  " + " · ".join(parts), style="dim")


def stdout() -> Console:
    """Return the console for results: as wide as the terminal, or without line breaks in a pipe."""
    if sys.stdout.isatty():
        return Console(highlight=False, soft_wrap=False)
    file = without_trailing_blanks(sys.stdout)
    return Console(file=file, width=PIPE_COLUMNS, highlight=False, soft_wrap=False)


def stderr() -> Console:
    """Return the console for everything that is not a result."""
    return Console(stderr=True, highlight=False)


_STEPS = {
    "reading": "Reading files",
    "parsing": "Parsing documents",
    "embedding": "Embedding chunks",
    "writing": "Writing",
    "checking": "Checking",
}


class _Rate(ProgressColumn):
    """The rate, per second."""

    def render(self, task: Task) -> Text:
        """Return the rate, once it is known."""
        rate = task.finished_speed or task.speed
        return Text("" if not rate else f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s")  # noqa: PLR2004 - two digits


def _bar(*, hidden: bool) -> Progress:
    return Progress(
        TextColumn("{task.description:<18}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=stderr(),
        disable=hidden,
    )


@contextmanager
def build_progress(*, hidden: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show each step of a build as a bar with what is left of it."""
    tasks: dict[str, TaskID] = {}
    with _bar(hidden=hidden) as bar:

        def finish_others(step: str) -> None:
            for name, task in tasks.items():
                if name != step:  # an earlier step is over: its bar is full
                    count = next(t.completed for t in bar.tasks if t.id == task) or 1
                    bar.update(task, total=count, completed=count)

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(_STEPS.get(step, step), total=None)
            finish_others(step)
            bar.update(tasks[step], completed=done, total=total or None)

        yield show
        finish_others("")


@contextmanager
def question_progress(*, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how many questions have been asked, and the time left."""
    with _bar(hidden=hidden) as bar:
        task = bar.add_task("Asking", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield show
