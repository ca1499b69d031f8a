"""Plan a build: read and hash every file and compare it with the generation before."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from footnote_qa.index.building.attachments import Attachments
from footnote_qa.index.errors import SourceError, UnreadableDocumentError
from footnote_qa.index.parsing import is_left_out
from footnote_qa.index.sources import NamedSource
from footnote_qa.index.storage import INDEXED, DocumentRow
from footnote_qa.index.types import Problem, ProblemKind, Source, SourceFile

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
        about: What its source said of it before, if the source cannot be read now.
    """

    document: str
    action: Action
    file: SourceFile | None
    sha256: str
    previous: str | None
    problem: Problem | None
    about: str = ""


@dataclass(slots=True)
class Survey:
    """Everything that the sources have.

    Attributes:
        files: Files that can be read.
        hashes: Their SHA-256s.
        problems: Files that cannot, each with what its source says of it, if anything.
        down: Sources that cannot be read now, by name, and why.
    """

    files: list[SourceFile] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    problems: list[tuple[Problem, SourceFile | None]] = field(default_factory=list)
    down: dict[str, str] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """How many files there are."""
        return len(self.files) + len(self.problems)


def survey(
    sources: Sequence[Source],
    progress: Progress,
    *,
    attachments: Attachments | None = None,
    known: Collection[str] = (),
) -> Survey:
    """Return what the sources have. Each file is read once, unless its source knows the hash.

    Args:
        sources: Where documents come from.
        progress: Called for each file.
        attachments: Finds the files attached to mails; None leaves them out.
        known: Names of the sources whose earlier documents can stay if they cannot be read.

    Raises:
        SourceError: A source cannot be read, and no other one can or nothing of it can stay.
    """
    seen = Survey()
    errors: list[SourceError] = []
    for source in sources:
        name = source.name if isinstance(source, NamedSource) else ""
        part = Survey()
        try:
            _survey(
                source,
                part,
                attachments,
                lambda count: progress("reading", seen.found + count, 0),
            )
        except SourceError as error:
            if not name or name not in known:
                raise
            errors.append(error)
            seen.down[name] = str(error)
            continue
        seen.files += part.files
        seen.hashes += part.hashes
        seen.problems += part.problems
    if errors and len(errors) == len(sources):
        raise errors[0]
    return seen


def _survey(  # noqa: PLR0917  one after the other
    source: Source, part: Survey, attachments: Attachments | None, progress: Callable[[int], None]
) -> None:
    for file in source.files():
        if isinstance(file, Problem):
            part.problems.append((_left_out_instead(file), None))
            continue
        try:
            sha256 = file.sha256 or hashlib.sha256(file.read()).hexdigest()
            part.hashes.append(sha256)
            part.files.append(file)
            for attached, digest in attachments.of(file, sha256) if attachments else ():
                part.hashes.append(digest)
                part.files.append(attached)
        except UnreadableDocumentError as error:
            problem = Problem(document=file.document, kind=error.kind, reason=error.reason)
            part.problems.append((problem, file))
        progress(part.found)


def _left_out_instead(problem: Problem) -> Problem:
    """Return *problem*; a large video or the like is left out instead."""
    if problem.kind is ProblemKind.TOO_BIG and is_left_out(problem.document):
        return replace(problem, kind=ProblemKind.LEFT_OUT)
    return problem


def make_plan(
    sources: Sequence[Source],
    before: Sequence[DocumentRow],
    progress: Progress,
    *,
    attachments: Attachments | None = None,
    known: Collection[str] = (),
) -> list[Planned]:
    """Compare the sources with the generation before, by content and never by timestamp.

    Args:
        sources: Where documents come from.
        before: Every file that the generation before found; empty for the first build.
        progress: Called for each file.
        attachments: Finds the files attached to mails, which are read while it is open; None
            leaves them out.
        known: Names of the sources whose earlier documents stay if they cannot be read now.

    Returns:
        One entry for each document, by document, including removed ones.
    """
    seen = survey(sources, progress, attachments=attachments, known=known)
    old = {row.document: row for row in before}
    staying = [entry for name in seen.down for entry in _staying(name, before)]
    present = {file.document for file in seen.files}
    present |= {problem.document for problem, _ in seen.problems}
    present |= {entry.document for entry in staying} | set(seen.down)
    gone = {
        row.sha256: row.document
        for row in before
        if row.document not in present and row.status == INDEXED
    }
    planned = [
        _plan_file(file, sha256, old=old, gone=gone)
        for file, sha256 in zip(seen.files, seen.hashes, strict=True)
    ]
    planned += staying
    unreadable = [*seen.problems, *((_down(name, why), None) for name, why in seen.down.items())]
    planned += [
        Planned(
            document=problem.document,
            action=Action.UNREADABLE,
            file=file,
            sha256="",
            previous=None,
            problem=problem,
            about=old[problem.document].source if problem.document in old else "",
        )
        for problem, file in unreadable
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


def _staying(name: str, before: Sequence[DocumentRow]) -> Iterator[Planned]:
    """Yield the documents of a source that cannot be read now, as they were."""
    for row in before:
        if not row.document.startswith(f"{name}/"):
            continue
        is_indexed = row.status == INDEXED
        yield Planned(
            document=row.document,
            action=Action.UNCHANGED,
            file=None,
            sha256=row.sha256,
            previous=row.document if is_indexed else None,
            problem=None if is_indexed else _problem_of(row),
            about=row.source,
        )


def _down(name: str, why: str) -> Problem:
    reason = f"this source cannot be read now, so its documents stay as they were: {why}"
    return Problem(document=name, kind=ProblemKind.UNREADABLE, reason=reason)


def _plan_file(
    file: SourceFile, sha256: str, *, old: Mapping[str, DocumentRow], gone: dict[str, str]
) -> Planned:
    row = old.get(file.document)
    action, previous, problem = Action.ADDED, None, None
    if row is not None and row.sha256 == sha256 and _same_title(file, row):
        is_indexed = row.status == INDEXED
        # A text that stayed because of a fault that may have passed is not the file's own
        is_tried = is_indexed and row.kind in _PASSING
        action = Action.CHANGED if is_tried else Action.UNCHANGED
        previous = row.document if is_indexed and not is_tried else None
        problem = _same_problem(row)
    elif row is not None:
        action = Action.CHANGED
    elif sha256 in gone and _same_title(file, old[gone[sha256]]):
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
    return _problem_of(row)


def _problem_of(row: DocumentRow) -> Problem:
    kind = row.kind or ProblemKind.UNREADABLE
    return Problem(document=row.document, kind=kind, reason=row.reason or "")
