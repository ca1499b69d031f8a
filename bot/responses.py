"""Answers as llama-index knows them, and nodes as passages."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from llama_index.core.base.response.schema import Response
from llama_index.core.schema import NodeWithScore

from bot.retriever import chunk_node, passages_of
from bot.types import Answer, Citation
from index.types import Passage, SearchResult


def result_of(nodes: Sequence[NodeWithScore]) -> SearchResult:
    """Return the nodes as if our own search had found them."""
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
    """Return *answer* as llama-index knows it: one node for each citation, with its exact span."""
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
        if p.chunk.document == citation.document
        and p.chunk.start <= citation.start
        and citation.end <= p.chunk.end
    )
    start, end = citation.start - passage.chunk.start, citation.end - passage.chunk.start
    part = replace(
        passage.chunk,
        start=citation.start,
        end=citation.end,
        text=passage.chunk.text[start:end],
    )
    node = chunk_node(part, label=str(citation.label))
    # Two quotes of one chunk are two nodes, which llama-index tells apart by their ids
    node.id_ = f"{passage.chunk.id}:{citation.start}-{citation.end}"
    return NodeWithScore(node=node, score=passage.fused)
