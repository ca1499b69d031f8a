"""Settings of the web pages and the HTTP API, `[web]`."""

import re
from typing import Literal

from pydantic import Field, field_validator

from footnote_qa.bot.provider_settings import Table


class WebSettings(Table):
    """How `footnote serve` answers."""

    url: str = ""
    session_hours: float = Field(default=12, gt=0)
    questions_per_minute: int = Field(default=20, ge=1)
    max_concurrent: int = Field(default=8, ge=1)
    max_question_chars: int = Field(default=4000, ge=100)
    prompts: tuple[str, ...] = Field(default=(), max_length=4)

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[\w.:\[\]-]+/?", value):
            raise ValueError("use the address of the page, such as https://docs.example.org")
        return value.rstrip("/")

    @property
    def scheme(self) -> Literal["http", "https"]:
        """How browsers reach the pages."""
        return "https" if self.url.startswith("https://") else "http"
