"""The web pages over a small real index, with an engine that cites fixed quotes."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import httpx
from starlette.types import ASGIApp

from footnote_qa.bot.database import Database
from footnote_qa.bot.state import open_state
from footnote_qa.bot.trace import Step, StepKind
from footnote_qa.bot.types import Answer, Citation, Question, Status, Usage
from footnote_qa.bot.web.app import application
from footnote_qa.bot.web.backend import Backend, Opened
from footnote_qa.bot.web.cases import NewCase
from footnote_qa.bot.web.operations import Finding, Operations
from footnote_qa.bot.web.server import site_of
from footnote_qa.bot.web.viewers import ALL_ROLES, Role
from footnote_qa.bot.web.visits import COOKIE, Site
from footnote_qa.bot.web_settings import WebSettings
from footnote_qa.index.search import LiveIndex
from footnote_qa.index.sources import AudienceRule, SourceSpec
from footnote_qa.index.storage import IndexDirectory
from footnote_qa.index.types import Embedder, Passage
from tests.fakes.building import make_builder

HOST = "docs.test"
DOCUMENTS = {
    "leave.md": "# Leave\n\nEvery employee has *thirty days* of leave.\n\n"
    "## Sickness\n\n- Call your lead first.\n- Send a note.\n",
    "parking.txt": "Parking costs three euros a day. Bicycles stand in the yard for nothing.\n",
    "secret.md": "# Salaries\n\nThe director earns ninety thousand euros.\n",
}
EVIL = "<img src=x onerror=alert(1)> [x](https://evil.example) <script>alert(2)</script>"


def cite(index: LiveIndex, document: str, quote: str, *, label: int = 1) -> Citation:
    """Cite a quote where it is in the index."""
    found = index.generation.passages.document(document)
    assert found is not None
    start = found.text.index(quote)
    return Citation(
        label=label,
        document=document,
        title=found.title,
        page=None,
        heading=(),
        start=start,
        end=start + len(quote),
        quote=quote,
        url=None,
        modified_at=None,
    )


def an_answer(text: str, *citations: Citation, status: Status = Status.ANSWERED) -> Answer:
    return Answer(
        status=status,
        text=text,
        citations=citations,
        nearest=(),
        message="" if text else "I found no passage that answers this.",
        reference="",
        generation="gen-000001",
        indexed_at=None,
        answerer="offline",
        usage=Usage(),
        ms=1.0,
    )


@dataclass
class QuotingEngine:
    """Answers by the words of a question, with a quote of a document that the asker may see.

    Attributes:
        questions: Each question, in order.
        quotes: Document and quote for a word of the question.
    """

    index: LiveIndex
    questions: list[Question] = field(default_factory=list)
    quotes: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {
            "leave": ("leave.md", "Every employee has *thirty days* of leave."),
            "parking": ("parking.txt", "Parking costs three euros a day."),
            "salary": ("secret.md", "The director earns ninety thousand euros."),
        }
    )

    async def astream(self, question: Question) -> AsyncGenerator[str | Step | Answer]:
        self.questions.append(question)
        if "crash" in question.text:
            raise RuntimeError("secret words of a trace")
        yield Step(kind=StepKind.SEARCH, detail=f"words {EVIL}")
        known = [quote for word, quote in self.quotes.items() if word in question.text]
        found = self.index.search(question.text, k=3, audience=question.audience)
        visible = {one.chunk.document for one in found.passages}
        quotes = [(name, quote) for name, quote in known if name in visible]
        if not quotes:
            nearest = tuple(_plain(one) for one in found.passages)
            yield _refusal(nearest)
            return
        text = ""
        for label, (_, quote) in enumerate(quotes, 1):
            piece = f"{quote.removesuffix('.')} [{label}]. "
            text += piece
            yield piece
        if "evil" in question.text:
            text += EVIL
            yield EVIL
        cited = [cite(self.index, *one, label=n) for n, one in enumerate(quotes, 1)]
        yield an_answer(text, *cited)


def _plain(passage: Passage) -> Passage:
    return Passage(
        chunk=passage.chunk, rank=passage.rank, fused=passage.fused, cosine=None, bm25=None
    )


def _refusal(nearest: tuple[Passage, ...]) -> Answer:
    return replace(an_answer("", status=Status.NOT_FOUND), nearest=nearest)


def build(folder: Path, embedder: Embedder, documents: dict[str, str]) -> Path:
    """Index *documents*; those named "secret…" are for the group "board"; return the index."""
    source = folder / "documents"
    source.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        path.unlink()
    for name, text in documents.items():
        (source / name).write_text(text)
    rules = (AudienceRule(match="secret*", audience=("board",)),)
    spec = SourceSpec(path=str(source), rules=rules)
    make_builder(folder, embedder, force=True).build([spec])
    return folder / "index"


@dataclass
class Pages:
    """The application and what is behind it."""

    app: ASGIApp
    site: Site
    index: LiveIndex
    engine: QuotingEngine
    database: Database
    cases: list[NewCase]

    def sign_in(
        self,
        user: str = "ann",
        *,
        audience: frozenset[str] | None = frozenset(),
        roles: frozenset[Role] = ALL_ROLES,
    ) -> "Reader":
        """Return a browser of a person who is signed in."""
        cookie = self.site.sessions.begin(
            user, name=user.title(), audience=audience, roles=frozenset(map(str, roles))
        )
        return Reader(self, cookie)

    def client(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url=f"http://{HOST}",
            headers=[(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        )


@dataclass
class Reader:
    """A browser of one person, that sends what a browser sends."""

    pages: Pages
    cookie: str

    @property
    def csrf(self) -> str:
        session = self.pages.site.sessions.find(self.cookie)
        assert session is not None
        return session.csrf

    async def get(self, path: str, **headers: str) -> httpx.Response:
        async with self.pages.client(Cookie=f"{COOKIE}={self.cookie}", **headers) as client:
            return await client.get(path)

    async def post(
        self, path: str, fields: dict[str, str] | None = None, **headers: str
    ) -> httpx.Response:
        form = {"csrf": self.csrf, **(fields or {})}
        async with self.pages.client(Cookie=f"{COOKIE}={self.cookie}", **headers) as client:
            return await client.post(path, data=form)

    async def ask(self, question: str, conversation: str = "") -> httpx.Response:
        """Ask as a browser without a script does."""
        return await self.post("/ask", {"question": question, "conversation": conversation})

    async def stream(self, question: str, conversation: str = "") -> httpx.Response:
        """Ask as the script of the pages does."""
        fields = {"question": question, "conversation": conversation}
        return await self.post("/ask", fields, Accept="text/event-stream")


@contextmanager
def pages(
    folder: Path,
    root: Path,
    *,
    settings: WebSettings | None = None,
    opened: Opened | None = None,
) -> Iterator[Pages]:
    """Serve the pages of the index in *root* to `Pages.client`; the state is in *folder*.

    With *opened*, the pages use its index and its engine.
    """
    folder.mkdir(exist_ok=True)
    index = LiveIndex(root)
    engine = QuotingEngine(index)
    cases: list[NewCase] = []
    with closing(open_state(folder / "state.sqlite")) as database:
        site = site_of(
            settings or WebSettings(),
            database,
            Backend(lambda: opened or Opened(index=index, engine=engine)),
            answers_folder=folder / "answers",
            add_case=partial(_add, cases),
            operations=Operations(
                directory=lambda: IndexDirectory(root),
                examine=lambda: (
                    Finding(name="index", well=True, message="every checksum is right"),
                ),
                spending=lambda: ("Spent today, all: $0.0100 of $5.00",),
            ),
        )
        yield Pages(application(site, hosts={HOST}), site, index, engine, database, cases)


def _add(cases: list[NewCase], case: NewCase) -> bool:
    if case.id in {one.id for one in cases}:
        return False
    cases.append(case)
    return True
