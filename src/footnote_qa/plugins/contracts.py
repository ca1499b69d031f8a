"""The protocols that plug-ins follow, one for each kind; `CONTRACT` counts their versions."""

from typing import Protocol

from footnote_qa.index.types import Parsed


class ParserPlugin(Protocol):
    """Reads files of one format. It runs in a process without network, secrets and writable files.

    Attributes:
        contract: `footnote_qa.plugins.CONTRACT` of the release that it was written for.
    """

    contract: int

    def parse(self, content: bytes, *, name: str) -> Parsed:
        """Return the text of a file, with its title and headings if it has them.

        Args:
            content: The file.
            name: Its name.

        Raises:
            UnreadableDocumentError: With what a person can do about the file.
        """
        ...
