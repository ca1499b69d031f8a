"""Measure the answers on every available question set, and write the tables of docs/quality.md.

    python -m benchmarks.quality --models FOLDER
    python -m benchmarks.quality --only handbook18f

FOLDER is the output of `training.reader`. The network that ships was trained on squad2_public, so
each question of that set goes to a network that was not trained on its article. Without FOLDER,
the answers to that set are not measured.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

from footnote_qa.bot.extractive import INFO_FILE
from footnote_qa.eval.metrics import summaries

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data" / "eval"
PAGE = ROOT / "docs" / "quality.md"
COMMAND = [sys.executable, "-c", "from footnote_qa.bot.cli import main; main()"]
OTHERS = {"bm25": "BM25", "minilm": "MiniLM"}
TAUGHT_FROM = "squad2_public"
HANDBOOK = "handbook18f"
LIMIT = 1000
SIMILARITY = "--similarity"
Summaries = dict[str, dict[str, float]]


class Question(TypedDict):
    """The fields that are read of a question of a run."""

    id: str
    values: dict[str, float]


class Record(TypedDict):
    """The fields that are read of a run."""

    metrics: Summaries
    baselines: Summaries
    questions: list[Question]
    settings: dict[str, object]
    tags: dict[str, Summaries]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A question set and how much of it is asked.

    Attributes:
        name: As the page calls it.
        path: A file, or a folder in the BEIR layout.
        documents: The folder that a file asks about.
        options: Of `footnote eval run`.
    """

    name: str
    path: Path
    documents: Path | None = None
    options: tuple[str, ...] = ()


def _beir(name: str, *options: str) -> Task:
    return Task(name=name, path=SHARED / name, options=options)


TASKS = (
    Task(
        name=HANDBOOK,
        path=SHARED / HANDBOOK / "questions.jsonl",
        documents=SHARED / HANDBOOK / "documents",
    ),
    Task(
        name="examples",
        path=ROOT / "examples" / "questions.jsonl",
        documents=ROOT / "examples" / "documents",
    ),
    _beir("northwind_pdf"),
    _beir("claude_docs"),
    _beir(TAUGHT_FROM, "--limit", str(LIMIT)),
    _beir("hotpotqa100"),
    _beir("musique100"),
    _beir("mtrag_human159"),
    _beir("scifact_beir", "--retrieval-only"),
)
PEOPLE = (
    *("complete", "partly", "wrong", "first", "refusal_recall", "false_refusal"),
    "answer_words_p50",
)
RETRIEVAL = ("ndcg@10", "recall@10", "mrr@10", "map", "all_evidence@10")
ANSWERS = (
    *("contains_answer", "f1", "rouge_l", "embedding_similarity"),
    *("citation_precision", "citation_recall", "place_hit", "quote_verbatim"),
)
REFUSAL = ("refusal_recall", "false_refusal", "auroc", "aurc", "failed", "ms_p50", "ms_p95")


def main() -> None:
    """Run every set that is there; the page is rewritten after each, so that none is lost.

    Sets that are not measured keep their rows.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, default=ROOT / ".footnote-demo")
    parser.add_argument("--models", type=Path, help="what `training.reader` wrote")
    parser.add_argument("--only", nargs="*", metavar="SET", help="measure these sets alone")
    asked = parser.parse_args()
    records: dict[str, Record] = {}
    for task in TASKS:
        if asked.only and task.name not in asked.only:
            continue
        if not task.path.exists():
            print(f"{task.name}: not here, left out", file=sys.stderr)
            continue
        print(f"{task.name} …", file=sys.stderr)
        name = task.name
        data_dir = asked.data_dir
        if task.documents is not None:
            data_dir = asked.data_dir / "sets" / name
            _footnote(data_dir, "index", "build", str(task.documents))
        if name == TAUGHT_FROM and asked.models:
            records[name] = by_folds(
                asked.models,
                task.path,
                lambda folder, share, settings: run(
                    folder,
                    ("--limit", str(LIMIT // share), SIMILARITY),
                    asked.data_dir,
                    settings=settings,
                ),
            )
        else:
            alone = "--retrieval-only" if name == TAUGHT_FROM else SIMILARITY
            records[name] = run(task.path, (*task.options, alone), data_dir, settings={})
        _write(records)


def run(
    path: Path, options: tuple[str, ...], data_dir: Path, *, settings: Mapping[str, str]
) -> Record:
    """Return the record of a run of *path*; *settings* are variables of the environment."""
    arguments = ("eval", "run", str(path), *options, "--json")
    record: Record = json.loads(_footnote(data_dir, *arguments, settings=settings))
    return record


def by_folds(
    models: Path, path: Path, measure: Callable[[Path, int, Mapping[str, str]], Record]
) -> Record:
    """Return one record of all folds, each by the network that was not trained on it.

    Args:
        models: What `training.reader` wrote.
        path: The question set.
        measure: Runs a part of it; it gets the number of parts and the settings.
    """
    infos = [folder / INFO_FILE for folder in sorted(models.glob("fold*/"))]
    records = []
    for info in infos:  # of a part that training did not end, it is missing
        kept = set(json.loads(info.read_text(encoding="utf-8"))["kept"])
        with _questions_of(path, kept) as folder:
            settings = {"FOOTNOTE_MODELS__OFFLINE_READER": str(info.parent.absolute())}
            records.append(measure(folder, len(infos), settings))
    return merged(records)


def merged(records: Sequence[Record]) -> Record:
    """Return one record of the questions of all."""
    questions = [one for record in records for one in record["questions"]]
    metrics = summaries([one["values"] for one in questions])
    whole = [record["settings"]["questions"] for record in records]
    return {
        "metrics": {name: asdict(summary) for name, summary in metrics.items()},
        "baselines": records[0]["baselines"],
        "tags": {},
        "questions": questions,
        "settings": {"questions": sum(one for one in whole if isinstance(one, int))},
    }


@contextmanager
def _questions_of(folder: Path, articles: set[str]) -> Iterator[Path]:
    """Yield the question set less the questions on other articles, with all its documents."""
    with tempfile.TemporaryDirectory() as temporary:
        part = Path(temporary) / folder.name
        part.mkdir()
        for name in ("corpus.jsonl", "meta.json"):
            (part / name).symlink_to((folder / name).absolute())
        lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
        ids = {row["_id"]: line for line in lines if (row := json.loads(line))["group"] in articles}
        (part / "queries.jsonl").write_text("\n".join(ids.values()) + "\n", encoding="utf-8")
        head, *rows = (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()
        judged = [head, *(row for row in rows if row.partition("\t")[0] in ids)]
        (part / "qrels.tsv").write_text("\n".join(judged) + "\n", encoding="utf-8")
        yield part


def _footnote(data_dir: Path, *arguments: str, settings: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "--data-dir", str(data_dir), *arguments],
        cwd=ROOT,
        env={**os.environ, **(settings or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode > 1:  # 1 means that some of it failed, which the record shows
        raise SystemExit(done.returncode)
    return done.stdout


def _write(records: dict[str, Record]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    tables = {
        "retrieval": _table(records, RETRIEVAL, others=True),
        "answers": _table(records, ANSWERS),
        "refusal": _table(records, REFUSAL),
    }
    if HANDBOOK in records:
        of_all = _table({HANDBOOK: records[HANDBOOK]}, PEOPLE)
        tables["people"] = f"{of_all}\n{_table_of_tags(records[HANDBOOK])}"
    for name, table in tables.items():
        before, mark, rest = text.partition(f"<!-- {name}: made by `make eval` -->\n")
        old, end, after = rest.partition("<!-- end -->")
        text = f"{before}{mark}\n{_with_rows_of(old, table)}\n{end}{after}"
    PAGE.write_text(text, encoding="utf-8")


def _with_rows_of(old: str, table: str) -> str:
    """Return *table* with the rows of the table before for sets that were not measured now."""
    head, rule, *new = table.rstrip("\n").split("\n")
    if head not in old.split("\n") or "" in new:
        return table
    rows = {row.split("|")[1].strip(): row for row in (*old.strip().split("\n")[2:], *new)}
    return "\n".join([head, rule, *(rows[one.name] for one in TASKS if one.name in rows)]) + "\n"


def _table(records: dict[str, Record], names: tuple[str, ...], *, others: bool = False) -> str:
    heads = ["set", "questions", *names]
    if others:
        heads[3:3] = [f"{label} ndcg@10" for label in OTHERS.values()]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "--:|" * (len(heads) - 1)]
    for name, record in records.items():
        metrics = record["metrics"]
        if not any(metric in metrics for metric in names):
            continue
        cells = [_cell(metrics, metric) for metric in names]
        if others:
            cells[1:1] = [_baseline(record, part) for part in OTHERS]
        asked = _asked(record)
        lines.append("| " + " | ".join([name, asked, *cells]) + " |")
    return "\n".join(lines) + "\n"


def _table_of_tags(record: Record) -> str:
    """Return the figures of each kind of question."""
    lines = ["| kind of question | " + " | ".join(PEOPLE) + " |", "|---|" + "--:|" * len(PEOPLE)]
    for tag, metrics in record["tags"].items():
        cells = [f"{metrics[one]['mean']:.2f}" if one in metrics else "–" for one in PEOPLE]
        count = max(one["n"] for one in metrics.values())
        lines.append(f"| {tag} ({count:.0f}) | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(metrics: Summaries, name: str) -> str:
    if name not in metrics:
        return "–"
    found = metrics[name]
    if name.startswith(("ms_", "answer_words")):
        return f"{found['mean']:.0f}"
    return f"{found['mean']:.3f} ({found['low']:.2f}–{found['high']:.2f})"


def _baseline(record: Record, part: str) -> str:
    for name, scores in record["baselines"].items():
        if part in name.lower() and "ndcg@10" in scores:
            return f"{scores['ndcg@10']:.3f}"
    return "–"


def _asked(record: Record) -> str:
    asked, whole = len(record["questions"]), record["settings"]["questions"]
    return str(asked) if asked == whole else f"{asked} of {whole}"


if __name__ == "__main__":
    main()
