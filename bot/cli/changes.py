"""Describe what changed in the documents since the index was built, for the bot and the pages."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from footnote_qa.bot.settings import Settings


def changes_in_words(settings: "Settings") -> str:
    """Return what changed in the documents since the index was built, in words."""
    from footnote_qa.bot import composition
    from footnote_qa.index.building import plan_build

    specs = composition.source_specs(settings)
    if any(spec.kind != "folder" for spec in specs):
        return ""  # looking at the others would fetch them
    plan = plan_build(
        composition.index_directory(settings),
        specs,
        max_file_bytes=settings.index.max_file_mb * composition.MEGABYTE,
    )
    count = sum(entry.action in {"added", "changed", "removed", "renamed"} for entry in plan)
    return f"{count} file{'s' if count > 1 else ''} changed" if count else ""
