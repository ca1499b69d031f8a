"""The page about plug-ins: its classes keep the contract and work, and its settings load."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from footnote_qa import Footnote
from footnote_qa.bot.settings import load
from footnote_qa.plugins import Kind
from footnote_qa.plugins.registry import _check
from tests.fakes.building import write_documents
from tests.page_blocks import blocks_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "plugins.md"
BLOCKS = blocks_of(PAGE)
CLASSES: dict[str, Any] = {}
for language, text in BLOCKS:
    if language == "python":
        exec(compile(text, str(PAGE), "exec"), CLASSES)  # noqa: S102 - our own page


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("CueParser", Kind.PARSER),
        ("CountingModel", Kind.EMBEDDER),
        ("ShortestFirst", Kind.RERANKER),
        ("CitedDocuments", Kind.METRIC),
        ("WhereIs", Kind.SLACK_FEATURE),
    ],
)
def test_each_class_of_the_page_keeps_the_contract(name: str, kind: Kind) -> None:
    _check(kind, name, CLASSES[name])


def test_the_parser_of_the_page_reads_its_format() -> None:
    parsed = CLASSES["CueParser"]().parse(b"CUE Scene one\nThey meet.", name="a.cue")

    assert (parsed.title, parsed.text) == ("Scene one", "They meet.")


def test_settings_of_the_page_are_settings_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language, text in BLOCKS:
        if language == "toml" and "[project" not in text:
            monkeypatch.chdir(tmp_path)
            (tmp_path / "footnote.toml").write_text(text)
            load(tmp_path / "footnote.toml")
            assert tomllib.loads(text)


def test_a_model_of_the_page_builds_and_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys
    from types import ModuleType

    module = ModuleType("our_page_models")
    module.Model = CLASSES["CountingModel"]  # type: ignore[attr-defined] # a module made here
    module.First = CLASSES["ShortestFirst"]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "our_page_models", module)
    search = {"reranker": "our_page_models:First", "rerank_weight": 50.0}

    with Footnote(
        data_dir=tmp_path / "data", index={"model": "our_page_models:Model"}, search=search
    ) as bot:
        bot.build(write_documents(tmp_path / "docs"))
        passages = bot.search("How many days of leave are there?").passages

    assert passages[0].cosine is not None
    lengths = [len(one.chunk.text) for one in passages[:3]]
    assert lengths[0] == min(lengths)


def test_every_kind_is_in_the_table_with_its_example() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]

    for kind in Kind:
        [row] = [row for row in rows if f"`{kind.group}`" in row]
        assert f"(../examples/plugins/{kind})" in row
        assert (ROOT / "examples" / "plugins" / str(kind) / "pyproject.toml").is_file()
