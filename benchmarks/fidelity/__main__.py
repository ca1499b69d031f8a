"""Measure how faithfully documents are read.

python -m benchmarks.fidelity [--write]
"""

import argparse
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from benchmarks.fidelity.extractors import MOST_PAGES, pages_of, reference
from benchmarks.fidelity.traps import Trap, traps
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import parse
from footnote_qa.index.types import Parsed

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ROOT.parent / "shared" / "data" / "documents"
PAGE = ROOT / "docs" / "fidelity.md"
_MOST_BYTES = 3_000_000
_LEAST_WORDS = 20
_LEAST_LETTERS = 5


@dataclass(slots=True)
class Figures:
    """Counts for one format."""

    files: int = 0
    words: int = 0
    kept: int = 0
    own: int = 0
    added: int = 0
    pairs: int = 0
    pairs_kept: int = 0
    pages: int = 0
    pages_right: int = 0


@dataclass(slots=True)
class Trapped:
    """Counts for one kind of trap."""

    expected: int = 0
    met: int = 0
    missing: list[str] = field(default_factory=list)


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, joined letters apart."""
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).lower())


def documents() -> dict[str, Figures]:
    """Return the figures for the public documents, by format."""
    found: dict[str, Figures] = defaultdict(Figures)
    for path in sorted(DOCUMENTS.rglob("*")):
        suffix = path.suffix.lower()
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            continue
        content = path.read_bytes()
        try:
            parsed = parse(content, name=path.name)
            other = reference(content, suffix)
        except UnreadableDocumentError:
            continue
        except Exception as error:  # noqa: BLE001  the other extractor fails in ways of its own
            print(f"left out: {path.name} ({type(error).__name__})")
            continue
        if other is not None and len(words(other)) >= _LEAST_WORDS:
            own = words(_first_pages(parsed))
            _count(found[suffix], words(other), own, is_glued=suffix == ".pdf")
            _count_pages(found[suffix], parsed, pages_of(content, suffix))
    return found


def _count_pages(figures: Figures, parsed: Parsed, pages: Sequence[str]) -> None:
    """Count the pages whose longest words are, most of all, on the page of the same number."""
    starts = [*parsed.pages, len(parsed.text)]
    own = [set(words(parsed.text[a:b])) for a, b in pairwise(starts)]
    for number, page in enumerate(pages):
        longest = {word for word in words(page) if len(word) >= _LEAST_LETTERS}
        if len(longest) < _LEAST_WORDS or number >= len(own):
            continue
        shares = [len(longest & one) for one in own]
        figures.pages += 1
        figures.pages_right += shares[number] == max(shares)


def _first_pages(parsed: Parsed) -> str:
    ends = parsed.pages[MOST_PAGES : MOST_PAGES + 1]
    return parsed.text[: ends[0]] if ends else parsed.text


def _count(figures: Figures, other: list[str], own: list[str], *, is_glued: bool) -> None:
    """Count the words of one document.

    Extractors of PDF disagree on where spaces are and which way Arabic runs, so there a word also
    counts if its letters are found in the other text without spaces, in either direction.
    """
    theirs, ours = Counter(other), Counter(own)
    figures.files += 1
    figures.words += len(other)
    figures.own += len(own)
    if is_glued:
        figures.kept += _found(theirs, "".join(own))
        figures.added += len(own) - _found(ours, "".join(other))
    else:
        figures.kept += (theirs & ours).total()
        figures.added += sum(count for word, count in ours.items() if word not in theirs)
    pairs = set(pairwise(own))
    follows = list(pairwise(other))
    figures.pairs += len(follows)
    figures.pairs_kept += sum(pair in pairs for pair in follows)


def _found(counts: Counter[str], letters: str) -> int:
    return sum(count for word, count in counts.items() if word in letters or word[::-1] in letters)


def trapped() -> dict[str, Trapped]:
    """Return the figures for the traps, by kind."""
    found: dict[str, Trapped] = defaultdict(Trapped)
    for trap in traps():
        figures = found[trap.kind]
        for what, is_met in _met(trap).items():
            figures.expected += 1
            figures.met += is_met
            figures.missing += [] if is_met else [what]
    return found


def _met(trap: Trap) -> Mapping[str, bool]:
    parsed = parse(trap.content, name=trap.name)
    lines = parsed.text.split("\n")
    headings = {heading.text for heading in parsed.headings}
    return {
        **{f"line {text!r}": any(text in line for line in lines) for text in trap.lines},
        **{f"without {text!r}": text not in parsed.text for text in trap.absent},
        **{f"heading {text!r}": text in headings for text in trap.headings},
    }


def tables(found: Mapping[str, Figures], traps_: Mapping[str, Trapped]) -> str:
    """Return both tables in Markdown."""
    lines = [
        "| format | files | words | kept | added | in order | pages right |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for suffix, one in sorted(found.items()):
        lines.append(
            f"| `{suffix}` | {one.files} | {one.words:,} | {_share(one.kept, one.words)} | "
            f"{_share(one.added, one.own)} | {_share(one.pairs_kept, one.pairs)} | "
            f"{_share(one.pages_right, one.pages) if one.pages else '–'} |"
        )
    lines += ["", "| trap | expected | met |", "|---|--:|--:|"]
    lines += [f"| {kind} | {one.expected} | {one.met} |" for kind, one in sorted(traps_.items())]
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part / max(1, whole):.3f}"


def main() -> None:
    """Print both tables; with --write, renew docs/fidelity.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity", description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew docs/fidelity.md")
    arguments = parser.parse_args()
    kinds = trapped()
    text = tables(documents(), kinds)
    print(text)
    for kind, one in kinds.items():
        for what in one.missing:
            print(f"not met: {kind}: {what}")
    if arguments.write:
        start, end = "<!-- made by python -m benchmarks.fidelity --write -->", "<!-- end -->"
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(start)
        PAGE.write_text(
            f"{before}{start}\n\n{text}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
