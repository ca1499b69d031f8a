import json
import re
import shutil
from pathlib import Path

import pytest

from footnote_qa.bot.errors import SpanModelError
from footnote_qa.bot.extractive import load_ahead, loaded, loading
from footnote_qa.bot.extractive.span_model import (
    INFO_FILE,
    LONGEST,
    MODEL_FILE,
    SHIPPED,
    TOKENIZER_FILE,
    SpanModel,
)

TEXT = "Everybody has 30 days of leave a year. A longer absence is approved by Maria Lindqvist."


@pytest.fixture(scope="module")
def pointer() -> SpanModel:
    return SpanModel()


def pointed(pointer: SpanModel, question: str, text: str, above: str = "Leave") -> str:
    """Return the best answer that the network sees in all of *text*."""
    best = pointer.point(question, [(above, text)])[0].best(0, len(text))
    assert best is not None
    return text[slice(*best[1])]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many days of leave are there?", "30"),
        ("Who approves a longer absence?", "Maria Lindqvist"),
    ],
)
def test_network_points_at_the_words_that_answer(
    pointer: SpanModel, question: str, words: str
) -> None:
    assert words in pointed(pointer, question, TEXT)


def test_passage_that_answers_ranks_above_one_that_does_not(pointer: SpanModel) -> None:
    other = "The garage closes at ten. Bicycles stand in the yard behind the house."

    said = pointer.point("Who approves a longer absence?", [("", TEXT), ("", other)])

    margins = [one.best(0, 200) or (0.0, ()) for one in said]
    assert margins[0][0] > margins[1][0]
    assert said[0].answerable > said[1].answerable


def test_answer_is_looked_for_between_the_two_offsets_alone(pointer: SpanModel) -> None:
    second = TEXT.index("A longer")
    said = pointer.point("How many days of leave are there?", [("", TEXT)])[0]

    inside = said.best(second, len(TEXT))

    assert inside is not None
    assert second <= inside[1][0] < inside[1][1] <= len(TEXT)


def test_the_heading_of_a_passage_is_read_but_never_the_answer(pointer: SpanModel) -> None:
    text = "It has a large harbour."
    bare = pointer.point("Which city is it?", [("", text)])[0]
    under = pointer.point("Which city is it?", [("Hamburg", text)])[0]

    assert under.offsets.tolist() == bare.offsets.tolist()
    assert under.offsets[0].tolist() == [0, len("It")]
    assert under.answerable != bare.answerable


def test_passage_is_read_as_far_as_the_network_can(pointer: SpanModel) -> None:
    text = "Rain fell on the hills. " * 300

    said = pointer.point("Where did rain fall?", [("Weather", text)])[0]

    assert len(said.offsets) < LONGEST
    assert said.best(len(text) - 20, len(text)) is None
    assert said.best(0, 23) is not None


def test_question_that_is_too_long_is_cut_and_the_passage_is_read(pointer: SpanModel) -> None:
    assert pointed(pointer, "Who approves? " * 2000, TEXT) in TEXT


@pytest.mark.parametrize("text", ["", " ", "\u200b", "🙂", "。"])
def test_passage_without_words_has_no_answer(pointer: SpanModel, text: str) -> None:
    said = pointer.point("Who?", [("", text)])[0]

    best = said.best(0, len(text))

    assert best is None or text[slice(*best[1])] in text


def test_no_passages_are_no_work(pointer: SpanModel) -> None:
    assert pointer.point("Who?", []) == []


@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE])
def test_file_that_is_not_what_was_written_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(SHIPPED, folder)
    changed = bytearray((folder / name).read_bytes())
    changed[len(changed) // 2] ^= 1
    (folder / name).write_bytes(bytes(changed))

    with pytest.raises(SpanModelError, match=f"{name} does not match its checksum"):
        SpanModel(folder)


@pytest.mark.parametrize("text", [None, "", "{}", '{"sha256": 3}', '{"sha256": {}}'])
def test_folder_that_says_nothing_of_its_files_is_refused(tmp_path: Path, text: str | None) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(SHIPPED, folder)
    if text is None:
        (folder / INFO_FILE).unlink()
    else:
        (folder / INFO_FILE).write_text(text)

    with pytest.raises(SpanModelError, match=r"see models\.offline_reader"):
        SpanModel(folder)


def test_what_ships_is_small_and_says_what_it_is() -> None:
    sizes = sum(path.stat().st_size for path in SHIPPED.iterdir())
    card = (SHIPPED / "README.md").read_text(encoding="utf-8")
    info = json.loads((SHIPPED / INFO_FILE).read_text(encoding="utf-8"))

    assert sizes <= 30e6
    assert all(word in card for word in ("CC BY-SA 4.0", "CC BY 4.0", "Apache-2.0", "Limits"))
    assert set(info["sha256"]) == {MODEL_FILE, TOKENIZER_FILE}


def test_a_model_that_is_loaded_ahead_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    monkeypatch.setattr(loading, "_loading", {})

    def make(folder: Path) -> object:
        made.append(folder)
        return object()

    monkeypatch.setattr(loading, "SpanModel", make)

    ahead = load_ahead()

    assert loaded() is loaded(SHIPPED) is ahead.result()
    assert made == [SHIPPED]


def test_a_model_that_cannot_be_loaded_says_so_each_time_it_is_needed(tmp_path: Path) -> None:
    load_ahead(tmp_path)  # nothing is raised where it is not needed yet

    for _ in range(2):
        with pytest.raises(SpanModelError, match=re.escape(str(tmp_path))):
            loaded(tmp_path)
