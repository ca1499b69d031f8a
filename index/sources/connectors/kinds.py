"""The kinds of sources: the settings, the secrets and the reader class of each."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol, TypeAlias, cast

from footnote_qa.errors import PluginError
from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.sync import Clock, Connector, SystemClock
from footnote_qa.plugins.registry import Kind, is_reference, load

Value: TypeAlias = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A setting of a kind of source.

    Attributes:
        name: As in the settings file.
        help: One sentence for a person who sets it.
        is_needed: Whether the source does not work without.
        default: Its value if it is not given; its type is the setting's type.
        choices: Values that it may have; empty allows all.
    """

    name: str
    help: str
    is_needed: bool = False
    default: Value = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret of a kind of source, which is read from a variable and never stored.

    Attributes:
        name: Such as "token": the settings file has `token_env` with the name of the variable.
        variable: The variable, unless the settings name another one.
        help: Where a person gets it, and what it must be allowed to do.
        is_needed: Whether the source does not work without.
    """

    name: str
    variable: str
    help: str
    is_needed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorKind:
    """A kind of source.

    Attributes:
        name: As in the settings file.
        title: For people.
        target: The class or function that returns its connector, as `module:name`.
        place: The option that says where it is, and names the source.
        options: Its settings.
        secrets: Its secrets.
        extra: The extra of the distribution with its packages; "" if it needs none.
    """

    name: str
    title: str
    target: str
    place: str = ""
    options: tuple[Option, ...] = ()
    secrets: tuple[Secret, ...] = ()
    extra: str = "sources"

    def faults(self, given: Mapping[str, object], secrets: Mapping[str, str]) -> list[str]:
        """Return what is wrong with settings of this kind; a foreign kind is not looked into."""
        if not self.options and not self.secrets:
            return []
        known = {one.name: one for one in self.options}
        named = {one.name for one in self.secrets}
        faults = [_strange(name, named) for name in given if name not in known]
        faults += [
            f"{name}_env: {self.name} has no such secret" for name in secrets if (name not in named)
        ]
        for name, option in known.items():
            value = given.get(name)
            if option.is_needed and value in {None, "", ()}:
                faults.append(f"kind {self.name!r} needs {name}: {option.help}")
            elif value is not None and (fault := _misfit(option, value)):
                faults.append(fault)
        return faults


def _strange(name: str, secrets: set[str]) -> str:
    if name in secrets:
        return f"{name} is a secret: write {name}_env with the name of the variable that holds it"
    return f"{name}: unknown setting"


def _misfit(option: Option, value: object) -> str:
    """Return what is wrong with a value; "" if it fits."""
    if option.choices and value not in option.choices:
        return f"{option.name} must be one of {', '.join(option.choices)}"
    wanted = type(option.default)
    if wanted is tuple:
        fits = isinstance(value, Sequence) and not isinstance(value, str)
        return "" if fits else f"{option.name} must be a list"
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        names = {str: "a text", int: "a number", bool: "true or false", float: "a number"}
        return f"{option.name} must be {names[wanted]}"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSettings:
    """The parts of a connector.

    Attributes:
        options: By name; those that were not given have their default.
        secrets: By name; empty if they are not set and not needed.
        variables: The variable of each secret, for messages.
        max_bytes: Largest item that is fetched.
        clock: Time.
        memory: Folder that is kept between syncs; None keeps nothing.
    """

    options: Mapping[str, Value]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    max_bytes: int = 100_000_000
    clock: Clock = field(default_factory=SystemClock)
    memory: Path | None = None

    def text(self, name: str) -> str:
        """Return an option that is a text."""
        return str(self.options.get(name, ""))

    def number(self, name: str) -> int:
        """Return an option that is a number."""
        value = self.options.get(name, 0)
        return int(value) if isinstance(value, int | float) else 0

    def flag(self, name: str) -> bool:
        """Return an option that is true or false."""
        return self.options.get(name) is True

    def texts(self, name: str) -> tuple[str, ...]:
        """Return an option that is a list."""
        value = self.options.get(name, ())
        return tuple(value) if isinstance(value, tuple | list) else (str(value),)


class _Maker(Protocol):
    def __call__(self, settings: ConnectorSettings) -> Connector: ...


def make_connector(  # noqa: PLR0913  each is a part of its own
    kind: ConnectorKind,
    options: Mapping[str, Value],
    variables: Mapping[str, str],
    *,
    max_bytes: int,
    clock: Clock | None = None,
    memory: Path | None = None,
) -> Connector:
    """Return the connector of these settings; its secrets are read from the environment now.

    Args:
        kind: Its kind.
        options: Its settings.
        variables: The variable of each secret, where it is another than usual.
        max_bytes: Largest item that is fetched.
        clock: Time; None takes this machine's.
        memory: Folder that is kept between syncs; None keeps nothing.

    Raises:
        SourceError: A variable or a package is missing, or a setting is wrong.
    """
    named = {one.name: one.variable for one in kind.secrets} | dict(variables)
    needed = {one.name for one in kind.secrets if one.is_needed} or set(
        variables if not kind.secrets else ()
    )
    secrets = {name: os.environ.get(variable, "").strip() for name, variable in named.items()}
    if missing := [named[name] for name in sorted(needed) if not secrets.get(name)]:
        raise SourceError(f"{kind.title} needs the variables {', '.join(missing)}")
    values = {one.name: one.default for one in kind.options} | dict(options)
    settings = ConnectorSettings(
        options=values,
        secrets=secrets,
        variables=named,
        max_bytes=max_bytes,
        clock=clock or SystemClock(),
        memory=memory,
    )
    return _maker(kind)(settings)


def _maker(kind: ConnectorKind) -> _Maker:
    if is_reference(kind.name):  # of another package
        try:
            return cast("_Maker", load(Kind.CONNECTOR, kind.target))
        except PluginError as error:
            raise SourceError(str(error)) from error
    module, _, name = kind.target.partition(":")
    try:
        return cast("_Maker", getattr(import_module(module), name))
    except ModuleNotFoundError as error:
        if not kind.extra or (error.name or "").startswith("footnote_qa"):
            raise
        raise SourceError(
            f'{kind.title} needs the package {error.name}: pip install "footnote-qa[{kind.extra}]"'
        ) from error
