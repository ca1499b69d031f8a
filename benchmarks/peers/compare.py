"""Measure what other libraries find, with the same model and the same documents, as JSON.

    python -m benchmarks.peers.compare FOLDER_OF_A_SET… --out peers.json

Each peer runs in an environment of its own under --work, made from the pinned requirements beside
this file. Every text is embedded once, in fp32 and cut where the model cuts, and all peers are
handed the same vectors: what differs is how they search. Nothing of a peer is part of Footnote.
"""

import argparse
import json
import subprocess
import sys
import venv
from pathlib import Path
from statistics import fmean

from benchmarks.peers import exchange
from footnote_qa.eval.datasets import load
from footnote_qa.eval.metrics import Spot, retrieval_scores
from footnote_qa.eval.runs import at_even_steps
from footnote_qa.eval.types import Case
from footnote_qa.index.embedding import EMBEDDED, embed_all, open_embedder

HERE = Path(__file__).parent
PEERS = ("llama_index", "txtai", "haystack")


def main() -> None:
    """Run every peer on every set; the file is written after each, so that none is lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path, nargs="+", help="folders in the BEIR layout")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path(".footnote-peers"))
    parser.add_argument("--limit", type=int, help="questions of a set, at even steps")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS)
    arguments = parser.parse_args()
    results = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for path in arguments.sets:
        cases = at_even_steps(load(path).cases, arguments.limit)
        cases = [case for case in cases if case.relevant]
        _hand_over(path, cases, arguments.work)
        for peer in arguments.peers:
            ranks = _ranks(peer, arguments.work)
            found = {way: _score(cases, each) for way, each in ranks.items()}
            results.setdefault(path.name, {})[peer] = found
            arguments.out.write_text(json.dumps(results, indent=1))
            print(path.name, peer, {w: round(f["ndcg@10"], 4) for w, f in found.items()})


def _hand_over(path: Path, cases: list[Case], work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    with (path / "corpus.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [f"{row.get('title', '')}\n{row['text'].strip()}".lstrip("\n") for row in rows]
    questions = [case.question for case in cases]
    embedder = open_embedder(EMBEDDED, export_cache=work / "cache" / "encoders")
    cache = work / "cache" / "embeddings.sqlite"
    vectors = [
        embed_all(each, embedder, cache_path=cache, progress=lambda *_: None).vectors
        for each in (texts, questions)
    ]
    exchange.write(
        work,
        exchange.Asked(
            documents=[row["_id"] for row in rows],
            texts=texts,
            questions=questions,
            document_vectors=vectors[0].astype("float32"),
            question_vectors=vectors[1].astype("float32"),
        ),
    )


def _ranks(peer: str, work: Path) -> dict[str, list[list[str]]]:
    python = work.absolute() / peer / "bin" / "python"
    if not (work / peer / "installed").exists():
        venv.create(work / peer, with_pip=True)
        pinned = HERE / f"{peer}.txt"
        _run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", str(pinned))
        (work / peer / "installed").touch()
    _run(python, str(HERE / f"with_{peer}.py"), str(work))
    ranks: dict[str, list[list[str]]] = json.loads((work / "ranks.json").read_text())
    return ranks


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603 - our own commands


def _score(cases: list[Case], ranks: list[list[str]]) -> dict[str, float]:
    rows = [
        retrieval_scores([Spot(document=d, page=None) for d in dict.fromkeys(found)], case.relevant)
        for case, found in zip(cases, ranks, strict=True)
    ]
    return {name: fmean(row[name] for row in rows) for name in ("ndcg@10", "recall@10", "mrr@10")}


if __name__ == "__main__":
    main()
