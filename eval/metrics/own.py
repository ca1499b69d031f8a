"""Metrics of other packages: loaded for a run, and described in its record for comparisons."""

import logging
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from footnote_qa.bot.types import Answer
from footnote_qa.errors import PluginError
from footnote_qa.eval.metrics.catalogue import METRICS, Metric
from footnote_qa.eval.types import Case
from footnote_qa.plugins.evaluation_contracts import MetricPlugin
from footnote_qa.plugins.registry import Kind, code_digest, make, target_of

log = logging.getLogger(__name__)

OWN = "own_metrics"
"""Name under which the settings of a run describe them."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMetric:
    """A metric of another package.

    Attributes:
        metric: Its name, direction and margin.
        target: Its object, as `module:attribute`.
        code: Digest of its code: rows that other code measured are not reused.
        plugin: Scores an answer.
    """

    metric: Metric
    target: str
    code: str
    plugin: MetricPlugin

    def score(self, case: Case, answer: Answer) -> float | None:
        """Return the score of an answer; None if there is none, or the metric fails."""
        try:
            found: object = self.plugin.score(case, answer)
        except Exception:  # a metric that fails is a score that is missing, not a failed question
            told = {"metric": self.metric.name, "question_id": case.id}
            log.exception("own metric failed", extra=told)
            return None
        if found is None:
            return None
        if not isinstance(found, int | float) or not math.isfinite(found):
            told = {"metric": self.metric.name, "returned": f"{found!r:.40}"}
            log.error("own metric returned no number", extra=told)
            return None
        return float(found)


def own_metrics(references: Iterable[str]) -> list[OwnMetric]:
    """Return the metrics that *references* name.

    Raises:
        PluginError: One cannot be loaded, or its name is taken or not usable.
    """
    found: dict[str, OwnMetric] = {}
    for reference in references:
        plugin = cast("MetricPlugin", make(Kind.METRIC, reference, {}))
        one = _described(plugin, target_of(Kind.METRIC, reference))
        if one.metric.name in {*METRICS, *found}:
            raise PluginError(f"the metric {reference} is called {one.metric.name}: it is taken")
        found[one.metric.name] = one
    return list(found.values())


def _described(plugin: MetricPlugin, target: str) -> OwnMetric:
    name: object = getattr(plugin, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(f"the metric {target} needs a name such as answer_words, not {name!r}")
    margin: object = getattr(plugin, "margin", None)
    if not (margin is None or (isinstance(margin, int | float) and margin >= 0)):
        raise PluginError(f"the metric {target} has the margin {margin!r}: use a number or None")
    metric = Metric(
        name=name,
        columns=(name,),
        lower_is_better=bool(getattr(plugin, "lower_is_better", False)),
        margin=margin,
    )
    return OwnMetric(metric=metric, target=target, code=code_digest(target), plugin=plugin)


def description(metrics: Sequence[OwnMetric]) -> dict[str, object]:
    """Return what the record of a run says about its own metrics; empty without any."""
    if not metrics:
        return {}
    return {
        OWN: {
            one.metric.name: {
                "lower_is_better": one.metric.lower_is_better,
                "margin": one.metric.margin,
                "plugin": one.target,
                "code": one.code,
            }
            for one in metrics
        }
    }


def metrics_of(settings: Mapping[str, object]) -> dict[str, Metric]:
    """Return all metrics of a run with these settings: ours, then its own."""
    told = settings.get(OWN)
    own = {
        str(name): Metric(
            name=str(name),
            columns=(str(name),),
            lower_is_better=bool(fields.get("lower_is_better")),
            margin=margin if isinstance(margin := fields.get("margin"), int | float) else None,
        )
        for name, fields in (told.items() if isinstance(told, dict) else ())
        if isinstance(fields, dict) and name not in METRICS
    }
    return METRICS | own
