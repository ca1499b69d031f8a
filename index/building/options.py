"""How an index is built: sizes, limits, text recognition."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from footnote_qa.index.building.recognition import Ocr
from footnote_qa.index.parsing import PARSER_VERSION, identity


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """How an index is built.

    Attributes:
        chunk_tokens: Most tokens in a chunk.
        max_file_bytes: Larger files are not read.
        parse_timeout_s: Longest time to parse one file.
        keep_generations: At least this many generations stay on disk.
        max_lost_share: Share of documents that may be lost without `force`.
        full: Parse and chunk everything again.
        force: Promote the generation even if it fails the gate.
        words_first_chunks: If a first index has more chunks than this to embed, it can be
            searched by words before they are embedded.
        ocr: How words in pictures are read; None leaves them out.
        vector_store: The plug-in that stores vectors, as `module:attribute`; "" for our own.
        parsers: The plug-in that parses files with a suffix, as `module:attribute`.
    """

    chunk_tokens: int = 200
    max_file_bytes: int = 100 * 1024 * 1024
    parse_timeout_s: float = 60
    keep_generations: int = 3
    max_lost_share: float = 0.5
    full: bool = False
    force: bool = False
    words_first_chunks: int = 2000
    ocr: Ocr | None = None
    vector_store: str = ""
    parsers: Mapping[str, str] = field(default_factory=dict)

    @property
    def parser(self) -> str:
        """Version of the parsers; another one can give another text for the same bytes."""
        ocr = "" if self.ocr is None else self.ocr.engine.identity
        return " ".join(filter(None, [PARSER_VERSION, ocr, identity(self.parsers)]))
