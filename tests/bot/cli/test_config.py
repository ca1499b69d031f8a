"""`footnote config`: the value of each setting, where it comes from, and no secret."""

import json
import os
from pathlib import Path

import pytest

from footnote_qa.bot.setting_origins import OriginatedValue, originated, without_secrets
from footnote_qa.bot.settings import Settings
from tests.fakes import fork_server

FILE = """\
[[sources]]
path = "handbook"

[search]
k = 4
dense_weight = 0.5
candidates = 50

[[models.providers]]
name = "a"
kind = "openai_like"
model = "m"
base_url = "https://ann:hush@x.example/v1?api-key=hush&page=2"
api_key_env = "MY_KEY"

[slack.groups]
staff = ["U1", "U2"]
"""
DOTENV = """\
FOOTNOTE_SEARCH__K=5
FOOTNOTE_SEARCH__CANDIDATES=100
MY_KEY=hush
SLACK_BOT_TOKEN=xoxb-hush
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "footnote.toml").write_text(FILE)
    (tmp_path / ".env").write_text(DOTENV)
    return tmp_path


@pytest.fixture
def rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, OriginatedValue]:
    before = dict(os.environ)
    monkeypatch.setattr(os, "environ", {**before})
    monkeypatch.setitem(os.environ, "FOOTNOTE_SEARCH__K", "6")
    monkeypatch.setitem(os.environ, "footnote_index", '{"chunk_tokens": 100}')
    monkeypatch.setitem(os.environ, "SLACK_API_URL", "http://localhost:1/")
    return {row.name: row for row in originated(folder / "footnote.toml", data_dir=Path("d"))}


@pytest.mark.parametrize(
    ("name", "value", "origin"),
    [
        ("data_dir", "d", "command line"),
        ("search.k", 6, "environment"),
        ("index.chunk_tokens", 100, "environment"),
        ("slack_api_url", "http://localhost:1/", "environment"),
        ("search.candidates", 100, ".env"),
        ("search.dense_weight", 0.5, "footnote.toml"),
        ("models.providers.0.model", "m", "footnote.toml"),
        ("slack.groups", ["staff = U1, U2"], "footnote.toml"),
        ("search.reranked", 20, "default"),
        ("models.providers.0.max_tokens", 1024, "default"),
        ("models.providers.0.structured", False, "default"),
        ("slack_app_token", None, "default"),
    ],
)
def test_each_value_says_where_it_comes_from(
    rows: dict[str, OriginatedValue], name: str, value: object, origin: str
) -> None:
    assert rows[name] == OriginatedValue(name=name, value=value, origin=origin)  # type: ignore[arg-type]  # of the table above


def test_secrets_are_named_and_not_shown(rows: dict[str, OriginatedValue]) -> None:
    secrets = {row.name: row.origin for row in rows.values() if row.is_secret}

    assert secrets == {"slack_bot_token": ".env", "models.providers.0.api_key": ".env"}
    assert "hush" not in repr(rows)
    assert str(rows["models.providers.0.base_url"].value).endswith("api-key=(secret)&page=2")


def test_every_setting_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    names = {row.name.split(".")[0] for row in originated(Path("footnote.toml"))}

    assert names | {"sources"} == set(Settings.model_fields)


def test_a_list_from_the_environment_replaces_that_of_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = '[{"name": "b", "kind": "ollama", "model": "n"}]'
    monkeypatch.setattr(os, "environ", {**os.environ, "FOOTNOTE_MODELS__PROVIDERS": provider})

    rows = {row.name: row for row in originated(folder / "footnote.toml")}

    assert rows["models.providers.0.model"].origin == "environment"
    assert rows["models.providers.0.base_url"].value is None
    assert rows["models.providers.0.base_url"].origin == "default"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://x.example/a?b=1", "https://x.example/a?b=1"),
        ("ssh://git:pw@x.example/a", "ssh://(secret)@x.example/a"),
        ("https://x.example/?sig=1&n=2", "https://x.example/?sig=(secret)&n=2"),
        ("me@x.example", "me@x.example"),
    ],
)
def test_web_addresses_are_shown_without_their_secrets(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_the_command_prints_a_table_and_json_without_secrets(folder: Path) -> None:
    text = fork_server.run("--data-dir", "d", "config", cwd=folder)
    as_json = fork_server.run("config", "--json", cwd=folder)

    (k,) = [line for line in text.stdout.splitlines() if line.startswith("search.k ")]
    assert k.split() == ["search.k", "5", ".env"]
    assert "hush" not in text.stdout + text.stderr + as_json.stdout + as_json.stderr
    rows = {row["name"]: row for row in json.loads(as_json.stdout)["settings"]}
    assert rows["search.k"] == {
        "name": "search.k",
        "value": 5,
        "secret": False,
        "origin": ".env",
    }
    assert rows["slack_bot_token"]["secret"] is True


def test_another_settings_file_is_named(folder: Path) -> None:
    (folder / "footnote.toml").rename(folder / "team.toml")

    shown = fork_server.run("--config", "team.toml", "config", cwd=folder).stdout

    (weight,) = [line for line in shown.splitlines() if line.startswith("search.dense_weight")]
    assert weight.split()[-1] == "team.toml"


def test_wrong_settings_are_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text("[search]\nk = 0\n")

    result = fork_server.run("config", cwd=tmp_path)

    assert result.returncode == 2
    assert "search.k" in result.stderr
