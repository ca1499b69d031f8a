"""The commands `footnote eval generate`, `review`, `import-feedback` and `judge`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footnote_qa.bot.cli.app import SOME_FAILED, JsonOption, eval_app, print_json, shared_of

if TYPE_CHECKING:
    from footnote_qa.bot.settings import Settings
    from footnote_qa.eval.datasets import CaseLine, Decision
    from footnote_qa.eval.judging import Agreement

OutOption = Annotated[
    Path, typer.Option(help="The set to which the drafts are added. It is created if missing.")
]
_DRAFTS = Path("questions-draft.jsonl")
_SHOWN_CHARS = 1500


@eval_app.command("generate")
def generate(
    context: typer.Context,
    *,
    out: OutOption = _DRAFTS,
    limit: Annotated[int, typer.Option(min=1, help="The largest number of drafts.")] = 30,
    model: Annotated[
        bool, typer.Option("--model", help="Let the language model of the settings write them.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Draft questions from the index, for a person to review.

    Without a model, they are made from headings, definitions and facts, and need editing.
    """
    from footnote_qa.bot import composition, evaluation
    from footnote_qa.eval.datasets import add_cases, draft_questions, draft_questions_by_model

    settings = shared_of(context).settings
    generation = composition.current_index(settings).open_best()
    chunks = list(generation.passages.all_chunks())
    if model:
        made = asyncio.run(
            draft_questions_by_model(chunks, evaluation.judging(settings), limit=limit)
        )
    else:
        made = draft_questions(chunks, limit=limit)
    _tell_added(out, made, add_cases(out, made), as_json=as_json)


@eval_app.command("import-feedback")
def import_feedback(
    feedback: Annotated[Path, typer.Argument(help="Exported feedback, one record on each line.")],
    *,
    out: OutOption = _DRAFTS,
    as_json: JsonOption = False,
) -> None:
    """Turn feedback on answers into drafts, with the answer and the reason why it was wrong."""
    from footnote_qa.eval.datasets import add_cases, cases_of, read_feedback

    made = cases_of(read_feedback(feedback))
    _tell_added(out, made, add_cases(out, made), as_json=as_json)


@eval_app.command("review")
def review(
    questions: Annotated[Path, typer.Argument(metavar="SET", help="A .jsonl file with drafts.")],
    *,
    accept: Annotated[
        list[str] | None, typer.Option(help="Accept this draft without asking. Can be repeated.")
    ] = None,
    reject: Annotated[
        list[str] | None, typer.Option(help="Delete this draft without asking. Can be repeated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Review the drafts of a set: accept, edit, mark as unanswerable, or delete each.

    Every decision is saved before the next draft is shown.
    """
    from footnote_qa.eval.datasets import drafts as reviewing
    from footnote_qa.eval.datasets import read_cases, write_cases

    lines = read_cases(questions)
    if not lines:
        raise typer.BadParameter(f"{questions} has no questions")
    by_hand = not (accept or reject or as_json)
    decide = (
        _ask_person
        if by_hand
        else reviewing.decide_by_ids(lines, accept=accept or (), reject=reject or ())
    )
    left = reviewing.review(lines, decide, lambda now: write_cases(questions, now))
    drafts = sum(not line.reviewed for line in left)
    if as_json:
        print_json({"set": str(questions), "questions": len(left) - drafts, "drafts": drafts})
    else:
        typer.echo(f"{questions}: {len(left) - drafts} questions, {drafts} drafts left")


@eval_app.command("judge")
def judge(
    context: typer.Context,
    run_id: Annotated[str | None, typer.Argument(metavar="RUN", help="The run to judge.")] = None,
    *,
    human: Annotated[
        Path | None,
        typer.Option(help="Answers with human labels, in the format of MTRAG. Show the agreement."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let a model judge the answers of a run, or show how well scores agree with people.

    With --human and without a model, this shows the scores that need no model.
    """
    from footnote_qa.eval.errors import ChoiceError

    settings = shared_of(context).settings
    if human is not None:
        _tell_agreement(settings, human, as_json=as_json)
    elif run_id is not None:
        _judge_run(settings, run_id, as_json=as_json)
    else:
        raise ChoiceError("name a run, or labelled answers with --human")


def _judge_run(settings: "Settings", run_id: str, *, as_json: bool) -> None:
    from footnote_qa.bot.evaluation import judging
    from footnote_qa.eval.judging import CRITERIA, judge_run
    from footnote_qa.eval.runs import load_record, save_scores

    record = load_record(run_id, settings.data_dir)
    model = judging(settings)
    judged, untaken = asyncio.run(judge_run(record, model, by=model.name))
    save_scores(judged, settings.data_dir)
    answered = sum(asked.status == "answered" for asked in judged.questions)
    metrics = {name: judged.metrics[name] for name in CRITERIA if name in judged.metrics}
    if as_json:
        means = {name: {"mean": m.mean, "n": m.n} for name, m in metrics.items()}
        told = {"run": judged.run, "model": model.name, "answered": answered}
        print_json({**told, "metrics": means, "untaken": untaken})
    else:
        for name, found in metrics.items():
            interval = f"({found.low:.3f} – {found.high:.3f})"
            typer.echo(f"{name:<14} {found.mean:.3f} {interval}  {found.n} of {answered} judged")
        _tell_untaken(untaken)
    if any(name not in metrics for name in CRITERIA):
        raise typer.Exit(SOME_FAILED)


def _tell_agreement(settings: "Settings", human: Path, *, as_json: bool) -> None:
    from dataclasses import asdict

    from footnote_qa.bot.evaluation import judging
    from footnote_qa.eval.judging import judge_agreement, load_labelled, metric_agreement

    labelled = load_labelled(human)
    found, untaken = metric_agreement(labelled), list[str]()
    if settings.models.providers:
        judged, untaken = asyncio.run(judge_agreement(labelled, judging(settings)))
        found |= {f"judge, {name}": agreed for name, agreed in judged.items()}
    if as_json:
        rows = {name: asdict(agreed) for name, agreed in found.items()}
        print_json({"answers": len(labelled), "untaken": untaken, "agreement": rows})
        return
    for name, agreed in found.items():
        typer.echo(f"{name:<30} {_in_words(agreed)}")
    if not settings.models.providers:
        typer.echo("no model is configured, so no model judged")
    _tell_untaken(untaken)


def _tell_untaken(untaken: list[str]) -> None:
    if untaken:
        typer.echo(f"{len(untaken)} judgements failed, such as {untaken[0]}", err=True)


def _in_words(agreed: "Agreement") -> str:
    spearman = "–" if agreed.spearman is None else f"{agreed.spearman:+.3f}"
    kappa = "" if agreed.kappa is None else f"  kappa {agreed.kappa:+.3f}"
    return f"Spearman {spearman}{kappa}  n {agreed.n}"


def _tell_added(
    out: Path, made: "list[CaseLine]", added: "list[CaseLine]", *, as_json: bool
) -> None:
    if as_json:
        ids = [line.id for line in added]
        print_json({"set": str(out), "drafted": len(made), "added": ids})
        return
    known = len(made) - len(added)
    typer.echo(
        f"{len(added)} drafts added to {out}{f', {known} were already there' if known else ''}"
    )
    if added:
        typer.echo(f"Next: footnote eval review {out}")


def _ask_person(draft: "CaseLine") -> "Decision":
    from footnote_qa.eval.datasets import Decision, Verdict

    _show(draft)
    keys = {"a": Verdict.ACCEPT, "u": Verdict.UNANSWERABLE, "r": Verdict.REJECT}
    keys |= {"s": Verdict.SKIP, "q": Verdict.QUIT}
    hint = "[a]ccept  [e]dit  [u]nanswerable  [r]eject  [s]kip  [q]uit"
    while True:
        key = typer.prompt(hint, default="s", show_default=False).strip().lower()[:1]
        if key == "e":
            return _edited(draft)
        if key in keys:
            return Decision(verdict=keys[key])


def _edited(draft: "CaseLine") -> "Decision":
    from footnote_qa.eval.datasets import Decision, Verdict

    question = typer.prompt("Question", default=draft.question)
    wordings = typer.prompt("Right answers, separated by |", default=" | ".join(draft.answers))
    answers = tuple(part.strip() for part in wordings.split("|") if part.strip())
    return Decision(verdict=Verdict.ACCEPT, question=question, answers=answers)


def _show(draft: "CaseLine") -> None:
    from rich.markup import escape

    from footnote_qa.bot.cli.console import stdout
    from footnote_qa.eval.reports import visible

    console = stdout()

    def line(name: str, text: str) -> None:
        console.print(f"[dim]{name:<9}[/] {escape(visible(text)[:_SHOWN_CHARS])}")

    console.rule(escape(visible(draft.id)))
    line("question", draft.question)
    line("answers", " | ".join(draft.answers) or "(none)")
    for place in draft.relevant:
        page = f", page {place.page}" if place.page else ""
        line("found in", f"{place.document}{page}: {place.quote or ''}")
    if draft.feedback:
        line("feedback", f"{draft.feedback.verdict}: {draft.feedback.reason}")
        line("was shown", draft.feedback.answer)
