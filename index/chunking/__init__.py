"""Split documents into sentences, blocks and chunks; words, stems and titles."""

from index.chunking.blocks import above, is_caption, section_of, split_blocks
from index.chunking.chunker import CHUNKER_VERSION, chunk
from index.chunking.markup import front_matter_lines, keywords, mask, readable, shown
from index.chunking.plain_text import one_line, path_below, plain, plain_block, visible
from index.chunking.sentences import split_sentences
from index.chunking.stems import STOPWORDS, listed, stem, stems_of, words
from index.chunking.synonyms import has_synonym
from index.chunking.titles import Titled, Titles

__all__ = [
    "CHUNKER_VERSION",
    "STOPWORDS",
    "Titled",
    "Titles",
    "above",
    "chunk",
    "front_matter_lines",
    "has_synonym",
    "is_caption",
    "keywords",
    "listed",
    "mask",
    "one_line",
    "path_below",
    "plain",
    "plain_block",
    "readable",
    "section_of",
    "shown",
    "split_blocks",
    "split_sentences",
    "stem",
    "stems_of",
    "visible",
    "words",
]
