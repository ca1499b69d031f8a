"""Collect the texts of the code and compile the catalogues: python -m …languages.compiling.

It needs Babel, which only those who change texts need.
"""

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from footnote_qa.bot.languages import ENGLISH, LANGUAGES

BOT: Final = Path(__file__).resolve().parents[1]
CATALOGUES: Final = BOT / "languages" / "catalogues"
_PYTHON: Final = {"tr": None, "N_": None, "ngettext": (1, 2)}
_TEMPLATES: Final = {"tr": None, "ntr": (1, 2)}

_CHANGING: Final = re.compile(
    rb'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Generated-By|Language-Team'
    rb"|Project-Id-Version|Report-Msgid-Bugs-To).*\n",
    re.MULTILINE,
)

Text = str | tuple[str, ...]


@cache
def texts() -> dict[Text, tuple[str, ...]]:
    """Return every text of the code, with the files that have it; a tuple has plural forms."""
    found: dict[Text, set[str]] = {}
    for path, text in sorted(_extracted(), key=str):
        found.setdefault(text, set()).add(path)
    return {text: tuple(sorted(paths)) for text, paths in found.items()}


def _extracted() -> Iterator[tuple[str, Text]]:
    for path in sorted(BOT.rglob("*")):
        how = {".py": ("python", _PYTHON), ".html": ("jinja2", _TEMPLATES)}.get(path.suffix)
        if how is None or (path.suffix == ".html" and "templates" not in path.parts):
            continue
        method, keywords = how
        if not re.search(rb"\b(tr|N_|ngettext|ntr)\(", path.read_bytes()):
            continue
        method = "jinja2.ext:babel_extract" if method == "jinja2" else method
        for _, message, _comments, _context in extract_from_file(method, path, keywords=keywords):
            text = message if isinstance(message, str) else tuple(message)
            yield path.relative_to(BOT).as_posix(), text


def read(language: str) -> Catalog:
    """Return the catalogue of a language."""
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str) -> Catalog:
    """Return the catalogue of a language with the texts of the code, and no others."""
    path = CATALOGUES / f"{language}.po"
    before = read(language) if path.exists() else Catalog(locale=language)
    made = Catalog(locale=language, fuzzy=False, header_comment="# Texts of Footnote.")
    for text, files in texts().items():
        known = before.get(text if isinstance(text, str) else text[0])
        string = known.string if known is not None and not known.fuzzy else None
        made.add(text, string=string, locations=[(file, 0) for file in files])
    return made


def po_bytes(catalogue: Catalog) -> bytes:
    """Return a catalogue as a .po file, without dates and line numbers, which always change."""
    written = io.BytesIO()
    write_po(written, catalogue, width=100, sort_output=True, include_lineno=False)
    return _CHANGING.sub(b"", written.getvalue())


def mo_bytes(catalogue: Catalog) -> bytes:
    """Return a catalogue as gettext reads it."""
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def main() -> None:
    """Write all catalogues again; say on stderr what is not translated yet."""
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        catalogue = updated(language)
        (CATALOGUES / f"{language}.po").write_bytes(po_bytes(catalogue))
        (CATALOGUES / f"{language}.mo").write_bytes(mo_bytes(read(language)))
        missing = [one.id for one in catalogue if one.id and not all(_strings(one.string))]
        sys.stderr.write(f"{language}: {len(catalogue)} texts, {len(missing)} missing\n")


def _strings(string: object) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string or ("",))  # type: ignore[arg-type]  # Babel's own


if __name__ == "__main__":
    main()
