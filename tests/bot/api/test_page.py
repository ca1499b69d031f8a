"""The page of the Python interface: each block runs, and prints what the page says."""

import re
from pathlib import Path

import pytest

from tests.fakes import indexed
from tests.page_blocks import blocks_of, printed_by_blocks

PAGE = indexed.ROOT / "docs" / "python-api.md"


@pytest.mark.slow
def test_each_block_of_the_page_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    [leave] = [text for language, text in blocks_of(PAGE) if language == "markdown"]
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "leave.md").write_text(leave)

    compared = printed_by_blocks(PAGE)

    assert len(compared) == len(re.findall("^```python$", PAGE.read_text(), re.MULTILINE)) > 8
    assert [printed for printed, _ in compared] == [expected for _, expected in compared]
