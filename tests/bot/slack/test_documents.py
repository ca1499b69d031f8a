from pathlib import Path

from footnote_qa.bot.slack.documents import CONTEXT_CHARS, Excerpt, IndexCatalog
from footnote_qa.bot.types import Citation
from footnote_qa.index.audience import may_see
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.sources import SourceSpec
from tests.fakes.building import make_builder, write_documents
from tests.fakes.embedder import HashEmbedder

EVERYBODY = frozenset[str]()
STAFF = frozenset({"staff"})


def library(folder: Path, embedder: HashEmbedder) -> IndexCatalog:
    """Three documents for everybody and one for staff."""
    write_documents(folder / "docs")
    secret = folder / "secret"
    secret.mkdir()
    (secret / "pay.md").write_text("# Pay\n\nPay is due on Monday. " + "More of it. " * 80)
    (secret / "scan.md").write_text("")
    open_source = SourceSpec(path=str(folder / "docs"))
    closed_source = SourceSpec(path=str(secret), audience=("staff",))
    make_builder(folder, embedder).build([open_source, closed_source])
    return IndexCatalog(LiveIndex(folder / "index"), stale=lambda: "2 files changed")


def cited(document: str, text: str, quote: str) -> Citation:
    start = text.index(quote)
    return Citation(
        label=1,
        document=document,
        title="Pay",
        page=None,
        heading=(),
        start=start,
        end=start + len(quote),
        quote=quote,
        url=None,
        modified_at=None,
    )


def test_people_see_only_the_documents_that_they_may_see(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    found = library(tmp_path, embedder)

    mine, staffs = found.facts(EVERYBODY), found.facts(STAFF)

    assert mine.titles == ("Leave", "parking", "Tokens")
    assert staffs.titles == ("Leave", "parking", "Pay", "Tokens")
    assert (mine.generation, mine.failed, mine.stale) == ("gen-000001", 1, "2 files changed")


def test_a_quote_is_shown_among_its_words_to_those_who_may_read_it(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    found = library(tmp_path, embedder)
    text = (tmp_path / "secret" / "pay.md").read_text()
    citation = cited("secret/pay.md", text, "Pay is due on Monday.")

    excerpt = found.excerpt(citation, STAFF)

    assert excerpt == Excerpt(
        before="# Pay\n\n",
        quote="Pay is due on Monday.",
        after=text[citation.end : citation.end + CONTEXT_CHARS],
    )
    assert found.excerpt(citation, EVERYBODY) is None


def test_a_quote_that_is_not_there_any_more_has_no_context(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    found = library(tmp_path, embedder)

    moved = cited("secret/pay.md", "Pay is due on Tuesday.", "due on Tuesday")
    gone = cited("secret/none.md", "Pay is due", "is due")

    assert found.excerpt(moved, STAFF) is None
    assert found.excerpt(gone, STAFF) is None


def test_those_who_see_all_documents_are_in_the_audience_of_each(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    found = library(tmp_path, embedder)

    assert found.audience_of(["docs/leave.md"]) == ()
    assert found.audience_of(["docs/leave.md", "secret/pay.md"]) == ("staff",)
    assert not may_see(found.audience_of(["secret/pay.md", "lost.md"]), STAFF)
