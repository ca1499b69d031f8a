"""Measure a sync with a service of many pages, one of which changed: a table in Markdown.

The service is a fake of the tests on loopback, in this process; `footnote index build` runs as a
process of its own, and only its CPU seconds count, with those of its parsers.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.texts import paragraphs
from footnote_qa.index.sources import SourceSpec
from tests.index.sources.contract.worlds import TOKEN, World, world_of

SERVICES = ("google-drive", "confluence-cloud")
PLAIN = str.maketrans("<>&", "   ")  # the fake of Confluence takes texts as they are
FOOTNOTE = Path(sys.executable).with_name("footnote")


@contextmanager
def filled(service: str, count: int) -> Iterator[tuple[World, list[str]]]:
    """Serve a service with *count* pages of one paragraph each; yield it with their keys."""
    texts = paragraphs(length=6)
    with world_of(service) as world:
        keys = [
            world.add(f"Page {number:05}", next(texts).translate(PLAIN)) for number in range(count)
        ]
        yield world, keys


def settings_of(spec: SourceSpec) -> str:
    """Return the settings file with this source alone."""
    given = {"kind": spec.kind, **spec.arguments}
    given |= {f"{name}_env": variable for name, variable in spec.environment.items()}
    lines = [f"{name} = {json.dumps(value)}" for name, value in given.items()]
    return "[[sources]]\n" + "\n".join(lines) + "\n"


def built(folder: Path, token: str) -> float:
    """Build the index as the command does; return its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(  # noqa: S603  our own command
        [FOOTNOTE, "index", "build", "--force"],
        cwd=folder,
        env=os.environ | {TOKEN: token},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rows(service: str, count: int) -> Iterator[str]:
    """Yield the rows of the table about one service."""
    with filled(service, count) as (world, keys), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "footnote.toml").write_text(settings_of(world.spec))
        first = built(folder, world.service.token)
        for what, change in (
            ("first build", False),
            ("nothing changed", False),
            ("one page edited", True),
        ):
            cpu = first
            if what != "first build":
                world.service.forget()
                if change:
                    world.edit(keys[count // 2], "This page has another text now.")
                cpu = built(folder, world.service.token)
            bodies = len(world.service.bodies)
            asked = len(world.service.asked) - bodies
            share = 100 * cpu / first
            yield f"| {service}, {what} | {asked} | {bodies} | {cpu:.1f} | {share:.2f} % |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--services", nargs="+", default=SERVICES, choices=SERVICES)
    given = parser.parse_args()
    print(f"| {given.pages:,} pages | lists | texts | CPU seconds | of a build |")
    print("| --- | --- | --- | --- | --- |")
    for service in given.services:
        for row in rows(service, given.pages):
            print(row, flush=True)


if __name__ == "__main__":
    main()
