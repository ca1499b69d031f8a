"""SVG plots of a run, small and identical for identical numbers."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, PercentFormatter, ScalarFormatter

from footnote_qa.eval.metrics import Summary, risk_coverage

_INK, _FAINT, _COLOURS = "#1f2933", "#d9dee5", ("#2f6f9f", "#c05621", "#4c7a34", "#7b4b94")
_SIZE = (5.4, 3.1)
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_STYLE = {
    "svg.fonttype": "none",  # text stays text: it can be read, searched and enlarged
    "svg.hashsalt": "footnote",  # the same numbers give the same bytes
    "font.family": "sans-serif",
    "font.sans-serif": ["system-ui", "Segoe UI", "Helvetica", "Arial", "DejaVu Sans"],
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One run on the line of a trend.

    Attributes:
        label: The text below it, such as a date.
        metrics: Its numbers.
    """

    label: str
    metrics: dict[str, Summary]


def risk_coverage_plot(points: Sequence[tuple[float, float]]) -> str:
    """Draw the share of wrong answers as fewer of the less confident ones are given.

    Args:
        points: Confidence and loss of each answer.
    """
    with _figure("answers given, most confident first", "share of them wrong") as (axes, svg):
        coverage, risk = risk_coverage(np.asarray(points, dtype=np.float64))
        axes.step(coverage, risk, where="post", color=_COLOURS[0], linewidth=1.8)
        axes.fill_between(coverage, risk, step="post", color=_COLOURS[0], alpha=0.12)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    return svg.getvalue()


def latency_plot(stages: Mapping[str, Sequence[float]]) -> str:
    """Draw the share of questions finished within a time, one line per stage.

    Args:
        stages: Milliseconds of each question, by stage.
    """
    with _figure("milliseconds", "questions done by then") as (axes, svg):
        for (name, times), colour in zip(stages.items(), _COLOURS, strict=False):
            ordered = np.sort(np.asarray(times, dtype=np.float64))
            share = np.arange(1, len(ordered) + 1) / len(ordered)
            axes.step(ordered, share, where="post", color=colour, linewidth=1.8, label=name)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="lower right")
    return svg.getvalue()


def trend_plot(points: Sequence[Point], names: Sequence[str]) -> str:
    """Draw metrics over runs with their intervals, the oldest run first."""
    with _figure("run", "") as (axes, svg):
        for name, colour in zip(names, _COLOURS, strict=False):
            at = [number for number, point in enumerate(points) if name in point.metrics]
            found = [points[number].metrics[name] for number in at]
            means = [each.mean for each in found]
            axes.fill_between(
                at, [s.low for s in found], [s.high for s in found], color=colour, alpha=0.12
            )
            axes.plot(at, means, marker="o", markersize=4, color=colour, label=name)
        axes.set_xticks(range(len(points)))
        axes.set_xticklabels([point.label for point in points], parse_math=False, fontsize=8)
        axes.set_ylim(0, 1.02)
        axes.legend(loc="lower right")
    return svg.getvalue()


@contextmanager
def _figure(x: str, y: str) -> Iterator[tuple[Axes, io.StringIO]]:
    svg = io.StringIO()
    # matplotlib lists every key in a type that it does not export
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.add_subplot()
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        yield axes, svg
        whole = io.StringIO()
        figure.savefig(whole, format="svg", metadata=_NO_METADATA, transparent=True)
    # The text before the element belongs to a separate file, not to a part of a page.
    text = whole.getvalue()
    svg.write(text[text.index("<svg") :])
