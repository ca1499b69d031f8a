"""A run of 1,000 questions as a process of its own: its numbers go to standard output."""

import asyncio
import hashlib
import json
import sys
from pathlib import Path

from footnote_qa.bot.types import Answer, Question
from footnote_qa.eval.runs.record import to_json
from footnote_qa.eval.runs.run import Options, Subject, run_questions
from footnote_qa.eval.types import Case, Place, QuestionSet
from tests.fakes.searcher_for_eval import ScriptedSearcher, answer, citation

CASES = tuple(
    Case(
        id=f"q{number}",
        question=f"question {number}?",
        answers=("two weeks",) if number % 4 else (),
        answerable=bool(number % 4),
        relevant=(Place(document=f"d{number % 9}"),) if number % 4 else (),
        tags=(f"t{number % 3}",),
    )
    for number in range(1000)
)


async def ask(question: Question) -> Answer:
    """Answer by the digits of the question's hash, the same every time, after a short wait."""
    await asyncio.sleep(0.002)
    chance = hashlib.sha256(question.text.encode()).digest()
    if chance[0] < 8:
        raise ValueError("this one fails each time")
    if chance[0] < 60:
        return answer(confidence=chance[1] / 255)
    return answer(
        "Two weeks [1]." if chance[2] % 2 else "Three months [1].",
        citation(f"d{chance[3] % 9}", quote="two weeks"),
        ms=float(chance[4]),
        confidence=chance[1] / 255,
    )


def main() -> None:
    """Run with the journals in the folder that is named."""
    found = {case.question: [f"d{(n * 5) % 9}" for n in range(9)] for case in CASES}
    subject = Subject(searcher=ScriptedSearcher(found), ask=ask, generation="gen-000001")
    questions = QuestionSet(name="thousand", digest="f" * 64, cases=CASES)
    options = Options(parallel=4, journals=Path(sys.argv[1]))
    record = to_json(asyncio.run(run_questions(questions, subject, options)))
    numbers = {key: record[key] for key in ("metrics", "tags", "questions")}
    counts = record["counts"]
    assert isinstance(counts, dict)
    sys.stdout.write(json.dumps({**numbers, "reused": counts["reused"]}))


if __name__ == "__main__":
    main()
