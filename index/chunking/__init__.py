"""Split documents into sentences, blocks and chunks; words, stems and titles."""

from footnote_qa.index.chunking.blocks import above, is_caption, section_of, split_blocks
from footnote_qa.index.chunking.chunker import CHUNKER_VERSION, chunk
from footnote_qa.index.chunking.markup import (
    HIDDEN,
    front_matter_lines,
    keywords,
    mask,
    readable,
    shown,
)
from footnote_qa.index.chunking.plain_text import (
    marked_block,
    one_line,
    path_below,
    plain,
    plain_block,
    visible,
)
from footnote_qa.index.chunking.sentences import split_sentences
from footnote_qa.index.chunking.stems import STOPWORDS, listed, stem, stems_of, words
from footnote_qa.index.chunking.synonyms import has_synonym
from footnote_qa.index.chunking.titles import Titled, Titles

__all__ = [
    "CHUNKER_VERSION",
    "HIDDEN",
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
    "marked_block",
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
