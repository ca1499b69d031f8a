"""How fair the check of statements is: right ones that are removed, wrong ones that are shown.

    python -m benchmarks.check [--half tuning|kept] [--encoder FOLDER] [--verbose]

`benchmarks/statements.md` holds passages, and right and wrong statements about each of them, as a
good, a small and a hostile model would make them. The rules were made with them in view; those in
`benchmarks/statements_kept.md` were not looked at, and give the figures in docs/answers.md. Each
statement goes all the way: it is read as a reply in Markdown, with its marker, and the program
looks for the evidence in the passage and in two others.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.texts import passage_of
from footnote_qa.bot.citations import EntailmentCheck, Proves, Reason, check
from footnote_qa.bot.engine import ReplyReader, show
from footnote_qa.index.embedding import OnnxEncoder

FILES = {
    "tuning": Path(__file__).with_name("statements.md"),
    "kept": Path(__file__).with_name("statements_kept.md"),
}
_OTHERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement about a passage.

    Attributes:
        text: As a model says it.
        kind: What is wrong with it; "right" if nothing is.
        voice: good, small or hostile.
        title: Of the passage.
        passage: Its text.
    """

    text: str
    kind: str
    voice: str
    title: str
    passage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome for a statement.

    Attributes:
        statement: The statement.
        is_shown: Whether it is shown.
        is_marked: Whether it is marked as undecided.
        reason: Why it was removed; None if it was not.
    """

    statement: Statement
    is_shown: bool
    is_marked: bool
    reason: Reason | None


def statements(half: str = "tuning") -> list[Statement]:
    """Return all statements of a half, in order."""
    made: list[Statement] = []
    for part in FILES[half].read_text(encoding="utf-8").split("\n# "):
        title, _, rest = part.removeprefix("# ").partition("\n")
        lines = rest.strip().split("\n")
        for line in lines[1:]:
            about, _, text = line.partition(": ")
            sign, *kind, voice = about.split()
            made.append(
                Statement(
                    text=text,
                    kind="right" if sign == "+" else kind[0],
                    voice=voice,
                    title=title,
                    passage=lines[0],
                )
            )
    return made


def outcomes(some: Sequence[Statement], proves: Proves | None) -> Iterator[Outcome]:
    """Yield what becomes of each statement."""
    texts = dict.fromkeys((one.title, one.passage) for one in some)
    for one in some:
        others = [pair for pair in texts if pair[0] != one.title]
        at = len(one.text) % max(1, len(others))
        near = [(one.title, one.passage), *(others[at:] + others[:at])[:_OTHERS]]
        shown = show(
            [
                passage_of(text, title=title, document=f"{title}.md", rank=rank)
                for rank, (title, text) in enumerate(near, 1)
            ]
        )
        reader = ReplyReader(len(shown))
        reply = f"{one.text.rstrip('.')} [1]."
        checked = check([*reader.feed(reply), *reader.end()], shown, proves)
        yield Outcome(
            statement=one,
            is_shown=bool(checked.text),
            is_marked=any(part.marked for part in checked.parts),
            reason=checked.removed[0].reason if checked.removed else None,
        )


def table(found: Sequence[Outcome]) -> str:
    """Return the counts by kind, as Markdown."""
    rows = [
        "| kind | statements | shown | marked | removed |",
        "|---|--:|--:|--:|--:|",
    ]
    for kind in dict.fromkeys(one.statement.kind for one in found):
        some = [one for one in found if one.statement.kind == kind]
        counts = Counter(
            "removed" if not one.is_shown else "marked" if one.is_marked else "shown"
            for one in some
        )
        rows.append(
            f"| {kind} | {len(some)} | {counts['shown']} | {counts['marked']} "
            f"| {counts['removed']} |"
        )
    right = [one for one in found if one.statement.kind == "right"]
    wrong = [one for one in found if one.statement.kind != "right"]
    removed = sum(not one.is_shown for one in right)
    marked = sum(one.is_marked for one in right)
    passed = sum(one.is_shown and not one.is_marked for one in wrong)
    return "\n".join(
        [
            *rows,
            "",
            f"right removed: {removed} of {len(right)} ({removed / max(1, len(right)):.1%})",
            f"right marked: {marked} of {len(right)} ({marked / max(1, len(right)):.1%})",
            f"wrong shown unmarked: {passed} of {len(wrong)} ({passed / max(1, len(wrong)):.1%})",
        ]
    )


def main() -> None:
    """Print the table that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--half", choices=[*FILES], default="kept")
    parser.add_argument(
        "--encoder",
        type=Path,
        help="folder `encoder` of a generation; without it, words alone decide",
    )
    parser.add_argument("--verbose", action="store_true", help="list what went wrong")
    asked = parser.parse_args()
    proves = EntailmentCheck(OnnxEncoder(asked.encoder).encode) if asked.encoder else None
    found = list(outcomes(statements(asked.half), proves))
    print(table(found))
    for one in found if asked.verbose else []:
        is_right = one.statement.kind == "right"
        if is_right != (one.is_shown and not one.is_marked) and (is_right or one.is_shown):
            what = "marked" if one.is_marked else "shown" if one.is_shown else str(one.reason)
            print(f"{one.statement.kind:15} {what:12} {one.statement.title}: {one.statement.text}")


if __name__ == "__main__":
    main()
