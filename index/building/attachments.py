"""The files attached to mails become documents of their own, under the mail."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from types import TracebackType
from typing import Self

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import MAIL_SUFFIXES, child
from footnote_qa.index.storage import DocumentRow
from footnote_qa.index.types import SourceFile

_TIMEOUT_S = 60.0


class Attachments:
    """Finds the files attached to mails; use it as a context, as long as they are read.

    Args:
        before: Rows of the generation before. A mail whose bytes are the same has the same files.
    """

    def __init__(self, before: Sequence[DocumentRow] = ()) -> None:
        self._before: Mapping[str, DocumentRow] = {row.document: row for row in before}
        self._under: defaultdict[str, list[DocumentRow]] = defaultdict(list)
        for row in before:
            mail = row.document.rpartition("/")[0]
            if PurePosixPath(mail).suffix.lower() in MAIL_SUFFIXES and mail in self._before:
                self._under[mail].append(row)
        self._pool = child.ParserPool(timeout_s=_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.__exit__(kind, error, trace)

    def of(self, mail: SourceFile, sha256: str) -> Iterator[tuple[SourceFile, str]]:
        """Yield each file attached to *mail* with its hash; nothing for other files."""
        if PurePosixPath(mail.name).suffix.lower() not in MAIL_SUFFIXES:
            return
        known = self._known(mail, sha256)
        if known is None:
            try:
                known = self._pool.attachments(mail.read(), mail.name)
            except UnreadableDocumentError:  # the mail has its own row with the reason
                known = []
        for name, size, digest in known:
            yield (
                replace(
                    mail,
                    document=f"{mail.document}/{name}",
                    name=name,
                    title=None,
                    size_bytes=size,
                    sha256=digest,
                    read=partial(self._read, mail, name),
                ),
                digest,
            )

    def _known(self, mail: SourceFile, sha256: str) -> list[tuple[str, int, str]] | None:
        row = self._before.get(mail.document)
        if row is None or row.sha256 != sha256:
            return None
        rows = self._under.get(mail.document, [])
        if not all(one.sha256 for one in rows):
            return None
        return [(one.document.rpartition("/")[2], 1, one.sha256) for one in rows]

    def _read(self, mail: SourceFile, name: str) -> bytes:
        return self._pool.attachment(mail.read(), mail.name, name)
