"""Measure the answers on every question set at hand, and write the tables of docs/quality.md."""

import argparse
import json
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

from bot.pointing import INFO_FILE, SHIPPED
from eval.metrics import summaries

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data" / "eval"
PAGE = ROOT / "docs" / "quality.md"
COMMAND = [sys.executable, "-c", "from bot.cli import main; main()"]
OTHERS = {"bm25": "BM25", "minilm": "MiniLM"}
TAUGHT_FROM = "squad2_public"
Summaries = dict[str, dict[str, float]]


class Question(TypedDict):
    """What is read of a question of a run."""

    id: str
    values: dict[str, float]


class Record(TypedDict):
    """What is read of a run."""

    metrics: Summaries
    baselines: Summaries
    questions: list[Question]
    settings: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A question set and how much of it is asked."""

    path: Path
    options: tuple[str, ...] = ()


TASKS = (
    Task(path=ROOT / "examples" / "questions.jsonl"),
    Task(path=SHARED / "northwind_pdf"),
    Task(path=SHARED / "claude_docs"),
    Task(path=SHARED / "squad2_public", options=("--limit", "1000")),
    Task(path=SHARED / "hotpotqa100"),
    Task(path=SHARED / "musique100"),
    Task(path=SHARED / "mtrag_human159"),
    Task(path=SHARED / "scifact_beir", options=("--retrieval-only",)),
)
RETRIEVAL = ("ndcg@10", "recall@10", "mrr@10", "map", "all_evidence@10")
ANSWERS = (
    *("contains_answer", "f1", "rouge_l", "embedding_similarity"),
    *("citation_precision", "citation_recall", "place_hit", "quote_verbatim"),
)
REFUSAL = ("refusal_recall", "false_refusal", "auroc", "aurc", "failed", "ms_p50", "ms_p95")


def main() -> None:
    """Run every set that is there; the page is rewritten after each, so that none is lost."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data-dir", type=Path, default=ROOT / ".footnote-demo")
    data_dir = arguments.parse_args().data_dir
    records: dict[str, Record] = {}
    _footnote(data_dir, "index", "build", str(ROOT / "examples" / "documents"))
    for task in TASKS:
        if not task.path.exists():
            print(f"{task.path.name}: not here, left out", file=sys.stderr)
            continue
        print(f"{task.path.name} …", file=sys.stderr)
        run = ("eval", "run", str(task.path))
        said = _footnote(data_dir, *run, *task.options, "--similarity", "--json")
        name = "examples" if task.path.suffix else task.path.name
        records[name] = json.loads(said)
        if name == TAUGHT_FROM:
            records[f"{name}, kept articles"] = kept_articles(records[name], task.path)
        _write(records)


def kept_articles(record: Record, folder: Path) -> Record:
    """Return what a run measured on the articles that the reader was not taught."""
    kept = set(json.loads((SHIPPED / INFO_FILE).read_text(encoding="utf-8"))["kept"])
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    of_article = {row["_id"] for row in map(json.loads, lines) if row["group"] in kept}
    questions = [one for one in record["questions"] if one["id"] in of_article]
    metrics = summaries([one["values"] for one in questions])
    return {
        "metrics": {name: asdict(summary) for name, summary in metrics.items()},
        "baselines": {},
        "questions": questions,
        "settings": record["settings"],
    }


def _footnote(data_dir: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "--data-dir", str(data_dir), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode > 1:  # 1 means that some of it failed, which the record tells
        raise SystemExit(done.returncode)
    return done.stdout


def _write(records: dict[str, Record]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    tables = {
        "retrieval": _table(records, RETRIEVAL, others=True),
        "answers": _table(records, ANSWERS),
        "refusal": _table(records, REFUSAL),
    }
    for name, table in tables.items():
        marks = rf"(<!-- {name}: made by `make eval` -->\n).*?(<!-- end -->)"
        text = re.sub(marks, rf"\1\n{table}\n\2", text, flags=re.DOTALL)
    PAGE.write_text(text, encoding="utf-8")


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


def _cell(metrics: Summaries, name: str) -> str:
    if name not in metrics:
        return "–"
    found = metrics[name]
    if name.startswith("ms_"):
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
