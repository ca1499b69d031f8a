"""Make index/parsing/letter_pairs.json: how often one letter follows another, by language.

Its input is the folder of profiles in the source package of langdetect 1.0.9 (Apache-2.0), which
were counted on Wikipedia. They lack Icelandic; its letters are counted in the translations of
Django (BSD):

    python -m training.letter_pairs langdetect-1.0.9/langdetect/profiles django/django
"""

import json
import re
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

_CODES = (
    "af ar bg ca cs da de el en es et fa fi fr he hr hu id it lt lv mk nl no pl pt ro ru sk sl sq "
    "sv th tr uk ur vi"
)
LANGUAGES = _CODES.split()
OUTPUT = Path(__file__).resolve().parents[1] / "index" / "parsing" / "letter_pairs.json"
_PAIR = 2
_PER = 100_000


def pairs(profile: Path) -> dict[str, int]:
    """Return how often each pair of letters occurs in 100,000, in lower case; a space is an edge.

    Pairs that occur less often are left out.
    """
    counts: Counter[str] = Counter()
    for pair, count in json.loads(profile.read_text(encoding="utf-8"))["freq"].items():
        if len(pair) == _PAIR and len(pair.lower()) == _PAIR:
            counts[pair.lower()] += count
    return _shares(counts)


def icelandic(django: Path) -> dict[str, int]:
    """Return the same, counted in the Icelandic translations of Django."""
    counts: Counter[str] = Counter()
    for path in sorted(django.rglob("locale/is/LC_MESSAGES/django.po")):
        for message in re.findall(
            r'^msgstr(.*(?:\n".*")*)', path.read_text(encoding="utf-8"), re.M
        ):
            words = re.sub(r"%\(\w+\)s|\\n|[\W\d_]+", " ", message).lower()
            counts.update("".join(pair) for pair in pairwise(f" {' '.join(words.split())} "))
    return _shares(counts)


def _shares(counts: Counter[str]) -> dict[str, int]:
    total = sum(counts.values())
    shares = {pair: round(count * _PER / total) for pair, count in sorted(counts.items())}
    return {pair: share for pair, share in shares.items() if share}


def main() -> None:
    """Write the table from the two folders that the command line names."""
    folder = Path(sys.argv[1])
    table = {language: pairs(folder / language) for language in LANGUAGES}
    table["is"] = icelandic(Path(sys.argv[2]))
    lines = [
        f"{json.dumps(language)}: {json.dumps(found, ensure_ascii=False, separators=(',', ':'))}"
        for language, found in table.items()
    ]
    OUTPUT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
