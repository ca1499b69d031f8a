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

from benchmarks.fidelity.extractors import pages_of, reference
from benchmarks.fidelity.structure import (
    MOST_PAGES,
    headings_of,
    linked_words,
    main_text,
    rows_of,
)
from benchmarks.fidelity.traps import Trap, traps
from footnote_qa.index.chunking import chunk
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import parse
from footnote_qa.index.types import Parsed

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ROOT.parent / "shared" / "data" / "documents"
PAGE = ROOT / "docs" / "quality.md"
_MOST_BYTES = 3_000_000
_LEAST_WORDS = 20
_LEAST_LETTERS = 5
_WEB = frozenset({".html", ".htm"})
_CHUNK_TOKENS = 200


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
    rows: int = 0
    rows_whole: int = 0
    headings: int = 0
    headings_found: int = 0
    chunks: int = 0
    chunks_beside: int = 0


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
            own = words(_read(parsed, suffix))
            _count(found[suffix], words(other), own, is_glued=suffix == ".pdf")
            _count_pages(found[suffix], parsed, pages_of(content, suffix))
            _count_rows(found[suffix], _read(parsed, suffix), rows_of(content, suffix))
            _count_headings(found[suffix], parsed, headings_of(content, suffix))
            if suffix in _WEB:
                _count_chunks(found[suffix], parsed, content)
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


def _count_rows(figures: Figures, text: str, rows: Sequence[Sequence[str]]) -> None:
    """Count the rows of tables whose cells are all on one line, or in one list of their own."""
    lines = [_letters(line) for line in re.sub(r"\n(?=- )", " ", text).split("\n")]
    for row in rows:
        cells = [letters for cell in row if (letters := _letters(cell))]
        figures.rows += 1
        figures.rows_whole += any(all(cell in line for cell in cells) for line in lines)


def _count_headings(figures: Figures, parsed: Parsed, headings: Sequence[str]) -> None:
    own = {letters for one in parsed.headings for letters in _with_and_without_number(one.text)}
    told = [letters for heading in headings if (letters := _letters(heading))]
    figures.headings += len(told)
    figures.headings_found += sum(letters in own for letters in told)


def _with_and_without_number(heading: str) -> tuple[str, str]:
    """Return the letters of a heading, and those after its number, which programs count."""
    return _letters(heading), _letters(re.sub(r"^[^\s]*\d[^\s]*\s+", "", heading))


def _letters(text: str) -> str:
    return "".join(words(text))


def _count_chunks(figures: Figures, parsed: Parsed, content: bytes) -> None:
    """Count the chunks of a page most of whose words are links, or in its menus and feet."""
    beside, main = linked_words(content), Counter(words(main_text(content)))
    if not main:
        return
    starts = [match.start() for match in re.finditer(r"\w+|[^\w\s]", parsed.text)]
    for span in chunk(parsed, starts, max_tokens=_CHUNK_TOKENS):
        told = words(parsed.text[span.start : span.end])
        figures.chunks += 1
        figures.chunks_beside += 2 * sum(w in beside and w not in main for w in told) > len(told)


def _read(parsed: Parsed, suffix: str) -> str:
    """Return the text; of a PDF that of the pages which the other extractor reads."""
    ends = parsed.pages[MOST_PAGES : MOST_PAGES + 1] if suffix == ".pdf" else ()
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
        (
            "| format | files | words | kept | added | in order | pages right | rows complete "
            "| headings found | chunks beside the content |"
        ),
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for suffix, one in sorted(found.items()):
        lines.append(
            f"| `{suffix}` | {one.files} | {one.words:,} | {_share(one.kept, one.words)} | "
            f"{_share(one.added, one.own)} | {_share(one.pairs_kept, one.pairs)} | "
            f"{_of(one.pages_right, one.pages)} | {_of(one.rows_whole, one.rows)} | "
            f"{_of(one.headings_found, one.headings)} | {_of(one.chunks_beside, one.chunks)} |"
        )
    lines += ["", "| trap | expected | met |", "|---|--:|--:|"]
    lines += [f"| {kind} | {one.expected} | {one.met} |" for kind, one in sorted(traps_.items())]
    return "\n".join(lines)


def _of(part: int, whole: int) -> str:
    return f"{_share(part, whole)} of {whole:,}" if whole else "–"


def _share(part: int, whole: int) -> str:
    return f"{part / max(1, whole):.3f}"


def main() -> None:
    """Print both tables; with --write, renew docs/quality.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity", description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew docs/quality.md")
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
