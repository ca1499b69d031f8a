import shutil
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from footnote_qa.bot import composition
from footnote_qa.bot.errors import SpanModelError
from footnote_qa.bot.extractive.answerer import SpanReranker
from footnote_qa.bot.extractive.span_model import INFO_FILE, SHIPPED, SpanModel
from footnote_qa.bot.settings import Settings, load
from footnote_qa.bot.types import Question, Status
from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.options import BuildOptions
from tests.fakes.embedder import HashEmbedder


@pytest.fixture
def settings(tmp_path: Path, embedder: HashEmbedder) -> Settings:
    """Settings over an index that remembers the folder docs/."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.md").write_text("# A\n\nThe bus leaves at nine.\n")
    (tmp_path / "footnote.toml").write_text("")
    settings = load(tmp_path / "footnote.toml", data_dir=tmp_path / "data")
    builder = Builder(
        directory=composition.index_directory(settings),
        cache_path=tmp_path / "embeddings.sqlite",
        embedder=embedder,
        options=BuildOptions(),
    )
    builder.build(composition.specs_of_paths([docs]))
    replace(builder, options=BuildOptions(full=True)).build(composition.specs_of_paths([docs]))
    return settings


@pytest.mark.parametrize(
    "damaged", ["CURRENT", "gen-000002/MANIFEST.json", "gen-000002/passages.sqlite"]
)
def test_what_to_build_from_is_known_even_if_the_served_generation_is_damaged(
    settings: Settings, tmp_path: Path, damaged: str
) -> None:
    (settings.data_dir / "index" / damaged).write_bytes(b"")

    specs = composition.source_specs(settings)

    assert [spec.path for spec in specs] == [str(tmp_path / "docs")]


def test_sources_of_the_settings_come_before_what_is_remembered(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "footnote.toml").write_text('[[sources]]\npath = "other"\n')

    specs = composition.source_specs(load(tmp_path / "footnote.toml", data_dir=settings.data_dir))

    assert [spec.path for spec in specs] == [str(tmp_path / "other")]


def test_without_settings_or_an_index_there_are_no_sources(tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text("")

    assert (
        composition.source_specs(load(tmp_path / "footnote.toml", data_dir=tmp_path / "none")) == ()
    )


def test_reader_that_a_team_trained_is_the_one_that_reads(
    settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(SHIPPED, tmp_path / "ours")
    whole = (tmp_path / "ours" / INFO_FILE).rename(tmp_path / INFO_FILE)
    (tmp_path / "footnote.toml").write_text('[models]\noffline_reader = "ours"\n')
    chosen = load(tmp_path / "footnote.toml", data_dir=settings.data_dir)
    index = composition.live_index(settings)

    with pytest.raises(SpanModelError, match=r"in .*ours cannot be read: see models\.offline_r"):
        composition.engine(chosen, index)
    whole.rename(tmp_path / "ours" / INFO_FILE)
    composition.engine(chosen, index)


def test_reader_orders_passages_where_the_settings_say_so(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "footnote.toml").write_text('[search]\nreranker = "reader"\n')
    chosen = load(tmp_path / "footnote.toml", data_dir=settings.data_dir)

    index = composition.live_index(chosen)
    found = index.search("When does the bus leave?", k=1, audience=None).passages

    assert isinstance(composition.fusion(chosen).reranker, SpanReranker)
    assert composition.fusion(settings).reranker is None
    before = composition.live_index(settings).search("When does the bus leave?", k=1, audience=None)
    assert found[0].fused > before.passages[0].fused


def test_network_that_orders_and_answers_is_opened_once_and_reads_a_passage_once(
    settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(SHIPPED, tmp_path / "ours")
    (tmp_path / "footnote.toml").write_text(
        '[models]\noffline_reader = "ours"\n\n[search]\nreranker = "reader"\n'
    )
    chosen = load(tmp_path / "footnote.toml", data_dir=settings.data_dir)

    with (
        patch.object(
            SpanModel, "__init__", autospec=True, side_effect=SpanModel.__init__
        ) as opened,
        patch.object(SpanModel, "_read", autospec=True, side_effect=SpanModel._read) as read,
    ):
        engine = composition.engine(chosen, composition.live_index(chosen))
        answer = engine.ask(Question(text="When does the bus leave?"))

    assert answer.status is Status.ANSWERED
    assert (opened.call_count, read.call_count) == (1, 1)


@pytest.mark.parametrize("second", ["docs", "docs/../docs", "link"])
def test_the_same_folder_twice_is_one_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("docs").mkdir()
    Path("link").symlink_to("docs")
    Path("other").mkdir()

    specs = composition.specs_of_paths([Path("docs"), Path(second), Path("other")])

    assert [Path(spec.path).name for spec in specs] == ["docs", "other"]


def test_a_source_that_is_twice_in_the_settings_is_one(tmp_path: Path) -> None:
    table = '[[sources]]\npath = "docs"\n'
    other = '[[sources]]\npath = "docs"\naudience = ["hr"]\n'
    (tmp_path / "footnote.toml").write_text(table + table + other)

    specs = composition.source_specs(load(tmp_path / "footnote.toml"))

    assert [spec.audience for spec in specs] == [(), ("hr",)]
