"""The commands `footnote slack …` and `footnote forget-user`."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import (
    JsonOption,
    LogFormatOption,
    app,
    print_json,
    shared_of,
    slack_app,
)
from footnote_qa.bot.cli.changes import changes_in_words
from footnote_qa.bot.cli.logging import configure
from footnote_qa.bot.cli.spending import spent_lines

if TYPE_CHECKING:
    from footnote_qa.bot.settings import Settings


@slack_app.command("run")
def run(
    context: typer.Context,
    *,
    http: Annotated[
        str | None,
        typer.Option(
            help="Receive Slack's events by HTTP on PORT or HOST:PORT instead of Socket Mode."
        ),
    ] = None,
    health: Annotated[
        str | None,
        typer.Option(
            help="In Socket Mode, serve /healthz, /readyz and /metrics on PORT or HOST:PORT."
        ),
    ] = None,
    log_format: LogFormatOption = None,
) -> None:
    """Run the Slack bot until it is stopped.

    First create the app from the output of [bold]footnote slack manifest[/]. Then put
    SLACK_BOT_TOKEN (xoxb-…) and SLACK_APP_TOKEN (xapp-…) into the environment or into `.env`.
    With [bold]--http[/], put SLACK_SIGNING_SECRET there instead of SLACK_APP_TOKEN.
    After a change of `.env`, the signal HUP takes up new tokens and keys without a restart.
    """
    from footnote_qa.bot import composition
    from footnote_qa.bot.slack import (
        COMMAND,
        Freshness,
        IndexCatalog,
        IndexGroups,
        Service,
        secrets,
        working_features,
    )
    from footnote_qa.bot.slack import run as serve
    from footnote_qa.bot.slack.inbound import parse_address

    settings = shared_of(context).settings
    secrets(settings, http=http is not None)  # before the index is opened: without, nothing serves
    shared = shared_of(context)
    configure(verbose=not shared.quiet, form=log_format or shared.log_format)
    index = composition.live_index(settings)
    answers = composition.answers_folder(settings)
    answers.mkdir(mode=0o700, parents=True, exist_ok=True)
    specs = composition.source_specs(settings)
    engine = composition.engine(settings, index)

    def read_again() -> "Settings":
        from footnote_qa.bot.settings import load

        new = load(shared.config, data_dir=shared.data_dir)
        composition.renew_models(engine, new)
        return new

    with (
        Freshness(lambda: changes_in_words(settings)) as freshness,
        composition.following(settings, index) as follower,
    ):
        service = Service(
            engine=engine,
            reload=read_again,
            store=composition.store(settings),
            library=IndexCatalog(index, stale=freshness.told),
            groups=IndexGroups(index),
            answers=answers,
            answers_are_indexed=any(Path(spec.path) == answers.absolute() for spec in specs),
            spend=lambda: spent_lines(settings),
            http=None if http is None else parse_address(http),
            health=None if health is None else parse_address(health),
            index_store=None if follower is None else follower.state,
            features=tuple(working_features(settings.slack.features, taken=(COMMAND,))),
        )
        status = asyncio.run(serve(settings, service))
    raise typer.Exit(status)


@slack_app.command("manifest")
def app_manifest(
    context: typer.Context,
    *,
    http: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="The address where Slack reaches the bot. Without it, Socket Mode."
        ),
    ] = None,
    listen: Annotated[
        bool,
        typer.Option(
            "--listen", help="Also ask to read channels, for follow-ups without a mention."
        ),
    ] = False,
    permissions: Annotated[
        bool,
        typer.Option(
            "--permissions",
            help="Also ask for e-mail addresses, user groups and members of channels, for documents"
            " with permissions of their own.",
        ),
    ] = False,
) -> None:
    """Print the app manifest. Paste it as JSON at api.slack.com/apps, “From a manifest”."""
    from footnote_qa.bot.slack import COMMAND, load_features
    from footnote_qa.bot.slack import app_manifest as build
    from footnote_qa.bot.slack.inbound import EVENTS_PATH

    url = None if http is None else http.removesuffix("/").removesuffix(EVENTS_PATH) + EVENTS_PATH
    added = load_features(shared_of(context).settings.slack.features, taken=(COMMAND,))
    print_json(build(url, listen=listen, permissions=permissions, added=added))


@slack_app.command("feedback")
def feedback(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Print the feedback on answers. With --json, each line is one record."""
    from footnote_qa.bot import composition
    from footnote_qa.bot.state import AnswerRepository, json_line

    with composition.store(shared_of(context).settings) as store:
        records = list(AnswerRepository(store.database).feedback())
    for record in records:
        if as_json:
            typer.echo(json_line(record))
            continue
        colour = typer.colors.GREEN if record["rating"] == "up" else typer.colors.RED
        typer.secho(f"{record['rating']:<5}", fg=colour, nl=False)
        why = " · ".join(str(record[key]) for key in ("reason", "comment") if record[key])
        typer.echo(f"{record['at']}  {record['question']}{f' ({why})' if why else ''}")
    if not records and not as_json:
        typer.echo("Nobody has rated an answer yet.")


@slack_app.command("try")
def try_it(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes any free one.")] = 8765,
) -> None:
    """Try the Slack bot in a browser on this machine, without Slack."""
    from footnote_qa.bot import composition
    from footnote_qa.bot.slack import IndexCatalog
    from footnote_qa.bot.slack.features import hello
    from footnote_qa.bot.slack.preview import serve

    settings = shared_of(context).settings
    index = composition.live_index(settings)
    engine = composition.engine(settings, index)
    library = IndexCatalog(index)

    def begun(url: str) -> None:
        typer.echo(f"Open {url} in a browser on this machine. Stop with Ctrl-C.")

    with composition.following(settings, index):
        asyncio.run(
            serve(
                engine,
                hello=lambda: hello(library, settings.slack.prompts),
                port=port,
                begun=begun,
            )
        )


@app.command("forget-user")
def forget_user(
    context: typer.Context,
    user: Annotated[str, typer.Argument(help="The person's id in Slack, such as U0123456789.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Delete the questions, answers and feedback of a person. One line in audit.jsonl stays.

    This does not delete messages in Slack: they belong to the workspace.
    """
    from footnote_qa.bot import composition
    from footnote_qa.bot.state import AnswerRepository, note_erasure, unname

    settings = shared_of(context).settings
    with composition.store(settings) as store:
        documents = unname(store.database, composition.answers_folder(settings), user)
        forgotten = AnswerRepository(store.database).forget_user(user)
    with closing(composition.ledger(settings)) as ledger:
        requests = ledger.forget_user(user)
    counts = {
        "questions": forgotten.questions,
        "answers": forgotten.answers,
        "feedback": forgotten.feedback,
        "documents_without_name": documents,
        "requests_without_name": requests,
    }
    note_erasure(settings.data_dir / "audit.jsonl", user, counts)
    if as_json:
        print_json({"user": user, **counts})
    else:
        told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
        typer.echo(f"{user} is forgotten: {told}")
