"""The commands `footnote eval diff` and `prefer`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import SOME_FAILED, Json, JsonOption, eval_app, print_json, shared_of

if TYPE_CHECKING:
    from footnote_qa.eval.datasets import SetDifference
    from footnote_qa.eval.judging import Choices, Pair, Preferred
    from footnote_qa.eval.types import Case, Complete


@eval_app.command("diff")
def diff(
    old: Annotated[Path, typer.Argument(help="A question set.")],
    new: Annotated[Path, typer.Argument(help="Another version of it.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Show which questions were added, removed or changed between two versions of a set.

    A question is the same by its id, or else by its words. Drafts are left out.
    """
    from footnote_qa.eval.datasets import load, set_difference

    found = set_difference(load(old), load(new))
    if as_json:
        print_json(_diff_json(found))
    else:
        _show_diff(found)


def _diff_json(found: "SetDifference") -> Json:
    return {
        "added": [_case_json(case) for case in found.added],
        "removed": [_case_json(case) for case in found.removed],
        "changed": [
            {
                "id": one.id,
                "question": one.question,
                "fields": {name: [_plain(v) for v in pair] for name, pair in one.fields.items()},
            }
            for one in found.edited
        ],
        "same": found.same,
    }


def _case_json(case: "Case") -> Json:
    return {"id": case.id, "question": case.question}


def _plain(value: object) -> object:
    from dataclasses import asdict, is_dataclass

    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _show_diff(found: "SetDifference") -> None:
    from rich.text import Text

    from footnote_qa.bot.cli.console import stdout
    from footnote_qa.eval.reports import visible

    console = stdout()

    def line(text: str, style: str = "") -> None:
        console.print(Text(visible(text), style=style))

    for case in found.added:
        line(f"+ {case.id}: {case.question}", "green")
    for case in found.removed:
        line(f"- {case.id}: {case.question}", "red")
    for one in found.edited:
        line(f"~ {one.id}: {one.question}", "yellow")
        for name, (before, after) in one.fields.items():
            console.print(Text(f"    {name}: {visible(_words(before))} → {visible(_words(after))}"))
    counts = (len(found.added), len(found.removed), len(found.edited), found.same)
    line("{} added, {} removed, {} changed, {} the same".format(*counts))


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return " | ".join(_words(one) for one in value) or "(none)"
    known = _plain(value)
    if isinstance(known, dict):
        return ", ".join(f"{k} {v}" for k, v in known.items() if v not in (None, (), "", 1))
    return str(known)


@eval_app.command("prefer")
def prefer(
    context: typer.Context,
    before: Annotated[str, typer.Argument(help="A run: its id, the start of its id, or its name.")],
    after: Annotated[str, typer.Argument(help="The run to compare it with.")],
    *,
    model: Annotated[
        bool, typer.Option("--model", help="Let the model of the settings choose, in both orders.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Choose for this number of questions at most.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Choose the better of two runs' answers, question by question, without knowing the run.

    Each choice is saved before the next question is shown: give the same command again to go on.
    Questions that both runs answered in the same words are left out. At the end, this shows how
    often the later run was preferred, with the interval.
    """
    from footnote_qa.eval.judging import PERSON, Choices, pairs_of, preferred
    from footnote_qa.eval.runs import load_record

    settings = shared_of(context).settings
    one, other = (load_record(name, settings.data_dir) for name in (before, after))
    pairs, same = pairs_of(one, other, limit=limit)
    untaken: list[str] = []
    if model:
        from footnote_qa.bot.evaluation import judging

        judge = judging(settings)
        kept = Choices(settings.data_dir, one.run, other.run, by=judge.name)
        untaken = _by_model(pairs, kept, judge)
    else:
        kept = Choices(settings.data_dir, one.run, other.run, by=PERSON)
        if not as_json:
            _by_person(pairs, kept)
    found = preferred(pairs, kept.read(), same=same)
    _show_preferred(found, (one.run, other.run), untaken, as_json=as_json)
    if untaken:
        raise typer.Exit(SOME_FAILED)


def _by_model(pairs: "list[Pair]", kept: "Choices", judge: "Complete") -> list[str]:
    from footnote_qa.eval.judging import choose_by_model

    known = kept.read()
    chosen, untaken = asyncio.run(choose_by_model([p for p in pairs if p.id not in known], judge))
    kept.add(chosen)
    return untaken


def _by_person(pairs: "list[Pair]", kept: "Choices") -> None:
    from footnote_qa.eval.judging import Choice

    known = kept.read()
    left = [pair for pair in pairs if pair.id not in known]
    for number, pair in enumerate(left, start=1):
        _show_pair(pair, f"{number} of {len(left)}")
        choice = _asked()
        if choice == "quit":
            return
        if choice != "skip":
            kept.add({pair.id: Choice(choice)})


def _asked() -> str:
    """Return a choice, or "skip" or "quit"."""
    keys = {"1": "first", "2": "second", "n": "neither", "s": "skip", "q": "quit"}
    while True:
        key = typer.prompt("Better: [1]  [2]  [n]either  [s]kip  [q]uit", default="s")
        if (said := key.strip().lower()[:1]) in keys:
            return keys[said]


def _show_pair(pair: "Pair", place: str) -> None:
    from rich.markup import escape

    from footnote_qa.bot.cli.console import stdout
    from footnote_qa.eval.reports import visible

    console = stdout()
    console.rule(escape(place))
    expected = " | ".join(pair.expected)
    shown = {"question": pair.question, "right": expected, "1": pair.first, "2": pair.second}
    for name, text in shown.items():
        if text:
            console.print(f"[dim]{name:<9}[/] {escape(visible(text))}")


def _show_preferred(
    found: "Preferred", runs: tuple[str, str], untaken: list[str], *, as_json: bool
) -> None:
    from dataclasses import asdict

    if as_json:
        verdict = {"verdict": found.verdict, "untaken": untaken}
        print_json({"before": runs[0], "after": runs[1], **asdict(found), **verdict})
        return
    counts = f"{found.wins} won, {found.losses} lost, {found.ties} neither"
    if found.rate is None:
        typer.echo(f"No choice yet. {found.same} answers are the same.")
    else:
        rate = f"{found.rate.mean:.2f} ({found.rate.low:.2f} – {found.rate.high:.2f})"
        typer.echo(f"{runs[1]} against {runs[0]}: {counts}, {found.same} the same")
        typer.echo(f"preferred {rate}: {found.verdict}")
    for reason in untaken[:1]:
        typer.echo(f"{len(untaken)} choices failed, such as {reason}", err=True)
