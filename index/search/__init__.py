"""Search a generation: keyword and vector search, fusion, reranking."""

from index.search.definitions import defines, subject_of
from index.search.hybrid import Fusion, LiveIndex, fuse, result_of_search, search_generation
from index.search.reranker import CrossReranker

__all__ = [
    "CrossReranker",
    "Fusion",
    "LiveIndex",
    "defines",
    "fuse",
    "result_of_search",
    "search_generation",
    "subject_of",
]
