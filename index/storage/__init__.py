"""An index generation on disk: passages, vectors, keyword index, manifest."""

from footnote_qa.index.storage.analysis import prepared, stems
from footnote_qa.index.storage.generation import (
    ENCODER,
    LEXICAL,
    MANIFEST,
    PASSAGES,
    VECTORS,
    GateCheck,
    Generation,
    IndexDirectory,
    Manifest,
    now,
)
from footnote_qa.index.storage.installing import install_generation
from footnote_qa.index.storage.lexical import (
    LEXICAL_VERSION,
    LexicalIndex,
    LexicalRow,
    write_lexical,
)
from footnote_qa.index.storage.manifest import FileEntry, faults, parse_manifest
from footnote_qa.index.storage.names import in_order, is_generation, number_of, staged_name
from footnote_qa.index.storage.passages import (
    FAILED,
    INDEXED,
    SKIPPED,
    DocumentRow,
    PassageReader,
    PassageWriter,
    about,
    read_about,
)
from footnote_qa.index.storage.plugin_vectors import FOLDER, write_plugin_vectors
from footnote_qa.index.storage.vectors import write_vectors
from footnote_qa.index.storage.vocabulary import letters_apart
from footnote_qa.index.storage.within import Within

__all__ = [
    "ENCODER",
    "FAILED",
    "FOLDER",
    "INDEXED",
    "LEXICAL",
    "LEXICAL_VERSION",
    "MANIFEST",
    "PASSAGES",
    "SKIPPED",
    "VECTORS",
    "DocumentRow",
    "FileEntry",
    "GateCheck",
    "Generation",
    "IndexDirectory",
    "LexicalIndex",
    "LexicalRow",
    "Manifest",
    "PassageReader",
    "PassageWriter",
    "Within",
    "about",
    "faults",
    "in_order",
    "install_generation",
    "is_generation",
    "letters_apart",
    "now",
    "number_of",
    "parse_manifest",
    "prepared",
    "read_about",
    "staged_name",
    "stems",
    "write_lexical",
    "write_plugin_vectors",
    "write_vectors",
]
