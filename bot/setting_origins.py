"""Where the value of each setting comes from: the default, a file, a variable, the command line."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr
from pydantic_settings import EnvSettingsSource

from footnote_qa.bot.settings import Settings, load, read_file

DEFAULT: Final = "default"
DOTENV: Final = ".env"
ENVIRONMENT: Final = "environment"
COMMAND_LINE: Final = "command line"

_SECRET_NAME = re.compile(r"token|secret|passw|credential|key|signature|\bsig\b", re.IGNORECASE)
_IN_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_IN_QUERY = re.compile(r"(?<=[?&])([^=&\s]+)=([^&\s#]+)")

Value = str | int | float | bool | list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginatedValue:
    """The value of one setting.

    Attributes:
        name: Its tables and its name, such as "search.k" or "models.providers.0.model".
        value: As JSON can hold it; None if it is not set or secret.
        origin: "default", the name of the settings file, ".env", "environment" or "command line".
        is_secret: Whether it is a secret that is set, and so not shown.
    """

    name: str
    value: Value
    origin: str
    is_secret: bool = False


def originated(config: Path, *, data_dir: Path | None = None) -> list[OriginatedValue]:
    """Return every setting with its value and where that comes from.

    Args:
        config: The settings file; the default one may be missing.
        data_dir: From the command line; None if it is not given there.

    Raises:
        SettingsError: As `load` does.
    """
    before = dict(os.environ)  # `load` adds to it what is in `.env`
    settings = load(config, data_dir=data_dir)
    dotenv = dotenv_values(config.absolute().parent / ".env")
    added = {name: text for name, text in dotenv.items() if name not in before and text is not None}
    given = {} if data_dir is None else {"data_dir": str(data_dir)}
    layers = _Layers(
        [
            (COMMAND_LINE, given),
            (ENVIRONMENT, _variables(before)),
            (DOTENV, _variables(added)),
            (config.name, read_file(config)),
        ],
        variables=[(ENVIRONMENT, before), (DOTENV, added)],
    )
    return list(_rows(settings, (), layers))


def _variables(environment: Mapping[str, str]) -> dict[str, object]:
    """Return the settings in these variables, nested as in the settings file."""
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): text for name, text in environment.items()}
    return dict(source())


@dataclass(frozen=True, slots=True)
class _Layers:
    """Where values may come from, the strongest first."""

    nested: Sequence[tuple[str, Mapping[str, object]]]
    variables: Sequence[tuple[str, Mapping[str, str]]]

    def origin(self, path: Sequence[str]) -> str:
        """Return the layer that gives the value at *path*, whose first part may be an alias."""
        for name, values in self.nested:
            found, is_replaced = _reached(values, path)
            if found:
                return name
            if is_replaced:
                return DEFAULT  # this layer gives the list, and the item has no value in it
        return DEFAULT

    def of_variable(self, variable: str) -> str:
        """Return the layer that sets an environment variable."""
        return next((name for name, texts in self.variables if variable in texts), DEFAULT)


_OF_VARIABLES: Final = frozenset({"api_key", "client_secret"})
"""Settings whose value is in the environment variable that another setting names."""


def _reached(values: object, path: Sequence[str]) -> tuple[bool, bool]:
    """Return whether *values* has *path*, and whether a list on the way replaces other layers'."""
    is_replaced = False
    for part in path:
        if isinstance(values, Mapping) and part in values:
            values = values[part]
        elif isinstance(values, Sequence) and part.isdigit() and int(part) < len(values):
            values, is_replaced = values[int(part)], True
        else:
            return False, is_replaced
    return True, is_replaced


def _rows(table: BaseModel, path: tuple[str, ...], layers: _Layers) -> Iterator[OriginatedValue]:
    for name, field in type(table).model_fields.items():
        value, here = getattr(table, name), (*path, name)
        alias = field.validation_alias if isinstance(field.validation_alias, str) else name
        if isinstance(value, BaseModel):
            yield from _rows(value, here, layers)
        elif _is_tables(value):
            for number, each in enumerate(value):
                yield from _rows(each, (*here, str(number)), layers)
        elif name in _OF_VARIABLES and isinstance(
            variable := getattr(table, f"{name}_env", None), str
        ):
            origin = layers.of_variable(variable)
            yield _row(here, value, origin if value else DEFAULT)
        else:
            yield _row(here, value, layers.origin((*path, alias)))


def _is_tables(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], BaseModel)


def _row(path: tuple[str, ...], value: object, origin: str) -> OriginatedValue:
    name = ".".join(path)
    if isinstance(value, SecretStr):
        return OriginatedValue(name=name, value=None, origin=origin, is_secret=True)
    return OriginatedValue(name=name, value=_shown(value), origin=origin)


def _shown(value: object) -> Value:
    """Return *value* for people and JSON, without the secrets that may be in it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return [f"{key} = {_entry(str(key), each)}" for key, each in value.items()]
    if isinstance(value, list | tuple):
        return [str(_shown(each)) for each in value]
    return without_secrets(str(value))


def _entry(key: str, value: object) -> str:
    shown = _shown(value)
    if _SECRET_NAME.search(key):
        return "(secret)"
    return ", ".join(shown) if isinstance(shown, list) else str(shown)


def without_secrets(text: str) -> str:
    """Return *text* without the password or key in a web address.

    >>> without_secrets("https://me:pw@git.example/docs.git?api_key=1&page=2")
    'https://(secret)@git.example/docs.git?api_key=(secret)&page=2'
    """
    hidden = _IN_URL.sub("(secret)", text)
    return _IN_QUERY.sub(
        lambda found: (
            found.group() if not _SECRET_NAME.search(found[1]) else f"{found[1]}=(secret)"
        ),
        hidden,
    )
