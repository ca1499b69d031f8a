"""The search as a llama-index retriever: each node knows its chunk and its place."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import (
    BaseNode,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)

from index.types import Audience, Chunk, Passage, Searcher, SearchResult


@dataclass
class AudienceBundle(QueryBundle):
    """A query that says who asks; a plain `QueryBundle` asks with everybody's audience."""

    audience: Audience = frozenset()


class PassageRetriever(BaseRetriever):
    """Finds the *k* best passages that the audience of the query may see."""

    def __init__(self, searcher: Searcher, *, k: int) -> None:
        super().__init__()
        self._searcher = searcher
        self._k = k

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        audience = audience_of(query_bundle)
        result = self._searcher.search(query_bundle.query_str, k=self._k, audience=audience)
        return nodes_of(result)

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        # The base class would search in the event loop and hold up every other question
        return await asyncio.to_thread(self._retrieve, query_bundle)


def audience_of(query_bundle: QueryBundle) -> Audience:
    """Return who asks."""
    if isinstance(query_bundle, AudienceBundle):
        return query_bundle.audience
    return frozenset()


def nodes_of(result: SearchResult) -> list[NodeWithScore]:
    """Return a node for each passage, best first."""
    return [
        NodeWithScore(
            node=chunk_node(
                passage.chunk,
                generation=result.generation,
                created_at=result.created_at.isoformat(),
            ),
            score=passage.fused,
        )
        for passage in result.passages
    ]


def chunk_node(chunk: Chunk, **also: str) -> TextNode:
    """Return *chunk* as a node; *also* goes into its metadata."""
    modified_at = None if chunk.modified_at is None else chunk.modified_at.isoformat()
    return TextNode(
        id_=str(chunk.id),
        text=chunk.text,
        start_char_idx=chunk.start,
        end_char_idx=chunk.end,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=chunk.document)},
        metadata={
            "document": chunk.document,
            "title": chunk.title,
            "heading": list(chunk.heading),
            "page": chunk.page,
            "url": chunk.url,
            "modified_at": modified_at,
            "audience": list(chunk.audience),
            **also,
        },
    )


def passages_of(nodes: Sequence[NodeWithScore]) -> tuple[Passage, ...]:
    """Return the nodes, of this or another retriever, as passages in their order."""
    return tuple(
        Passage(
            chunk=_chunk_of(scored.node, at),
            rank=at,
            fused=min(1.0, max(0.0, scored.score or 0.0)),
            cosine=None,
            bm25=None,
        )
        for at, scored in enumerate(nodes, 1)
    )


def _chunk_of(node: BaseNode, at: int) -> Chunk:
    metadata = node.metadata
    text = node.get_content()
    start = getattr(node, "start_char_idx", None) or 0
    modified_at = metadata.get("modified_at")
    document = str(metadata.get("document") or node.ref_doc_id or node.node_id)
    return Chunk(
        id=int(node.node_id) if node.node_id.isdecimal() else -at,
        document=document,
        title=str(metadata.get("title") or document),
        start=start,
        end=start + len(text),
        text=text,
        heading=tuple(metadata.get("heading") or ()),
        page=metadata.get("page"),
        url=metadata.get("url"),
        modified_at=None if modified_at is None else datetime.fromisoformat(modified_at),
        audience=tuple(metadata.get("audience") or ()),
    )
