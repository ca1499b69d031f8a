"""Prometheus metrics of the bot."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from bot.state import Outcome

BUCKETS_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)

_HELP: Final = {
    "footnote_running": "Questions in progress",
    "footnote_waiting": "Questions that wait",
    "footnote_connected": "Whether the bot is connected to Slack",
    "footnote_index_age_seconds": "Age of the index in use",
}


class Meter:
    """Counts events since the process began."""

    def __init__(self) -> None:
        self._outcomes: Counter[Outcome] = Counter()
        self._within: Counter[float] = Counter()
        self._seconds = 0.0

    def count(self, outcome: Outcome, seconds: float) -> None:
        """Count a question with its outcome and the seconds since it arrived."""
        self._outcomes[outcome] += 1
        self._seconds += seconds
        self._within.update(bucket for bucket in BUCKETS_S if seconds <= bucket)

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return all metrics, one per line."""
        return "\n".join([*self._lines(gauges), ""])

    def _lines(self, gauges: Mapping[str, float]) -> Iterator[str]:
        yield "# HELP footnote_questions_total Questions by outcome"
        yield "# TYPE footnote_questions_total counter"
        for outcome in Outcome:
            yield f'footnote_questions_total{{outcome="{outcome}"}} {self._outcomes[outcome]}'
        name, count = "footnote_question_seconds", self._outcomes.total()
        yield f"# HELP {name} Time from the arrival of a question to its end"
        yield f"# TYPE {name} histogram"
        for bucket in BUCKETS_S:
            yield f'{name}_bucket{{le="{bucket}"}} {self._within[bucket]}'
        yield f'{name}_bucket{{le="+Inf"}} {count}'
        yield f"{name}_sum {self._seconds:.3f}"
        yield f"{name}_count {count}"
        for gauge, value in gauges.items():
            yield f"# HELP {gauge} {_HELP[gauge]}"
            yield f"# TYPE {gauge} gauge"
            yield f"{gauge} {value:g}"
