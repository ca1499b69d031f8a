"""The sources of a build, and its builder with the question set of the settings as a gate."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from footnote_qa.bot import composition
from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.settings import Settings
from footnote_qa.index.sources import SourceSpec

if TYPE_CHECKING:
    from footnote_qa.index.building import Builder, BuildOptions, Progress


def sources_to_build(
    settings: Settings, paths: Sequence[Path] | None, *, force: bool = False
) -> tuple[SourceSpec, ...]:
    """Return the sources named by *paths*, else those of the settings or of the last build.

    Raises:
        SettingsError: There are none; or, unless with *force*, those of the settings lack one that
            the index in use was built from.
    """
    if not paths and not force and (dropped := composition.dropped_sources(settings)):
        raise SettingsError(
            f"the index was built from {', '.join(dropped)}, which the settings don't name under "
            f"[[sources]]. To build it from there again: footnote index build {' '.join(dropped)}. "
            "To build it from the settings instead, without those documents: "
            "footnote index build --force"
        )
    specs = composition.specs_of_paths(paths) if paths else composition.source_specs(settings)
    if not specs:
        raise SettingsError(
            "no documents to index: name a folder, such as `footnote index build docs/`, "
            "or add a [[sources]] table to footnote.toml"
        )
    return specs


def builder_with_gate(
    settings: Settings, options: "BuildOptions", progress: "Progress"
) -> "Builder":
    """Return the builder of the index, with the question set of the settings as a gate."""
    if not settings.eval.gate.set:
        return composition.builder(settings, options, progress=progress)
    from footnote_qa.bot import evaluation  # noqa: PLC0415 - few builds have a question set

    return composition.builder(settings, options, progress=progress, gate=evaluation.gate(settings))
