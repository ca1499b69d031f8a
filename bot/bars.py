"""Progress bars on standard error, for builds and for evaluation runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
from rich.text import Text

from bot.console import stderr

_STEPS = {
    "reading": "Reading files",
    "parsing": "Parsing documents",
    "embedding": "Embedding chunks",
    "writing": "Writing",
    "checking": "Checking",
}


class _Rate(ProgressColumn):
    """How many a second."""

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
