"""Settings of the MCP server, `[mcp]`: its hosts and limits. `footnote keys` makes its keys."""

from pydantic import Field

from footnote_qa.bot.provider_settings import Table


class McpSettings(Table):
    """How the MCP server behaves."""

    hosts: tuple[str, ...] = ()
    max_question_chars: int = Field(default=4000, ge=100)
    max_concurrent: int = Field(default=4, ge=1)
