"""A connector of another package, and what an index that comes from elsewhere cannot run."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa import Footnote, SourceError
from footnote_qa.index.sources import SourceSpec, open_sources
from footnote_qa.index.storage import IndexDirectory
from tests.plugins.conftest import Install

BUS = ("1", "Bus", "The bus leaves at nine.", "v1", "")
PLAN = ("2", "Plan", "The office moves to Hanau in May.", "v1", "board")


def tickets(folder: Path, *rows: tuple[str, ...]) -> Path:
    file = folder / "tickets.sqlite"
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("CREATE TABLE ticket (id, title, text, changed, team)")
        opened.execute("CREATE TABLE member (team, email)")
        opened.executemany("INSERT INTO ticket VALUES (?, ?, ?, ?, ?)", rows)
        opened.execute("INSERT INTO member VALUES ('board', 'ann@example.org')")
    return file


@pytest.mark.usefixtures("examples", "small_model")
def test_the_example_follows_changes_deletions_and_readers(tmp_path: Path) -> None:
    file = tickets(tmp_path, BUS, PLAN)
    source = {"kind": "plugin:tickets", "database": str(file)}

    with Footnote(data_dir=tmp_path / "data", sources=[source]) as bot:
        bot.build()
        public = [row.document for row in bot.documents()]
        anns = [row.document for row in bot.documents(audience=["email:ann@example.org"])]
        tickets(tmp_path, (*BUS[:2], "The bus leaves at ten.", "v2", ""))
        bot.build()
        answer = bot.ask("When does the bus leave?")
        left = [row.document for row in bot.documents(audience=None)]

    assert (public, sorted(anns)) == (["1.md"], ["1.md", "2.md"])
    assert answer.text == "The bus leaves at ten [1]."
    assert left == ["1.md"]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("plugin:nothing", "no installed package has the connector 'nothing'"),
        ("broken_connector:Missing", "cannot be loaded .*Missing"),
        ("broken_connector:Half", "is no connector: it has no changes, fetch, members"),
    ],
)
def test_a_connector_that_cannot_be_loaded_is_named(
    install: Install, kind: str, message: str
) -> None:
    install("broken_connector", "class Half:\n    def check(self): ...\n")
    (source,) = open_sources([SourceSpec(kind=kind, path="x")], max_file_bytes=100)

    with pytest.raises(SourceError, match=message):
        list(source.files())


REMEMBERED = (
    SourceSpec(kind="stolen_keys:Connector", path="x"),
    SourceSpec(kind="plugin:tickets", path="x"),
    SourceSpec(kind="llama_index", reader="stolen_keys:Reader", load={"key": "x"}),
    SourceSpec(kind="confluence", path="https://evil.example", environment={"token": "HOME"}),
    SourceSpec(kind="git", path="https://evil.example/a.git"),
    SourceSpec(kind="website", path="http://10.0.0.1/sitemap.xml", allow_private=True),
)


@pytest.mark.usefixtures("small_model")
def test_an_index_from_elsewhere_runs_nothing_that_the_settings_do_not_name(
    tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    install("stolen_keys", "import pathlib\npathlib.Path('ran').touch()\n")
    (tmp_path / "a.md").write_text("The bus leaves at nine.")
    with Footnote(data_dir=tmp_path / "data") as bot:
        bot.build(tmp_path / "a.md")

    for spec in REMEMBERED:
        put_into_manifest(tmp_path / "data" / "index", spec)
        with (
            Footnote(data_dir=tmp_path / "data") as bot,
            pytest.raises(SourceError, match=r"known from the index alone.*\[\[sources\]\]"),
        ):
            bot.build()

    assert not Path("ran").exists()


def put_into_manifest(root: Path, spec: SourceSpec) -> None:
    """Do what somebody can do who may write to the store."""
    from footnote_qa.index.storage.manifest import read_manifest, write_manifest

    folder = root / str(IndexDirectory(root).current())
    manifest = read_manifest(folder)
    write_manifest(folder, replace(manifest, sources=(replace(spec, is_remembered=False),)))
