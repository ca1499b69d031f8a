"""Search a generation: keyword and vector search, fusion, reranking."""

from index.search.definitions import defines, subject_of
from index.search.fusion import Fusion, fuse
from index.search.hybrid import LiveIndex, result_of_reading, result_of_search, search_generation
from index.search.misspellings import reading_note
from index.search.reranker import CrossReranker

__all__ = [
    "CrossReranker",
    "Fusion",
    "LiveIndex",
    "defines",
    "fuse",
    "reading_note",
    "result_of_reading",
    "result_of_search",
    "search_generation",
    "subject_of",
]
