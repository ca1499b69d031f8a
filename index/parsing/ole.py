"""Open the older Office container (OLE) and read its streams."""

from io import BytesIO

import olefile

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.signature import OLE_MAGIC
from footnote_qa.index.types import ProblemKind


class Container:
    """An OLE container, whose streams are read by name; use it as a context.

    Args:
        content: The file.
        kind: What its name says, for messages.

    Raises:
        UnreadableDocumentError: BROKEN or ENCRYPTED.
    """

    def __init__(self, content: bytes, kind: str) -> None:
        if not content.startswith(OLE_MAGIC):
            raise UnreadableDocumentError(
                ProblemKind.BROKEN, f"the name says {kind}, the content is not; save it again"
            )
        try:
            self._file = olefile.OleFileIO(BytesIO(content))
        except (OSError, ValueError, IndexError) as error:
            raise UnreadableDocumentError(
                ProblemKind.BROKEN, "the file is damaged; open it in its program and save it again"
            ) from error
        if self.has("EncryptedPackage"):
            raise UnreadableDocumentError(
                ProblemKind.ENCRYPTED, "it is encrypted; save it without a password"
            )

    def has(self, name: str) -> bool:
        """Return whether there is a stream or a storage called *name*, such as `a/b`."""
        return bool(self._file.exists(name))

    def read(self, name: str) -> bytes:
        """Return a stream; b"" if there is none."""
        if self._file.get_type(name) != olefile.STGTY_STREAM:
            return b""
        try:
            return bytes(self._file.openstream(name).read())
        except (OSError, ValueError) as error:
            raise UnreadableDocumentError(
                ProblemKind.BROKEN,
                "the file is cut short; open it in its program and save it again",
            ) from error

    def names(self, within: str = "") -> list[str]:
        """Return the streams and storages directly below a storage, in order."""
        depth = within.count("/") + 1 if within else 0
        paths = ["/".join(path) for path in self._file.listdir(streams=True, storages=True)]
        inside = [path for path in paths if not within or path.startswith(f"{within}/")]
        return sorted({path.split("/")[depth] for path in inside if path.count("/") >= depth})

    def title(self) -> str:
        """Return the title in the summary; "" if there is none."""
        try:
            raw = self._file.get_metadata().title
        except Exception:  # noqa: BLE001  a damaged summary is no reason to lose the text
            return ""
        return raw.decode("cp1252", errors="replace").strip("\0 ") if isinstance(raw, bytes) else ""
