"""Texts for measuring: the sentences of the handbook and the examples, mixed without end."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

from footnote_qa.index.types import Chunk, Passage

ROOT = Path(__file__).resolve().parents[1]
_SENTENCE = re.compile(r"[A-Z][^.\n|#]{30,200}\.")


def passage_of(text: str, *, title: str, document: str, rank: int) -> Passage:
    """Return a text as a passage that was found, complete and from a document of its own."""
    chunk = Chunk(
        id=rank,
        document=document,
        title=title,
        start=0,
        end=len(text),
        text=text,
        heading=(),
        page=None,
        url=None,
        modified_at=None,
        audience=(),
    )
    return Passage(chunk=chunk, rank=rank, fused=1 / rank, cosine=None, bm25=None)


def sentences() -> list[str]:
    """Return every sentence of the handbook and the example documents."""
    paths = [*sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return list(dict.fromkeys(found for text in texts for found in _SENTENCE.findall(text)))


def paragraphs(*, length: int, seed: int = 0) -> Iterator[str]:
    """Yield paragraphs of about *length* sentences each, never the same twice in practice."""
    chosen = random.Random(seed)  # noqa: S311 - texts, not secrets
    known = sentences()
    while True:
        yield " ".join(chosen.choices(known, k=max(1, length + chosen.randint(-2, 2))))


def write_documents(folder: Path, *, count: int, chunks: int, length: int) -> None:
    """Write *count* Markdown files of *chunks* sections, each of about *length* sentences."""
    folder.mkdir(parents=True)
    source = paragraphs(length=length)
    for number in range(count):
        sections = [
            f"## Section {part} of {number}\n\n{next(source)}\n" for part in range(1, chunks + 1)
        ]
        (folder / f"{number:06d}.md").write_text(
            f"# Document {number}\n\n" + "\n".join(sections), encoding="utf-8"
        )
