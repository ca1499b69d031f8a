"""Measure how many small faults the quick tests catch: change one line at a time, and run them.

    python -m benchmarks.mutation --count 60
    python -m benchmarks.mutation --root ../older-checkout --json before.json
    python -m benchmarks.mutation --slow

Each fault is one changed operator, number or truth value, drawn at random and spread evenly over
the packages. The tests are those whose text names the changed module or its package, and the
doctests of the module itself; the slow ones among them run with --slow alone. The checkout is
copied first, so nothing in it changes.
"""

import argparse
import ast
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("bot", "index", "eval")
TIMEOUT_S = 300
_NO_TESTS = 5  # the exit status of pytest if all tests are left out
_QUICK, _EVERY = "not slow and not live", "not live"
_COMPARED = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">",
    ast.Eq: "!=", ast.NotEq: "==", ast.Is: "is not", ast.IsNot: "is",
    ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
_WRITTEN = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is", ast.IsNot: "is not",
    ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_COMPUTED = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "+"), ast.Div: ("/", "*")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One changed place.

    Attributes:
        path: The file, relative to the root.
        line: From 1.
        start: Offset of the first changed byte in the file.
        end: One past the last.
        new: What is written there.
    """

    path: str
    line: int
    start: int
    end: int
    new: str


class _Module:
    """A module whose places can be changed."""

    def __init__(self, path: str, source: bytes) -> None:
        self._path, self._source = path, source
        self._offsets = [0]
        for line in source.splitlines(keepends=True):
            self._offsets.append(self._offsets[-1] + len(line))

    def faults(self) -> Iterator[Fault]:
        """Yield every fault that can be made in it."""
        for node in _executed(ast.parse(self._source)):
            if fault := self._operator(node) or self._value(node):
                yield fault

    def _operator(self, node: ast.AST) -> Fault | None:
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._between(left, right, (_WRITTEN[type(op)], _COMPARED[type(op)]))
            case ast.BoolOp(op=op, values=[left, right, *_]):
                is_and = isinstance(op, ast.And)
                return self._between(left, right, ("and", "or") if is_and else ("or", "and"))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _COMPUTED:
                return self._between(left, right, _COMPUTED[type(op)])
            case _:
                return None

    def _between(self, left: ast.expr, right: ast.expr, words: tuple[str, str]) -> Fault | None:
        """Return the fault that replaces the operator between two expressions."""
        start = self._offset(left.end_lineno or 0, left.end_col_offset or 0)
        end = self._offset(right.lineno, right.col_offset)
        found = self._source.find(words[0].encode(), start, end)
        if found < 0:
            return None
        return Fault(
            path=self._path,
            line=left.lineno,
            start=found,
            end=found + len(words[0]),
            new=words[1],
        )

    def _value(self, node: ast.AST) -> Fault | None:
        match node:
            case ast.Constant(value=bool() | int() as value, end_col_offset=int(last)):
                return Fault(
                    path=self._path,
                    line=node.lineno,
                    start=self._offset(node.lineno, node.col_offset),
                    end=self._offset(node.lineno, last),
                    new=str(not value) if isinstance(value, bool) else str(value + 1),
                )
            case _:
                return None

    def _offset(self, line: int, column: int) -> int:
        return self._offsets[line - 1] + column


def _executed(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes of a module that run: no annotations, and no imports for the type checker."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list"}:
                continue
            children = value if isinstance(value, list) else [value]
            waiting += [one for one in children if isinstance(one, ast.AST)]


def drawn(root: Path, count: int, seed: int) -> list[Fault]:
    """Draw *count* faults, spread evenly over the packages of *root*."""
    by_package: dict[Path, list[Fault]] = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            name = str(path.relative_to(root))
            by_package[path.parent] += _Module(name, path.read_bytes()).faults()
    chance = random.Random(seed)  # noqa: S311 - a repeatable draw
    piles = [one for one in by_package.values() if one]
    for pile in piles:
        chance.shuffle(pile)
    chosen: list[Fault] = []
    while len(chosen) < count and any(piles):
        chosen += [pile.pop() for pile in piles if pile]
    return chosen[:count]


def tests_of(root: Path, path: str) -> list[str]:
    """Return the test files that name a module or its package, and the module for its doctests."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    package = module.rpartition(".")[0]
    names = (f"{module} import", f"{package} import", f"import {module}")
    tests = [
        str(one.relative_to(root))
        for one in sorted((root / "tests").rglob("test_*.py"))
        if any(name in one.read_text(encoding="utf-8") for name in names)
    ]
    return [*tests, path]


def is_caught(root: Path, fault: Fault, *, slow: bool = False) -> bool:
    """Return whether a test fails, or hangs, with *fault* in the copy at *root*.

    Args:
        root: A checkout, in which *fault* is written and removed again.
        fault: The fault.
        slow: Whether slow tests may catch it too.
    """
    path = root / fault.path
    sound = path.read_bytes()
    path.write_bytes(sound[: fault.start] + fault.new.encode() + sound[fault.end :])
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(  # noqa: S603 - our own tests
            [*command, "-m", _EVERY if slow else _QUICK, *tests_of(root, fault.path)],
            cwd=root,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_bytes(sound)
    return done.returncode not in {0, _NO_TESTS}


def main() -> None:
    """Print each fault with its outcome, and the share that was caught."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to measure")
    parser.add_argument("--count", type=int, default=60, help="how many faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", action="store_true", help="run the slow tests too")
    parser.add_argument("--json", type=Path, help="write the outcomes to this file")
    asked = parser.parse_args()
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        skipped = shutil.ignore_patterns(".git", ".venv", ".mypy_cache", ".footnote-demo")
        shutil.copytree(asked.root, copy, ignore=skipped, symlinks=True)
        chosen = drawn(copy, asked.count, asked.seed)
        for number, fault in enumerate(chosen, 1):
            caught = is_caught(copy, fault, slow=asked.slow)
            outcomes.append({**asdict(fault), "caught": caught})
            word = "caught" if caught else "NOT CAUGHT"
            print(f"{number}/{len(chosen)} {fault.path}:{fault.line} -> {fault.new!r}: {word}")
            if asked.json:
                asked.json.write_text(json.dumps(outcomes, indent=1), encoding="utf-8")
    share = sum(one["caught"] is True for one in outcomes) / len(outcomes)
    print(f"{share:.2f} of {len(outcomes)} faults were caught")


if __name__ == "__main__":
    main()
