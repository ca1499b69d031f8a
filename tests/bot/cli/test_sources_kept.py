"""A build without a path takes the sources again that the index in use was built from."""

import json
import subprocess
from pathlib import Path

import pytest

from footnote_qa.bot import composition
from footnote_qa.bot.api import sources_to_build
from footnote_qa.bot.cli.doctor import examine
from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.settings import load
from tests.fakes import fork_server


def footnote(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return fork_server.run(*arguments, cwd=cwd, stdin="")


@pytest.fixture
def settled(tmp_path: Path) -> Path:
    """A folder in which `docs` and `mydocs` are, and an index of `mydocs`."""
    for folder, count in (("docs", 2), ("mydocs", 3)):
        (tmp_path / folder).mkdir()
        for number in range(count):
            text = f"# Plan {number}\n\nPlan {number} of {folder} costs {number} euros.\n"
            (tmp_path / folder / f"plan-{number}.md").write_text(text)
    assert footnote("init", cwd=tmp_path).returncode == 0
    assert footnote("index", "build", "mydocs", cwd=tmp_path).returncode == 0
    return tmp_path


@pytest.mark.slow
def test_after_init_a_build_without_a_path_takes_the_same_documents_again(settled: Path) -> None:
    again = footnote("index", "build", "--json", cwd=settled)
    status = footnote("index", "status", "--json", cwd=settled)
    doctor = footnote("doctor", cwd=settled)

    assert (again.returncode, status.returncode, doctor.returncode) == (0, 0, 0)
    assert json.loads(again.stdout)["documents"]["unchanged"] == 3
    assert json.loads(status.stdout)["stale"] == {"added": 0, "changed": 0, "removed": 0}


@pytest.mark.slow
def test_a_build_without_a_path_asks_before_it_drops_what_the_settings_do_not_name(
    settled: Path,
) -> None:
    (settled / "footnote.toml").write_text('[[sources]]\npath = "docs"\n')

    asked = footnote("index", "build", cwd=settled)
    kept = footnote("index", "status", "--json", cwd=settled)
    doctor = footnote("doctor", cwd=settled)
    forced = footnote("index", "build", "--force", "--json", cwd=settled)

    assert asked.returncode == 2
    assert f"footnote index build {settled / 'mydocs'}" in asked.stderr
    assert "--force" in asked.stderr
    assert json.loads(kept.stdout)["documents"] == 3
    assert doctor.returncode == 1
    assert "is in the index but not under [[sources]]" in doctor.stdout
    assert json.loads(forced.stdout)["documents"]["removed"] == 1  # the others have the same names


@pytest.mark.slow
@pytest.mark.parametrize(
    "sources",
    [
        '[[sources]]\npath = "mydocs"\n[[sources]]\npath = "docs"\n',
        '[[sources]]\npath = "."\nexclude = [".footnote/**"]\n',
    ],
    ids=["one more", "the folder above"],
)
def test_settings_that_name_the_documents_too_are_taken_unasked(
    settled: Path, sources: str
) -> None:
    (settled / "footnote.toml").write_text(sources)
    settings = load(settled / "footnote.toml", data_dir=settled / ".footnote")

    assert composition.dropped_sources(settings) == ()
    assert sources_to_build(settings, None) == composition.source_specs(settings)


@pytest.mark.slow
def test_paths_on_the_command_line_are_an_answer_already(settled: Path) -> None:
    (settled / "footnote.toml").write_text('[[sources]]\npath = "docs"\n')
    settings = load(settled / "footnote.toml", data_dir=settled / ".footnote")

    specs = sources_to_build(settings, [settled / "docs"])

    assert [spec.path for spec in specs] == [str(settled / "docs")]
    with pytest.raises(SettingsError, match="was built from"):
        sources_to_build(settings, None)


def test_without_an_index_the_settings_are_enough(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "footnote.toml").write_text('[[sources]]\npath = "docs"\n')
    settings = load(tmp_path / "footnote.toml", data_dir=tmp_path / ".footnote")

    assert [spec.path for spec in sources_to_build(settings, None)] == [str(tmp_path / "docs")]
    assert [one.name for one in examine(tmp_path / "footnote.toml", data_dir=None)][1] == "source"
