"""Two versions of a question set: what was added, removed and changed."""

from dataclasses import replace

from footnote_qa.eval.datasets import set_difference
from footnote_qa.eval.types import Case, Place, QuestionSet

CASES = (
    Case(id="a", question="Who pays?", answers=("Ann",)),
    Case(id="b", question="Who asks?", answers=("Bob",)),
    Case(id="c", question="Who waits?", answers=("Cid",)),
)


def a_set(*cases: Case) -> QuestionSet:
    return QuestionSet(name="ours", digest="d", cases=cases)


def test_each_question_is_added_removed_changed_or_the_same() -> None:
    changed = replace(CASES[1], answers=("Bob", "Robert"), relevant=(Place(document="a.md"),))
    new = Case(id="d", question="Who leaves?", answerable=False)

    found = set_difference(a_set(*CASES), a_set(CASES[0], changed, new))

    assert [case.id for case in found.added] == ["d"]
    assert [case.id for case in found.removed] == ["c"]
    [edited] = found.edited
    assert (edited.id, edited.fields) == (
        "b",
        {
            "answers": (("Bob",), ("Bob", "Robert")),
            "relevant": ((), (Place(document="a.md"),)),
        },
    )
    assert found.same == 1


def test_a_question_with_another_id_is_the_same_question() -> None:
    renamed = replace(CASES[0], id="new", question="who  PAYS?")

    found = set_difference(a_set(*CASES), a_set(renamed, *CASES[1:]))

    assert (found.added, found.removed) == ((), ())
    assert found.edited[0].fields == {"id": ("a", "new"), "question": ("Who pays?", "who  PAYS?")}


def test_an_id_that_now_belongs_to_another_question_is_a_change_of_its_words() -> None:
    found = set_difference(
        a_set(*CASES), a_set(replace(CASES[0], question="Who runs?"), *CASES[1:])
    )

    assert [one.id for one in found.edited] == ["a"]
    assert found.edited[0].fields.keys() == {"question"}


def test_a_set_is_the_same_as_itself() -> None:
    found = set_difference(a_set(*CASES), a_set(*reversed(CASES)))

    assert (found.added, found.removed, found.edited, found.same) == ((), (), (), 3)
