"""Whether one answer is right, and in words why it is not: for a test of one question."""

from footnote_qa.bot.types import Answer, Status
from footnote_qa.eval.metrics import answer_scores, groups_held, place_hit, without_labels
from footnote_qa.eval.types import Case, Place


def faults_of(case: Case, answer: Answer) -> list[str]:
    """Return everything that is wrong with *answer*; empty if it is right.

    An answer is right if it holds the words of one of the right answers, a wording of each group
    of `must`, and a citation of one of the relevant places, as far as the case has these. A
    question that the documents do not answer has to be refused.
    """
    if answer.status is Status.FAILED:
        return [f"no answer could be made, reference {answer.reference}"]
    if not case.answerable:
        is_answered = answer.status is Status.ANSWERED
        return ["it was answered, but the documents do not hold the answer"] if is_answered else []
    if answer.status is not Status.ANSWERED:
        return [f"it was not answered: {answer.message or answer.status}"]
    return [*_words(case, answer), *_places(case, answer)]


def _words(case: Case, answer: Answer) -> list[str]:
    faults = []
    if answer_scores(case, answer).get("contains_answer") == 0:
        faults.append(f"the answer does not contain {_either(case.answers)}")
    said = without_labels(answer.text, answer.citations)
    missing = [group for group in case.must if not groups_held(said, [group])]
    return faults + [f"the answer does not say {_either(group)}" for group in missing]


def _places(case: Case, answer: Answer) -> list[str]:
    if not case.relevant or place_hit(answer.citations, case.relevant):
        return []
    cited = ", ".join(dict.fromkeys(one.document for one in answer.citations)) or "nothing"
    wanted = " or ".join(dict.fromkeys(map(_place, case.relevant)))
    return [f"it cites {cited}, not {wanted}"]


def _place(place: Place) -> str:
    page = f", page {place.page}" if place.page else ""
    heading = f", {' › '.join(place.heading)}" if place.heading else ""
    return f"{place.document}{page}{heading}"


def _either(wordings: tuple[str, ...]) -> str:
    """Return wordings as a choice.

    >>> _either(("30 days", "a month"))
    '“30 days” or “a month”'
    """
    return " or ".join(f"“{wording}”" for wording in wordings)
