"""The settings of a source, which a generation remembers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from footnote_qa.index.sources.audience_rules import AudienceRule

BUILT_IN = ("folder", "git", "website", "llama_index")
"""Kinds of sources besides the services in `connectors`."""

Argument = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """Settings of one source of documents, from the settings file or the command line; no secrets.

    Attributes:
        path: Absolute path of a folder, file or repository, or the URL of a repository or sitemap;
            empty for a reader.
        kind: How it is read: one of `BUILT_IN`, a kind in `connectors`, or a class of a connector.
        name: Prefix for its documents' ids if there are several sources.
        include: Patterns of the files to take, as in a `.gitignore` file.
        exclude: Patterns of the files to leave out.
        url: Address where a person finds the folder; a document's path is appended.
        audience: Groups that may see its documents; empty means everybody.
        rules: Audiences for some of its documents, by path.
        ref: Branch, tag or commit of a repository.
        allow_private: Whether a website may be on a private network.
        reader: Class of a reader, as `module:Class`.
        arguments: For the reader's constructor, or the settings of a service.
        environment: Secrets of the reader or service, and the variables that hold their values.
        load: Arguments for the reader's `load_data`.
        skip_ignored: Whether a folder's ignore files are obeyed and folders of tools left out.
        every: Seconds between two syncs while the sources are watched; None for the usual time.
        is_remembered: Whether it was read from a generation, whose files may come from elsewhere:
            then it may name a folder and nothing else.
    """

    path: str = ""
    kind: str = "folder"
    name: str = ""
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    url: str | None = None
    audience: tuple[str, ...] = ()
    rules: tuple[AudienceRule, ...] = ()
    ref: str = "HEAD"
    allow_private: bool = False
    reader: str = ""
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    load: Mapping[str, Argument] = field(default_factory=dict)
    skip_ignored: bool = True
    every: float | None = None
    is_remembered: bool = field(default=False, compare=False)
