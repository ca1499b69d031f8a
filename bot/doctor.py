"""What is missing, in words: settings, index, model, providers, Slack."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.errors import BotError, SettingsError
from bot.settings import Settings, load
from index.errors import IndexingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was examined.

    Attributes:
        name: What it is.
        well: Whether it can be worked with as it is.
        message: What was found; if it is not well, what to do.
    """

    name: str
    well: bool
    message: str


def examine(config: Path, *, data_dir: Path | None) -> list[Finding]:
    """Examine everything that Footnote needs; nothing is changed."""
    try:
        settings = load(config, data_dir=data_dir)
    except SettingsError as error:
        return [Finding(name="settings", well=False, message=str(error))]
    where = str(config) if config.exists() else "defaults (`footnote init` writes a file to edit)"
    return [
        Finding(name="settings", well=True, message=where),
        *_sources(settings),
        _index(settings),
        *_providers(settings),
        *_slack(settings),
    ]


def _sources(settings: Settings) -> Iterator[Finding]:
    for source in settings.sources:
        # What is not on this machine is tried by a build.
        found = source.path is None or source.path.exists()
        message = str(source.path or source.repository or source.sitemap or source.reader)
        message += "" if found else " does not exist: mend [[sources]]"
        yield Finding(name="source", well=found, message=message)


def _index(settings: Settings) -> Finding:
    from bot import wiring  # noqa: PLC0415 - slow

    try:
        generation = wiring.index_directory(settings).open()
    except IndexingError as error:
        return Finding(name="index", well=False, message=str(error))
    manifest = generation.manifest
    message = (
        f"{manifest.generation} of {manifest.created_at:%Y-%m-%d %H:%M} UTC: "
        f"{manifest.documents} documents, {manifest.chunks} chunks, every checksum right"
    )
    if manifest.model != settings.index.model:
        message += (
            f"; built with model {manifest.model!r}, the settings say {settings.index.model!r}: "
            "run `footnote index build`"
        )
    well = manifest.model == settings.index.model
    return Finding(name="index", well=well, message=message)


def _providers(settings: Settings) -> Iterator[Finding]:
    if not settings.models.providers:
        message = "none: the offline answerer quotes the documents, no key is needed"
        yield Finding(name="models", well=True, message=message)
        return
    from bot import wiring  # noqa: PLC0415 - slow

    try:
        wiring.portfolio(settings)
    except BotError as error:
        yield Finding(name="models", well=False, message=str(error))
        return
    for provider in settings.models.providers:
        where = provider.base_url or provider.kind
        message = f"{provider.name}: {provider.model} at {where}"
        yield Finding(name="models", well=True, message=message)


def _slack(settings: Settings) -> Iterator[Finding]:
    from bot.slack.checkup import check_slack  # noqa: PLC0415 - slow

    for note in check_slack(settings):
        yield Finding(name="slack", well=note.well, message=note.message)
