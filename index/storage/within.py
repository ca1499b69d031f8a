"""Which documents a search is limited to: by source, by type and by age."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The documents that a search may find.

    Attributes:
        source: Name with which their ids begin, before a slash; "" for all.
        suffix: Of their files, in lower case and without the dot, such as "pdf"; "" for all.
        changed_since: They are no older than this; None for all. A document of unknown age is old.
    """

    source: str = ""
    suffix: str = ""
    changed_since: datetime | None = None

    @property
    def is_everything(self) -> bool:
        """Whether no document is left out."""
        return not (self.source or self.suffix or self.changed_since)

    def condition(self) -> tuple[str, list[object]]:
        """Return the condition on a row `d` of the table `documents`, and its values."""
        parts: list[str] = []
        values: list[object] = []
        if self.source:
            parts.append("substr(d.document, 1, ?) = ?")
            values += [len(self.source) + 1, f"{self.source}/"]
        if self.suffix:
            parts.append("lower(substr(d.document, ?)) = ?")
            values += [-len(self.suffix) - 1, f".{self.suffix}"]
        if self.changed_since is not None:
            parts.append("d.modified_at >= ?")
            values.append(self.changed_since.astimezone(UTC).isoformat())
        return " AND ".join(parts) or "1", values
