"""Haystack: BM25 and embeddings in memory, joined by its DocumentJoiner."""

import sys
from pathlib import Path

from exchange import DEPTH, answer, read
from haystack import Document
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import (
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.document_stores.in_memory import InMemoryDocumentStore

MODES = ("reciprocal_rank_fusion", "distribution_based_rank_fusion")


def main(folder: Path) -> None:
    """Answer what lies in *folder*."""
    asked = read(folder)
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    rows = zip(asked.documents, asked.texts, asked.document_vectors.tolist(), strict=True)
    store.write_documents([Document(id=d, content=t, embedding=v) for d, t, v in rows])
    words = InMemoryBM25Retriever(store, top_k=DEPTH)
    dense = InMemoryEmbeddingRetriever(store, top_k=DEPTH)
    asked_vectors = asked.question_vectors.tolist()

    def search(joiner: DocumentJoiner, at: int, question: str) -> list[str]:
        found = [
            words.run(query=question)["documents"],
            dense.run(query_embedding=asked_vectors[at])["documents"],
        ]
        return [document.id for document in joiner.run(documents=found)["documents"]]

    joiners = {mode: DocumentJoiner(join_mode=mode, top_k=DEPTH) for mode in MODES}
    answer(
        folder,
        asked,
        {
            mode: lambda at, question, joiner=joiner: search(joiner, at, question)
            for mode, joiner in joiners.items()
        },
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
