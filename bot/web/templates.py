"""The pages' templates: every value is escaped, and a missing one is an error."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from footnote_qa.bot.ages import ago
from footnote_qa.bot.languages import language, ngettext, tr
from footnote_qa.bot.safe_text import clean, safe_url, shorten
from footnote_qa.bot.web.answer_html import words_of
from footnote_qa.index.chunking import path_below

_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def _folder(name: str) -> Path:
    return Path(str(files("footnote_qa.bot.web").joinpath(name)))


@cache
def _environment() -> Environment:
    made = Environment(
        autoescape=True,
        loader=FileSystemLoader(_folder("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "ago": _ago,
        "at": lambda seconds: datetime.fromtimestamp(seconds, UTC),
        "clean": clean,
        "day": _day,
        "words": words_of,
        "safe_url": safe_url,
        "shorten": shorten,
    }
    made.globals |= {
        "asset": asset_address,
        "language": language,
        "ntr": _counted,
        "path_below": path_below,
        "tr": _translated,
    }
    return made


def render(name: str, values: Mapping[str, object]) -> str:
    """Return the template *name* with *values*."""
    return _environment().get_template(name).render(values)


def _translated(text: str, **values: object) -> Markup:
    """Return a text in the language of the reader; the values are escaped, and it has no markup."""
    return Markup(tr(text)).format(**values)  # noqa: S704 - catalogues are ours


def _counted(one: str, many: str, n: int, **values: object) -> Markup:
    """Return the form of a text for a number, as `_translated` does."""
    return Markup(ngettext(one, many, n)).format(n=n, **values)  # noqa: S704 - as above


def _ago(then: datetime) -> str:
    return ago(then, datetime.now(UTC))


def _day(then: datetime) -> str:
    return f"{then:%Y-%m-%d}"


@cache
def asset(name: str) -> tuple[bytes, str] | None:
    """Return the bytes and the content type of a script, style or picture; None if unknown."""
    path = _folder("static") / name
    kind = _TYPES.get(path.suffix)
    is_ours = kind is not None and path.name == name and path.is_file()
    return (path.read_bytes(), str(kind)) if is_ours else None


def asset_address(name: str) -> str:
    """Return the address of a script, style or picture; it changes with the content."""
    found = asset(name)
    version = hashlib.sha256(found[0] if found else b"").hexdigest()[:12]
    return f"/static/{version}/{name}"
