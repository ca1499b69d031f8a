"""The option --quiet after each command, and help texts without the types of Python."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stdout
from copy import copy
from typing import Final, cast

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from footnote_qa.bot.cli.pipes import without_trailing_blanks

_WORDS: Final = {
    **dict.fromkeys(("bool", "list[bool]"), ""),
    **dict.fromkeys(("str", "list[str]"), "TEXT"),
    **dict.fromkeys(("int", "float", "int range", "float range"), "NUMBER"),
    **dict.fromkeys(("path", "file", "directory", "Path", "list[Path]"), "PATH"),
}
Context = typer.Context


def command_of(app: typer.Typer, quiet: Callable[[Context, object, bool], object]) -> TyperGroup:
    """Return the command of *app*, its subcommands included, with plain words in its help.

    Args:
        app: Has an option --quiet.
        quiet: Called with the value of --quiet, which works after each subcommand as well.
    """
    command = cast(TyperGroup, typer.main.get_command(app))
    option = copy(next(param for param in command.params if param.name == "quiet"))
    option.expose_value = False
    option.callback = quiet  # type: ignore[assignment]  # Typer's context is Click's at run time
    for each in _all(command):
        if not isinstance(each, TyperGroup):
            each.params.append(option)
        _trim_in_pipes(each)
        context = Context(each)
        for param in each.get_params(context):
            if isinstance(param, TyperArgument | TyperOption):
                _use_plain_words(param, context)
    return command


def _all(command: TyperCommand | TyperGroup) -> Iterator[TyperCommand | TyperGroup]:
    yield command
    if isinstance(command, TyperGroup):
        for each in command.commands.values():
            if isinstance(each, TyperCommand | TyperGroup):
                yield from _all(each)


def _trim_in_pipes(command: TyperCommand | TyperGroup) -> None:
    """Let the help end no line in blanks unless a terminal shows it; Typer fills each one."""
    show = command.format_help

    def trimmed(context: object, formatter: object) -> None:
        with ExitStack() as stack:
            if not sys.stdout.isatty():
                stack.enter_context(redirect_stdout(without_trailing_blanks(sys.stdout)))
            show(context, formatter)  # type: ignore[arg-type]  # the same ones

    command.format_help = trimmed  # type: ignore[method-assign,assignment]  # Typer has no setting


def _use_plain_words(param: TyperArgument | TyperOption, context: Context) -> None:
    """Replace the type that Typer makes of the annotation, for which it has no setting."""
    shown = (param.display_type_rich(context) or "").strip("<>")
    word = _WORDS.get(shown, shown) or None

    def display(ctx: object) -> str | None:  # noqa: ARG001 - the shape that Typer calls
        return word

    param.display_type_rich = display  # type: ignore[method-assign]  # see above
