"""A disk that is full while the model is exported ends in one clear line."""

import errno
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from footnote_qa.index.embedding import exports

Usage = namedtuple("Usage", "total used free")


class DecodeError(Exception):
    """An error of a library that reads a file which was cut short."""


@pytest.mark.parametrize("error", [DecodeError("cut"), RuntimeError("short write"), ValueError()])
def test_a_library_that_fails_on_a_full_disk_is_a_full_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 100, 0))

    with (
        pytest.raises(OSError, match="No space left") as caught,
        exports._full_disk_named(tmp_path),
    ):
        raise error

    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(tmp_path)


def test_a_library_that_fails_with_room_on_the_disk_says_so_itself(tmp_path: Path) -> None:
    with pytest.raises(DecodeError), exports._full_disk_named(tmp_path):
        raise DecodeError("broken")
