"""Checks of the setup: settings, index, model, text recognition, providers, Slack, sign-in."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from footnote_qa.bot.cli.app import SOME_FAILED, USAGE, JsonOption, app, print_json, shared_of
from footnote_qa.bot.errors import BotError, SettingsError
from footnote_qa.bot.settings import Settings, load
from footnote_qa.bot.web_settings import CALLBACK
from footnote_qa.index.extras import EXTRAS, install, is_installed

_SAMPLED = 200  # documents whose language is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check.

    Attributes:
        name: What was checked.
        well: Whether it works as it is.
        message: What was found; if it is not well, what to do.
    """

    name: str
    well: bool
    message: str


def examine(config: Path, *, data_dir: Path | None) -> list[Finding]:
    """Check everything that Footnote needs, and change nothing."""
    try:
        settings = load(config, data_dir=data_dir)
    except SettingsError as error:
        return [Finding(name="settings", well=False, message=str(error))]
    where = str(config) if config.exists() else "defaults (`footnote init` writes a file to edit)"
    return [
        Finding(name="settings", well=True, message=where),
        *_sources(settings),
        *_store(settings),
        _index(settings),
        *_languages(settings),
        *_packages(settings),
        _ocr(settings),
        *_providers(settings),
        *_state(settings),
        *_slack(settings),
        *_sign_in(settings),
        _extras(),
    ]


def _sources(settings: Settings) -> Iterator[Finding]:
    for source in settings.sources:
        # A build tries the sources that are not on this machine.
        found = source.path is None or source.path.exists()
        message = source.place
        message += "" if found else " does not exist: fix its path under [[sources]]"
        yield Finding(name="source", well=found, message=message)
    from footnote_qa.bot import composition

    yield from _services(settings)
    for place in composition.dropped_sources(settings):
        message = (
            f"{place} is in the index but not under [[sources]]: add it there, or run "
            "`footnote index build --force` to build without it"
        )
        yield Finding(name="source", well=False, message=message)


def _services(settings: Settings) -> Iterator[Finding]:
    """Yield how the last sync of each service went, and which variables are missing."""
    from footnote_qa.bot import composition
    from footnote_qa.index.errors import IndexingError

    now = datetime.now(UTC)
    with contextlib.suppress(IndexingError, SettingsError):  # `_store` says what is missing
        for note in composition.index_directory(settings).access.notes():
            lines = note.lines(now)
            for line in lines:
                yield Finding(name="source", well=False, message=line)
            if not lines:
                message = f"{note.name}: {note.items} items, in step since {note.synced_at}"
                yield Finding(name="source", well=True, message=message)


def _store(settings: Settings) -> Iterator[Finding]:
    """Yield whether the object store of the index can be read, if the settings name one."""
    if not settings.index.in_object_store:
        return
    from footnote_qa.bot import composition
    from footnote_qa.index.errors import IndexingError

    try:
        found = composition.stored_generation(settings)
    except (IndexingError, BotError) as error:
        yield Finding(name="store", well=False, message=str(error))
        return
    message = f"{settings.index.store}: " + (f"{found} is in use" if found else "no index yet")
    yield Finding(name="store", well=True, message=message)


def _index(settings: Settings) -> Finding:
    from footnote_qa.bot import composition
    from footnote_qa.index.errors import IndexingError

    try:
        generation = composition.current_index(settings).open()
    except (IndexingError, BotError) as error:
        return Finding(name="index", well=False, message=str(error))
    manifest = generation.manifest
    message = (
        f"{manifest.generation} of {manifest.created_at:%Y-%m-%d %H:%M} UTC: "
        f"{manifest.documents} documents, {manifest.chunks} chunks, every checksum is right"
    )
    if manifest.model != settings.index.model:
        message += (
            f"; built with model {manifest.model!r}, the settings say {settings.index.model!r}: "
            "run `footnote index build`"
        )
    well = manifest.model == settings.index.model
    return Finding(name="index", well=well, message=message)


def _languages(settings: Settings) -> Iterator[Finding]:
    """Yield a finding if the model does not read the documents, or the questions of the gate."""
    from footnote_qa.bot import composition
    from footnote_qa.index.embedding import advice, language_of
    from footnote_qa.index.errors import IndexingError

    with contextlib.suppress(IndexingError, BotError):
        passages = composition.index_directory(settings).open().passages
        rows = [row.document for row in passages.rows() if row.status == "indexed"]
        some = rows[:: max(1, len(rows) // _SAMPLED)]
        found = [document for name in some if (document := passages.document(name))]
        counted = Counter(language_of(document.text) for document in found)
        if message := advice(settings.index.model, counted, what="sampled documents"):
            yield Finding(name="language", well=False, message=message)
    if settings.eval.gate.set is not None and settings.eval.gate.set.exists():
        from footnote_qa.eval.datasets import load as questions_of

        cases = questions_of(settings.eval.gate.set).cases
        counted = Counter(language_of(case.question) for case in cases)
        if message := advice(settings.index.model, counted, what="questions of the gate"):
            yield Finding(name="language", well=False, message=message)


def _packages(settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each setting whose packages are missing."""
    from footnote_qa.bot.composition import READER
    from footnote_qa.index.embedding import EMBEDDED, MULTILINGUAL

    wanted = {"index.model": settings.index.model, "search.reranker": settings.search.reranker}
    for setting, model in wanted.items():
        if model and model not in {EMBEDDED, READER}:
            extra = "multilingual" if model == MULTILINGUAL else "models"
            if not is_installed(extra):
                message = f"{setting} {model!r} needs packages that are missing: {install(extra)}"
                yield Finding(name="packages", well=False, message=message)
    if settings.tracing.endpoint and not is_installed("tracing"):
        message = f"tracing.endpoint needs packages that are missing: {install('tracing')}"
        yield Finding(name="packages", well=False, message=message)


def _extras() -> Finding:
    """Return which optional parts are there."""
    there = [name for name in EXTRAS if is_installed(name)]
    missing = [name for name in EXTRAS if name not in there]
    message = f"installed: {', '.join(there) or 'none'}"
    if missing:
        message += f"; not installed: {', '.join(missing)}. To add one: {install(missing[0])}"
    return Finding(name="extras", well=True, message=message)


def _ocr(settings: Settings) -> Finding:
    """Return whether scans and pictures are read, and whether they could be."""
    from footnote_qa.index.errors import TextRecognitionError
    from footnote_qa.index.parsing import ocr_engines

    wanted = settings.documents.ocr
    try:
        engine = ocr_engines.find_engine(
            "auto" if wanted == "off" else wanted, settings.documents.ocr_languages
        )
    except TextRecognitionError as error:
        message = "off; neither tesseract nor rapidocr is ready" if wanted == "off" else str(error)
        return Finding(name="ocr", well=wanted == "off", message=message)
    name = f"{engine.kind} {engine.version}"
    if engine.languages:
        name += f" with {', '.join(engine.languages)}"
    if wanted == "off":
        return Finding(name="ocr", well=True, message=f"off; {name} is installed")
    if engine.missing:
        missing = ", ".join(engine.missing)
        message = f"{name}; install {missing} too, or change ocr_languages under [documents]"
        return Finding(name="ocr", well=False, message=message)
    return Finding(name="ocr", well=True, message=f"{name} reads scans and pictures")


def _providers(settings: Settings) -> Iterator[Finding]:
    if not settings.models.providers:
        message = "none: the offline answerer quotes the documents and needs no key"
        yield Finding(name="models", well=True, message=message)
        return
    from footnote_qa.bot import composition

    try:
        composition.portfolio(settings)
    except BotError as error:
        yield Finding(name="models", well=False, message=str(error))
        return
    for provider in settings.models.providers:
        where = provider.base_url or provider.kind
        message = f"{provider.name}: {provider.model} at {where}"
        yield Finding(name="models", well=True, message=message)


def _state(settings: Settings) -> Iterator[Finding]:
    """Yield whether the database of the state is there and up to date; it is not changed."""
    if settings.state.url is None:
        return  # the file is made when it is needed
    from footnote_qa.bot import composition
    from footnote_qa.bot.database import probe_database
    from footnote_qa.bot.state import SCHEMA

    try:
        message = probe_database(composition.state_target(settings), SCHEMA)
    except BotError as error:
        yield Finding(name="state", well=False, message=str(error))
        return
    yield Finding(name="state", well=True, message=message)


def _slack(settings: Settings) -> Iterator[Finding]:
    from footnote_qa.bot.slack import check_slack

    for note in check_slack(settings):
        yield Finding(name="slack", well=note.well, message=note.message)


def _sign_in(settings: Settings) -> Iterator[Finding]:
    """Yield whether the provider at which people sign in to the pages can be used."""
    web = settings.web
    if not web.sign_in.is_on:
        return
    extras = [extra for extra in ("web", "oidc") if not is_installed(extra)]
    if extras:
        message = f"web.sign_in needs packages that are missing: {install(*extras)}"
        yield Finding(name="sign-in", well=False, message=message)
        return
    from footnote_qa.bot.web.sign_in import Provider

    back = f"{web.url}{CALLBACK}"
    try:
        found = asyncio.run(Provider(web.sign_in, redirect=back).check())
    except BotError as error:
        yield Finding(name="sign-in", well=False, message=str(error))
        return
    yield Finding(name="sign-in", well=True, message=f"{found}, which sends people back to {back}")


@app.command("init")
def init(
    context: typer.Context,
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a footnote.toml with comments, to start with."""
    path = shared_of(context).config
    if path.exists() and not force:
        typer.secho(
            f"footnote: {path} already exists: edit it, or overwrite it with --force",
            fg=typer.colors.RED,
            err=True,
        )
        raise typer.Exit(USAGE)
    text = files("footnote_qa.bot").joinpath("footnote.toml").read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    typer.echo(f"{path} written. Next: footnote index build FOLDER, with your folder of documents")


@app.command("doctor")
def doctor(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Check settings, index, models and Slack, and say how to fix what is wrong."""
    shared = shared_of(context)
    findings = examine(shared.config, data_dir=shared.data_dir)
    well = all(finding.well for finding in findings)
    if as_json:
        print_json(
            {
                "passed": well,
                "findings": [
                    {"name": f.name, "passed": f.well, "message": f.message} for f in findings
                ],
            }
        )
    else:
        for finding in findings:
            mark, colour = ("●", typer.colors.GREEN) if finding.well else ("✕", typer.colors.RED)
            typer.secho(f"{mark} {finding.name:<9}", fg=colour, nl=False)
            typer.echo(f" {finding.message}")
    if not well:
        raise typer.Exit(SOME_FAILED)
