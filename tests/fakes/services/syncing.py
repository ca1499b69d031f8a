"""Sync a source the way a build does, without a model: each sync seals a state of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from footnote_qa.index.access import AccessTable, SyncNote
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.sources import NamedSource, SourceSpec, key_of, open_sources, save_states
from footnote_qa.index.sources.sync import SyncContext
from footnote_qa.index.types import Problem, SourceFile
from tests.fakes.services.server import FakeClock

MAX_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Doc:
    """A document after a sync; `text` is None if it is a problem."""

    text: str | None
    title: str | None
    url: str | None
    audience: tuple[str, ...]
    reason: str = ""


class Syncing:
    """A source and what is kept of it, in *folder*."""

    def __init__(self, spec: SourceSpec, folder: Path, clock: FakeClock | None = None) -> None:
        self.spec, self.folder = spec, folder
        self.clock = clock or FakeClock()
        self.access = AccessTable(folder / "index")
        self.generation: Path | None = None
        self._count = 0

    def sync(self, *, sealed: bool = True) -> dict[str, Doc]:
        """Return every document after a sync; without *sealed*, no generation is made of it."""
        sources = open_sources(
            [self.spec],
            max_file_bytes=MAX_BYTES,
            cache=self.folder / "cache",
            context=SyncContext(generation=self.generation, access=self.access, clock=self.clock),
        )
        found = {file.document: _doc(file) for file in sources[0].files()}
        if sealed:
            self._count += 1
            folder = self.folder / "index" / f"gen-{self._count:06d}"
            folder.mkdir(parents=True)
            save_states(sources, folder)
            self.generation = folder
        return found

    def offline(self) -> dict[str, Doc]:
        """Return the documents of the last sync, without asking the service."""
        sources = open_sources(
            [self.spec],
            max_file_bytes=MAX_BYTES,
            cache=self.folder / "cache",
            looking=True,
            context=SyncContext(generation=self.generation, is_offline=True),
        )
        return {file.document: _doc(file) for file in sources[0].files()}

    @property
    def note(self) -> SyncNote:
        """How the last sync went."""
        note = self.access.note_of(key_of(self.spec))
        assert note is not None
        return note

    def withheld(self, synced: int) -> frozenset[str]:
        """Return what a generation from sync *synced* does not show any more."""
        return self.access.withheld({key_of(self.spec): synced})

    def in_a_process(self) -> subprocess.Popen[bytes]:
        """Start a sync in a process of its own, which a test can kill."""
        spec = {
            "kind": self.spec.kind,
            "path": self.spec.path,
            "arguments": dict(self.spec.arguments),
            "environment": dict(self.spec.environment),
        }
        script = (
            "import json, sys\n"
            "from pathlib import Path\n"
            "from footnote_qa.index.sources import SourceSpec\n"
            "from tests.fakes.services.syncing import Syncing\n"
            "spec = json.loads(sys.argv[1])\n"
            "spec['arguments'] = {k: tuple(v) if isinstance(v, list) else v"
            " for k, v in spec['arguments'].items()}\n"
            "Syncing(SourceSpec(**spec), Path(sys.argv[2])).sync(sealed=False)\n"
        )
        return subprocess.Popen(
            [sys.executable, "-c", script, json.dumps(spec), str(self.folder)],
            env={**os.environ},
            stderr=subprocess.DEVNULL,
        )


def _doc(file: SourceFile | Problem) -> Doc:
    if isinstance(file, Problem):
        return Doc(text=None, title=None, url=None, audience=(), reason=file.reason)
    try:
        text, reason = file.read().decode(errors="replace"), ""
    except UnreadableDocumentError as error:
        text, reason = None, error.reason
    return Doc(text=text, title=file.title, url=file.url, audience=file.audience, reason=reason)


def opened(source: object) -> NamedSource:
    """Return a source that was opened."""
    assert isinstance(source, NamedSource)
    return source
