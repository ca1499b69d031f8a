"""Tokens that the form of an answer and the check add to a plain answer, over written replies.

    python -m benchmarks.format_cost DATA REPLIES

DATA is a data folder with an index, and REPLIES a file with one JSON object per line: the
"question", and the "reply" of a model to it in the form that the prompts ask for. Each reply is
read and checked as the program does it. A plain request has the same passages and the same
question, and only asks to answer from them; a plain reply is the same without its markers.
"""

import argparse
import json
import re
from pathlib import Path
from statistics import mean

from footnote_qa.bot import composition
from footnote_qa.bot.citations import Checker, EntailmentCheck
from footnote_qa.bot.engine import ReplyReader, for_answer, for_check, show
from footnote_qa.bot.settings import Settings
from footnote_qa.bot.types import BYTES_PER_TOKEN, Question
from footnote_qa.prompts import load

_PLAIN = "Answer the question from these passages of our documents.\n\n"
_MARKER = re.compile(r"\s*\[\d+\]")
_VERDICT = "1. yes\n"


def _tokens(text: str) -> int:
    return round(len(text.encode()) / BYTES_PER_TOKEN)


def counts(data: Path, replies: Path) -> list[dict[str, int]]:
    """Return the tokens of each reply, by what they are for."""
    settings = Settings(data_dir=data)
    index = composition.live_index(settings)
    proves, k = EntailmentCheck(index.encode), settings.search.k
    found: list[dict[str, int]] = []
    for line in replies.read_text(encoding="utf-8").splitlines():
        said, asked = json.loads(line)["reply"], json.loads(line)["question"]
        passages = index.search(asked, k=2 * k, audience=None).passages
        shown = show(passages, question=asked, most=k)
        room = settings.search.context_tokens
        request = for_answer(Question(text=asked), shown, room_tokens=2 * room, passage_tokens=room)
        plain = _MARKER.sub("", said)
        checker, reader = Checker(shown, proves, asked=asked), ReplyReader(len(shown))
        for part in [*reader.feed(said), *reader.end()]:
            checker.add(part)
        one = {
            "plain": _tokens(_PLAIN + request.user + plain),
            "rules": _tokens(load("answer-rules").template) - _tokens(_PLAIN),
            "markers": _tokens(said) - _tokens(plain),
        }
        if checker.undecided:
            check = for_check(checker.undecided)
            told = _VERDICT * len(checker.undecided)
            one["check"] = _tokens(check.system + check.user + told)
        found.append(one)
    return found


def table(found: list[dict[str, int]]) -> str:
    """Return the averages, as Markdown."""
    plain = mean(one["plain"] for one in found)
    rows = ["| | tokens of an answer | share |", "|---|--:|--:|"]
    rows.append(f"| plain request and reply | {plain:,.0f} | 100 % |")
    names = {"rules": "rules of the form", "markers": "numbers of passages", "check": "check"}
    added = 0.0
    for key, name in names.items():
        value = mean(one.get(key, 0) for one in found)
        added += value
        rows.append(f"| {name} | {value:,.0f} | {value / plain:.1%} |")
    rows.append(f"| **added** | {added:,.0f} | {added / plain:.1%} |")
    asked = sum("check" in one for one in found)
    return "\n".join([*rows, "", f"{len(found)} answers, {asked} with a request for the check"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("replies", type=Path)
    asked = parser.parse_args()
    print(table(counts(asked.data, asked.replies)))


if __name__ == "__main__":
    main()
