"""Settings of the MCP server, `[mcp]`: who may use it over HTTP, and its limits."""

from pydantic import Field, SecretStr, field_validator, model_validator

from footnote_qa.bot.provider_settings import Table

MIN_KEY_CHARS = 16


class McpKeySettings(Table):
    """A key of one client, and the documents that it may use."""

    name: str = Field(min_length=1, max_length=80)
    api_key_env: str = Field(min_length=1)
    api_key: SecretStr | None = None
    audience: tuple[str, ...] = ()
    all_documents: bool = False

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> "McpKeySettings":
        if self.audience and self.all_documents:
            raise ValueError("give an audience or all_documents, not both")
        return self


class McpSettings(Table):
    """How the MCP server behaves."""

    keys: tuple[McpKeySettings, ...] = ()
    hosts: tuple[str, ...] = ()
    max_question_chars: int = Field(default=4000, ge=100)
    max_concurrent: int = Field(default=4, ge=1)

    @field_validator("keys")
    @classmethod
    def _names_differ(cls, value: tuple[McpKeySettings, ...]) -> tuple[McpKeySettings, ...]:
        names = [key.name for key in value]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError("several are called " + ", ".join(twice))
        return value
