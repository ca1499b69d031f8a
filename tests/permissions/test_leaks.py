"""Nobody ever sees what they may not: random permissions, groups and deletions, every way out.

Each page holds a word of its own, which no other text has. A person who may not see the page must
not meet that word anywhere: in passages, answers, titles, counts, suggestions, logs or metrics.
"""

import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footnote_qa.bot.engine import AnswerEngine
from footnote_qa.bot.extractive import ExtractiveAnswerer
from footnote_qa.bot.llm import Portfolio
from footnote_qa.bot.settings import ModelsSettings
from footnote_qa.bot.slack.documents import IndexCatalog
from footnote_qa.bot.types import Citation, Question, Turn
from footnote_qa.index import audience as audiences
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.storage import lexical, passages
from tests.fakes.building import make_builder
from tests.fakes.embedder import HashEmbedder
from tests.fakes.services.confluence import FakePage
from tests.index.sources.contract.worlds import TOKEN, ConfluenceWorld, world_of

PEOPLE = [f"person{number}" for number in range(30)]
GROUPS = [f"group{number}" for number in range(20)]
PAGES = [f"{100 + number}" for number in range(10)]
# Words that no spelling, stem or other language brings near to each other
WORDS = dict(
    zip(
        PAGES,
        [
            "zukofer",
            "brilwan",
            "tamquex",
            "yodrish",
            "pelkuno",
            "gwixate",
            "hofmird",
            "sculpaz",
            "vendoby",
            "krajolt",
        ],
        strict=True,
    )
)
ASKED = PEOPLE[:4]

Operation = tuple[str, str, list[str]]
Truth = dict[str, frozenset[str]]
"""Who may read each page, as of the last sync."""

_some = st.sampled_from
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("restrict"), _some(PAGES), st.lists(_some(PEOPLE[:6]), max_size=2)),
        st.tuples(st.just("group"), _some(PAGES), st.lists(_some(GROUPS), max_size=2)),
        st.tuples(st.just("open"), _some(PAGES), st.just([])),
        st.tuples(st.just("below"), _some(PAGES), _some(PAGES).map(lambda one: [one])),
        st.tuples(st.just("join"), _some(GROUPS), st.lists(_some(PEOPLE[:6]), min_size=1)),
        st.tuples(st.just("leave"), _some(GROUPS), st.lists(_some(PEOPLE[:6]), min_size=1)),
        st.tuples(st.just("space"), st.just(""), st.lists(_some(GROUPS), min_size=1, max_size=3)),
        st.tuples(st.just("delete"), _some(PAGES), st.just([])),
        st.tuples(st.just("sync"), st.just(""), st.just([])),
        st.tuples(st.just("rollback"), st.just(""), st.just([])),
    ),
    min_size=4,
    max_size=14,
)


class Wiki:
    """A wiki whose permissions change, its index, and who may read what by its own rules."""

    def __init__(self, world: ConfluenceWorld, folder: Path) -> None:
        self._world, self._wiki = world, world.wiki
        self._wiki.people = {one: f"{one}@example.org" for one in PEOPLE}
        self._wiki.groups = {
            name: [one for at, one in enumerate(PEOPLE) if (at + number) % 4 == 0]
            for number, name in enumerate(GROUPS)
        }
        self._wiki.spaces["ENG"].readers = [("group", name) for name in GROUPS[:3]]
        for key, word in WORDS.items():
            text = f"The {word} needs a form. Ask the office about the {word} by Friday."
            self._wiki.pages[key] = FakePage(key, f"About {word}", text)
        (folder / "model").mkdir()
        self.builder = make_builder(folder, HashEmbedder(folder / "model"), max_lost_share=1.0)
        self.truth: Truth = {}
        self.checks = 0
        self.sync()
        self.index = LiveIndex(self.builder.directory.root)
        self.engine = AnswerEngine(
            self.index,
            Portfolio([], ModelsSettings()),
            fallback=ExtractiveAnswerer(None, encode=self.index.encode),
            k=8,
        )

    def do(self, operation: Operation) -> None:
        kind, name, others = operation
        page = self._wiki.pages.get(name)
        if kind == "sync":
            self.sync()
        elif kind == "rollback":
            if len(self.builder.directory.names()) > 1:
                self._roll_back()
        elif kind in {"join", "leave"}:
            members = set(self._wiki.groups[name])
            members = members | set(others) if kind == "join" else members - set(others)
            self._wiki.groups[name] = sorted(members)
        elif kind == "space":
            self._wiki.spaces["ENG"].readers = [("group", one) for one in others]
        elif page is not None:
            self._change(page, kind, others)

    def _change(self, page: FakePage, kind: str, others: list[str]) -> None:
        if kind == "restrict":
            page.users = tuple(others)
        elif kind == "group":
            page.groups = tuple(others)
        elif kind == "open":
            page.users, page.groups = (), ()
        elif kind == "delete":
            del self._wiki.pages[page.id]
            for other in self._wiki.pages.values():
                other.parent = "" if other.parent == page.id else other.parent
        elif others[0] in self._wiki.pages and page.id not in self._above(others[0]):
            page.parent = others[0]

    def _above(self, key: str) -> list[str]:
        found = [key]
        while parent := self._wiki.pages[found[-1]].parent:
            found.append(parent)
        return found

    def sync(self) -> None:
        self.builder.build([self._world.spec])
        space = {
            one for _, group in self._wiki.spaces["ENG"].readers for one in self._wiki.groups[group]
        }
        self.truth = {}
        for key in self._wiki.pages:
            readers = set(space)
            for above in self._above(key):
                page = self._wiki.pages[above]
                if page.users or page.groups:
                    allowed = set(page.users)
                    allowed |= {one for name in page.groups for one in self._wiki.groups[name]}
                    readers &= allowed
            self.truth[key] = frozenset(readers)

    def _roll_back(self) -> None:
        from footnote_qa.index.errors import IndexMissingError

        try:
            self.builder.directory.rollback()
        except IndexMissingError:
            return

    def hidden_from(self, person: str) -> set[str]:
        """Return the words that a person must not meet."""
        return {
            word for key, word in WORDS.items() if person not in self.truth.get(key, frozenset())
        }


@contextmanager
def wiki() -> Iterator[Wiki]:
    with (
        world_of("confluence-cloud") as world,
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        assert isinstance(world, ConfluenceWorld)
        patch.setenv(TOKEN, world.service.token)
        yield Wiki(world, Path(folder))


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
