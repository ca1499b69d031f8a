from pathlib import Path

import pytest

from footnote_qa.index.building.build import Builder
from footnote_qa.index.search import LiveIndex
from footnote_qa.index.search.sections import SHORT_CHARS
from tests.fakes.building import specs

HEAD = "# Travel\n\nFor all journeys.\n\n"
TRAIN = "## Trains\n\nTickets for trains are paid by the office.\n\n"


def shown(builder: Builder, folder: Path, question: str) -> str:
    builder.build(specs(folder))
    result = LiveIndex(builder.directory.root).search(question, k=1, audience=None)
    return result.passages[0].context.text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "travel"
    made.mkdir()
    return made


def test_a_short_section_comes_with_those_beside_it(builder: Builder, folder: Path) -> None:
    (folder / "travel.md").write_text(f"{HEAD}{TRAIN}## Hotels\n\nHotels cost 90 euros.\n")

    text = shown(builder, folder, "Who pays tickets for trains?")

    assert "paid by the office" in text
    assert "Hotels cost 90 euros." in text
    assert "For all journeys." in text


def test_a_section_beside_long_ones_comes_alone(builder: Builder, folder: Path) -> None:
    hotels = "Hotels cost 90 euros a night. " * (SHORT_CHARS // 20)
    (folder / "travel.md").write_text(f"{HEAD}{TRAIN}## Hotels\n\n{hotels}\n")

    text = shown(builder, folder, "Who pays tickets for trains?")

    assert "paid by the office" in text
    assert "Hotels cost" not in text
