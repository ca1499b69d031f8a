"""The tutorial and the how-to guides work as printed, block by block."""

import importlib.util
import json
import os
import re
import tomllib
from pathlib import Path

import pytest

from footnote_qa.bot.settings import load
from tests.docs.page_commands import ROOT, blocks, missing, run

_INSTALL = "pip install"


def test_the_package_that_the_tutorial_installs_is_ours() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"])
    pages = [ROOT / "docs" / "tutorial.md", *(ROOT / "docs" / "how-to").glob("*.md")]

    named = [
        match
        for page in pages
        for match in re.findall(
            r"pip install (?:--upgrade )?\"?([\w-]+)(?:\[([\w-]+)\])?", page.read_text("utf-8")
        )
    ]

    assert {name for name, _ in named} == {project["name"]}
    assert {extra for _, extra in named if extra} <= extras
    for version in ("3.11", "3.12", "3.13"):
        assert version in (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    assert project["requires-python"] == ">=3.11,<3.14"


@pytest.mark.slow
def test_the_tutorial_works_as_printed(tmp_path: Path) -> None:
    printed = ""

    for language, text in blocks("tutorial.md"):
        if language == "text":
            assert missing(text, printed) == []
        elif _INSTALL not in text:
            printed = run(text, tmp_path)

    assert "32 days" in printed


@pytest.mark.slow
def test_a_question_set_is_measured_as_printed(tmp_path: Path) -> None:
    for _, text in [one for one in blocks("tutorial.md") if one[0] == "sh"][1:3]:
        run(text, tmp_path)
    write, measure, compare = (text for language, text in blocks("how-to/question-set.md"))

    run(write, tmp_path)
    run(measure, tmp_path)
    again, _, comparison = compare.strip().rpartition("\n")
    run(again, tmp_path)
    runs = sorted(folder.name for folder in (tmp_path / ".footnote" / "runs").iterdir())
    for name, own in zip(("RUN-1", "RUN-2"), runs, strict=True):
        comparison = comparison.replace(name, own)

    assert "refusal_recall" in run(comparison, tmp_path)


def test_the_manifest_is_written_as_printed(tmp_path: Path) -> None:
    (manifest,) = [text for _, text in blocks("how-to/slack-manifest.md") if "> manifest" in text]

    run(manifest, tmp_path)

    written = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert written["settings"]["socket_mode_enabled"] is True
    assert "app_mentions:read" in written["oauth_config"]["scopes"]["bot"]


def test_the_tables_of_models_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_KEY", "x")
    tables = [text for language, text in blocks("how-to/language-model.md") if language == "toml"]

    for number, table in enumerate(tables):
        file = tmp_path / f"{number}.toml"
        file.write_text(table, encoding="utf-8")

        assert load(file).models.providers[0].model == "some-model"
    assert len(tables) == 2


@pytest.mark.slow
def test_the_custom_parser_reads_as_printed(tmp_path: Path) -> None:
    if importlib.util.find_spec("footnote_qa.plugins") is None:
        pytest.skip("this version has no parsers of other packages")
    written, tried, expected, settings, commands = (
        text for _, text in blocks("how-to/custom-parser.md")
    )
    (tmp_path / "our_parsers.py").write_text(written, encoding="utf-8")
    (tmp_path / "footnote.toml").write_text(settings, encoding="utf-8")
    alone = run(f"python - <<'END'\n{tried}END", tmp_path)
    together = run(commands.replace("=.", f"=.{os.pathsep}$PYTHONPATH"), tmp_path)

    assert alone.strip() == expected.strip()
    assert "It costs 17 euros." in together
