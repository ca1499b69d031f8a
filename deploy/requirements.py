"""Print the pins of requirements.lock that an image needs: `python requirements.py serve`.

It needs Python alone, so that an image can run it before anything is installed.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]

NEVER: Final = {"dev", "docs", "local-model", "ocr"}
"""Extras for tests, and text recognition: images use tesseract, a package of the system."""
LEFT_OUT: Final = {
    "serve": NEVER | {"models", "multilingual", "office", "plots", "tesseract"},
    "build": NEVER | {"models", "plots"},
    "models": NEVER | {"plots"},
}
"""The extras that are not installed, by use. Only `models` has torch."""


def pins(use: str, project: str, lock: str) -> list[str]:
    """Return the lines `name==version` of *lock* for one use, in its order.

    Args:
        use: "serve", "build" or "models".
        project: The text of pyproject.toml.
        lock: The text of a file by pip-compile, with its comments: they say what needs what.

    Raises:
        LookupError: A package that the project names is not in *lock*.
    """
    versions, needs = read_lock(lock)
    wanted = direct(project, LEFT_OUT[use])
    if missing := sorted(wanted - versions.keys()):
        raise LookupError(f"not in requirements.lock: {', '.join(missing)}")
    ahead = list(wanted)
    while ahead:
        new = needs.get(ahead.pop(), set()) - wanted
        wanted |= new
        ahead += new
    return [f"{name}=={version}" for name, version in versions.items() if name in wanted]


def direct(project: str, without: set[str]) -> set[str]:
    """Return the packages that *project* names itself, also for its extras but those *without*."""
    table = tomllib.loads(project)["project"]
    extras = table["optional-dependencies"]
    unknown = without - extras.keys()
    if unknown:
        raise LookupError(f"no extra of the project: {', '.join(sorted(unknown))}")
    lines = [
        *table["dependencies"],
        *(one for name in extras.keys() - without for one in extras[name]),
    ]
    return {normal(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in lines}


def read_lock(lock: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    r"""Return the version of each package, and the packages that each one needs.

    >>> read_lock("a==1\\n    # via\\n    #   b\\n    #   footnote (pyproject.toml)\\nb==2.0\\n")
    ({'a': '1', 'b': '2.0'}, {'b': {'a'}, 'footnote': {'a'}})
    """
    versions: dict[str, str] = {}
    needs: dict[str, set[str]] = {}
    name = ""
    for line in lock.splitlines():
        if pin := re.match(r"([\w.-]+)==(\S+)", line):
            name = normal(pin[1])
            versions[name] = pin[2]
        elif name and (by := re.match(r"\s+#\s+(?:via\s+)?(?!via$)([\w.-]+)", line)):
            needs.setdefault(normal(by[1]), set()).add(name)
    return versions, needs


def normal(name: str) -> str:
    """Return the name of a package as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in LEFT_OUT:  # noqa: PLR2004 itself and the use
        sys.exit(f"usage: python {sys.argv[0]} {'|'.join(LEFT_OUT)}")
    texts = [
        (ROOT / name).read_text(encoding="utf-8")
        for name in ("pyproject.toml", "requirements.lock")
    ]
    print("\n".join(pins(sys.argv[1], *texts)))
