"""`footnote sources` on the command line, against a wiki on loopback."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote_qa.bot.settings import load
from tests.fakes import fork_server
from tests.index.sources.contract.worlds import ConfluenceWorld, world_of

TOKEN = "WIKI_TOKEN_OF_THE_TEST"  # noqa: S105 - the name of a variable


@pytest.fixture
def wiki(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConfluenceWorld]:
    with world_of("confluence-cloud") as world:
        assert isinstance(world, ConfluenceWorld)
        monkeypatch.setenv(TOKEN, world.service.token)
        yield world


def footnote(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return fork_server.run(*arguments, cwd=cwd, stdin="")


def add(wiki: ConfluenceWorld, cwd: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return footnote(
        *("sources", "add", "confluence", "--site", wiki.service.address, "--edition=cloud"),
        *("--spaces", "ENG", "--token-env", TOKEN, "--name", "wiki", "--audience", "dev", *more),
        cwd=cwd,
    )


def test_a_source_is_shown_before_it_is_added_and_its_secret_stays_outside(
    wiki: ConfluenceWorld, tmp_path: Path
) -> None:
    for number in range(12):
        wiki.add(f"Page {number:02}", "Text.")
    (tmp_path / "footnote.toml").write_text("# my own words\n[search]\nk = 5\n")

    done = add(wiki, tmp_path)

    assert done.returncode == 0, done.stderr
    assert "Footnote at" in done.stdout
    assert done.stdout.count("ENG/Page") == 10
    assert wiki.service.bodies == []
    text = (tmp_path / "footnote.toml").read_text()
    assert text.startswith("# my own words\n[search]\nk = 5\n")
    assert wiki.service.token not in text
    (source,) = load(tmp_path / "footnote.toml").sources
    assert (source.kind, source.name, source.audience) == ("confluence", "wiki", ("dev",))
    assert source.arguments["spaces"] == ("ENG",)
    assert source.environment == {"token": TOKEN}


def test_a_source_that_cannot_be_reached_is_not_added(
    wiki: ConfluenceWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "revoked")

    refused = add(wiki, tmp_path)

    assert refused.returncode == 2
    assert f"refuses the token in {TOKEN}" in refused.stderr
    assert "revoked" not in refused.stderr.replace("was revoked", "")
    assert not (tmp_path / "footnote.toml").exists()
    assert add(wiki, tmp_path, "--untested").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("confluense",), "kinds of sources are"),
        (("confluence",), "needs site"),
        (("confluence", "--sight", "x"), "has no setting --sight"),
        (("confluence", "--site", "x", "--token", "y"), "has no setting --token"),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    tmp_path: Path, arguments: tuple[str, ...], fault: str
) -> None:
    refused = footnote("sources", "add", *arguments, cwd=tmp_path)

    assert refused.returncode == 2
    assert fault in refused.stderr


def test_the_list_has_every_source_and_test_signs_in(
    wiki: ConfluenceWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.add("Leave", "Text.")
    (tmp_path / "docs").mkdir()
    (tmp_path / "footnote.toml").write_text('[[sources]]\npath = "docs"\n')
    assert add(wiki, tmp_path).returncode == 0

    listed = json.loads(footnote("sources", "--json", cwd=tmp_path).stdout)["sources"]
    tried = json.loads(footnote("sources", "test", "--json", cwd=tmp_path).stdout)["sources"]

    assert [(one["kind"], one["synced_at"]) for one in listed] == [
        ("folder", None),
        ("confluence", None),
    ]
    assert [one["path"] for one in tried[0]["items"]] == ["ENG/Leave.html"]
    monkeypatch.setenv(TOKEN, "revoked")
    assert footnote("sources", "test", cwd=tmp_path).returncode == 1


@pytest.mark.slow
def test_build_syncs_and_status_doctor_and_list_say_what_went_wrong(
    wiki: ConfluenceWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    wiki.add("Leave", "Every employee has twenty days of leave.")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# Parking\n\nParking costs three euros.\n")
    (tmp_path / "footnote.toml").write_text('[[sources]]\npath = "docs"\n')
    footnote(
        *("sources", "add", "confluence", "--site", wiki.service.address, "--edition", "cloud"),
        *("--spaces", "ENG", "--token-env", TOKEN, "--name", "wiki"),
        cwd=tmp_path,
    )
    built = footnote("index", "build", "--json", cwd=tmp_path)
    assert built.returncode == 0, built.stderr

    asked = ("ask", "How many days of leave does an employee have?", "--json", "--audience")
    ann = json.loads(footnote(*asked, "email:ann@example.org", cwd=tmp_path).stdout)
    eve = json.loads(footnote(*asked, "email:eve@example.org", cwd=tmp_path).stdout)
    monkeypatch.setenv(TOKEN, "revoked")
    down = footnote("index", "build", cwd=tmp_path)
    status = footnote("index", "status", cwd=tmp_path)
    doctor = footnote("doctor", cwd=tmp_path)
    listed = footnote("sources", cwd=tmp_path)

    assert "twenty days" in json.dumps(ann)
    assert "twenty days" not in json.dumps(eve)
    for said in (down, status, doctor, listed):
        assert "expired" in " ".join(said.stdout.split())
    assert listed.returncode == doctor.returncode == down.returncode == 1
