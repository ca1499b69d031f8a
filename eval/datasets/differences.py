"""The changes from one version of a question set to another."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from footnote_qa.eval.types import Case, QuestionSet

_FIELDS = tuple(one.name for one in fields(Case) if one.name != "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A question that is in both versions, and is not the same.

    Attributes:
        id: Its id in the new version.
        old_id: Its id in the old one.
        question: Its words in the new version.
        fields: What changed, each with both values.
    """

    id: str
    old_id: str
    question: str
    fields: Mapping[str, tuple[object, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDifference:
    """The changes from one version of a question set to another.

    Attributes:
        added: Questions that only the new version has.
        removed: Questions that only the old version has.
        edited: Questions that changed, in the order of the new version.
        same: How many did not change.
    """

    added: tuple[Case, ...]
    removed: tuple[Case, ...]
    edited: tuple[Edited, ...]
    same: int


def set_difference(old: QuestionSet, new: QuestionSet) -> SetDifference:
    """Compare two versions of a set: a question is the same by its id, or else by its words."""
    pairs = _pairs(old, new)
    paired = {one.id for one, _ in pairs}
    others = {other.id for _, other in pairs}
    edited = [_edited(one, other) for one, other in pairs]
    changed = tuple(one for one in edited if one.fields)
    return SetDifference(
        added=tuple(case for case in new.cases if case.id not in others),
        removed=tuple(case for case in old.cases if case.id not in paired),
        edited=changed,
        same=len(pairs) - len(changed),
    )


def _pairs(old: QuestionSet, new: QuestionSet) -> list[tuple[Case, Case]]:
    by_id = {case.id: case for case in old.cases}
    new_ids = {case.id for case in new.cases}
    by_words = {_words(case): case for case in old.cases if case.id not in new_ids}
    pairs = []
    for case in new.cases:
        before = by_id.get(case.id) or by_words.pop(_words(case), None)
        if before is not None:
            pairs.append((before, case))
    return pairs


def _words(case: Case) -> str:
    return " ".join(case.question.lower().split())


def _edited(old: Case, new: Case) -> Edited:
    both = {name: (getattr(old, name), getattr(new, name)) for name in _FIELDS}
    changed: dict[str, tuple[object, object]] = {"id": (old.id, new.id)} if old.id != new.id else {}
    changed |= {name: pair for name, pair in both.items() if pair[0] != pair[1]}
    return Edited(id=new.id, old_id=old.id, question=new.question, fields=changed)
