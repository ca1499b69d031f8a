"""Time of the owners' overview on a log of 5,000 questions: `python -m benchmarks.owners_page`."""

import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from footnote_qa.bot.state import AskedRepository, Database, open_state
from footnote_qa.bot.web import Overviews
from footnote_qa.index.embedding import EMBEDDED, OnnxEncoder, SentenceTransformerEmbedder
from tests.fakes.asked_questions import TOPICS

QUESTIONS = 5000
RECORD = '{"status": "not_found", "answerer": "offline", "ms": 12.5, "filling": "%s"}' % (
    "x" * 6000
)
DAY_S = 86_400
DAYS = 70


def main() -> None:
    """Store a log, read its questions, and print how long the overview takes, cold and warm."""
    with tempfile.TemporaryDirectory() as folder:
        SentenceTransformerEmbedder(EMBEDDED, export_cache=Path(folder)).save_encoder(
            Path(folder) / "encoder"
        )
        encode = OnnxEncoder(Path(folder) / "encoder").encode
        manifest = SimpleNamespace(fingerprint="embedded")
        index = SimpleNamespace(generation=SimpleNamespace(manifest=manifest), encode=encode)
        with closing(open_state(Path(folder) / "state.sqlite")) as database:
            now = datetime.now(UTC)
            hand_count = store_log(database, now)
            reader = Overviews(AskedRepository(database))
            while reader.read_questions(index, most=500):
                pass
            fresh = Overviews(AskedRepository(database))
            found = None
            for name in ("cold", "warm", "warm"):
                began = time.perf_counter()
                found = fresh.overview("embedded", now)
                print(f"{name}: {1000 * (time.perf_counter() - began):.0f} ms")
    assert found is not None  # noqa: S101 - three times
    counts = sorted((gap.count for gap in found.gaps), reverse=True)
    print(f"groups {counts}, hand count {sorted(hand_count, reverse=True)}")


def store_log(database: Database, now: datetime) -> list[int]:
    """Store answers to wordings of the topics; return how many there are of each topic."""
    rng = np.random.default_rng(0)
    asked = [
        (topic, f"{words} {n % 40}")
        for topic, some in TOPICS.items()
        for words in some
        for n in range(70)
    ][:QUESTIONS]
    with database.transaction() as sql:
        for n, (_, question) in enumerate(asked):
            values = {
                "id": f"q{n}",
                "user": f"U{n % 300}",
                "question": question,
                "record": RECORD,
                "at": now.timestamp() - float(rng.uniform(0, DAYS * DAY_S)),
            }
            sql.execute(
                'INSERT INTO answer (question_id, team, channel, thread_ts, "user", question,'
                " record, at) VALUES (:id, 'T', 'C', :id, :user, :question, :record, :at)",
                values,
            )
    topics = [topic for topic, _ in asked]
    return [topics.count(topic) for topic in TOPICS]


if __name__ == "__main__":
    main()
