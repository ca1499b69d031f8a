"""A source of another package: its documents are found, changed and removed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from footnote_qa import Footnote, SourceError
from tests.plugins.conftest import Install

pytestmark = pytest.mark.usefixtures("small_model")
QUERY = "SELECT 'wiki/' || name AS id, body AS text, name AS title, link AS url FROM pages"


def wiki(folder: Path, **pages: str) -> Path:
    file = folder / "wiki.sqlite"
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("CREATE TABLE pages (name TEXT, body TEXT, link TEXT)")
        rows = [(name, body, f"https://wiki.example/{name}") for name, body in pages.items()]
        opened.executemany("INSERT INTO pages VALUES (?, ?, ?)", rows)
    return file


def source(reader: str, file: Path, **more: object) -> dict[str, object]:
    arguments = {"database": str(file)}
    return {"reader": reader, "arguments": arguments, "load": {"query": QUERY}, **more}


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize("reader", ["plugin:sqlite", "footnote_sqlite:SqliteReader"])
def test_example_reads_rows_and_sees_their_changes(tmp_path: Path, reader: str) -> None:
    file = wiki(tmp_path, Bus="The bus leaves at nine.", Lunch="Lunch costs four euros.")

    with Footnote(data_dir=tmp_path / "data", sources=[source(reader, file)]) as bot:
        first = bot.build()
        answer = bot.ask("When does the bus leave?")
        wiki(tmp_path, Bus="The bus leaves at ten.")
        second = bot.build()
        changed = bot.ask("When does the bus leave?")
        listed = [row.document for row in bot.documents()]

    assert first.actions["added"] == 2  # type: ignore[index] # a StrEnum
    assert answer.text == "The bus leaves at nine [1]."
    assert (answer.citations[0].document, answer.citations[0].url) == (
        "wiki/Bus",
        "https://wiki.example/Bus",
    )
    assert (second.actions["changed"], second.actions["removed"]) == (1, 1)  # type: ignore[index]
    assert changed.text == "The bus leaves at ten [1]."
    assert listed == ["wiki/Bus"]


@pytest.mark.usefixtures("examples")
def test_its_documents_obey_the_audience_of_the_settings(tmp_path: Path) -> None:
    file = wiki(tmp_path, Bus="The bus leaves at nine.")
    of = source("plugin:sqlite", file, audience=["hr"])

    with Footnote(data_dir=tmp_path / "data", sources=[of]) as bot:
        bot.build()
        assert bot.documents() == []
        assert len(bot.documents(audience=["hr"])) == 1


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise ImportError('no driver')", "cannot be loaded .*no driver"),
        ("class Reader: pass", "is no source: it has no load_data"),
        ("class Reader:\n    def load_data(self): raise OSError('sk-1')", r"failed \(\w+\)"),
    ],
)
def test_a_faulty_source_is_named_and_the_others_are_read(
    tmp_path: Path, install: Install, code: str, message: str
) -> None:
    install("our_source", code, sources={"ours": "our_source:Reader"})
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "bus.md").write_text("# Bus\n\nThe bus leaves at nine.\n")

    with (
        Footnote(data_dir=tmp_path / "alone", sources=[{"reader": "plugin:ours"}]) as alone,
        pytest.raises(SourceError, match=f"(?s)plugin:ours.*{message}") as error,
    ):
        alone.build()
    both = [{"reader": "plugin:ours", "name": "ours"}, {"path": str(tmp_path / "docs")}]
    with Footnote(data_dir=tmp_path / "both", sources=both) as bot:
        result = bot.build()
        answer = bot.ask("When does the bus leave?")

    assert "sk-1" not in str(error.value)
    assert len(result.problems) == 1
    assert "nine" in answer.text
