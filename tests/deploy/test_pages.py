"""Commands and files on the pages about deploying are there, and do what the pages say."""

import json
import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path

import kubernetes_validate
import pytest

from footnote_qa.bot.settings import Settings
from tests.deploy.helm import find_helm, rendered
from tests.deploy.test_compose import COMPOSE
from tests.fakes import fork_server

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    page.name: page.read_text(encoding="utf-8") for page in (ROOT / "docs/deploy").glob("*.md")
}
_COMMAND = re.compile(r"(?:^|[/ `])footnote ((?:index|eval|slack) [a-z-]+|[a-z]+)\b(?!\.)")


def blocks(page: str, kind: str = "") -> list[str]:
    """Return the blocks of code of one kind on a page, without the indent of a list."""
    found: list[str] = []
    opened: tuple[str, str] | None = None
    for line in PAGES[page].splitlines():
        fence = re.match(r"( *)```(\w*)$", line)
        if fence and opened is None:
            opened = (fence[1], fence[2])
            found += [""] if fence[2] == kind else []
        elif fence:
            opened = None
        elif opened is not None and opened[1] == kind:
            found[-1] += line.removeprefix(opened[0]) + "\n"
    return found


def commands() -> list[str]:
    shown = "\n".join(
        part
        for name, text in PAGES.items()
        for part in (*blocks(name), *re.findall(r"`([^`\n]*footnote [^`\n]*)`", text))
    )
    words = {match[1] for match in _COMMAND.finditer(shown)}
    return sorted(word for word in words if word not in NOT_COMMANDS)


NOT_COMMANDS = {"and", "deploy", "footnote", "create", "rollout"}
"""Words that come after the name of a user, a release or a namespace."""


def test_the_pages_show_commands() -> None:
    assert {"doctor", "backup"} <= set(commands())


@pytest.mark.slow
@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_pages_exists(command: str, tmp_path: Path) -> None:
    result = fork_server.run(*command.split(), "--help", cwd=tmp_path)

    assert result.returncode == 0, result.stderr


def test_every_file_of_the_project_that_a_page_names_is_there() -> None:
    named = {
        path.rstrip(".")
        for text in PAGES.values()
        for path in re.findall(r"(?<![\w./])(?:deploy|tests)/[\w./-]+", text)
    }

    assert named
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_the_secrets_for_compose_are_made_as_printed(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    (script,) = (one for one in blocks("compose.md") if "mkdir -m 0700 secrets" in one)

    done = subprocess.run(
        ["sh", "-euc", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    made = {path.name: path for path in (tmp_path / "secrets").iterdir()}
    named = {Path(one["file"]).name for one in COMPOSE["secrets"].values()}
    files = {
        Path(name).name
        for service in COMPOSE["services"].values()
        for name in service.get("env_file", [])
    }
    assert named | files == set(made)
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.values()} == {0o400}
    password = made["postgres_password"].read_text()
    assert made["pgpass"].read_text() == f"*:*:*:footnote:{password}\n"
    variables = dict(line.split("=", 1) for line in made["footnote.env"].read_text().splitlines())
    (identity,) = json.loads(made["store.json"].read_text())["identities"]
    assert identity["credentials"] == [
        {
            "accessKey": variables["AWS_ACCESS_KEY_ID"],
            "secretKey": variables["AWS_SECRET_ACCESS_KEY"],
        }
    ]
    assert len(identity["credentials"][0]["secretKey"]) == 48
    assert {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"} <= variables.keys()


@pytest.mark.slow
def test_the_values_on_the_page_about_kubernetes_are_values_of_the_chart(tmp_path: Path) -> None:
    (values,) = blocks("kubernetes.md", "yaml")
    (tmp_path / "my-values.yaml").write_text(values, encoding="utf-8")

    objects = rendered(find_helm(tmp_path), "--values", str(tmp_path / "my-values.yaml"))

    for one in objects:
        kubernetes_validate.validate(one, "1.35", strict=True)
    settings = next(one for one in objects if one["kind"] == "ConfigMap")["data"]["footnote.toml"]
    assert Settings.model_validate(tomllib.loads(settings)).sources[0].kind == "git"


@pytest.mark.parametrize("page", ["one-machine.md", "compose.md"])
def test_settings_on_the_pages_are_settings(page: str) -> None:
    (settings,) = blocks(page, "toml")

    assert Settings.model_validate(tomllib.loads(settings)).sources
