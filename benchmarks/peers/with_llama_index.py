"""llama-index: FAISS and BM25, fused by its QueryFusionRetriever."""

import sys
from pathlib import Path

import faiss
import Stemmer
from exchange import DEPTH, answer, read
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import TextNode
from llama_index.retrievers.bm25 import BM25Retriever
from llama_index.vector_stores.faiss import FaissVectorStore

MODES = ("reciprocal_rerank", "relative_score", "dist_based_score")


class Known(BaseEmbedding):
    """The vectors that were computed before."""

    vectors: dict[str, list[float]]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self.vectors[text]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self.vectors[query]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self.vectors[query]


def main(folder: Path) -> None:
    """Answer what lies in *folder*."""
    asked = read(folder)
    vectors = dict(zip(asked.texts, asked.document_vectors.tolist(), strict=True))
    vectors |= dict(zip(asked.questions, asked.question_vectors.tolist(), strict=True))
    nodes = [TextNode(id_=d, text=t) for d, t in zip(asked.documents, asked.texts, strict=True)]
    store = FaissVectorStore(faiss_index=faiss.IndexFlatIP(asked.document_vectors.shape[1]))
    index = VectorStoreIndex(
        nodes,
        storage_context=StorageContext.from_defaults(vector_store=store),
        embed_model=Known(vectors=vectors),
    )
    dense = index.as_retriever(similarity_top_k=DEPTH)
    words = BM25Retriever.from_defaults(
        nodes=nodes, similarity_top_k=DEPTH, stemmer=Stemmer.Stemmer("english"), language="english"
    )
    ways = {"FAISS": dense, "BM25": words}
    for mode in MODES:
        ways[mode] = QueryFusionRetriever(
            [dense, words],
            llm=MockLLM(),
            mode=mode,
            similarity_top_k=DEPTH,
            num_queries=1,  # only the question itself: no model writes others
            use_async=False,
        )
    answer(
        folder,
        asked,
        {
            name: lambda _, question, way=way: [n.node.node_id for n in way.retrieve(question)]
            for name, way in ways.items()
        },
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
