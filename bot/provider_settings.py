"""The settings of one model provider: which model, where, its limits and its price."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

THINKING_TOKENS: Final[Mapping[str, int]] = {"low": 1024, "medium": 4096, "high": 16_384}
"""How many tokens each level of thinking may take."""

_LEAST_CONTEXT: Final = 512


class Table(BaseModel):
    """A table of the settings file: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PriceSettings(Table):
    """Price of a model, if no price list has it or you pay another price."""

    input_usd_per_million: Decimal = Field(ge=0)
    output_usd_per_million: Decimal = Field(ge=0)


class ProviderSettings(Table):
    """One provider of a language model."""

    name: str = Field(min_length=1)
    kind: Literal[
        "openai",
        "openai_like",
        "azure_openai",
        "anthropic",
        "google",
        "bedrock",
        "ollama",
        "llama_index",
    ]
    model: str
    class_path: str | None = Field(
        default=None, pattern=r"^(plugin:[\w.-]+|[A-Za-z_][\w.]*:\w+|\w+(\.\w+)+)$"
    )
    arguments: dict[str, Any] = Field(default_factory=dict)
    base_url: str | None = None
    api_key_env: str | None = None
    api_key: SecretStr | None = None
    api_version: str | None = None
    region: str | None = None
    share: float = Field(default=1.0, gt=0, le=1)
    timeout_s: float = Field(default=30, gt=0)
    max_tokens: int = Field(default=1024, ge=16)
    context_tokens: int = Field(default=8192, ge=1024)
    passage_tokens: int | None = Field(default=None, ge=200)
    structured: bool = False
    thinking: Literal["off", "low", "medium", "high"] | Annotated[int, Field(ge=1024)] | None = None
    budget_usd_per_day: Decimal | None = Field(default=None, gt=0)
    price: PriceSettings | None = None

    @model_validator(mode="after")
    def _has_an_address(self) -> "ProviderSettings":
        if self.base_url is None and self.kind in {"openai_like", "azure_openai"}:
            raise ValueError(f"kind {self.kind!r} needs base_url")
        if (self.class_path is not None) != (self.kind == "llama_index"):
            raise ValueError("kind 'llama_index' needs class_path, and no other kind takes it")
        if self.thinking_tokens and self.reply_tokens + _LEAST_CONTEXT > self.context_tokens:
            raise ValueError(
                "context_tokens leaves no room beside max_tokens and thinking: set at least "
                f"{self.reply_tokens + _LEAST_CONTEXT}"
            )
        return self

    @property
    def thinking_tokens(self) -> int:
        """How many tokens the model may think before it answers."""
        if isinstance(self.thinking, int):
            return self.thinking
        return THINKING_TOKENS.get(self.thinking or "off", 0)

    @property
    def reply_tokens(self) -> int:
        """How many tokens a reply may have, with the thoughts before it."""
        return self.max_tokens + self.thinking_tokens
