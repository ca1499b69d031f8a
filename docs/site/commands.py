"""The page of all commands with their options, made from the command line itself."""

from collections.abc import Iterator
from importlib import import_module
from re import sub

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from footnote_qa.bot.cli import app as application
from footnote_qa.bot.cli.help import command_of

_LEFT_OUT = frozenset({"help", "install_completion", "show_completion"})


def commands_page() -> str:
    """Return the page: a section for each command, with its arguments and options."""
    for name in application._COMMANDS:  # noqa: SLF001  the list that the command itself reads
        import_module(name)
    root = command_of(application.app, lambda *_: None)
    lines = [
        "# Commands",
        "",
        (
            "Options of `footnote` itself come before the command: "
            "`footnote --data-dir FOLDER ask …`. The exit status is 0 if all went well, "
            "1 if a part failed, and 2 if the command or a "
            "setting is wrong."
        ),
        "",
        "## `footnote`",
        "",
        *_parameters(root),
    ]
    for path, command in _commands(root, "footnote"):
        lines += ["", f"## `{path}`", "", *_help(command), *_parameters(command)]
    return "\n".join(lines).rstrip() + "\n"


def _commands(group: TyperGroup, path: str) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{path} {name}")
        elif isinstance(command, TyperCommand) and not command.hidden:
            yield f"{path} {name}", command


def _help(command: TyperCommand) -> Iterator[str]:
    """Yield the paragraphs of the help; indented ones are examples."""
    for part in (command.help or "").split("\n\n"):
        if part.startswith("    "):
            yield from ("```sh", *(line.strip() for line in part.splitlines()), "```", "")
        else:
            yield from (_plain(" ".join(part.split())), "")


def _parameters(command: TyperCommand | TyperGroup) -> Iterator[str]:
    context = typer.Context(command)
    found = [
        one
        for one in command.params
        if isinstance(one, TyperArgument | TyperOption)
        and not one.hidden
        and one.name not in _LEFT_OUT
    ]
    if not found:
        return
    yield from ("| Argument or option | Meaning |", "|---|---|")
    for one in found:
        yield f"| {_name(one, context)} | {_meaning(one)} |"


def _name(one: TyperArgument | TyperOption, context: typer.Context) -> str:
    if isinstance(one, TyperArgument):
        words = one.metavar or str(one.name).upper()
        return f"`{words}{'…' if one.nargs == -1 else ''}`"
    value = one.display_type_rich(context) or ""
    names = ", ".join(f"`{name}`" for name in [*one.opts, *one.secondary_opts])
    return f"{names} {value.replace('|', ' or ')}".strip()


def _meaning(one: TyperArgument | TyperOption) -> str:
    text = _plain(" ".join((one.help or "").split()))
    is_shown = one.default not in (None, False, (), []) and "[default" not in text
    default = getattr(one.default, "value", one.default)
    is_plain = isinstance(default, str | int | float) or hasattr(default, "__fspath__")
    return (
        f"{text} Default: `{default}`."
        if is_shown and is_plain
        else text.replace("[default: ", "Default: ").replace("]", "")
    )


def _plain(text: str) -> str:
    return sub(r"\[/?(?:bold|dim|italic)?\]", "", text).replace("|", "\\|")
