"""The page about MCP: its commands are there."""

import json
from pathlib import Path

from typer.main import get_command

from footnote_qa.bot.cli.app import app
from footnote_qa.bot.cli.mcp import mcp
from footnote_qa.bot.mcp.http import PATH
from tests.page_blocks import blocks_of

ROOT = Path(__file__).resolve().parents[3]
BLOCKS = blocks_of(ROOT / "docs" / "mcp.md")


def test_clients_of_the_page_start_our_command_and_reach_our_address() -> None:
    started, reached = (
        json.loads(text)["mcpServers"]["footnote"]
        for language, text in BLOCKS
        if language == "json"
    )

    assert mcp.__name__ in {name for name, _ in get_command(app).commands.items()}  # type: ignore[attr-defined] # it is a group
    assert (started["command"], started["args"][-1]) == ("footnote", "mcp")
    assert reached["url"].endswith(f":8765{PATH}")
