"""A run or a comparison for other programs: CSV, Parquet, JUnit's XML, GitHub's annotations."""

import csv
import io
import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from footnote_qa.eval.errors import ChoiceError
from footnote_qa.eval.reports.compare import Comparison
from footnote_qa.eval.reports.report import outcome
from footnote_qa.eval.runs import Asked, RunRecord
from footnote_qa.index.extras import install, is_installed

TEXTS = ("id", "question", "tags", "outcome", "status", "answer", "expected", "documents", "error")

# A spreadsheet takes a cell that begins so for a formula, and answers hold text of documents
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BAD = "bad"


def table(record: RunRecord) -> list[dict[str, str | float | None]]:
    """Return one row for each question, its texts first, then its values; for pandas as it is."""
    names = sorted({name for asked in record.questions for name in asked.values})
    return [
        {**_texts(asked), **{name: asked.values.get(name) for name in names}}
        for asked in record.questions
    ]


def _texts(asked: Asked) -> dict[str, str | float | None]:
    return {
        "id": asked.id,
        "question": asked.question,
        "tags": ", ".join(asked.tags),
        "outcome": outcome(asked).text,
        "status": asked.status or "",
        "answer": asked.answer or "",
        "expected": " | ".join(asked.answers),
        "documents": ", ".join(dict.fromkeys(one.document for one in asked.citations)),
        "error": asked.error or "",
    }


def to_csv(record: RunRecord) -> str:
    """Return the table as CSV. A text that a spreadsheet would run gets a ' in front."""
    rows = table(record)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else list(TEXTS))
    writer.writeheader()
    writer.writerows(
        {
            name: f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell
            for name, cell in row.items()
        }
        for row in rows
    )
    return out.getvalue()


def to_parquet(record: RunRecord) -> bytes:
    """Return the table as a Parquet file: texts, and numbers that are null where there is none.

    Raises:
        ChoiceError: The packages of the extra "parquet" are not installed.
    """
    if not is_installed("parquet"):
        raise ChoiceError(f"Parquet needs packages that are missing: {install('parquet')}")
    from arro3.core import Array, DataType, Table  # noqa: PLC0415 - an extra
    from arro3.io import write_parquet  # noqa: PLC0415

    rows = table(record)
    columns = {
        name: Array(
            [row[name] for row in rows],
            type=DataType.utf8() if name in TEXTS else DataType.float64(),
        )
        for name in (rows[0] if rows else TEXTS)
    }
    out = io.BytesIO()
    write_parquet(Table.from_pydict({**columns}), out, compression="zstd(3)")
    return out.getvalue()


def to_junit(record: RunRecord, comparison: Comparison | None = None) -> str:
    """Return JUnit's XML: a case for each question and, compared, one for each metric.

    Without a comparison, a question with a bad outcome is a failure. With one, only a metric that
    fell by more than its margin is: single questions go better and worse by chance.
    """
    cases = [_question_case(record, asked, judged=comparison is None) for asked in record.questions]
    cases += _metric_cases(comparison) if comparison else []
    failures = sum("<failure" in case for case in cases)
    errors = sum("<error" in case for case in cases)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{errors}"'
    suite = f"<testsuite name={_attribute(record.set)} {counts}>"
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return "\n".join([head, suite, *cases, "</testsuite>", ""])


def _question_case(record: RunRecord, asked: Asked, *, judged: bool) -> str:
    found = outcome(asked)
    seconds = "" if asked.ms is None else f' time="{asked.ms / 1000:.3f}"'
    name = f"{asked.id}: {' '.join(asked.question.split())}"
    head = f"  <testcase classname={_attribute(record.set)} name={_attribute(name)}{seconds}"
    if asked.error:
        return f"{head}><error message={_attribute(asked.error)}/></testcase>"
    if not judged or found.kind != _BAD:
        return f"{head}/>"
    told = _xml(f"answer: {asked.answer or '(none)'}\nexpected: {' | '.join(asked.answers)}")
    return f"{head}><failure message={_attribute(found.text)}>{told}</failure></testcase>"


def _metric_cases(comparison: Comparison) -> Iterator[str]:
    for name in comparison.differences:
        head = f'  <testcase classname="metrics" name={_attribute(name)}'
        if name in comparison.fell:
            yield f"{head}><failure message={_attribute(_fall(comparison, name))}/></testcase>"
        else:
            yield f"{head}/>"


def to_github(record: RunRecord, comparison: Comparison | None = None) -> str:
    """Return lines that GitHub shows beside a change: what fell, or else what went wrong."""
    if comparison is not None:
        lines = [
            _annotation("error", f"{name} got worse", _fall(comparison, name))
            for name in comparison.fell
        ]
        questions = f"{len(comparison.wins)} questions went better, {len(comparison.losses)} worse"
        return "\n".join([*lines, _annotation("notice", record.set, questions), ""])
    bad = [asked for asked in record.questions if outcome(asked).kind == _BAD]
    lines = [
        _annotation("warning", f"{asked.id}: {outcome(asked).text}", asked.question)
        for asked in bad
    ]
    summary = f"{len(record.questions)} questions, {len(bad)} went wrong"
    return "\n".join([*lines, _annotation("notice", record.set, summary), ""])


def _fall(comparison: Comparison, name: str) -> str:
    found = comparison.differences[name]
    return (
        f"from {found.before:.3f} to {found.after:.3f} on {found.n} questions "
        f"(95 % interval of the change {found.low:+.3f} to {found.high:+.3f}, "
        f"margin {comparison.margins[name]:g})"
    )


def _annotation(level: str, title: str, message: str) -> str:
    r"""Return one command of GitHub's log; signs that end it or its title are escaped.

    >>> print(_annotation("error", "a: b", "50 %\nmore"))
    ::error title=a%3A b::50 %25%0Amore
    """
    inside = _escaped(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={inside}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _xml(text: str) -> str:
    return escape(_NOT_IN_XML.sub("", text))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_IN_XML.sub("", text))
