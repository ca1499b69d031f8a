"""Show the results of a run as tables in the terminal."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from footnote_qa.eval.metrics import Summary
from footnote_qa.eval.reports.compare import Change, Comparison, Unclear
from footnote_qa.eval.reports.matrix import Tried, frontier, judged_by
from footnote_qa.eval.runs import Asked, RunResult
from footnote_qa.eval.types import Baseline

_MAX_NAMED = 3
_SHOWN_CHANGES = 5
_SHORT = {"bm25": "BM25", "minilm": "MiniLM"}


def run_table(result: RunResult) -> Table:
    """Return metric, value, interval and number of questions, next to other systems' scores."""
    # Text objects, not strings: Rich would take a name in square brackets for markup.
    title = Text(f"{result.set}, {_extent(result)}")
    shown = Table(title=title, caption=Text(_caption(result)))
    shown.add_column("metric")
    for heading in ("mean", "95 % interval", "n", *map(_short, result.baselines)):
        shown.add_column(Text(heading), justify="right")
    for name, summary in result.metrics.items():
        others = [value(name, b.scores.get(name)) for b in result.baselines]
        shown.add_row(name, *_cells(name, summary), *others)
    return shown


def comparison_table(found: Comparison) -> RenderableType:
    """Return each metric before and after, with the clearest losses and wins side by side."""
    shown = Table(title=Text(f"{found.before} → {found.after}"), caption=Text(_verdict(found)))
    shown.add_column("metric")
    for heading in ("before", "after", "change", "95 % interval", "p", "n", "margin"):
        shown.add_column(heading, justify="right")
    for name, change in found.differences.items():
        margin = found.margins.get(name)
        shown.add_row(
            Text(name + (" ↓" if found.metrics[name].lower_is_better else "")),
            value(name, change.before),
            value(name, change.after),
            _signed(name, change.mean),
            f"{_signed(name, change.low)} … {_signed(name, change.high)}",
            f"{change.p:.3f}",
            str(change.n),
            "" if margin is None else value(name, margin),
            style="red" if name in found.fell else "yellow" if name in found.unclear else "",
        )
    losses = [_side_by_side("lost", change) for change in found.losses[:_SHOWN_CHANGES]]
    wins = [_side_by_side("won", change) for change in found.wins[:_SHOWN_CHANGES]]
    return Group(shown, *losses, *wins)


def matrix_table(tried: Sequence[Tried]) -> Table:
    """Return one line per combination of settings; those on the frontier are marked."""
    best, names = frontier(tried), judged_by(tried)
    shown = Table(title="settings tried", caption="● no other one is better in every respect")
    shown.add_column("")
    for heading in tried[0].values:
        shown.add_column(Text(heading))
    for name in names:
        shown.add_column(Text(name), justify="right")
    shown.add_column("run")
    for one in tried:
        cells = [Text(str(chosen)) for chosen in one.values.values()]
        measured = [value(name, one.metrics[name].mean) for name in names]
        on_it = any(one is other for other in best)
        shown.add_row(
            "●" if on_it else "", *cells, *measured, one.run, style="" if on_it else "dim"
        )
    return shown


def _verdict(found: Comparison) -> str:
    counted = f"{len(found.wins)} questions went better, {len(found.losses)} worse"
    fell = ", ".join(found.fell)
    verdict = f"worse by more than the margin: {fell}" if fell else "nothing fell by its margin"
    if found.unclear and found.rule is not Unclear.PASSES:
        verdict += f" (metrics that are not clear: {found.rule})"
    lines = [verdict, counted, *_cost(found), "↓ lower is better", *found.notes]
    return "\n".join(lines)


def _cost(found: Comparison) -> list[str]:
    """Return what the change won beside what it costs in time, and the settings that differ."""
    changed = [f"{name}: {one} → {other}" for name, (one, other) in found.settings.items()]
    more = len(changed) - _MAX_NAMED
    told = "; ".join(changed[:_MAX_NAMED]) + (f"; and {more} more" if more > 0 else "")
    won = ", ".join(f"{name} {_signed(name, found.differences[name].mean)}" for name in found.won)
    lines = [f"settings: {told}"] if changed else []
    time = found.time
    if time is None or not time.before:
        return [*lines, f"won for certain: {won}"] if won else lines
    share = f"{(time.after / time.before - 1) * 100:+.0f} %"
    chance = "" if time.low > 0 or time.high < 0 else ", which may be chance"
    cost = f"an answer takes {time.before:.0f} → {time.after:.0f} ms ({share}{chance})"
    return [*lines, f"won for certain: {won or 'nothing'}; {cost}"]


def _side_by_side(what: str, change: Change) -> Panel:
    grid = Table.grid("", "", padding=(0, 2))
    grid.add_row(Text("before", style="dim"), Text("after", style="dim"))
    grid.add_row(Text(_said(change.before)), Text(_said(change.after)))
    by = ", ".join(f"{name} {_signed(name, by)}" for name, by in change.metrics.items())
    title = Text(visible(f"{what}: {change.after.question}"))
    return Panel(grid, title=title, title_align="left", subtitle=Text(by), expand=False)


def visible(text: str) -> str:
    r"""Return *text* on one line, without characters that could control the terminal.

    >>> visible("a\x1b[2Jb\nc")
    'a[2Jb c'
    """
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _said(asked: Asked) -> str:
    if asked.error:
        return visible(f"(failed: {asked.error})")
    if asked.status is None:
        found = ", ".join(spot.document for spot in asked.found[:_MAX_NAMED])
        return visible(found) or "(nothing found)"
    return visible(asked.answer or "") or "(refused)"


def _signed(name: str, number: float) -> str:
    return ("+" if number > 0 else "") + value(name, number)


def _extent(result: RunResult) -> str:
    asked, all_of_them = len(result.rows), result.settings["questions"]
    part = "" if asked == all_of_them else f" of {all_of_them}"
    return f"questions: {asked}{part}"


def _caption(result: RunResult) -> str:
    lines = [f"run {result.run}"]
    if result.failed:
        lines.append(f"{result.failed} failed; scores that could not be computed are in no mean")
    lines += _notes(result)
    if result.unknown:
        lines.append(f"not in the index, so not found: {_some(result.unknown)}")
    if result.baselines and len(result.rows) != result.settings["questions"]:
        lines.append("the others were measured on all questions of the set")
    return "\n".join(lines)


def _notes(result: RunResult) -> list[str]:
    notes, settings = [], result.settings
    if result.reused:
        notes.append(f"{result.reused} reused from earlier runs with the same index and code")
    if drafts := settings.get("drafts_left_out"):
        notes.append(f"{drafts} drafts left out: run `footnote eval review`")
    served = settings.get("served_at_the_end")
    if served and served != settings.get("generation"):
        notes.append(
            f"the index changed during the run: measured {settings.get('generation')}, "
            f"now {served} is in use"
        )
    return notes


def _some(documents: Sequence[str]) -> str:
    more = len(documents) - _MAX_NAMED
    return ", ".join(documents[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _cells(name: str, summary: Summary) -> tuple[str, str, str]:
    interval = f"{value(name, summary.low)} – {value(name, summary.high)}"
    return value(name, summary.mean), interval, str(summary.n)


def value(name: str, number: float | None) -> str:
    """Return *number* with the number of digits that suits the metric *name*; "" for None."""
    if number is None:
        return ""
    if name.startswith(("ms_", "search_ms_")) or name.endswith("_tokens"):
        return f"{number:.1f}"
    return f"{number:.5f}" if name == "cost_usd" else f"{number:.3f}"


def _short(baseline: Baseline) -> str:
    name = baseline.name.lower()
    return next((short for part, short in _SHORT.items() if part in name), baseline.name)
