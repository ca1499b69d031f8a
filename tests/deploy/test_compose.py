"""The file for compose: it follows compose's schema, and its services keep their promises."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from footnote_qa.bot.slack.app import DRAIN_S

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
FILE = DEPLOY / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
OURS = ("bot", "first-build", "builder")


def check(file: Path) -> subprocess.CompletedProcess[str]:
    schema = ["--builtin-schema", "vendor.compose-spec"]
    command = [sys.executable, "-m", "check_jsonschema", *schema, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_compose_takes_the_file(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(FILE.read_text(encoding="utf-8").replace("tmpfs:", "tmpsf:"))

    right, refused = check(FILE), check(wrong)

    assert right.returncode == 0, right.stdout + right.stderr
    assert refused.returncode == 1
    assert "tmpsf" in refused.stdout


def test_our_services_run_without_rights_on_a_read_only_file_system() -> None:
    for name in OURS:
        service = COMPOSE["services"][name]
        assert service["read_only"] is True
        assert service["user"] == "10001:10001"
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "/tmp" in service["tmpfs"]  # noqa: S108 - inside of the container
        assert any(volume.endswith(":/data") for volume in service["volumes"])


def test_no_port_is_open_to_others() -> None:
    ports = [port for one in COMPOSE["services"].values() for port in one.get("ports", [])]

    assert ports == ["127.0.0.1:8080:8080"]


def test_the_bot_has_the_time_to_drain() -> None:
    grace = COMPOSE["services"]["bot"]["stop_grace_period"]

    assert int(grace.removesuffix("s")) >= DRAIN_S + 20


def test_no_secret_is_in_the_file_and_slacks_are_with_the_bot_alone() -> None:
    files = {name: COMPOSE["services"][name].get("env_file") for name in OURS}

    assert files == {
        "bot": ["secrets/footnote.env"],
        "first-build": ["secrets/store.env"],
        "builder": ["secrets/store.env"],
    }
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            secret = any(word in name for word in ("PASSWORD", "TOKEN", "SECRET", "KEY"))
            assert not secret or value.startswith("/run/secrets/"), name
        for name in service.get("secrets", []):
            assert name in COMPOSE["secrets"]


def test_what_a_service_waits_for_and_where_it_writes_exists() -> None:
    volumes = COMPOSE["volumes"]
    for name, service in COMPOSE["services"].items():
        for other, how in service.get("depends_on", {}).items():
            awaited = COMPOSE["services"][other]
            assert how["condition"] != "service_healthy" or "healthcheck" in awaited, (name, other)
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source.startswith("./") or source in volumes, (name, volume)


def test_the_targets_are_stages_of_the_containerfile() -> None:
    stages = (DEPLOY / "Containerfile").read_text(encoding="utf-8")

    for name in OURS:
        build = COMPOSE["services"][name]["build"]
        assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
        assert f" AS {build['target']}\n" in stages
