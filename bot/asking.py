"""What a model is asked: passages and question as messages that fit its context."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.citations import Removed
from bot.showing import blocks, one_line, quoted
from bot.types import Question, ShownPassage
from prompts import load

# A token of English is some 4 bytes, of most other scripts 3 or more: counting 3 leaves room
BYTES_PER_TOKEN = 3
MAX_TOLD_REASONS = 5
AS_LINES = "Answer in SENTENCE and EVIDENCE lines, or write NOT FOUND."
AS_JSON = "Answer with the JSON object."

_REASONS = {
    "no_evidence": "there was no EVIDENCE line",
    "quote_not_found": "the words quoted do not stand in any passage",
    "quote_too_short": "the words quoted are too few to prove anything",
    "quote_cut": "the words quoted leave out the negation before them",
    "number": "a number in it is not in the evidence",
    "name": "a name in it is not in the evidence",
    "negation": "the sentence and its evidence deny different things",
    "link": "an address in it is not in the evidence",
    "not_proven": "the evidence says something else",
    "empty": "it says nothing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """The two messages of a request.

    Attributes:
        system: The rules.
        user: What is asked, with all that is quoted.
        structured: Whether the reply is to be a JSON object after `SCHEMA`.
    """

    system: str
    user: str
    structured: bool = False

    @property
    def tokens_at_most(self) -> int:
        """An upper estimate of their length."""
        return len((self.system + self.user).encode(errors="replace")) // BYTES_PER_TOKEN + 1


def for_answer(
    question: Question,
    passages: Sequence[ShownPassage],
    *,
    room_tokens: int,
    structured: bool = False,
) -> Messages:
    """Return the request for an answer, with as many of the best passages as there is room for."""
    rules, answer = load("answer-rules").render(), load("answer")
    if question.language:
        rules += load("answer-language").render(language=question.language)
    if structured:
        rules += load("answer-structured").render()
    form = AS_JSON if structured else AS_LINES
    asked = one_line(question.text)
    frame = rules + answer.template + asked
    room = room_tokens * BYTES_PER_TOKEN - len(frame.encode(errors="replace"))
    return Messages(
        system=rules,
        user=answer.render(passages=blocks(passages, max_bytes=room), question=asked, form=form),
        structured=structured,
    )


def for_retry(asked: Messages, removed: Sequence[Removed]) -> Messages:
    """Return the request again, with what was wrong with the reply to it."""
    told = "\n".join(
        f"{quoted(one_line(one.sentence.text))}\nwas not used: {_REASONS[one.reason]}"
        for one in removed[:MAX_TOLD_REASONS]
    )
    again = load("answer-retry").render(asked=asked.user, reasons=told)
    return replace(asked, user=again)
