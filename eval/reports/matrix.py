"""Try several combinations of settings and find the best trade-offs."""

import itertools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from footnote_qa.eval.errors import ChoiceError
from footnote_qa.eval.metrics import METRICS, Summary

Values = Mapping[str, object]

QUALITY = ("contains_answer", "citation_precision", "ndcg@10")
"""Quality of a run: the first of these that was measured in all runs and is not all 0."""
PRICE = ("refusal_recall", "ms_p50", "cost_usd")
"""Costs that can make up for a run's lower quality."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One combination of settings and its results.

    Attributes:
        values: The settings, such as `{"search.k": 4}`.
        run: Id of the run.
        metrics: By name.
    """

    values: Values
    run: str
    metrics: Mapping[str, Summary]


def combinations(axes: Sequence[str]) -> list[dict[str, object]]:
    """Return every combination of the values in *axes*.

    Values are read as TOML, or as plain text if they are not valid TOML.

    Raises:
        ChoiceError: An axis has no name or no values, or occurs twice.

    >>> combinations(["search.k=4,8", "index.model=embedded"])[1]
    {'search.k': 8, 'index.model': 'embedded'}
    """
    named: dict[str, list[object]] = {}
    for axis in axes:
        name, _, values = axis.partition("=")
        name = name.strip()
        found = [_value(value.strip()) for value in values.split(",") if value.strip()]
        if not name or not found or name in named:
            raise ChoiceError(
                f"{axis!r}: write a setting once, with its values, as search.k=4,8,16"
            )
        named[name] = found
    return [dict(zip(named, chosen, strict=True)) for chosen in itertools.product(*named.values())]


def judged_by(tried: Sequence[Tried]) -> list[str]:
    """Return the metrics that define the frontier: quality first, then costs."""
    common = [name for name in METRICS if all(name in one.metrics for one in tried)]
    told = [name for name in common if any(one.metrics[name].mean for one in tried)]
    quality = [name for name in QUALITY if name in told][:1]
    return quality + [name for name in PRICE if name in common]


def frontier(tried: Sequence[Tried]) -> list[Tried]:
    """Return the runs that no other beats: at least as good in everything, better in something."""
    names = judged_by(tried)
    scores = [[_goodness(one, name) for name in names] for one in tried]
    return [
        one
        for one, own in zip(tried, scores, strict=True)
        if not any(_dominates(other, own) for other in scores)
    ]


def _dominates(other: Sequence[float], own: Sequence[float]) -> bool:
    return other != own and all(a >= b for a, b in zip(other, own, strict=True))


def _goodness(one: Tried, name: str) -> float:
    mean = one.metrics[name].mean
    return -mean if METRICS[name].lower_is_better else mean


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
