"""Write the report of a run, as one self-contained HTML page and as Markdown."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from footnote_qa.eval.errors import RunError
from footnote_qa.eval.metrics import metrics_of
from footnote_qa.eval.reports.compare import Unclear, compare_runs, flat
from footnote_qa.eval.reports.table import value
from footnote_qa.eval.runs import Asked, RunRecord, load_record
from footnote_qa.index.extras import install, is_installed

HEADLINE = (
    *("ndcg@10", "recall@10", "all_evidence@10", "contains_answer", "f1", "rouge_l"),
    *("citation_precision", "citation_recall", "quote_verbatim", "refusal_recall"),
    *("false_refusal", "auroc", "aurc", "failed", "ms_p50", "ms_p95", "cost_usd"),
)
TREND = ("ndcg@10", "contains_answer", "citation_precision", "refusal_recall")
_MOST_RUNS = 12
_SCRIPT = (Path(__file__).parents[1] / "templates" / "report.js").read_text(encoding="utf-8")
_MARKDOWN = re.compile(r"([\\`*_\[\]|<>~$&])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a question ended, in words.

    Attributes:
        text: Such as "refused, rightly".
        kind: "good", "bad", or "open" if nobody knows.
    """

    text: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A plot with its title and caption."""

    title: str
    caption: str
    svg: Markup


def write(
    record: RunRecord,
    folder: Path,
    *,
    against: RunRecord | None = None,
    history: Sequence[Path] = (),
    rule: Unclear = Unclear.PASSES,
) -> list[Path]:
    """Write `report.html` and `report.md` into *folder*; return their paths.

    Args:
        record: The run.
        folder: Created if it does not exist.
        against: A run to compare it with.
        history: Records to search for earlier runs of the same set.
        rule: What becomes of metrics of which the questions cannot tell whether they fell.
    """
    metrics = metrics_of(record.settings)
    found = compare_runs(against, record, rule=rule) if against else None
    earlier = _of_same_set(record, history)
    values = {
        "record": record,
        "metrics": metrics | dict(found.metrics if found else {}),
        "headline": [name for name in HEADLINE if name in record.metrics],
        "shown": [name for name in metrics if name in record.metrics],
        "comparison": found,
        "figures": _figures(record, earlier) if is_installed("plots") else [],
        "without_plots": "" if is_installed("plots") else install("plots"),
        "rows": [(asked, outcome(asked)) for asked in record.questions],
        "counts": _counts(record),
        "settings": flat(record.settings),
        "script": Markup(_SCRIPT),  # noqa: S704 - our own file
        "script_hash": b64encode(sha256(_SCRIPT.encode()).digest()).decode(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for environment, name in ((_html(), "report.html"), (_markdown(), "report.md")):
        path = folder / name
        text = environment.get_template(f"{name}.j2").render(values)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def outcome(asked: Asked) -> Outcome:
    """Return how a question ended, and whether that is good.

    >>> outcome(Asked(id="1", question="?", answerable=False, status="not_found")).text
    'refused, rightly'
    """
    if asked.error:
        return Outcome(text="failed", kind="bad")
    if asked.status is None:
        recall = asked.values.get("recall@10")
        words = {None: "searched", 1.0: "all found"}.get(recall, "not all found")
        return Outcome(text=words, kind={None: "open", 1.0: "good"}.get(recall, "bad"))
    if asked.status != "answered":
        rightly = not asked.answerable
        return Outcome(
            text="refused, rightly" if rightly else "refused, wrongly",
            kind="good" if rightly else "bad",
        )
    if not asked.answerable:
        return Outcome(text="answered, but no document has the answer", kind="bad")
    lost = asked.values.get("loss")
    kinds = {None: ("answered", "open"), 0.0: ("answered, right", "good")}
    text, kind = kinds.get(lost, ("answered, wrong", "bad"))
    return Outcome(text=text, kind=kind)


def markdown(text: object) -> str:
    r"""Return *text* escaped so that Markdown shows it unchanged, on one line.

    >>> print(markdown("a|b <i> *c*"))
    a\|b \<i\> \*c\*
    """
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


def _figures(record: RunRecord, earlier: Sequence[RunRecord]) -> list[Figure]:
    from footnote_qa.eval.reports.plots import (  # noqa: PLC0415 - matplotlib is an extra
        Point,
        latency_plot,
        risk_coverage_plot,
        trend_plot,
    )

    figures = []
    points = [
        Point(
            label=str(each.settings.get("started_at", each.run))[5:16].replace("T", "\n"),
            metrics=each.metrics,
        )
        for each in [*earlier, record]
    ]
    names = [name for name in TREND if name in record.metrics]
    if len(points) > 1 and names:
        figures.append(
            _figure("Trend", "Runs of this set, the oldest first.", trend_plot(points, names))
        )
    sure = [
        (asked.values["confidence"], asked.values["loss"])
        for asked in record.questions
        if asked.values.keys() >= {"confidence", "loss"}
    ]
    if sure:
        caption = f"{len(sure)} answers known to be right or wrong; lower is better."
        figures.append(_figure("Risk and coverage", caption, risk_coverage_plot(sure)))
    stages = {name: _times(record, key) for name, key in _STAGES if _times(record, key)}
    if stages:
        caption = "Share of questions finished within a time."
        figures.append(_figure("Latency", caption, latency_plot(stages)))
    return figures


_STAGES = (("search", "search_ms"), ("complete answer", "ms"))


def _times(record: RunRecord, key: str) -> list[float]:
    return [asked.values[key] for asked in record.questions if asked.values.get(key, 0) > 0]


def _figure(title: str, caption: str, svg: str) -> Figure:
    # Our own drawing of our own numbers: the only markup that is not escaped in the page.
    return Figure(title=title, caption=caption, svg=Markup(svg))  # noqa: S704


def _of_same_set(record: RunRecord, history: Sequence[Path]) -> list[RunRecord]:
    named = [path for path in history if record.set.replace(" ", "-") in path.parent.name]
    found: list[RunRecord] = []
    for path in reversed(named):
        if path.parent.name < record.run and len(found) < _MOST_RUNS - 1:
            try:
                other = load_record(str(path), path.parent)
            except RunError:
                continue  # from an older release without this metric
            if _alike(other, record):
                found.append(other)
    return found[::-1]


def _alike(other: RunRecord, record: RunRecord) -> bool:
    keys = ("limit", "retrieval_only", "set_digest")
    return other.set == record.set and all(
        other.settings.get(key) == record.settings.get(key) for key in keys
    )


def _counts(record: RunRecord) -> dict[str, int]:
    kinds = [outcome(asked).kind for asked in record.questions]
    return {kind: kinds.count(kind) for kind in ("good", "bad", "open")}


def _figure_of(number: float, name: str) -> str:
    return value(name, number)


def _signed(name: str, number: float) -> str:
    return ("+" if number > 0 else "") + value(name, number)


def _is_relevant(asked: Asked, document: str, page: int | None) -> bool:
    return any(
        place.document == document and (page is None or place.page in {None, page})
        for place in asked.relevant
    )


def _html() -> Environment:
    return _with_filters(
        Environment(
            loader=PackageLoader("footnote_qa.eval"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
    )


def _markdown() -> Environment:
    # Every value in the template goes through `markdown`, so none can be forgotten.
    return _with_filters(
        Environment(  # noqa: S701 - HTML's escapes are not Markdown's
            loader=PackageLoader("footnote_qa.eval"),
            finalize=markdown,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
    )


def _with_filters(environment: Environment) -> Environment:
    environment.filters |= {"figure": _figure_of, "signed": _signed}
    environment.tests["relevant_to"] = lambda spot, asked: _is_relevant(
        asked, spot.document, spot.page
    )
    return environment
