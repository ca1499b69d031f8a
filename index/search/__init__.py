"""Search a generation: keyword and vector search, fusion, reranking."""

from index.search.definitions import defines, subject_of
from index.search.hybrid import Fusion, LiveIndex, fuse, search_generation
from index.search.reranker import CrossReranker

__all__ = [
    "CrossReranker",
    "Fusion",
    "LiveIndex",
    "defines",
    "fuse",
    "search_generation",
    "subject_of",
]
