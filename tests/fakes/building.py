"""A folder of three documents and what indexes it with a small model, for tests of the index."""

from pathlib import Path

from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.sources import SourceSpec
from footnote_qa.index.storage.generation import IndexDirectory
from footnote_qa.index.types import Embedder

TEXTS = {
    "leave.md": "# Leave\n\nEvery employee has twenty days of leave.\n\n"
    "## Sickness\n\nCall your lead first.\n",
    "slack.md": "# Tokens\n\nThe token for Slack begins with xoxb.\n",
    "parking.txt": "Parking costs three euros a day. Bicycles stand in the yard for nothing.\n",
}


def write_documents(folder: Path) -> Path:
    """Write the documents into *folder* and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    return folder


def make_builder(folder: Path, embedder: Embedder, **options: bool | float) -> Builder:
    """Return what keeps its index and its cache in *folder*."""
    return Builder(
        directory=IndexDirectory(folder / "index"),
        cache_path=folder / "cache" / "embeddings.sqlite",
        embedder=embedder,
        options=BuildOptions(**options),  # type: ignore[arg-type] # named by the caller
    )


def specs(folder: Path) -> list[SourceSpec]:
    """Return *folder* as the only source."""
    return [SourceSpec(path=str(folder))]


def found(root: Path, question: str, k: int = 50) -> list[tuple[str, str, float]]:
    """Return document, text and score of the passages found in the index in *root*."""
    result = LiveIndex(root).search(question, k=k, audience=None)
    return [(p.chunk.document, p.chunk.text, p.fused) for p in result.passages]
