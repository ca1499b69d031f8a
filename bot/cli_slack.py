"""The commands `footnote slack …`."""

import asyncio

import typer

from bot.cli import print_json, shared_of, slack_app


@slack_app.command("run")
def run(context: typer.Context) -> None:
    """Answer mentions and direct messages in Slack, over Socket Mode, until stopped.

    Needs SLACK_BOT_TOKEN (xoxb-…) and SLACK_APP_TOKEN (xapp-…), in the environment or in `.env`.
    The app itself is made from the output of [bold]footnote slack manifest[/].
    """
    from bot import wiring
    from bot.logs import configure
    from bot.slack.app import run as serve
    from bot.slack.app import tokens

    settings = shared_of(context).settings
    tokens(settings)  # before the index is opened: without them nothing can be served
    configure(verbose=True)
    engine = wiring.engine(settings, wiring.live_index(settings))
    status = asyncio.run(serve(settings, engine.aask, wiring.store(settings)))
    raise typer.Exit(status)


@slack_app.command("manifest")
def manifest() -> None:
    """Print the app manifest: paste it at api.slack.com/apps, “From a manifest”, as JSON."""
    from bot.slack.manifest import manifest as build

    print_json(build(None))
