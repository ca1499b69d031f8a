"""The command `footnote serve`."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import LogFormatOption, app, shared_of
from footnote_qa.bot.cli.changes import changes_in_words
from footnote_qa.bot.cli.logging import configure

if TYPE_CHECKING:
    from footnote_qa.bot.cli.app import Shared
    from footnote_qa.bot.settings import Settings
    from footnote_qa.bot.web import Backend, NewCase, Operations

CASES = "questions.jsonl"
INSTALL = 'pip install "footnote-qa[web]"'


@app.command("serve")
def serve(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(help="Port of the pages; 0 takes any free one.")] = 8766,
    host: Annotated[
        str,
        typer.Option(
            help="Address of this machine to listen on. One that others can reach needs "
            "\\[web.sign_in] in the settings."
        ),
    ] = "127.0.0.1",
    log_format: LogFormatOption = None,
) -> None:
    r"""Serve web pages to ask, to search and to read the documents.

    Open the address that is printed. It has a token; nobody gets in without it. With
    \[web.sign_in] in the settings, people sign in instead.
    """
    from footnote_qa.bot import composition
    from footnote_qa.bot.errors import SettingsError
    from footnote_qa.bot.slack import Freshness

    try:
        from footnote_qa.bot import web
    except ModuleNotFoundError as error:
        raise SettingsError(f"the pages need packages that are not installed: {INSTALL}") from error
    shared = shared_of(context)
    settings = shared.settings
    configure(verbose=not shared.quiet, form=log_format or shared.log_format)

    def begun(address: str) -> None:
        where = "" if settings.web.sign_in.is_on else " in a browser on this machine"
        typer.echo(f"Open {address}{where}. Stop with Ctrl-C.")

    with (
        ExitStack() as closing,
        composition.store(settings) as store,
        Freshness(lambda: changes_in_words(settings)) as freshness,
    ):
        answers = composition.answers_folder(settings)
        specs = composition.source_specs(settings)
        cases = settings.data_dir / CASES
        site = web.site_of(
            settings.web,
            store.database,
            _backend(settings, closing),
            answers_folder=answers,
            answers_are_indexed=any(Path(spec.path) == answers.absolute() for spec in specs),
            add_case=lambda case: _add_case(cases, case),
            operations=_operations(shared),
            case_file=str(cases),
            stale=freshness.told,
        )
        with web.QuestionReader(site.backend, site.overviews):
            asyncio.run(web.serve(site, port=port, begun=begun, host=host))


def _operations(shared: "Shared") -> "Operations":
    from footnote_qa.bot import composition, web
    from footnote_qa.bot.cli.doctor import examine
    from footnote_qa.bot.cli.spending import spent_lines

    def examined() -> "list[web.Finding]":
        found = examine(shared.config, data_dir=shared.data_dir)
        return [web.Finding(name=one.name, well=one.well, message=one.message) for one in found]

    return web.Operations(
        directory=lambda: composition.index_directory(shared.settings),
        examine=examined,
        spending=lambda: spent_lines(shared.settings),
    )


def _add_case(path: Path, case: "NewCase") -> bool:
    """Add a question to the set at *path*; return whether it was not there yet."""
    from footnote_qa.eval.datasets import CaseLine, PlaceLine, add_cases

    line = CaseLine(
        id=case.id,
        question=case.question,
        answers=case.answers,
        answerable=case.answerable,
        relevant=tuple(
            PlaceLine(
                document=one.document,
                page=one.page,
                heading=one.heading,
                quote=one.quote,
                start=one.start,
                end=one.end,
            )
            for one in case.citations
        ),
        tags=("web",),
        reviewed=case.is_complete,
    )
    return bool(add_cases(path, [line]))


def _backend(settings: "Settings", closing: ExitStack) -> "Backend":
    """Return what opens the index when it is first needed, so that there may be none yet."""
    from footnote_qa.bot import composition, web

    def opened() -> "web.Opened":
        index = composition.live_index(settings)
        engine = composition.engine(settings, index)
        closing.enter_context(composition.following(settings, index))
        return web.Opened(index=index, engine=engine)

    return web.Backend(opened)
