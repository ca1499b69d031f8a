"""The pages of file formats, of metrics, and of the formats of question sets and records."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from inspect import getdoc
from types import UnionType
from typing import Literal, Union, get_args, get_origin

from pydantic import BaseModel

from footnote_qa.eval.metrics import METRICS
from footnote_qa.eval.runs import RunRecord
from footnote_qa.eval.types import Case, Place
from footnote_qa.index.parsing.formats import FORMAT_OF_NAME, FORMATS, SAVE_AS
from footnote_qa.index.parsing.left_out import _SUFFIXES as LEFT_OUT
from footnote_qa.index.types import ProblemKind


def formats_page() -> str:
    """Return the page of the files that are read, and of the problems that a file can have."""
    lines = [
        "# Files that are read",
        "",
        (
            "The first bytes of a file count more than its name: a Word document that is "
            "called `a.pdf` is read as Word. "
            "[What is not read](../handbook/what-is-not-read.md) lists losses and limits."
        ),
        "",
        "| Format | Suffixes |",
        "|---|---|",
        *(f"| {name} | {_code(suffixes)} |" for name, suffixes in FORMATS.items()),
        "",
        (
            f"Files without a suffix are read if their name says what they are: "
            f"{_code(sorted(FORMAT_OF_NAME))}."
        ),
        "",
        "## Save as another format",
        "",
        "| Suffix | Save it as |",
        "|---|---|",
        *(f"| `{suffix}` | {other} |" for suffix, other in SAVE_AS.items()),
        "",
        "## Left out without a problem",
        "",
        "Text recognition, if it is on, reads pictures whose format is in the first table.",
        "",
        "| Kind | Suffixes |",
        "|---|---|",
        *(
            f"| {kind} | {_code(f'.{one}' for one in names.split())} |"
            for kind, names in LEFT_OUT.items()
        ),
        "",
        "## Problems of a file",
        "",
        (
            "`footnote index documents --json` and `footnote index build --json` name the "
            "kind of each problem:"
        ),
        "",
        _code(kind.value for kind in ProblemKind) + ".",
    ]
    return "\n".join(lines) + "\n"


def metrics_page() -> str:
    """Return the page of the metrics, with what a comparison allows."""
    lines = [
        "# Metrics in records and comparisons",
        "",
        (
            "[The metrics](../metrics.md) explains each of them. A comparison fails if a "
            "metric becomes worse by more than its margin; "
            "one without a margin never fails it."
        ),
        "",
        "| Metric | Better if | Margin |",
        "|---|---|--:|",
    ]
    for one in METRICS.values():
        better = "lower" if one.lower_is_better else "higher"
        lines.append(f"| `{one.name}` | {better} | {'–' if one.margin is None else one.margin} |")
    return "\n".join(lines) + "\n"


def records_page() -> str:
    """Return the page of the keys of question sets and of the records of runs."""
    lines = [
        "# Question sets and records",
        "",
        (
            "A question set is a file in JSON Lines: one object for each question. "
            "[Evaluation](../handbook/evaluation.md) shows how to write one. The record of a "
            "run is the file `run.json`."
        ),
    ]
    for kind in (Case, Place):
        lines += ["", f"## {_title(kind)}", "", _first(kind), "", "| Key | Meaning |", "|---|---|"]
        lines += [f"| `{name}` | {meaning} |" for name, meaning in _attributes(kind)]
    lines += ["", "## Record of a run", "", "| Key | Type |", "|---|---|"]
    lines += list(_keys(RunRecord, ""))
    return "\n".join(lines) + "\n"


def _keys(model: type[BaseModel], prefix: str, depth: int = 0) -> Iterator[str]:
    for name, field in model.model_fields.items():
        annotation = field.annotation
        inner = next(_models(annotation), None)
        yield f"| `{prefix}{name}` | {'object' if inner else _name_of(annotation)} |"
        if inner is not None and depth < _DEPTH:
            yield from _keys(inner, f"{prefix}{name}.", depth + 1)


_DEPTH = 2


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from _models(one)


def _name_of(annotation: object) -> str:
    """Return a type as JSON names it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        return " or ".join(dict.fromkeys(_name_of(one) for one in inner))
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if origin is tuple:
        return f"list of {_name_of(inner[0])}s"
    if origin in {dict, Mapping}:
        return "object"
    names = {"str": "text", "int": "number", "float": "number", "bool": "true or false"}
    names |= {"NoneType": "null", "datetime": "text"}
    return names.get(getattr(annotation, "__name__", ""), "text")


def _title(kind: type) -> str:
    return {"Case": "Question", "Place": "Place of an answer"}[kind.__name__]


def _first(kind: type) -> str:
    return (getdoc(kind) or "").split("\n")[0]


def _attributes(kind: type) -> Iterator[tuple[str, str]]:
    """Yield each field of a dataclass with what its docstring says."""
    if not is_dataclass(kind):
        return
    _, _, told = (getdoc(kind) or "").partition("Attributes:\n")
    meanings: dict[str, str] = {}
    name = ""
    for line in told.splitlines():
        key, colon, meaning = line.strip().partition(": ")
        if line.startswith("    ") and not line.startswith("     ") and colon:
            name = key
            meanings[name] = meaning
        elif name:
            meanings[name] += f" {line.strip()}"
    for one in fields(kind):
        yield one.name, meanings.get(one.name, "").strip()


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
