"""Compare two evaluation runs question by question; the promotion gate uses the same comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property

from footnote_qa.eval.errors import ChoiceError, RunError
from footnote_qa.eval.metrics import (
    Difference,
    Metric,
    difference,
    holm,
    metrics_of,
    questions_needed,
)
from footnote_qa.eval.runs import Asked, Json, RunRecord

_SAME = 1e-9
_TIME = "ms_p50"
_TOLD = 3
Pair = tuple[Asked, Asked]


class Unclear(StrEnum):
    """The verdict on a metric whose interval holds falls below and beyond its margin."""

    PASSES = "pass"
    MEAN = "mean"  # it fell if its mean did
    FAILS = "fail"


class Verdict(StrEnum):
    """The verdict on a metric that has a margin."""

    HELD = "held"
    FELL = "fell"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A question that went better or worse.

    Attributes:
        before: Its outcome in the first run.
        after: Its outcome in the second.
        metrics: By how much each of its scores changed; unchanged ones are left out.
        gain: Their sum; positive is better.
    """

    before: Asked
    after: Asked
    metrics: Mapping[str, float]
    gain: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The changes from one run to another.

    Attributes:
        before: Id of the first run.
        after: Id of the second.
        differences: By metric; a metric without a question scored in both runs is absent.
        margins: How much worse each metric may become.
        fell: Metrics for which the comparison fails: they became worse by more than their margin,
            with the entire interval of the change; or they are unclear and *rule* fails them.
        tags: Differences for the questions of each tag.
        wins: Questions that went better, the clearest first.
        losses: Questions that went worse, the clearest first.
        notes: Caveats for the reader of the numbers.
        metrics: All metrics of both runs, by name.
        adjusted: The p of each metric with a margin, corrected for their number by Holm's method.
        unclear: Metrics that may or may not have fallen by more than their margin for all that
            these questions show, and how many questions would show it.
        rule: What becomes of unclear metrics.
        settings: Settings of the two runs that differ, each with both values.
    """

    before: str
    after: str
    differences: Mapping[str, Difference]
    margins: Mapping[str, float]
    fell: tuple[str, ...]
    tags: Mapping[str, Mapping[str, Difference]]
    wins: tuple[Change, ...]
    losses: tuple[Change, ...]
    notes: tuple[str, ...]
    metrics: Mapping[str, Metric]
    adjusted: Mapping[str, float]
    unclear: Mapping[str, int]
    rule: Unclear
    settings: Mapping[str, tuple[str, str]]

    @property
    def passed(self) -> bool:
        """Whether no metric fell by more than its margin."""
        return not self.fell

    def verdict(self, name: str) -> Verdict | None:
        """Return the verdict on a metric; None if it has no margin."""
        if name not in self.margins:
            return None
        if name in self.unclear:
            return Verdict.UNCLEAR
        return Verdict.FELL if name in self.fell else Verdict.HELD

    @cached_property
    def won(self) -> tuple[str, ...]:
        """Metrics that became better, with the entire interval of the change."""
        return tuple(
            name
            for name, found in self.differences.items()
            if name in self.margins and _ends(self.metrics[name], found)[1] < -_SAME
        )

    @property
    def time(self) -> Difference | None:
        """How the usual time of an answer changed, in milliseconds; None if it is not known."""
        return self.differences.get(_TIME)


def compare_runs(
    before: RunRecord,
    after: RunRecord,
    margins: Mapping[str, float] | None = None,
    *,
    rule: Unclear = Unclear.PASSES,
) -> Comparison:
    """Compare two runs on the questions that both of them asked.

    Args:
        before: The first run.
        after: The second.
        margins: By metric, in place of its own margin.
        rule: What becomes of metrics of which these questions cannot tell whether they fell.

    Raises:
        RunError: They have no question in common.
        ChoiceError: There is no such metric.
    """
    metrics = metrics_of(before.settings) | metrics_of(after.settings)
    allowed = _margins(margins or {}, metrics)
    pairs = _pairs(before, after)
    if not pairs:
        raise RunError(f"{before.run} and {after.run} have no question in common")
    differences = _differences(pairs, metrics)
    verdicts = {
        name: _verdict(metrics[name], found, allowed[name])
        for name, found in differences.items()
        if name in allowed
    }
    unclear = {
        name: questions_needed(differences[name], allowed[name])
        for name, verdict in verdicts.items()
        if verdict is Verdict.UNCLEAR
    }
    fell = tuple(
        name
        for name, verdict in verdicts.items()
        if verdict is Verdict.FELL
        or (
            verdict is Verdict.UNCLEAR
            and _fails(metrics[name], differences[name], margin=allowed[name], rule=rule)
        )
    )
    changes = [change for pair in pairs if (change := _change(pair, metrics)).metrics]
    return Comparison(
        before=before.run,
        after=after.run,
        differences=differences,
        margins=allowed,
        fell=fell,
        tags=_by_tag(pairs, metrics),
        wins=_sorted([change for change in changes if change.gain > _SAME]),
        losses=_sorted([change for change in changes if change.gain < -_SAME]),
        notes=(*_notes(before, after, pairs), *_unclear_notes(unclear, differences, allowed)),
        metrics=metrics,
        adjusted=holm({name: one.p for name, one in differences.items() if name in allowed}),
        unclear=unclear,
        rule=rule,
        settings=_changed_settings(before, after),
    )


def _verdict(metric: Metric, found: Difference, margin: float) -> Verdict:
    least, most = _ends(metric, found)
    if margin == 0:  # every fall is forbidden, and one question is enough to show it
        return Verdict.FELL if worsening(metric, found.mean) > _SAME else Verdict.HELD
    if least > margin + _SAME:
        return Verdict.FELL
    return Verdict.UNCLEAR if most > margin + _SAME else Verdict.HELD


def _ends(metric: Metric, found: Difference) -> tuple[float, float]:
    """Return by how much a metric became worse, at least and at most."""
    least, most = sorted((worsening(metric, found.low), worsening(metric, found.high)))
    return least, most


def _fails(metric: Metric, found: Difference, *, margin: float, rule: Unclear) -> bool:
    by_mean = worsening(metric, found.mean) > margin + _SAME
    return rule is Unclear.FAILS or (rule is Unclear.MEAN and by_mean)


_OF_THE_RUN = ("generation", "served", "started_at", "index.generation", "index.created_at")


def _changed_settings(before: RunRecord, after: RunRecord) -> dict[str, tuple[str, str]]:
    one, other = (dict(flat(record.settings)) for record in (before, after))
    names = [name for name in {**one, **other} if not name.startswith(_OF_THE_RUN)]
    pairs = {name: (one.get(name, ""), other.get(name, "")) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def flat(settings: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """Return settings by their complete names, such as "search.k".

    >>> flat({"search": {"k": 8}, "set": "a"})
    [('search.k', '8'), ('set', 'a')]
    """
    found: list[tuple[str, str]] = []
    for name, value in settings.items():
        inner = f"{prefix}{name}"
        found += flat(value, f"{inner}.") if isinstance(value, Mapping) else [(inner, str(value))]
    return found


def _unclear_notes(
    unclear: Mapping[str, int],
    differences: Mapping[str, Difference],
    allowed: Mapping[str, float],
) -> list[str]:
    if not unclear:
        return []
    told = [
        f"{name} (about {needed} would show {allowed[name]:g})"
        for name, needed in sorted(unclear.items(), key=lambda one: one[1])
    ]
    more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    count = max(differences[name].n for name in unclear)
    return [f"cannot tell at {count} questions: {', '.join(told[:_TOLD])}{more}"]


def worsening(metric: Metric, change: float) -> float:
    """Return by how much *metric* became worse; negative if it became better."""
    return change if metric.lower_is_better else -change


def to_json(comparison: Comparison) -> Json:
    """Return *comparison* with the documented keys of the command line's JSON output."""
    return {
        "before": comparison.before,
        "after": comparison.after,
        "passed": comparison.passed,
        "unclear_metrics": str(comparison.rule),
        "settings": {name: list(pair) for name, pair in comparison.settings.items()},
        "won": list(comparison.won),
        "differences": {
            name: {
                **asdict(found),
                "margin": comparison.margins.get(name),
                "fell": name in comparison.fell,
                "verdict": comparison.verdict(name),
                "p_adjusted": comparison.adjusted.get(name),
                "questions_needed": comparison.unclear.get(name),
            }
            for name, found in comparison.differences.items()
        },
        "tags": {
            tag: {name: asdict(found) for name, found in differences.items()}
            for tag, differences in comparison.tags.items()
        },
        "wins": [_change_json(change) for change in comparison.wins],
        "losses": [_change_json(change) for change in comparison.losses],
        "notes": list(comparison.notes),
    }


def _margins(given: Mapping[str, float], metrics: Mapping[str, Metric]) -> dict[str, float]:
    unknown = sorted(given.keys() - metrics.keys())
    if unknown:
        raise ChoiceError(
            f"there is no metric {', '.join(unknown)}: choose from {', '.join(metrics)}"
        )
    own = {name: m.margin for name, m in metrics.items() if m.margin is not None}
    return {**own, **given}


def _pairs(before: RunRecord, after: RunRecord) -> list[Pair]:
    # An id that now belongs to another question is not compared.
    known = {(asked.id, asked.question): asked for asked in before.questions}
    return [
        (known[key], asked)
        for asked in after.questions
        if (key := (asked.id, asked.question)) in known
    ]


def _differences(pairs: Sequence[Pair], metrics: Mapping[str, Metric]) -> dict[str, Difference]:
    found = {}
    for name, metric in metrics.items():
        needed = {*metric.columns}
        taken = [p for p in pairs if p[0].values.keys() >= needed <= p[1].values.keys()]
        first = [[pair[0].values[c] for c in metric.columns] for pair in taken]
        second = [[pair[1].values[c] for c in metric.columns] for pair in taken]
        if (value := difference(first, second, metric.statistic)) is not None:
            found[name] = value
    return found


def _by_tag(
    pairs: Sequence[Pair], metrics: Mapping[str, Metric]
) -> dict[str, dict[str, Difference]]:
    by_tag: dict[str, list[Pair]] = {}
    for pair in pairs:
        for tag in dict.fromkeys(pair[1].tags):
            by_tag.setdefault(tag, []).append(pair)
    return {tag: _differences(by_tag[tag], metrics) for tag in sorted(by_tag)}


def _change(pair: Pair, metrics: Mapping[str, Metric]) -> Change:
    before, after = pair
    changed, gain = {}, 0.0
    for name, metric in metrics.items():
        counts = metric.columns == (name,) and metric.margin is not None
        if not counts or name not in before.values.keys() & after.values.keys():
            continue
        by = after.values[name] - before.values[name]
        if abs(by) > _SAME:
            changed[name] = by
            gain -= worsening(metric, by)
    return Change(before=before, after=after, metrics=changed, gain=gain)


def _sorted(changes: Sequence[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: (-abs(change.gain), change.after.id)))


def _notes(before: RunRecord, after: RunRecord, pairs: Sequence[Pair]) -> list[str]:
    notes = []
    for name, asked in ((before.run, before.questions), (after.run, after.questions)):
        alone = len(asked) - len(pairs)
        if alone:
            notes.append(f"{alone} questions of {name} are not in the other run: left out")
    known = metrics_of(before.settings)
    lost = [name for name in before.metrics if name in known and name not in after.metrics]
    if lost:
        notes.append(f"not measured in {after.run}, so not compared: {', '.join(lost)}")
    for record in (before, after):
        generations = record.settings.get("generations")
        if isinstance(generations, list) and len(generations) > 1:
            notes.append(f"the index changed while {record.run} went on")
    return notes


def _change_json(change: Change) -> Json:
    return {
        "id": change.after.id,
        "question": change.after.question,
        "gain": change.gain,
        "metrics": dict(change.metrics),
        "before": _told(change.before),
        "after": _told(change.after),
    }


def _told(asked: Asked) -> Json:
    return {
        "status": asked.status,
        "answer": asked.answer,
        "error": asked.error,
        "citations": [cited.model_dump(include=_PLACE) for cited in asked.citations],
    }


_PLACE = {"document", "page", "start", "end", "quote"}
