"""Find plug-ins by entry points and by class path, and load them.

A plug-in is named by a reference: `plugin:NAME` is the entry point NAME of an installed package,
and `module:Class` is a class path. To list plug-ins imports none of them.
"""

import hashlib
import importlib
import importlib.util
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

from footnote_qa.errors import PluginError

CONTRACT: Final = 1
"""Version of the protocols; it rises when a plug-in has to change."""

_ENTRY_POINT: Final = "plugin:"
_CLASS_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_NAME = re.compile(r"plugin:[\w.-]+")


class Kind(StrEnum):
    """The part of Footnote that a plug-in adds to."""

    SOURCE = "source"
    CONNECTOR = "connector"
    PARSER = "parser"
    EMBEDDER = "embedder"
    RERANKER = "reranker"
    VECTOR_STORE = "vector_store"
    LLM = "llm"
    METRIC = "metric"
    SLACK_FEATURE = "slack_feature"

    @property
    def group(self) -> str:
        """The group of its entry points."""
        return f"footnote_qa.{self.value}s"

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods that a plug-in of this kind must have."""
        return _METHODS[self]


_METHODS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.SOURCE: ("load_data",),  # of LlamaIndex's readers, as `Kind.LLM` is of its models
    Kind.CONNECTOR: ("check", "changes", "fetch", "members"),
    Kind.PARSER: ("parse",),
    Kind.EMBEDDER: ("embed_documents", "embed_questions"),
    Kind.RERANKER: ("scores",),
    Kind.VECTOR_STORE: ("write", "open"),
    Kind.LLM: ("achat",),
    Kind.METRIC: ("score",),
    Kind.SLACK_FEATURE: ("reply", "home"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A plug-in of an installed package; it is not loaded.

    Attributes:
        kind: The part of Footnote that it adds to.
        name: Name of its entry point.
        target: Its object, as `module:attribute`.
        distribution: The package that it came with.
        version: Version of that package.
    """

    kind: Kind
    name: str
    target: str
    distribution: str
    version: str


def installed(kind: Kind) -> list[Plugin]:
    """Return the plug-ins of installed packages, by name; nothing is imported."""
    found = [
        Plugin(
            kind=kind,
            name=entry.name,
            target=entry.value.replace(" ", ""),
            distribution=entry.dist.name if entry.dist else "",
            version=entry.dist.version if entry.dist else "",
        )
        for entry in metadata.entry_points(group=kind.group)
    ]
    return sorted(dict.fromkeys(found), key=lambda one: (one.name, one.distribution))


def is_reference(text: str) -> bool:
    """Return whether *text* names a plug-in.

    >>> [is_reference(one) for one in ("plugin:greek", "our.models:Greek", "MiniLM", "C:/model")]
    [True, True, False, False]
    """
    return bool(_NAME.fullmatch(text) or _CLASS_PATH.fullmatch(text))


def target_of(kind: Kind, reference: str) -> str:
    """Return the object that *reference* names, as `module:attribute`; nothing is imported.

    Raises:
        PluginError: No installed package has it, or several do.
    """
    if not is_reference(reference):
        raise PluginError(f"{kind} {reference!r}: write plugin:NAME or module:Class")
    if not reference.startswith(_ENTRY_POINT):
        return reference
    name = reference.removeprefix(_ENTRY_POINT)
    found = [one for one in installed(kind) if one.name == name]
    if not found:
        others = ", ".join(one.name for one in installed(kind)) or "none"
        raise PluginError(
            f"no installed package has the {kind} {name!r} (installed: {others}): install its "
            "package, or see footnote plugins"
        )
    if len({one.target for one in found}) > 1:
        packages = ", ".join(one.distribution for one in found)
        raise PluginError(
            f"several packages have the {kind} {name!r} ({packages}): name the class instead, "
            f"such as {found[0].target}"
        )
    return found[0].target


def load(kind: Kind, reference: str) -> object:
    """Import what *reference* names, and check that it keeps the contract.

    Raises:
        PluginError: It is not there, cannot be imported, or is for another contract.
    """
    target = target_of(kind, reference)
    module, _, attribute = target.partition(":")
    try:
        found: object = importlib.import_module(module)
        for name in attribute.split("."):
            found = getattr(found, name)
    # Anything may happen in a plug-in's own code, also an end of the process.
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"the {kind} {target} cannot be loaded ({_said(error)}): install what it needs, or "
            "take it out of the settings"
        ) from error
    _check(kind, target, found)
    return found


def make(kind: Kind, reference: str, arguments: Mapping[str, object]) -> object:
    """Return the plug-in itself: an object of the class that *reference* names, or what it names.

    Raises:
        PluginError: As `load` does, or it does not accept the arguments.
    """
    found = load(kind, reference)
    if not isinstance(found, type):
        if arguments:
            raise PluginError(f"the {kind} {reference} is no class, so it takes no arguments")
        return found
    try:
        made: object = found(**arguments)
    except (Exception, SystemExit) as error:
        # Its message may hold an argument, and an argument may be a key
        raise PluginError(
            f"the {kind} {reference} cannot be made ({type(error).__name__}): check its arguments"
        ) from error
    return made


_trusted: Final[set[tuple[Kind, str]]] = set()


def trust(kind: Kind, reference: str) -> None:
    """Let files that name the plug-in of *reference* load it; raises `PluginError`.

    Files of an index may come from elsewhere: they load only what the settings name.
    """
    _trusted.add((kind, target_of(kind, reference)))


def is_trusted(kind: Kind, target: str) -> bool:
    """Return whether the settings of this process name the plug-in *target*."""
    return (kind, target) in _trusted


def _check(kind: Kind, target: str, found: object) -> None:
    # Classes of LlamaIndex are plug-ins as they are, and know no contract of ours. Connectors were
    # classes of anybody before there were plug-ins.
    usual = CONTRACT if kind in {Kind.SOURCE, Kind.LLM, Kind.CONNECTOR} else None
    contract = getattr(found, "contract", usual)
    if contract != CONTRACT:
        what = "names no contract" if contract is None else f"is for contract {contract!r:.20}"
        raise PluginError(
            f"the {kind} {target} {what}, and this Footnote has {CONTRACT}: take a release of its "
            "package that fits"
        )
    if kind is Kind.CONNECTOR and callable(found) and not isinstance(found, type):
        return  # a function that makes one
    missing = [name for name in kind.methods if not callable(getattr(found, name, None))]
    if missing:
        raise PluginError(f"the {kind} {target} is no {kind}: it has no {', '.join(missing)}")


def _said(error: BaseException) -> str:
    """Return an error in one line."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words:.200}" if words else type(error).__name__


@cache
def code_digest(target: str) -> str:
    """Return a digest of the code that *target* is in: its module's package, not imported.

    Raises:
        PluginError: There is no such package.
    """
    top = target.partition(":")[0].partition(".")[0]
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError) as error:
        raise PluginError(f"{target} cannot be found ({_said(error)})") from error
    if spec is None:
        raise PluginError(f"{target} cannot be found: install its package")
    digest = hashlib.sha256(target.encode())
    for path in _files(spec.origin, spec.submodule_search_locations):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _files(origin: str | None, folders: Iterable[str] | None) -> Sequence[Path]:
    if folders is not None:
        return sorted(path for one in folders for path in Path(one).rglob("*.py"))
    return [Path(origin)] if origin and Path(origin).is_file() else []
