import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from footnote_qa.index.building import build
from footnote_qa.index.building.build import Builder
from footnote_qa.index.building.options import BuildOptions
from footnote_qa.index.embedding import EMBEDDED, open_embedder
from footnote_qa.index.search.hybrid import LiveIndex
from footnote_qa.index.storage import LexicalRow, write_lexical, write_vectors
from tests.fakes.building import make_builder, specs

SAMPLED = 6  # outside a campaign, one real file in six is indexed
SAMPLED_CHUNKS = 300  # and this many chunks are enough for a first generation of words

FORM = "Inspection sheet. Name: ______ Date: ______ Signature: ______ Result: all is well."

NATURAL: dict[str, Sequence[str]] = {
    "weekly forms": [f"Weekly check of the pump: all is well.{'.' * n}" for n in range(40)],
    "forms with a number": [f"{FORM}\n\nSheet {n} of 40." for n in range(40)],
    "one word": ["Lamp"] * 20 + ["Lamps"] * 20,
    "stop words only": ["And so it is.", "To be or not to be", "It is what it is.", "no"] * 10,
    "marks only": ["!!!", "???", "- - -", "***"] * 10,
    "boilerplate": [f"{'This mail is confidential. ' * 30}\n\nTicket {n}" for n in range(40)],
    "one line that others repeat": ["Foo bar."] + ["Foo bar. " * n for n in range(2, 40)],
    "links": [f"[form {n}](https://example.org/forms/{n}.html)" for n in range(40)],
    "Chinese": [f"第{n}条规定。" for n in range(40)],
    "same text in other sections": [
        f"# Branch {n}\n\n## Hours\n\nNine to five." for n in range(40)
    ],
}


@pytest.mark.parametrize("texts", NATURAL.values(), ids=NATURAL)
def test_a_folder_of_similar_or_short_texts_is_served(
    builder: Builder, tmp_path: Path, texts: Sequence[str]
) -> None:
    folder = written(tmp_path / "natural", texts)

    result = builder.build(specs(folder))

    assert [check.message for check in result.gate if not check.passed] == []
    assert result.promoted


@pytest.mark.parametrize("texts", NATURAL.values(), ids=NATURAL)
def test_it_is_served_by_its_words_alone_too(
    builder: Builder, tmp_path: Path, texts: Sequence[str], caplog: pytest.LogCaptureFixture
) -> None:
    folder = written(tmp_path / "natural", texts)
    served: list[bool] = []

    def progress(step: str, done: int, total: int) -> None:
        if step == "embedding" and done == 0 and total:
            served.append(LiveIndex(builder.directory.root).generation.manifest.lexical_only)

    options = BuildOptions(words_first_chunks=1)
    with caplog.at_level(logging.INFO):
        replace(builder, options=options, progress=progress).build(specs(folder))

    assert served == [True]
    assert "first generation serves words" in caplog.messages


@pytest.mark.slow
def test_weekly_forms_are_served_with_the_real_model(tmp_path: Path) -> None:
    embedder = open_embedder(EMBEDDED, export_cache=tmp_path / "cache")
    texts = [one for texts in NATURAL.values() for one in texts[:20]]
    folder = written(tmp_path / "natural", texts)

    result = make_builder(tmp_path, embedder).build(specs(folder))

    assert [check.message for check in result.gate if not check.passed] == []


@pytest.mark.slow
def test_mixed_real_files_can_be_searched_by_their_words_before_they_are_embedded(
    tmp_path: Path,
    shared_data: Path,
    caplog: pytest.LogCaptureFixture,
    campaign: bool,
) -> None:
    options = BuildOptions() if campaign else BuildOptions(words_first_chunks=SAMPLED_CHUNKS)
    folder = tmp_path / "documents"
    paths = sorted(path for path in (shared_data / "documents").rglob("*") if path.is_file())
    specification = [path for path in paths if path.name == "commonmark-spec__commonmark_spec.md"]
    for path in paths[:200] if campaign else {*paths[:200:SAMPLED], *specification}:
        target = folder / path.relative_to(shared_data / "documents")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    embedder = open_embedder(EMBEDDED, export_cache=tmp_path / "cache")
    served: list[str] = []

    def progress(step: str, _done: int, total: int) -> None:
        if step == "embedding" and total:
            index = LiveIndex(builder.directory.root)
            assert index.generation.manifest.lexical_only
            served.extend(
                p.chunk.document for p in index.search("CommonMark", k=3, audience=None).passages
            )
            raise StoppedError

    builder = replace(make_builder(tmp_path, embedder), options=options, progress=progress)
    with caplog.at_level(logging.INFO), pytest.raises(StoppedError):
        builder.build(specs(folder))

    assert len(served) == 3
    assert "first generation serves words" in caplog.messages


class StoppedError(Exception):
    """The test has seen what it wanted."""


def test_a_refused_words_only_generation_is_in_the_log(
    builder: Builder,
    documents: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(build, "write_lexical", shifted)
    many(documents)

    with caplog.at_level(logging.INFO):
        replace(builder, options=BuildOptions(words_first_chunks=1)).build(specs(documents))

    assert "first generation serves words" not in caplog.messages
    told = [one for one in caplog.records if one.message.startswith("first generation is not")]
    assert "known_texts" in told[0].__dict__["fault"]
    assert "generation is not served" in caplog.messages


def shifted(folder: Path, rows: Sequence[LexicalRow]) -> None:
    """Write every text under the id of the next one."""
    ids = [row.id for row in rows]
    moved = zip(rows, ids[1:] + ids[:1], strict=True)
    write_lexical(folder, [replace(row, id=id_) for row, id_ in moved])


def emptied(folder: Path, rows: Sequence[LexicalRow]) -> None:
    """Write texts without their words."""
    write_lexical(folder, [replace(row, words="") for row in rows])


@pytest.mark.parametrize("write", [shifted, emptied])
def test_a_wrong_word_index_is_refused_though_the_vectors_are_right(
    builder: Builder,
    documents: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Path, Sequence[LexicalRow]], None],
) -> None:
    monkeypatch.setattr(build, "write_lexical", write)
    many(documents)

    result = builder.build(specs(documents))

    refused = [check.message for check in result.gate if not check.passed]
    assert len(refused) == 1
    assert "its words are missing" in refused[0]


@pytest.mark.parametrize("wrong", ["shifted", "zero", "one direction"])
def test_wrong_vectors_are_refused_though_the_words_are_right(
    builder: Builder, documents: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    def write(path: Path, ids: Sequence[int], rows: object) -> None:
        right = np.asarray(rows)
        same = np.repeat(right[:1], len(right), axis=0)
        made = {"shifted": np.roll(right, 1, axis=0), "zero": right * 0, "one direction": same}
        write_vectors(path, ids, made[wrong])

    monkeypatch.setattr(build, "write_vectors", write)
    many(documents)

    result = builder.build(specs(documents))

    refused = [check.message for check in result.gate if not check.passed]
    assert len(refused) == 1
    assert "its vector is not its own" in refused[0]


def many(folder: Path) -> None:
    handbook = Path(__file__).resolve().parents[3] / "docs" / "handbook"
    for path in sorted(handbook.glob("*.md")):
        (folder / path.name).write_bytes(path.read_bytes())


def written(folder: Path, texts: Sequence[str]) -> Path:
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"week{number}.md").write_text(text, encoding="utf-8")
    return folder
