"""The command `footnote config`: each setting, its value, and where that comes from."""

from typing import TYPE_CHECKING

import typer

from footnote_qa.bot.cli.app import JsonOption, app, print_json, shared_of

if TYPE_CHECKING:
    from footnote_qa.bot.setting_origins import OriginatedValue


@app.command("config")
def config(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Show each setting, its value, and where that comes from. Secrets are not shown.

    A value comes from the command line, a variable of the environment, .env, the settings file,
    or the default; the first of these that has one wins.
    """
    from footnote_qa.bot.setting_origins import DEFAULT, originated

    shared = shared_of(context)
    rows = originated(shared.config, data_dir=shared.data_dir)
    if as_json:
        print_json(
            {
                "settings": [
                    {"name": r.name, "value": r.value, "secret": r.is_secret, "origin": r.origin}
                    for r in rows
                ]
            }
        )
        return
    from rich.table import Table
    from rich.text import Text

    from footnote_qa.bot.cli.console import stdout

    table = Table("setting", "value", "from", box=None, pad_edge=False)
    for row in rows:
        style = "dim" if row.origin == DEFAULT else ""
        table.add_row(Text(row.name), Text(_in_words(row)), Text(row.origin), style=style)
    stdout().print(table)


def _in_words(row: "OriginatedValue") -> str:
    if row.is_secret:
        return "(secret, set)"
    if row.value is None or row.value in ("", []):
        return "(none)"
    if isinstance(row.value, list):
        return ", ".join(row.value)
    return str(row.value).lower() if isinstance(row.value, bool) else str(row.value)
