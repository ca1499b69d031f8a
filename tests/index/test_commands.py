"""The commands `footnote index …` as a person types them, with the model that comes along."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import fork_server
from tests.fakes.building import write_documents

pytestmark = pytest.mark.slow


def footnote(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return fork_server.run("index", *arguments, cwd=folder)


def answer(folder: Path, *arguments: str) -> Any:
    result = footnote(folder, *arguments, "--json")
    assert result.stdout, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two generations of three documents."""
    folder = tmp_path_factory.mktemp("commands")
    documents = write_documents(folder / "docs")
    assert footnote(folder, "build", "docs").returncode == 0
    (documents / "new.md").write_text("# Bicycles\n\nHelmets are in the cellar.\n")
    assert footnote(folder, "build").returncode == 0
    return folder


def test_generations_are_listed_with_what_they_hold(folder: Path) -> None:
    rows = answer(folder, "generations")["generations"]

    assert [(r["generation"], r["documents"], r["live"], r["gate"]) for r in rows] == [
        ("gen-000001", 3, False, "passed"),
        ("gen-000002", 4, True, "passed"),
    ]
    assert all(row["created_at"].endswith("Z") and row["chunks"] > 3 for row in rows)
    assert "gen-000002" in footnote(folder, "generations").stdout


def test_a_dry_run_shows_documents_chunks_and_time(folder: Path) -> None:
    path = folder / "docs" / "parking.txt"
    text = path.read_text()
    path.write_text("Parking is free on Sundays.")

    seen = answer(folder, "build", "--dry-run")
    told = footnote(folder, "build", "--dry-run").stdout
    path.write_text(text)

    assert {"document": "parking.txt", "action": "changed"} in seen["plan"]
    assert (seen["chunks"]["embedded"], seen["documents"]["changed"]) == (1, 1)
    assert seen["seconds"] > 0
    assert "1 chunks to embed" in " ".join(told.split())
    assert answer(folder, "generations")["generations"][-1]["generation"] == "gen-000002"


def test_verify_takes_a_generation_and_names_what_is_damaged(folder: Path) -> None:
    path = folder / ".footnote" / "index" / "gen-000001" / "passages.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])

    old, new = footnote(folder, "verify", "gen-000001"), footnote(folder, "verify")
    manifest = path.with_name("MANIFEST.json")
    sealed = manifest.read_bytes()
    manifest.write_bytes(b"")
    zeroed = footnote(folder, "verify", "gen-000001", "--json")
    manifest.write_bytes(sealed)
    path.write_bytes(whole)

    assert (old.returncode, new.returncode, zeroed.returncode) == (1, 0, 1)
    assert "passages.sqlite" in old.stdout
    assert json.loads(zeroed.stdout)["passed"] is False


@pytest.mark.parametrize("command", ["verify", "rollback"])
@pytest.mark.parametrize("name", ["gen-000077", "..", "/"])
def test_the_message_on_a_generation_that_is_not_kept_says_where_to_look(
    folder: Path, command: str, name: str
) -> None:
    result = footnote(folder, command, name)

    assert result.returncode == 2
    assert result.stderr.strip().endswith(": run `footnote index generations`")
    assert f"there is no generation '{name}'" in result.stderr


def test_a_build_that_is_interrupted_says_so_and_leaves_what_was_served(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    served = answer(tmp_path, "status")["generation"]
    for number in range(400):
        text = f"Rule number {number} is about topic {number}. " * 30
        (tmp_path / "docs" / f"rule-{number}.md").write_text(f"# Rule {number}\n\n{text}\n")
    with fork_server.start(
        "index", "build", "docs", cwd=tmp_path, stderr=subprocess.PIPE
    ) as building:
        assert building.stderr is not None
        while not list((tmp_path / ".footnote" / "index").glob("*.staged")):
            assert building.poll() is None
            time.sleep(0.01)
        os.kill(building.pid, signal.SIGINT)
        complaint = building.stderr.read()

    assert building.returncode == 130
    assert complaint.splitlines()[-1].startswith(
        "footnote: stopped: the earlier index stays in use"
    )
    assert "Traceback" not in complaint
    assert answer(tmp_path, "status")["generation"] == served


def test_rollback_serves_the_older_one_and_a_build_goes_forward_again(folder: Path) -> None:
    back = answer(folder, "rollback")
    served = answer(folder, "status")
    forward = answer(folder, "build")

    assert back == {"generation": "gen-000001", "from": "gen-000002"}
    assert (served["generation"], served["stale"]["added"]) == ("gen-000001", 1)
    assert (forward["generation"], forward["chunks"]["embedded"]) == ("gen-000003", 0)


def test_status_says_what_is_served_when_a_source_cannot_be_looked_at(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    served = answer(tmp_path, "build", "docs")["generation"]
    (tmp_path / "docs").rename(tmp_path / "elsewhere")

    result = footnote(tmp_path, "status", "--json")
    told = json.loads(result.stdout)

    assert result.returncode == 1
    assert (told["generation"], told["stale"]) == (served, None)
    assert "there is no file or folder" in told["error"]


def test_status_says_that_what_is_served_is_damaged(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    served = answer(tmp_path, "status")["generation"]
    (tmp_path / ".footnote" / "index" / served / "vectors.faiss").write_bytes(b"")

    result = footnote(tmp_path, "status")

    assert result.returncode == 1
    assert f"{served} is damaged (vectors.faiss: 0 bytes" in result.stderr
    assert "nothing has changed" not in result.stdout


def test_watch_prints_an_object_for_each_build(folder: Path) -> None:
    with fork_server.start(
        "index", "watch", "--json", cwd=folder, stdout=subprocess.PIPE
    ) as watching:
        assert watching.stdout is not None
        first = read_object(watching.stdout)
        (folder / "docs" / "later.md").write_text("# Later\n\nThis came while it was watched.\n")
        second = read_object(watching.stdout)
        os.kill(watching.pid, signal.SIGINT)
        assert watching.wait(30) == 0

    assert first["promoted"]
    assert second["documents"]["added"] == 1


def read_object(stream: Any) -> Any:
    lines = []
    for line in stream:
        lines.append(line)
        if line.startswith("}"):
            break
    return json.loads("".join(lines))


def test_what_is_ignored_is_reported_in_one_line_and_is_no_failure(
    tmp_path: Path,
) -> None:
    documents = write_documents(tmp_path / "docs")
    (documents / ".gitignore").write_text("*.xyz\n")
    (documents / "a.xyz").write_bytes(b"\0")
    (documents / "node_modules").mkdir()
    (documents / "node_modules" / "b.xyz").write_bytes(b"\0")
    (tmp_path / "footnote.toml").write_text('[[sources]]\npath = "docs"\nskip_ignored = true\n')

    built, again = footnote(tmp_path, "build"), answer(tmp_path, "build")
    text = (tmp_path / "footnote.toml").read_text().replace("true", "false")
    (tmp_path / "footnote.toml").write_text(text)
    everything = footnote(tmp_path, "build")

    assert built.returncode == 0, built.stdout
    first = built.stdout.partition("\n")[0].strip()
    assert first == "2 left out (ignore files, folders of tools, pictures, archives), such as a.xyz"
    assert again["left_out"] == ["a.xyz", "node_modules"]
    assert (everything.returncode, "left out" in everything.stdout) == (1, False)
