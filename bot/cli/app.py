"""The command `footnote`: shared options and errors. A subcommand imports its code when it runs."""

import gc
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.help import command_of
from footnote_qa.bot.cli.logging import LogFormat, configure

if TYPE_CHECKING:
    from footnote_qa.bot.settings import Settings

app = typer.Typer(
    name="footnote",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Answer questions from your own documents, with a checked citation for every sentence.",
    epilog="Start with [bold]footnote index build FOLDER[/], then "
    '[bold]footnote ask "How many days of leave do I have?"[/]',
)
index_app = typer.Typer(no_args_is_help=True, help="Build, inspect and restore the index.")
eval_app = typer.Typer(no_args_is_help=True, help="Measure answers on a question set.")
slack_app = typer.Typer(no_args_is_help=True, help="Run the Slack bot.")
keys_app = typer.Typer(no_args_is_help=True, help="Make and revoke keys of the HTTP API.")
sources_app = typer.Typer(help="List the sources of documents, try them, and add one.")
app.add_typer(index_app, name="index")
app.add_typer(sources_app, name="sources")
app.add_typer(eval_app, name="eval")
app.add_typer(slack_app, name="slack")
app.add_typer(keys_app, name="keys")

_COMMANDS = (
    "footnote_qa.bot.cli.index",
    "footnote_qa.bot.cli.generations",
    "footnote_qa.bot.cli.sources",
    "footnote_qa.bot.cli.ask",
    "footnote_qa.bot.cli.models",
    "footnote_qa.bot.cli.eval",
    "footnote_qa.bot.cli.eval_runs",
    "footnote_qa.bot.cli.eval_choices",
    "footnote_qa.bot.cli.question_sets",
    "footnote_qa.bot.cli.slack",
    "footnote_qa.bot.cli.web",
    "footnote_qa.bot.cli.keys",
    "footnote_qa.bot.cli.doctor",
    "footnote_qa.bot.cli.config",
    "footnote_qa.bot.cli.backup",
    "footnote_qa.bot.cli.mcp",
    "footnote_qa.bot.cli.plugins",
)
WELL, SOME_FAILED, USAGE = 0, 1, 2
_OBJECTS_BETWEEN_COLLECTIONS = 50_000
Json = dict[str, object]


@dataclass(kw_only=True)
class Shared:
    """The options that every command shares.

    Attributes:
        config: The settings file.
        data_dir: From the command line; None leaves it to the settings.
        log_format: The form of each line of the log.
        quiet: Print no progress and no notes.
        began_s: When the person began to wait, on the clock `time.monotonic`.
    """

    config: Path
    data_dir: Path | None
    log_format: LogFormat = LogFormat.TEXT
    quiet: bool = False
    began_s: float

    def waited_ms(self) -> float:
        """Return how long the person has waited for this command, in milliseconds."""
        return (time.monotonic() - self.began_s) * 1000

    def note(self, message: str) -> None:
        """Print a note to standard error, unless the person asked for quiet."""
        if not self.quiet:
            typer.secho(f"footnote: {message}", fg=typer.colors.YELLOW, err=True)

    @cached_property
    def settings(self) -> "Settings":
        """All settings; raises `SettingsError`."""
        from footnote_qa.bot.settings import load

        return load(self.config, data_dir=self.data_dir)


LogFormatOption = Annotated[
    LogFormat | None,
    typer.Option(help="Log as text, or as one JSON object on each line.  [default: text]"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
QuestionWords = Annotated[
    list[str],
    typer.Argument(
        metavar="QUESTION",
        help="Your question. Put it in quotes if it has a ? or *, which your shell may expand. "
        "A single - reads it from standard input.",
    ),
]


def _version(value: bool) -> None:  # noqa: FBT001 - the shape that typer calls
    if value:
        typer.echo(f"footnote {metadata.version('footnote-qa')}")
        raise typer.Exit


@app.callback()
def shared(
    context: typer.Context,
    *,
    config: Annotated[Path, typer.Option(help="Settings file.", show_default=True)] = Path(
        "footnote.toml"
    ),
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Folder for the index and all other data.  [default: .footnote]"),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log each step, and the traces of errors.")
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="Print no progress and no notes on standard error, only errors."
        ),
    ] = False,
    log_format: LogFormatOption = None,
    version: Annotated[  # noqa: ARG001 - handled as soon as it is read
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Store the options that every command shares."""
    form = log_format or LogFormat.TEXT
    configure(verbose=verbose and not quiet, form=form)
    began_s = context.obj if isinstance(context.obj, float) else time.monotonic()
    context.obj = Shared(
        config=config, data_dir=data_dir, log_format=form, quiet=quiet, began_s=began_s
    )


def _be_quiet(context: typer.Context, _: object, value: bool) -> bool:  # noqa: FBT001 - theirs
    found = context.find_object(Shared)
    if value and found is not None:
        found.quiet = True
        configure(verbose=False, form=found.log_format)
    return value


def shared_of(context: typer.Context) -> Shared:
    """Return the options that every command shares."""
    found = context.find_object(Shared)
    if found is None:  # only if a command is called without the application
        raise typer.Abort
    return found


def question_of(words: list[str]) -> str:
    """Return the question on the command line, or on standard input if that says "-".

    Raises:
        QuestionError: There is none, or it is not UTF-8.
    """
    from footnote_qa.bot.errors import QuestionError

    if words != ["-"]:
        text = " ".join(words).strip()
    else:
        try:
            text = typer.get_binary_stream("stdin").read().decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            raise QuestionError("standard input is not UTF-8: convert it first") from error
    if not text:
        raise QuestionError('there is no question: type one, such as footnote ask "Who pays?"')
    return text


def print_json(value: Json) -> None:
    """Print one object to standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def main() -> None:
    """Run the command. A known error ends it with one line that says what to do."""
    began_s = time.monotonic() - process_age_s()
    # The imports make thousands of objects that stay; looking through them again and again for
    # garbage takes a sixteenth of the time of a question
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    _end_on_sigterm()
    for name in _COMMANDS:
        import_module(name)
    as_json = "--json" in sys.argv
    try:
        command_of(app, _be_quiet)(obj=began_s)
    except Exception as error:
        status = _status(error)
        if status is None:
            raise
        if as_json:
            print_json({"error": str(error)})
        typer.secho(f"footnote: {error}", fg=typer.colors.RED, err=True)
        sys.exit(status)


def _end_on_sigterm() -> None:
    """Let SIGTERM end process 1 of a container, for which Linux ignores it without a handler."""
    if os.getpid() == 1:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def process_age_s() -> float:
    """Return how long this process has run, to 0.01 s; 0 where the system does not say."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace")
        ticks = int(fields.rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0


def _status(error: Exception) -> int | None:
    """Return the exit status for an error that is known, else None."""
    from footnote_qa.bot.errors import BotError, QuestionError, SettingsError, SlackError, WebError
    from footnote_qa.errors import PluginError
    from footnote_qa.eval.errors import ChoiceError, EvalError, QuestionSetError
    from footnote_qa.index.errors import (
        IndexingError,
        IndexMissingError,
        ModelError,
        SourceError,
    )

    usage = (
        SettingsError
        | QuestionError
        | PluginError
        | SlackError
        | WebError
        | SourceError
        | ModelError
        | IndexMissingError
        | QuestionSetError
        | ChoiceError
    )
    if isinstance(error, usage):
        return USAGE
    if isinstance(error, IndexingError | BotError | EvalError):
        return SOME_FAILED
    return None
