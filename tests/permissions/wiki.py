"""A wiki whose permissions change at random, and who may read what by its own rules."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import strategies as st

from footnote_qa.bot.engine import AnswerEngine
from footnote_qa.bot.extractive import ExtractiveAnswerer
from footnote_qa.bot.llm import Portfolio
from footnote_qa.bot.settings import ModelsSettings
from footnote_qa.index.search.hybrid import LiveIndex
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
