"""Nobody ever sees what they may not: random permissions, groups and deletions, every way out.

Each page holds a word of its own, which no other text has. A person who may not see the page must
not meet that word anywhere: in passages, answers, titles, counts, suggestions, logs or metrics.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from footnote_qa.bot.slack.documents import IndexCatalog
from footnote_qa.bot.types import Citation, Question, Turn
from footnote_qa.index import audience as audiences
from footnote_qa.index.storage import lexical, passages
from tests.permissions.wiki import (
    ASKED,
    GROUPS,
    OPERATIONS,
    PAGES,
    PEOPLE,
    WORDS,
    Operation,
    Wiki,
    wiki,
)


class Heard(logging.Handler):
    """Everything that is logged, in one text."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += f"{record.getMessage()} {record.__dict__}\n"


def everything_shown(found: Wiki, person: str, word: str) -> Iterator[tuple[str, Any]]:
    """Yield what a person can get out of the bot about one page, way by way."""
    groups = found.index.access.groups_of([f"{person}@example.org"])
    asked = f"What does the form of the office need by Friday, about {word[:-1]}?"
    result = found.index.search(asked, k=20, audience=groups)
    yield "passages", [(p.chunk, p.section) for p in result.passages]
    yield "words", (result.question, result.corrections, result.suggestions)
    named = found.index.search(f"About the {word}", k=20, audience=groups)
    yield "passages by name", [(p.chunk, p.section) for p in named.passages]
    for document in (f"ENG/About {word}.html", *(p.chunk.document for p in named.passages)):
        yield "document", found.index.read(document, audience=groups).passages
    answer = found.engine.ask(Question(text=asked, audience=groups))
    yield "answer", answer
    turns = (
        Turn(role="user", text="What needs a form?"),
        Turn(role="assistant", text="Something does."),
    )
    later = Question(text="And until when?", audience=groups, history=turns)
    yield "follow-up", found.engine.ask(later)
    catalog = IndexCatalog(found.index)
    yield "titles", catalog.facts(groups).titles
    citation = Citation(
        label=1,
        document=f"ENG/About {word}.html",
        title="",
        page=None,
        heading=(),
        start=0,
        end=4 + len(word),
        quote=f"The {word}",
        url=None,
        modified_at=None,
    )
    yield "excerpt", catalog.excerpt(citation, groups)


def check(found: Wiki) -> None:
    """Fail if one of the people meets a word that they must not."""
    found.checks += 1
    for person in (ASKED[found.checks % 4], ASKED[(found.checks + 1) % 4]):
        hidden = found.hidden_from(person)
        groups = found.index.access.groups_of([f"{person}@example.org"])
        visible = IndexCatalog(found.index).facts(groups).titles
        assert len(visible) <= len(WORDS) - len(hidden), "count"
        heard = Heard()
        logging.getLogger().addHandler(heard)
        try:
            for word in [*sorted(hidden)[found.checks % 3 :: 3], *sorted(WORDS.values())[:1]]:
                for way, shown in everything_shown(found, person, word):
                    text = repr(shown)
                    for secret in hidden:
                        assert secret not in text, f"{person} meets {secret} in {way}"
        finally:
            logging.getLogger().removeHandler(heard)
        assert not [secret for secret in WORDS.values() if secret in heard.text], "logs"
    notes = json.dumps([asdict(note) for note in found.builder.directory.access.notes()])
    assert not [word for word in WORDS.values() if word in notes], "metrics"


def run(operations: list[Operation]) -> None:
    with wiki() as found:
        for operation in operations:
            found.do(operation)
            if operation[0] in {"sync", "rollback"}:
                check(found)
        found.sync()
        check(found)


@given(OPERATIONS)
@settings(max_examples=3, suppress_health_check=list(HealthCheck), deadline=None)
def test_nobody_ever_sees_what_they_may_not(operations: list[Operation]) -> None:
    run(operations)


@pytest.mark.slow
@given(OPERATIONS)
@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
def test_nobody_ever_sees_what_they_may_not_in_many_ways(operations: list[Operation]) -> None:
    run(operations)


def test_everybody_finds_what_they_may() -> None:
    with wiki() as found:
        found.do(("restrict", PAGES[0], [PEOPLE[0]]))
        found.sync()
        for person in PEOPLE[:8]:
            groups = found.index.access.groups_of([f"{person}@example.org"])
            titles = IndexCatalog(found.index).facts(groups).titles
            assert len(titles) == len(WORDS) - len(found.hidden_from(person))


def let_all_through(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(passages, "may_see", lambda *_: True)
    patch.setattr(audiences, "may_see", lambda *_: True)


def let_words_through(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lexical.LexicalIndex, "_allowed", lambda _self, query, _groups: query)


def forget_what_is_withheld(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(passages.PassageReader, "hide", lambda _self, _documents: False)


def forget_pages_above(patch: pytest.MonkeyPatch) -> None:
    from footnote_qa.index.sources.connectors import confluence

    patch.setattr(
        confluence, "readers_of_all", lambda nodes, in_space, _named: dict.fromkeys(nodes, in_space)
    )


@pytest.mark.parametrize(
    "break_it", [let_all_through, let_words_through, forget_what_is_withheld, forget_pages_above]
)
def test_a_filter_that_is_broken_is_noticed(break_it: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario: list[Operation] = [
        ("restrict", PAGES[0], [PEOPLE[5]]),
        ("group", PAGES[2], [GROUPS[19]]),
        ("below", PAGES[4], [PAGES[0]]),
        ("delete", PAGES[6], []),
        ("sync", "", []),
        ("rollback", "", []),
    ]
    break_it(monkeypatch)

    with pytest.raises(AssertionError):
        run(scenario * 2)
