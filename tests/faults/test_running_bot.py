"""With the real model: documents change while a running bot is asked without pause."""

import json
import time
from pathlib import Path

import pytest

from footnote_qa.index.building.build import Builder, quiet
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.embedding import EMBEDDED, open_embedder
from footnote_qa.index.storage.generation import IndexDirectory
from tests.fakes import fork_server
from tests.fakes.building import specs
from tests.faults.killing import ROOT

pytestmark = pytest.mark.slow

REBUILDS, SAMPLED_REBUILDS = 50, 12
QUESTIONS = (
    "How many days of leave does every employee have?",
    "What does parking cost?",
    "Where do bicycles stand?",
)
ALWAYS = "# Bicycles\n\nBicycles stand in the yard behind the house.\n"


def leave(days: int) -> str:
    return f"# Leave\n\nEvery employee has {days} days of leave a year.\n"


def parking(euros: int) -> str:
    return f"# Parking\n\nParking costs {euros} euros a day.\n"


def change(documents: Path, step: int) -> None:
    """Edit at every step; every few steps rename, delete, and bring back."""
    for old in documents.glob("leave*.md"):
        old.unlink()
    (documents / f"leave-{step // 3}.md").write_text(leave(step))
    if step % 4 == 3:
        (documents / "parking.md").unlink(missing_ok=True)
    else:
        (documents / "parking.md").write_text(parking(step))


def number(generation: str) -> int:
    return int(generation.removeprefix("gen-"))


def test_every_quote_of_a_running_bot_is_in_the_generation_that_its_answer_names(
    tmp_path: Path, *, campaign: bool
) -> None:
    rebuilds = REBUILDS if campaign else SAMPLED_REBUILDS
    documents = tmp_path / "docs"
    documents.mkdir()
    (documents / "bicycles.md").write_text(ALWAYS)
    (tmp_path / "footnote.toml").write_text("")
    cache = tmp_path / "cache"
    builder = Builder(
        directory=IndexDirectory(tmp_path / "index"),
        cache_path=cache / "embeddings.sqlite",
        embedder=open_embedder(EMBEDDED, export_cache=cache / "encoders"),
        options=BuildOptions(force=True),
        progress=quiet,
    )
    texts: dict[str, dict[str, str]] = {}

    def rebuild(step: int) -> None:
        change(documents, step)
        held = {path.name: path.read_text() for path in documents.iterdir()}
        generation = builder.build(specs(documents)).generation
        texts[generation] = held

    rebuild(1)
    log = tmp_path / "answers"
    with (
        log.open("w") as stdout,
        fork_server.start(
            *(str(tmp_path), *QUESTIONS),
            cwd=ROOT,
            target="tests.faults.running_bot:main",
            stdout=stdout.fileno(),
        ) as bot,
    ):
        while not log.stat().st_size:  # until its first answer
            assert bot.poll() is None
            time.sleep(0.05)
        for step in range(2, rebuilds + 2):
            rebuild(step)
        (tmp_path / "stop").touch()
        assert bot.wait(120) == 0
    answers = [json.loads(line) for line in log.read_text().splitlines()]

    assert len(texts) == rebuilds + 1
    quotes = 0
    for answer in answers:
        held = texts[answer["generation"]]
        assert answer["status"] in {"answered", "not_found"}
        # Nobody is answered from what was deleted or edited before the question was asked.
        assert number(answer["generation"]) >= number(answer["served"])
        for document, start, end, quote in answer["quotes"]:
            assert held[document][start:end] == quote, answer
            quotes += 1
        for document, text in answer["nearest"]:
            assert text in held[document], answer
    assert quotes > len(answers) / 3
    assert len({answer["generation"] for answer in answers}) > rebuilds / 3
    assert number(answers[-1]["generation"]) >= rebuilds
