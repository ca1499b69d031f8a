"""Small plots as inline SVG: bars and lines over weeks, without a script or a style."""

from collections.abc import Sequence
from html import escape
from typing import Final

from markupsafe import Markup

from footnote_qa.bot.languages import tr

_WIDTH: Final = 320
_HEIGHT: Final = 104
_TOP: Final = 14
_FOOT: Final = 4
_GAP: Final = 0.28
_SPARK_WIDTH: Final = 96
_SPARK_HEIGHT: Final = 24


def bars(values: Sequence[float], *, name: str, names: Sequence[str]) -> Markup:
    """Return a bar for each value, with its name and value as a tooltip.

    Args:
        values: 0 or more each.
        name: What the plot shows, for screen readers.
        names: Of each bar, as a person reads it, such as "week of 2 March: 12".

    >>> bars([1, 0], name="n", names=["a: 1", "b: 0"]).count("<rect")
    2
    """
    most = max([*values, 1e-9])
    step = _WIDTH / max(1, len(values))
    drawn = [
        _bar(at * step + step * _GAP / 2, value / most, width=step * (1 - _GAP), title=title)
        for at, (value, title) in enumerate(zip(values, names, strict=True))
    ]
    base = _HEIGHT - _FOOT
    line = f'<line class="axis" x1="0" y1="{base}" x2="{_WIDTH}" y2="{base}"/>'
    if any(values):
        most_words = tr("{n} at most").format(n=f"{max(values):.3g}")
        line += f'<text class="most" x="0" y="10">{escape(most_words)}</text>'
    return _svg("".join(drawn) + line, name, width=_WIDTH, height=_HEIGHT)


def _bar(x: float, share: float, *, width: float, title: str) -> str:
    full = _HEIGHT - _FOOT - _TOP - 4
    height = max(1.0 if share > 0 else 0.0, share * full)
    y = _HEIGHT - _FOOT - height
    return (
        f'<rect class="bar-of" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        f' rx="2"><title>{escape(title)}</title></rect>'
    )


def spark(values: Sequence[float], *, name: str) -> Markup:
    """Return a small line through the values.

    >>> 'points="2.0,22.0 94.0,2.0"' in spark([0, 3], name="more")
    True
    """
    most = max([*values, 1e-9])
    step = (_SPARK_WIDTH - 4) / max(1, len(values) - 1)
    points = " ".join(
        f"{2 + at * step:.1f},{_SPARK_HEIGHT - 2 - value / most * (_SPARK_HEIGHT - 4):.1f}"
        for at, value in enumerate(values)
    )
    return _svg(
        f'<polyline class="line" points="{points}"/>',
        name,
        width=_SPARK_WIDTH,
        height=_SPARK_HEIGHT,
    )


def _svg(inside: str, name: str, *, width: int, height: int) -> Markup:
    kind = "plot" if width == _WIDTH else "spark"
    return Markup(  # noqa: S704 - every text in it is escaped
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{escape(name)}">{inside}</svg>'
    )
