"""The commands `footnote init` and `footnote doctor`."""

from importlib.resources import files
from typing import Annotated

import typer

from bot.cli import SOME_FAILED, USAGE, JsonOption, app, print_json, shared_of


@app.command("init")
def init(
    context: typer.Context,
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a commented footnote.toml to begin with."""
    path = shared_of(context).config
    if path.exists() and not force:
        typer.secho(
            f"footnote: {path} exists: edit it, or overwrite it with --force",
            fg=typer.colors.RED,
            err=True,
        )
        raise typer.Exit(USAGE)
    text = files("bot").joinpath("footnote.toml").read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    typer.echo(f"{path} written. Name your folder of documents in it, then: footnote index build")


@app.command("doctor")
def doctor(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Say in words what is missing: settings, index, models, Slack."""
    from bot.doctor import examine

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
