"""Search as a LlamaIndex retriever, and conversion between passages and nodes."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from llama_index.core.base.response.schema import Response
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import (
    BaseNode,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)

from footnote_qa.bot.types import Answer, Citation
from footnote_qa.index.types import Audience, Chunk, Passage, Searcher, SearchResult


@dataclass
class AudienceBundle(QueryBundle):
    """A query with the audience of its author; a plain `QueryBundle` has that of its engine."""

    audience: Audience = frozenset()


class PassageRetriever(BaseRetriever):
    """Finds the *k* best passages that the audience of the query may see.

    Args:
        searcher: Finds passages.
        k: How many at most.
        audience: Of a query that has none of its own.
    """

    def __init__(self, searcher: Searcher, *, k: int, audience: Audience = frozenset()) -> None:
        super().__init__()
        self._searcher = searcher
        self._k = k
        self._audience = audience

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        audience = audience_of(query_bundle, self._audience)
        result = self._searcher.search(query_bundle.query_str, k=self._k, audience=audience)
        return nodes_of(result)

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        # The base class would search in the event loop and block every other question
        return await asyncio.to_thread(self._retrieve, query_bundle)


def audience_of(query_bundle: QueryBundle, usual: Audience = frozenset()) -> Audience:
    """Return the audience of the query; *usual* if it names none."""
    return query_bundle.audience if isinstance(query_bundle, AudienceBundle) else usual


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
    """Return *chunk* as a node; *also* is added to its metadata."""
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


def result_of(nodes: Sequence[NodeWithScore]) -> SearchResult:
    """Return the nodes in the form of a result of our own search."""
    metadata = nodes[0].node.metadata if nodes else {}
    created_at = metadata.get("created_at")
    return SearchResult(
        passages=passages_of(nodes),
        generation=str(metadata.get("generation", "")),
        created_at=(
            datetime.fromisoformat(created_at) if created_at else datetime.fromtimestamp(0, UTC)
        ),
        ms=0.0,
    )


def response_of(answer: Answer, result: SearchResult | None) -> Response:
    """Return *answer* as a LlamaIndex response: one node per citation, with its exact span."""
    passages = () if result is None else result.passages
    return Response(
        response=answer.text or answer.message,
        source_nodes=[_cited_node(citation, passages) for citation in answer.citations],
        metadata={
            "status": str(answer.status),
            "answer": answer.text,
            "message": answer.message,
            "reference": answer.reference,
            "citations": [_citation_fields(citation) for citation in answer.citations],
            "nearest": [passage.chunk.id for passage in answer.nearest],
            "generation": answer.generation,
            "indexed_at": None if answer.indexed_at is None else answer.indexed_at.isoformat(),
            "answerer": answer.answerer,
        },
    )


def _citation_fields(citation: Citation) -> dict[str, Any]:
    modified_at = citation.modified_at
    return asdict(citation) | {
        "heading": list(citation.heading),
        "modified_at": None if modified_at is None else modified_at.isoformat(),
    }


def _cited_node(citation: Citation, passages: Sequence[Passage]) -> NodeWithScore:
    """Return the quoted part of the passage that the citation comes from."""
    passage = next(
        p
        for p in passages
        if p.context.document == citation.document
        and p.context.start <= citation.start
        and citation.end <= p.context.end
    )
    context = passage.context
    start, end = citation.start - context.start, citation.end - context.start
    part = replace(
        context,
        page=citation.page,
        heading=citation.heading,
        start=citation.start,
        end=citation.end,
        text=context.text[start:end],
    )
    node = chunk_node(part, label=str(citation.label))
    # Two quotes of one chunk are two nodes, and LlamaIndex distinguishes nodes by their ids
    node.id_ = f"{passage.chunk.id}:{citation.start}-{citation.end}"
    return NodeWithScore(node=node, score=passage.fused)
