from dataclasses import replace
from pathlib import Path

import pytest

from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.storage.generation import GateCheck, Generation
from footnote_qa.index.types import SearchResult
from tests.fakes.building import specs


class PulledPlugError(Exception):
    """The test stops the build here."""


@pytest.fixture
def large(builder: Builder) -> Builder:
    return replace(builder, options=BuildOptions(words_first_chunks=2))


def test_a_large_first_build_is_served_by_its_words_while_it_is_embedded(
    large: Builder, documents: Path
) -> None:
    meanwhile: list[SearchResult] = []

    def progress(step: str, done: int, total: int) -> None:
        if step == "embedding" and done == 0 and total:
            index = LiveIndex(large.directory.root)
            meanwhile.append(index.search("token for Slack", k=3, audience=None))

    result = replace(large, progress=progress).build(specs(documents))

    assert (meanwhile[0].generation, meanwhile[0].lexical_only) == ("gen-000001", True)
    first = meanwhile[0].passages[0]
    assert (first.chunk.document, first.cosine) == ("slack.md", None)
    assert first.bm25 is not None
    after = LiveIndex(large.directory.root).search("token for Slack", k=3, audience=None)
    assert result.generation == after.generation == "gen-000002"
    assert not after.lexical_only
    assert after.passages[0].cosine is not None


def test_a_running_bot_takes_up_the_vectors_when_they_are_there(
    large: Builder, documents: Path
) -> None:
    indexes: list[LiveIndex] = []

    def progress(step: str, _done: int, total: int) -> None:
        if step == "embedding" and total and not indexes:
            indexes.append(LiveIndex(large.directory.root))

    replace(large, progress=progress).build(specs(documents))

    assert not indexes[0].search("token", k=1, audience=None).lexical_only


def test_a_first_build_that_was_stopped_is_continued(large: Builder, documents: Path) -> None:
    def pull_the_plug(step: str, _done: int, total: int) -> None:
        if step == "embedding" and total:
            raise PulledPlugError

    with pytest.raises(PulledPlugError):
        replace(large, progress=pull_the_plug).build(specs(documents))
    stopped = large.directory.manifest(large.directory.served())

    result = large.build(specs(documents))

    assert stopped.lexical_only
    assert result.promoted
    assert {str(action): count for action, count in result.actions.items()} == {"unchanged": 3}
    assert not large.directory.manifest(result.generation).lexical_only
    assert large.directory.manifest(result.generation).parent == "gen-000001"


def test_words_first_is_for_the_first_index_only(large: Builder, documents: Path) -> None:
    replace(large, options=BuildOptions()).build(specs(documents))
    for number in range(9):
        (documents / f"{number}.md").write_text(f"# Topic {number}\n\nAll about {number}.\n")

    result = large.build(specs(documents))

    assert result.generation == "gen-000002"
    assert not large.directory.manifest("gen-000002").lexical_only


def test_a_question_set_is_asked_only_of_the_complete_index(
    large: Builder, documents: Path
) -> None:
    asked: list[bool] = []

    def gate(generation: Generation) -> list[GateCheck]:
        asked.append(generation.vectors is not None)
        return [GateCheck(name="eval", passed=True, message="no worse")]

    replace(large, gate=gate).build(specs(documents))

    assert asked == [True]


def test_words_alone_keep_to_the_audience(large: Builder, documents: Path) -> None:
    results: list[SearchResult] = []

    def progress(step: str, done: int, total: int) -> None:
        if step == "embedding" and done == 0 and total:
            index = LiveIndex(large.directory.root)
            results.append(index.search("token for Slack", k=3, audience=frozenset()))

    source = replace(specs(documents)[0], audience=("hr",))
    replace(large, progress=progress).build([source])

    assert results[0].lexical_only
    assert results[0].passages == ()
