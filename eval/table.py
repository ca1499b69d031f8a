"""The result of a run, as a person reads it in the terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from eval.run import RunResult
from eval.stats import Summary
from eval.types import Baseline

_MAX_NAMED = 3
_SHORT = {"bm25": "BM25", "minilm": "MiniLM"}


def table(result: RunResult) -> Table:
    """Return metric, value, interval and number of questions, with what others score beside it."""
    # Text, not strings: a name in square brackets would be taken for mark-up.
    title = Text(f"{result.set}, {_extent(result)}")
    shown = Table(title=title, caption=Text(_caption(result)))
    shown.add_column("metric")
    for heading in ("mean", "95 % interval", "n", *map(_short, result.baselines)):
        shown.add_column(Text(heading), justify="right")
    for name, summary in result.metrics.items():
        others = [_value(name, b.scores.get(name)) for b in result.baselines]
        shown.add_row(name, *_cells(name, summary), *others)
    return shown


def _extent(result: RunResult) -> str:
    asked, all_of_them = len(result.rows), result.settings["questions"]
    part = "" if asked == all_of_them else f" of {all_of_them}"
    return f"questions: {asked}{part}"


def _caption(result: RunResult) -> str:
    lines = [f"run {result.run}"]
    if result.failed:
        lines.append(f"{result.failed} failed: what could not be scored is in no mean")
    lines += _notes(result)
    if result.unknown:
        lines.append(f"not in the index, so never found: {_some(result.unknown)}")
    if result.baselines and len(result.rows) != result.settings["questions"]:
        lines.append("the others were measured on all questions of the set")
    return "\n".join(lines)


def _notes(result: RunResult) -> list[str]:
    notes, settings = [], result.settings
    if result.reused:
        notes.append(f"{result.reused} taken over from earlier runs with the same index and code")
    if drafts := settings.get("drafts_left_out"):
        notes.append(f"{drafts} drafts left out: run `footnote eval review`")
    served = settings.get("served_at_the_end")
    if served and served != settings.get("generation"):
        notes.append(
            f"the index changed while the run went on: measured {settings.get('generation')}, "
            f"now {served} is served"
        )
    return notes


def _some(documents: Sequence[str]) -> str:
    more = len(documents) - _MAX_NAMED
    return ", ".join(documents[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _cells(name: str, summary: Summary) -> tuple[str, str, str]:
    interval = f"{_value(name, summary.low)} – {_value(name, summary.high)}"
    return _value(name, summary.mean), interval, str(summary.n)


def _value(name: str, number: float | None) -> str:
    if number is None:
        return ""
    if name.startswith(("ms_", "search_ms_")) or name.endswith("_tokens"):
        return f"{number:.1f}"
    return f"{number:.5f}" if name == "cost_usd" else f"{number:.3f}"


def _short(baseline: Baseline) -> str:
    name = baseline.name.lower()
    return next((short for part, short in _SHORT.items() if part in name), baseline.name)
