"""Names of modules that take seconds to import: not when tests are collected, but when one runs."""

import importlib
from typing import Any


class _Later:
    """Stands for a function, a class or a module until it is used."""

    def __init__(self, module: str, name: str = "") -> None:
        self._module, self._name = module, name

    def __call__(self, *values: Any, **named: Any) -> Any:
        return self._found()(*values, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("_", "pytest")):  # pytest looks for marks and mocks
            raise AttributeError(name)
        return getattr(self._found(), name)

    def _found(self) -> Any:
        module = importlib.import_module(self._module)
        return getattr(module, self._name) if self._name else module


def later(module: str, *names: str) -> list[Any]:
    """Return stand-ins for functions and classes of *module*, which is imported at the first use.

    For type checkers, import the names themselves under `if TYPE_CHECKING`.
    """
    return [_Later(module, name) for name in names]


def module_later(module: str) -> Any:
    """Return a stand-in for *module*, which is imported at the first use of one of its names."""
    return _Later(module)
