"""Settings of document sources, `[[sources]]`: where documents are and who may see them."""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

Argument = str | int | float | bool | tuple[str, ...]

_SECRET = re.compile(r"token|secret|passw|credential|api_?key", re.IGNORECASE)
_REMOTE = re.compile(r"(?:https|http|ssh|file)://|[\w.-]+@[\w.-]+:")

# Fields for some kinds only; all others are for every kind.
_FIELDS_OF = {
    "folder": {"path", "url", "skip_ignored"},
    "git": {"path", "repository", "ref", "url"},
    "website": {"sitemap", "allow_private"},
    "llama_index": {"reader", "arguments", "environment", "load"},
}
# The field that identifies a kind, so that `kind` can be left out.
_KIND_OF = {"repository": "git", "sitemap": "website", "reader": "llama_index"}
_PLACES = ("path", "repository", "sitemap", "reader")


class RuleSettings(BaseModel):
    """Who may see the documents whose path matches."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str = Field(min_length=1)
    audience: tuple[str, ...]


class SourceSettings(BaseModel):
    """One source of documents: a folder or file, a repository, a website, or a reader."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["folder", "git", "website", "llama_index"] = "folder"
    name: str = ""
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    rules: tuple[RuleSettings, ...] = ()

    path: Path | None = None
    skip_ignored: bool = True
    url: str | None = None
    repository: str | None = None
    ref: str = Field(default="HEAD", pattern=r"^[^-\s:~^?*\[\\][^\s:~^?*\[\\]*$")
    sitemap: str | None = None
    allow_private: bool = False
    reader: str | None = Field(default=None, pattern=r"^[\w.]+:\w+$")
    arguments: dict[str, Argument] = Field(default_factory=dict)
    environment: dict[str, str] = Field(default_factory=dict)
    load: dict[str, Argument] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _tell_kind_by_place(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        told = [{"kind": kind} for place, kind in _KIND_OF.items() if place in value]
        return told[0] | value if told else value

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "SourceSettings":
        faults = [*self._misplaced(), *self._unfit()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _misplaced(self) -> list[str]:
        """Return the fields that belong to another kind or are missing."""
        own = _FIELDS_OF[self.kind]
        others = set().union(*_FIELDS_OF.values()) - own
        faults = [
            f"{name} cannot be used with kind {self.kind!r}"
            for name in sorted(others & self.model_fields_set)
        ]
        needed = [name for name in _PLACES if name in own]
        given = [name for name in needed if getattr(self, name)]
        if len(given) != 1:
            faults.append(f"kind {self.kind!r} needs {' or '.join(needed)}")
        return faults

    def _unfit(self) -> list[str]:
        from footnote_qa.index.sources import check_patterns  # noqa: PLC0415 - imports NumPy

        faults = check_patterns(self.include, self.exclude)
        for rule in self.rules:
            faults += [f"rule: {each}" for each in check_patterns([rule.match])]
        if self.repository and not _REMOTE.match(self.repository):
            faults.append("repository must be an address such as https://… (a folder is a path)")
        if any(address and _has_password(address) for address in (self.repository, self.sitemap)):
            faults.append("an address must not hold a password: git asks its credential helper")
        if self.sitemap and not _is_web_address(self.sitemap):
            faults.append("sitemap must be an address such as https://example.org/sitemap.xml")
        faults += [
            f"{name} looks like a secret: name the variable that holds it under environment"
            for name in [*self.arguments, *self.load]
            if _SECRET.search(name)
        ]
        return faults


def _has_password(address: str) -> bool:
    return bool(re.match(r"https?://[^/@]*:[^/@]*@", address))


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
