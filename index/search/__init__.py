"""Search a generation: keyword and vector search, fusion, reranking."""

from footnote_qa.index.search.definitions import defines, subject_of
from footnote_qa.index.search.fusion import Fusion, fuse
from footnote_qa.index.search.hybrid import (
    LiveIndex,
    result_of_reading,
    result_of_search,
    search_generation,
)
from footnote_qa.index.search.misspellings import reading_note
from footnote_qa.index.search.plugin_reranker import PluginReranker
from footnote_qa.index.search.reranker import CrossReranker

__all__ = [
    "CrossReranker",
    "Fusion",
    "LiveIndex",
    "PluginReranker",
    "defines",
    "fuse",
    "reading_note",
    "result_of_reading",
    "result_of_search",
    "search_generation",
    "subject_of",
]
