"""The units of systemd: each is one, and gives the process no more than it needs."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from footnote_qa.bot.slack.app import DRAIN_S

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
MOST_EXPOSED = 2.0


class _Unit(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


def unit(path: Path) -> _Unit:
    parsed = _Unit(strict=False, interpolation=None)
    parsed.read(path, encoding="utf-8")
    return parsed


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("path", sorted(UNITS.iterdir()), ids=lambda path: path.name)
def test_systemd_takes_the_unit(path: Path, tmp_path: Path) -> None:
    for each in UNITS.iterdir():  # with a program that is there
        text = each.read_text(encoding="utf-8").replace("/opt/footnote/bin/footnote", "/bin/true")
        (tmp_path / each.name).write_text(text, encoding="utf-8")

    done = analyze("verify", "--man=no", str(tmp_path / path.name))

    assert (done.returncode, done.stderr.strip()) == (0, "")


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_is_exposed_to_little(path: Path) -> None:
    done = analyze("security", "--offline=true", "--no-pager", str(path))

    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= MOST_EXPOSED


def test_the_service_has_the_time_to_drain() -> None:
    service = unit(UNITS / "footnote.service")["Service"]

    assert int(service["TimeoutStopSec"]) >= DRAIN_S + 20


def test_a_parser_may_cut_itself_off_from_the_network() -> None:
    """It uses a user namespace with a network namespace; `RestrictNamespaces=yes` forbids both."""
    service = unit(UNITS / "footnote-build.service")["Service"]

    assert set(service["RestrictNamespaces"].split()) == {"user", "net"}


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_runs_a_command_of_footnote(path: Path) -> None:
    program, *words = unit(path)["Service"]["ExecStart"].split()

    assert program == "/opt/footnote/bin/footnote"
    assert words[:2] in (["slack", "run"], ["index", "build"])
