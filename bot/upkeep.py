"""Build the index together with the approved answers, and remove what a purge removes."""

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

from footnote_qa.bot.built_on import ASIDE, set_aside
from footnote_qa.bot.composition import answers_folder, source_specs
from footnote_qa.bot.settings import Settings
from footnote_qa.index.sources import SourceSpec, source_folders

if TYPE_CHECKING:
    from footnote_qa.index.building import Builder, BuildResult


def build_index(
    settings: Settings, builder: "Builder", specs: Sequence[SourceSpec]
) -> "BuildResult":
    """Build, and again without the approved answers that were built on what is gone now."""
    result = builder.build(specs)
    directory, folder = builder.directory, answers_folder(settings)
    if not folder.is_dir() or directory.access.mark() is None:  # only services tell of deletions
        return result
    passages = directory.open_best().passages
    present = [(row.document, row.url) for row in passages.shown_rows()]
    return builder.build(specs) if set_aside(folder, present) else result


def purge_caches(settings: Settings) -> int:
    """Remove what is kept besides generations and may hold deleted texts; return how many."""
    from footnote_qa.index.building import OCR_CACHE, SOURCES  # noqa: PLC0415 - imports the parsers

    cache = settings.data_dir / "cache"
    used = source_folders(source_specs(settings))
    folders = [cache / SOURCES] if (cache / SOURCES).is_dir() else []
    found = [path for each in folders for path in each.iterdir() if path.name not in used]
    found += [cache / OCR_CACHE, answers_folder(settings) / ASIDE]
    found = [path for path in found if path.exists()]
    for path in found:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    return len(found)
