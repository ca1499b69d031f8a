"""Prometheus metrics of the bot."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from footnote_qa.bot.state import Outcome

BUCKETS_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)

_HELP: Final = {
    "footnote_running": "Questions in progress",
    "footnote_waiting": "Questions that wait",
    "footnote_state_up": "Whether the database of the state can be reached",
    "footnote_ready": "Whether the bot can answer now",
    "footnote_connected": "Whether the bot is connected to Slack",
    "footnote_index_age_seconds": "Age of the index in use",
    "footnote_index_store_reachable": "Whether the last look into the index store succeeded",
    "footnote_index_store_seconds": "Time since the index store was last looked into",
    "footnote_source_age_seconds": "Time since the last sync of a source that succeeded",
    "footnote_source_faults": "Faults of the last sync of a source",
    "footnote_source_items": "Items of a source",
    "footnote_source_broken": "Items of a source that could not be fetched",
}

# They would add a gauge `…_created` to every counter. The library has no types for this function.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Meter:
    """Counts events since the process began."""

    def __init__(self) -> None:
        # A registry of its own: without Python's and the process's figures, and one for each bot.
        self._registry = CollectorRegistry()
        self._outcomes = Counter(
            "footnote_questions", "Questions by outcome", ["outcome"], registry=self._registry
        )
        for outcome in Outcome:
            self._outcomes.labels(outcome)  # shown as 0 before the first one
        self._seconds = Histogram(
            "footnote_question_seconds",
            "Time from the arrival of a question to its end",
            buckets=BUCKETS_S,
            registry=self._registry,
        )

    def count(self, outcome: Outcome, seconds: float) -> None:
        """Count a question with its outcome and the seconds since it arrived."""
        self._outcomes.labels(outcome).inc()
        self._seconds.observe(seconds)

    def text(
        self,
        gauges: Mapping[str, float],
        sources: Mapping[str, Mapping[str, float]] | None = None,
    ) -> str:
        """Return all metrics in the text format of Prometheus, version 0.0.4.

        Args:
            gauges: Values of this moment, by the name of the metric.
            sources: The same for each source: by the name of the metric, then of the source.
        """
        now = CollectorRegistry()
        for name, value in gauges.items():
            Gauge(name, _HELP[name], registry=now).set(value)
        for name, by_source in (sources or {}).items():
            gauge = Gauge(name, _HELP[name], ["source"], registry=now)
            for source, value in by_source.items():
                gauge.labels(source).set(value)
        return (generate_latest(self._registry) + generate_latest(now)).decode()
