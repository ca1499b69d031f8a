"""The generation in use when a build begins: what can be reused of it."""

import logging
from dataclasses import dataclass

from footnote_qa.index.errors import IndexDamagedError, IndexMissingError, StaleIndexError
from footnote_qa.index.storage import PASSAGES, DocumentRow, IndexDirectory, Manifest, PassageReader

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The generation that is in use when a build begins.

    Attributes:
        manifest: Its manifest.
        passages: Its documents and chunks.
        rows: Every file that it found.
    """

    manifest: Manifest
    passages: PassageReader
    rows: tuple[DocumentRow, ...]


def before(directory: IndexDirectory) -> Before | None:
    """Open the documents of the generation in use; None if there is none to build on.

    A damaged generation is not built on: the build then starts from nothing, which repairs it.
    """
    try:
        name = directory.current()
        if name is None:
            return None
        wrong = directory.verify(name)
        if wrong:
            log.warning("served generation is damaged", extra={"fault": wrong[0]})
            return None
        passages = PassageReader(directory.root / name / PASSAGES)
        rows = tuple(passages.rows())
        return Before(manifest=directory.manifest(name), passages=passages, rows=rows)
    except (IndexDamagedError, IndexMissingError, StaleIndexError) as error:
        log.warning("served generation cannot be built on", extra={"fault": str(error)})
        return None
