"""Drafts are accepted, mended or thrown away, one after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from eval.caselines import CaseLine
from eval.errors import EvalError


class Verdict(StrEnum):
    """What a person decides about a draft."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNANSWERABLE = "unanswerable"
    SKIP = "skip"
    QUIT = "quit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a draft.

    Attributes:
        verdict: What was decided.
        question: In place of the drafted one; None keeps it.
        answers: In place of the drafted ones; None keeps them.
    """

    verdict: Verdict
    question: str | None = None
    answers: tuple[str, ...] | None = None


Decide = Callable[[CaseLine], Decision]
Save = Callable[[Sequence[CaseLine]], None]


def review(lines: Sequence[CaseLine], decide: Decide, save: Save) -> list[CaseLine]:
    """Go through the drafts; each decision is saved before the next draft is shown.

    Args:
        lines: The whole set, drafts among it.
        decide: Asked for each draft.
        save: Given the whole set after each decision.

    Returns:
        The set as it is now.
    """
    current = list(lines)
    for draft in [line for line in lines if not line.reviewed]:
        decision = decide(draft)
        if decision.verdict is Verdict.QUIT:
            break
        if decision.verdict is Verdict.SKIP:
            continue
        at = current.index(draft)
        current[at : at + 1] = _decided(draft, decision)
        save(current)
    return current


def decide_by_ids(
    lines: Sequence[CaseLine], *, accept: Sequence[str], reject: Sequence[str]
) -> Decide:
    """Return decisions made beforehand, by id; the other drafts are skipped.

    Raises:
        EvalError: An id is none of a draft, or is both accepted and rejected.
    """
    drafts = {line.id for line in lines if not line.reviewed}
    wrong = sorted(({*accept, *reject} - drafts) | ({*accept} & {*reject}))
    if wrong:
        raise EvalError(f"no draft, or decided twice: {', '.join(wrong)}")

    def decide(draft: CaseLine) -> Decision:
        if draft.id in accept:
            return Decision(verdict=Verdict.ACCEPT)
        return Decision(verdict=Verdict.REJECT if draft.id in reject else Verdict.SKIP)

    return decide


def _decided(draft: CaseLine, decision: Decision) -> list[CaseLine]:
    if decision.verdict is Verdict.REJECT:
        return []
    changed: dict[str, object] = {"reviewed": True}
    changed["tags"] = tuple(tag for tag in draft.tags if tag != "draft")
    if decision.question is not None:
        changed["question"] = decision.question
    if decision.answers is not None:
        changed["answers"] = decision.answers
    if decision.verdict is Verdict.UNANSWERABLE:
        changed |= {"answerable": False, "answers": (), "relevant": ()}
    return [CaseLine.model_validate({**dict(draft), **changed})]
