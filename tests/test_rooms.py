"""Each package lists its public names in `__all__`; other packages use only those."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOP = ("bot", "index", "eval", "prompts")


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(("footnote_qa", *parts) if parts[0] in TOP else parts)


PACKAGES = sorted(
    module_of(file.parent) for top in TOP for file in (ROOT / top).rglob("__init__.py")
)
ROOMS = [name for name in PACKAGES if name.count(".") > 1]


def imports(file: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield node.module, alias.name


def room_of(module: str) -> str:
    inside = [room for room in ROOMS if module == room or module.startswith(f"{room}.")]
    return max(inside, key=len, default="")


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_there(room: str) -> None:
    module = import_module(room)

    assert (module.__doc__ or "").strip(" .")
    for name in module.__all__:
        exec(f"from {room} import {name}")  # noqa: S102 - a name or a module of the package


@pytest.mark.parametrize("top", [*TOP, "benchmarks", "training", "examples"])
def test_other_packages_use_public_names_alone(top: str) -> None:
    reached_into = [
        f"{file.relative_to(ROOT)}: {module}.{name}"
        for file in (ROOT / top).rglob("*.py")
        for own in [room_of(module_of(file))]
        for module, name in imports(file)
        if (room := room_of(module))
        and not f"{own}.".startswith(f"{room}.")
        and (module != room or name not in import_module(room).__all__)
    ]

    assert reached_into == []


def test_a_name_that_is_not_there_is_an_error_that_says_so() -> None:
    with pytest.raises(AttributeError, match=r"bot\.engine.*no_such_name"):
        import_module("footnote_qa.bot.engine").no_such_name  # noqa: B018
