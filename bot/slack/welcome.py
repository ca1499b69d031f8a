"""What somebody is told who does not know yet what to ask."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from bot.slack import sentences
from bot.slack.library import Library
from bot.slack.sources import ago
from bot.slack.text import shorten
from bot.slack.trial import Hello
from index.errors import IndexingError

MAX_PROMPTS: Final = 4
TITLES_SHOWN: Final = 6


def suggestions(prompts: Sequence[str], titles: Iterable[str]) -> tuple[str, ...]:
    """Return what may be asked: what the settings name, then what the documents are called.

    >>> suggestions(["How many days of leave?"], ["Parking"])
    ('How many days of leave?', 'What does “Parking” say?')
    """
    about = [f"What does “{shorten(title, 60)}” say?" for title in titles]
    return (*prompts, *about)[:MAX_PROMPTS]


def hello(library: Library, prompts: Sequence[str]) -> Hello:
    """Return what the page of `footnote slack try` says first, to whom every document is open."""
    try:
        facts = library.facts(None)
    except IndexingError:
        return Hello(words=sentences.HOME_NO_INDEX)
    count = f"{len(facts.titles)} document{'s' if len(facts.titles) != 1 else ''}"
    built = ago(facts.created_at, datetime.now(UTC))
    some = ", ".join(f"“{shorten(title, 60)}”" for title in facts.titles[:TITLES_SHOWN])
    among = "among them" if len(facts.titles) > TITLES_SHOWN else "namely"
    known = f"I know {count}, {among} {some}" if some else "I know no documents yet"
    words = f"{sentences.HINT}\n{known} (index {facts.generation}, built {built})."
    return Hello(words=words, prompts=tuple(prompts))
