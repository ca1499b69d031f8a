"""The page about MCP: its settings load, and its commands are there."""

import json
from pathlib import Path

import pytest
from typer.main import get_command

from footnote_qa.bot.cli.app import app
from footnote_qa.bot.cli.mcp import mcp
from footnote_qa.bot.mcp import access_of
from footnote_qa.bot.mcp.http import PATH
from footnote_qa.bot.settings import load
from tests.page_blocks import blocks_of

ROOT = Path(__file__).resolve().parents[3]
BLOCKS = blocks_of(ROOT / "docs" / "mcp.md")


def test_settings_of_the_page_make_the_keys_that_it_describes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [text] = [text for language, text in BLOCKS if language == "toml"]
    (tmp_path / "footnote.toml").write_text(text)
    monkeypatch.setenv("EDITOR_KEY", "e" * 16)
    monkeypatch.setenv("BOARD_KEY", "b" * 16)

    found, made = access_of(load(tmp_path / "footnote.toml").mcp, None)

    assert made == ""
    assert [(one.name, one.audience) for one in found] == [
        ("editor of the team", frozenset()),
        ("assistant of the board", frozenset({"board"})),
    ]


def test_clients_of_the_page_start_our_command_and_reach_our_address() -> None:
    started, reached = (
        json.loads(text)["mcpServers"]["footnote"]
        for language, text in BLOCKS
        if language == "json"
    )

    assert mcp.__name__ in {name for name, _ in get_command(app).commands.items()}  # type: ignore[attr-defined] # it is a group
    assert (started["command"], started["args"][-1]) == ("footnote", "mcp")
    assert reached["url"].endswith(f":8765{PATH}")
