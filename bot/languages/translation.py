"""Translate a text into the language of its reader: gettext, with a catalogue for each language."""

import gettext
from collections.abc import Iterable
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Final

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "de", "fr", "es", "ja")

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


def N_(text: str) -> str:  # noqa: N802 - the name that extraction looks for
    """Mark a text that is translated where it is used."""
    return text


def tr(text: str) -> str:
    """Return a text in the language of the reader."""
    return _catalogue(_language.get()).gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the form of a text for a number, in the language of the reader."""
    return _catalogue(_language.get()).ngettext(one, many, count)


def language() -> str:
    """Return the language of the reader, such as "de"."""
    return _language.get()


def speak(locale: str) -> None:
    """Use the language of a locale such as "de-DE" in this task, and in what it starts.

    A language without a catalogue is English.
    """
    _language.set(known(locale) or ENGLISH)


def known(locale: str) -> str:
    """Return the language of a locale, if there is a catalogue; else "".

    >>> known("de-AT"), known("JA"), known("pt_BR"), known("")
    ('de', 'ja', '', '')
    """
    name = locale.replace("_", "-").partition("-")[0].strip().casefold()
    return name if name in LANGUAGES else ""


def accepted(header: str) -> str:
    """Return the first language of an Accept-Language header that there is (RFC 9110, 12.5.4).

    >>> accepted("pt-BR, fr;q=0.8, de;q=0.9, *;q=0.1"), accepted("de;q=0, x"), accepted("")
    ('de', 'en', 'en')
    """
    found = []
    for at, part in enumerate(header.split(",")[:_MOST_RANGES]):
        name, _, quality = part.partition(";")
        weight = _weight(quality)
        if weight > 0 and known(name):
            found.append((-weight, at, known(name)))
    return min(found)[2] if found else ENGLISH


_MOST_RANGES: Final = 20


def _weight(quality: str) -> float:
    name, _, value = quality.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def localized(message: str, sentences: Iterable[str]) -> str:
    """Return a message in which known sentences are in the language of the reader."""
    if _language.get() == ENGLISH:
        return message
    for sentence in sentences:
        message = message.replace(sentence, tr(sentence))
    return message


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    if name == ENGLISH:
        return gettext.NullTranslations()
    path = files(__package__).joinpath("catalogues", f"{name}.mo")
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)
