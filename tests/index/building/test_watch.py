import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.index.building.build import Builder, BuildResult
from footnote_qa.index.building.watch import keep_built, ticks
from footnote_qa.index.errors import (
    BuildRunningError,
    IndexingError,
    PromotionConflictError,
    SourceError,
)
from tests.fakes.building import found, specs


def result(name: str) -> BuildResult:
    return BuildResult(
        generation=name,
        promoted=True,
        actions=Counter(),
        chunks=0,
        embedded=0,
        problems=(),
        gate=(),
        seconds=0,
    )


def test_it_builds_at_first_and_then_only_after_changes() -> None:
    built: list[str] = []

    def build() -> BuildResult:
        built.append("build")
        return result(f"gen-{len(built):06d}")

    reports: list[BuildResult | IndexingError] = []
    keep_built([False, False, True, False, True], build, reports.append)

    assert [r.generation for r in reports if isinstance(r, BuildResult)] == [
        "gen-000001",
        "gen-000002",
        "gen-000003",
    ]


def test_a_change_during_another_build_is_built_when_that_is_over() -> None:
    outcomes: Iterator[BuildResult | Exception] = iter(
        [BuildRunningError("busy"), BuildRunningError("busy"), result("gen-000002")]
    )

    def build() -> BuildResult:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    reports: list[BuildResult | IndexingError] = []
    keep_built([False, False, False, False], build, reports.append)

    assert reports == [result("gen-000002")]


@pytest.mark.parametrize(
    ("fault", "changes", "after"),
    [
        (SourceError("the folder is gone"), [False, False, True], "gen-000002"),
        # Another builder was faster: the build starts again without a change
        (PromotionConflictError("another was faster"), [False, False, False], "gen-000003"),
    ],
)
def test_a_build_that_fails_is_reported_and_the_next_one_is_awaited(
    fault: IndexingError, changes: list[bool], after: str
) -> None:
    outcomes: Iterator[BuildResult | Exception] = iter([fault, result(after)])

    def build() -> BuildResult:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    reports: list[BuildResult | IndexingError] = []
    keep_built(changes, build, reports.append)

    assert [str(report) for report in reports[:1]] == [str(fault)]
    assert reports[1:] == [result(after)]


@pytest.mark.slow
def test_a_saved_document_is_found_without_being_asked_to(
    builder: Builder, documents: Path, tmp_path: Path
) -> None:
    stop = threading.Event()
    reports: list[BuildResult | IndexingError] = []

    def report(outcome: BuildResult | IndexingError) -> None:
        reports.append(outcome)
        if len(reports) == 1:
            (documents / "new.md").write_text("# Bicycles\n\nHelmets are in the cellar.\n")
        elif len(reports) == 2:
            (documents / ".hidden.md").write_text("this is nobody's business")
            (documents / "new.md").unlink()
        else:
            stop.set()

    keep_built(ticks([documents], stop=stop), lambda: builder.build(specs(documents)), report)

    builds = [report for report in reports if isinstance(report, BuildResult)]
    assert [{str(a): n for a, n in build.actions.items()} for build in builds] == [
        {"added": 3},
        {"added": 1, "unchanged": 3},
        {"removed": 1, "unchanged": 3},
    ]
    assert "new.md" not in {document for document, _, _ in found(tmp_path / "index", "helmets")}


@pytest.mark.slow
def test_only_what_may_be_a_document_is_watched(documents: Path) -> None:
    stop = threading.Event()
    state = documents / ".footnote"
    state.mkdir()
    seen = []
    for number, changed in enumerate(ticks([documents / "leave.md"], stop=stop)):
        seen.append(changed)
        if number == 0:
            (state / "state.sqlite").write_text("not a document")
            (documents / "slack.md").write_text("not watched")
        if number == 3:
            (documents / "leave.md").write_text("watched")
        if changed or number > 40:
            stop.set()

    assert seen[:4] == [False] * 4
    assert seen[-1]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        next(ticks([tmp_path / "nowhere" / "docs"]))
