"""Plan a build: read and hash every file and compare it with the generation before."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from index.errors import UnreadableDocumentError
from index.storage import INDEXED, DocumentRow
from index.types import Problem, ProblemKind, Source, SourceFile

Progress = Callable[[str, int, int], None]
"""Called with the step's name, how much of it is done, and how much there is (0 if unknown)."""

_PASSING = {ProblemKind.TIMEOUT, ProblemKind.MEMORY, ProblemKind.CRASH, ProblemKind.UNREADABLE}


class Action(StrEnum):
    """The action of a build for one document."""

    ADDED = "added"
    CHANGED = "changed"
    RENAMED = "renamed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One document and the action planned for it.

    Attributes:
        document: Its id.
        action: What to do with it.
        file: Where its bytes are; None if it is removed or could not be read.
        sha256: SHA-256 of its bytes; "" if they could not be read.
        previous: Id of the same bytes in the generation before, if indexed there; else None.
        problem: Why it cannot be indexed, if that is already known.
    """

    document: str
    action: Action
    file: SourceFile | None
    sha256: str
    previous: str | None
    problem: Problem | None


def survey(
    sources: Sequence[Source], progress: Progress
) -> tuple[list[SourceFile], list[str], list[Problem]]:
    """Return the files that can be read, their SHA-256s, and the problems.

    Each file is read once for this, unless its source already knows the hash.
    """
    files: list[SourceFile] = []
    hashes: list[str] = []
    problems: list[Problem] = []
    for source in sources:
        for file in source.files():
            if isinstance(file, Problem):
                problems.append(file)
                continue
            try:
                hashes.append(file.sha256 or hashlib.sha256(file.read()).hexdigest())
                files.append(file)
            except UnreadableDocumentError as error:
                problems.append(
                    Problem(document=file.document, kind=error.kind, reason=error.reason)
                )
            progress("reading", len(files) + len(problems), 0)
    return files, hashes, problems


def make_plan(
    sources: Sequence[Source], before: Sequence[DocumentRow], progress: Progress
) -> list[Planned]:
    """Compare the sources with the generation before, by content and never by timestamp.

    Args:
        sources: Where documents come from.
        before: Every file that the generation before found; empty for the first build.
        progress: Called for each file.

    Returns:
        One entry for each document, by document, including removed ones.
    """
    files, hashes, problems = survey(sources, progress)
    old = {row.document: row for row in before}
    present = {file.document for file in files} | {problem.document for problem in problems}
    gone = {
        row.sha256: row.document
        for row in before
        if row.document not in present and row.status == INDEXED
    }
    planned = [
        _plan_file(file, sha256, old=old, gone=gone)
        for file, sha256 in zip(files, hashes, strict=True)
    ]
    planned += [
        Planned(
            document=problem.document,
            action=Action.UNREADABLE,
            file=None,
            sha256="",
            previous=None,
            problem=problem,
        )
        for problem in problems
    ]
    moved = {entry.previous for entry in planned if entry.action is Action.RENAMED}
    planned += [
        Planned(
            document=row.document,
            action=Action.REMOVED,
            file=None,
            sha256=row.sha256,
            previous=None,
            problem=None,
        )
        for row in before
        if row.document not in present and row.document not in moved
    ]
    return sorted(planned, key=lambda entry: entry.document)


def _plan_file(
    file: SourceFile, sha256: str, *, old: Mapping[str, DocumentRow], gone: dict[str, str]
) -> Planned:
    row = old.get(file.document)
    action, previous, problem = Action.ADDED, None, None
    if row is not None and row.sha256 == sha256 and _same_title(file, row):
        action = Action.UNCHANGED
        previous = row.document if row.status == INDEXED else None
        problem = _same_problem(row)
    elif row is not None:
        action = Action.CHANGED
    elif sha256 in gone:
        action, previous = Action.RENAMED, gone.pop(sha256)
    return Planned(
        document=file.document,
        action=action,
        file=file,
        sha256=sha256,
        previous=previous,
        problem=problem,
    )


def _same_title(file: SourceFile, row: DocumentRow) -> bool:
    return row.status != INDEXED or file.title in {None, row.title}


def _same_problem(row: DocumentRow) -> Problem | None:
    """The problem that the same bytes had before, unless it may have passed."""
    if row.status == INDEXED or row.kind is None or row.kind in _PASSING:
        return None
    return Problem(document=row.document, kind=row.kind, reason=row.reason or "")
