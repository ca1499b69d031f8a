"""Settings of the Slack bot, `[slack]`."""

from typing import Literal

from pydantic import Field, field_validator

from footnote_qa.bot.provider_settings import Table
from footnote_qa.bot.source_settings import Argument
from footnote_qa.plugins.registry import is_reference


class ChannelSettings(Table):
    """Settings of one Slack channel."""

    id: str = Field(pattern=r"^[CGD][A-Z0-9]+$")
    audience: tuple[str, ...] = ()
    enabled: bool = True
    follow_ups: bool = False
    unasked: bool = False
    helper: str = Field(default="", pattern=r"^([UW][A-Z0-9]+)?$")
    language: str = Field(default="", max_length=40, pattern=r"^[\w() -]*$")


class FeatureSettings(Table):
    """One feature that a plug-in adds to the Slack bot."""

    plugin: str
    arguments: dict[str, Argument] = Field(default_factory=dict)
    environment: dict[str, str] = Field(default_factory=dict)

    @field_validator("plugin")
    @classmethod
    def _is_a_feature(cls, value: str) -> str:
        if not is_reference(value):
            raise ValueError(f"{value}: write plugin:NAME or module:Class")
        return value


class SlackSettings(Table):
    """How the Slack adapter behaves; the tokens are read from Slack's own variables."""

    channels: tuple[ChannelSettings, ...] = ()
    features: tuple[FeatureSettings, ...] = ()
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    guests: Literal["refuse", "ignore", "answer"] = "refuse"
    prompts: tuple[str, ...] = Field(default=(), max_length=4)
    keep_days: float = Field(default=90, gt=0)
    max_concurrent: int = Field(default=4, ge=1)
    max_per_user: int = Field(default=2, ge=1)
    max_queue: int = Field(default=100, ge=1)
    max_question_chars: int = Field(default=4000, ge=100)
