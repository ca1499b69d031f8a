"""The commands `footnote backup` and `footnote restore`."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import Json, JsonOption, app, print_json, shared_of

if TYPE_CHECKING:
    from footnote_qa.bot.backup import Backup, Place
    from footnote_qa.bot.settings import Settings

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The backup, a .tar.gz file.")]


@app.command("backup")
def backup(context: typer.Context, file: FileArgument, *, as_json: JsonOption = False) -> None:
    """Back up the questions, answers, feedback, spending and the index in use.

    The bot may go on meanwhile: the questions and answers in the backup are of one moment.
    """
    from footnote_qa.bot.backup import write_backup

    with _place(shared_of(context).settings) as place:
        made = write_backup(place, file)
    _tell(made, file, "backed up to", as_json=as_json)


@app.command("restore")
def restore(
    context: typer.Context,
    file: FileArgument,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a state that holds questions or answers.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Restore a backup. Stop the bot first.

    It may come from SQLite and be restored in PostgreSQL, and the other way round.
    """
    from footnote_qa.bot.backup import restore_backup

    with _place(shared_of(context).settings) as place:
        restored = restore_backup(file, place, force=force)
    _tell(restored, file, "restored from", as_json=as_json)


@contextmanager
def _place(settings: "Settings") -> "Iterator[Place]":
    from footnote_qa.bot import composition
    from footnote_qa.bot.backup import Place

    with composition.store(settings) as store, closing(composition.ledger(settings)) as ledger:
        yield Place(
            state=store.database,
            spending=ledger.database,
            index=composition.index_directory(settings),
            answers=composition.answers_folder(settings),
        )


def _tell(done: "Backup", file: Path, what: str, *, as_json: bool) -> None:
    value: Json = {
        "file": str(file),
        "created_at": done.created_at,
        "generation": done.generation,
        "rows": dict(done.rows),
        "answers": done.answers,
    }
    if as_json:
        print_json(value)
        return
    index = f"index {done.generation}" if done.generation else "no index"
    typer.echo(
        f"{done.rows['state/question']} questions, {done.rows['state/answer']} answers,"
        f" {done.rows['state/feedback']} ratings and {index} {what} {file}"
    )
