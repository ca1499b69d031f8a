"""Settings of document sources, `[[sources]]`: where documents are and who may see them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

if TYPE_CHECKING:
    from footnote_qa.index.sources.connectors import ConnectorKind

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
# Fields for every kind; a service has settings of its own besides
_COMMON = {"kind", "name", "include", "exclude", "audience", "rules", "every"}
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

    kind: str = "folder"
    name: str = ""
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    rules: tuple[RuleSettings, ...] = ()
    every: float | None = Field(default=None, ge=10)

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

    @field_validator("kind")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if fault := _unknown(value):
            raise ValueError(fault)
        return value

    @model_validator(mode="before")
    @classmethod
    def _tell_kind_by_place(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        kind = value.get("kind", "folder")
        if _unknown(kind):
            return {"kind": kind}  # nothing else can be checked
        if _is_service(kind):
            return _with_own_settings(value)
        told = [{"kind": kind} for place, kind in _KIND_OF.items() if place in value]
        return told[0] | value if told else value

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "SourceSettings":
        faults = [*self._misplaced(), *self._unfit()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def place(self) -> str:
        """Where the documents are, for people."""
        if _is_service(self.kind):
            return _place_of(self.kind, self.arguments)
        return str(self.path or self.repository or self.sitemap or self.reader)

    def _misplaced(self) -> list[str]:
        """Return the fields that belong to another kind or are missing."""
        if _is_service(self.kind):
            return _service(self.kind).faults(self.arguments, self.environment)
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
            if _SECRET.search(name) and self.kind in _FIELDS_OF  # a service says so itself
        ]
        return faults


def _unknown(kind: object) -> str:
    """Return what is wrong with a kind that there is not; "" if there is."""
    if not isinstance(kind, str) or kind in _FIELDS_OF or _is_service(kind):
        return ""
    from footnote_qa.index.sources.connectors import KINDS  # noqa: PLC0415 - only for a fault

    known = ", ".join([*_FIELDS_OF, *KINDS])
    return f"there is no kind {kind!r}: use one of {known}, or a class as module:Class"


def _is_service(kind: object) -> bool:
    from footnote_qa.index.sources.connectors import kind_of  # noqa: PLC0415 - imports NumPy

    return isinstance(kind, str) and kind not in _FIELDS_OF and kind_of(kind) is not None


def _service(kind: str) -> "ConnectorKind":
    from footnote_qa.index.sources.connectors import kind_of  # noqa: PLC0415 - imports NumPy

    found = kind_of(kind)
    if found is None:
        raise ValueError(f"there is no kind {kind!r}")
    return found


def _place_of(kind: str, options: Mapping[str, Argument]) -> str:
    service = _service(kind)
    value = options.get(service.place, service.name)
    return value if isinstance(value, str) else ", ".join(map(str, _listed(value)))


def _listed(value: Argument) -> Sequence[object]:
    return value if isinstance(value, tuple | list) else (value,)


def _with_own_settings(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of a service; what is its own goes into `arguments` and `environment`."""
    common = {name: given for name, given in value.items() if name in _COMMON}
    own = {name: given for name, given in value.items() if name not in _COMMON}
    arguments = dict(own.pop("arguments", None) or {})
    environment = dict(own.pop("environment", None) or {})
    for name, given in own.items():
        if name.endswith("_env"):
            environment[name.removesuffix("_env")] = given
        else:
            arguments[name] = given
    return common | {"arguments": arguments, "environment": environment}


def _has_password(address: str) -> bool:
    return bool(re.match(r"https?://[^/@]*:[^/@]*@", address))


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
