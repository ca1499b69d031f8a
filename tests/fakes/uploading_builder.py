"""A builder in a process of its own, so that it can be killed while it uploads."""

import sys
from datetime import timedelta
from pathlib import Path

from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.replication import GenerationStore, SharedIndexDirectory
from tests.fakes import object_store
from tests.fakes.building import specs
from tests.fakes.embedder import HashEmbedder


def main(root: str, documents: str, server: str, url: str) -> None:
    """Build *documents* in *root*, and upload to *url* on *server*."""
    model = Path(root) / "model"
    model.mkdir(parents=True)
    store = GenerationStore(object_store.objects(server, url))
    Builder(
        directory=SharedIndexDirectory(Path(root) / "index", store, grace=timedelta(hours=24)),
        cache_path=Path(root) / "cache" / "embeddings.sqlite",
        embedder=HashEmbedder(model),
        options=BuildOptions(),
    ).build(specs(Path(documents)))


if __name__ == "__main__":
    main(*sys.argv[1:])
