"""`[state] url`: where it may come from, what it means, and that it is never shown."""

from pathlib import Path

import pytest

from footnote_qa.bot import composition
from footnote_qa.bot.cli.doctor import examine
from footnote_qa.bot.database import PostgresUrl, Target
from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.setting_origins import originated
from footnote_qa.bot.settings import load


def settings_file(folder: Path, url: str | None) -> Path:
    path = folder / "footnote.toml"
    path.write_text("" if url is None else f'[state]\nurl = "{url}"\n')
    return path


def test_without_a_url_the_state_is_in_the_data_folder(tmp_path: Path) -> None:
    settings = load(settings_file(tmp_path, None), data_dir=tmp_path / "data")

    assert composition.state_target(settings) == tmp_path / "data" / "state.sqlite"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///other/our.sqlite", "other/our.sqlite"),
        ("sqlite:////srv/a.sqlite", "/srv/a.sqlite"),
    ],
)
def test_a_file_is_named_relative_to_the_settings(tmp_path: Path, url: str, expected: str) -> None:
    settings = load(settings_file(tmp_path, url))

    assert composition.state_target(settings) == tmp_path / expected


def test_spending_is_beside_the_state(tmp_path: Path) -> None:
    settings = load(settings_file(tmp_path, "sqlite:///other/our.sqlite"))

    composition.ledger(settings).close()

    assert (tmp_path / "other" / "spend.sqlite").exists()


def test_the_url_can_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_STATE__URL", "postgres://bot:hush@db/footnote")

    target = composition.state_target(load(settings_file(tmp_path, None)))

    assert target == PostgresUrl("postgresql://bot:hush@db/footnote")


@pytest.mark.parametrize("url", ["mysql://bot:hush@db/footnote", "sqlite://hush", "hush"])
def test_a_url_that_names_no_database_is_an_error_that_does_not_show_it(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(SettingsError, match=r"state\.url: write sqlite:///PATH") as failed:
        load(settings_file(tmp_path, url))

    assert "hush" not in str(failed.value)


def test_the_list_of_settings_does_not_show_the_url(tmp_path: Path) -> None:
    config = settings_file(tmp_path, "postgresql://bot:hush@db/footnote")

    (row,) = [row for row in originated(config) if row.name == "state.url"]

    assert (row.value, row.is_secret, row.origin) == (None, True, "footnote.toml")


def findings(config: Path) -> list[tuple[bool, str]]:
    return [(f.well, f.message) for f in examine(config, data_dir=None) if f.name == "state"]


def test_doctor_says_whether_the_database_is_there_and_up_to_date(
    tmp_path: Path, postgres_target: Target
) -> None:
    assert isinstance(postgres_target, PostgresUrl)
    config = settings_file(tmp_path, postgres_target.url)

    ((before_well, before),) = findings(config)
    composition.store(load(config)).close()
    ((after_well, after),) = findings(config)

    assert (before_well, after_well) == (True, True)
    assert "version 0: the next start brings them" in before
    assert "up to date" in after


def test_doctor_says_that_a_database_cannot_be_reached(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    config = settings_file(tmp_path, "postgresql://bot:hush@127.0.0.1:1/footnote")

    ((well, message),) = findings(config)

    assert not well
    assert "PostgreSQL at 127.0.0.1:1/footnote cannot be reached" in message
    assert "hush" not in message


def test_without_psycopg_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = "footnote_qa.bot.database"
    for name in ("psycopg", f"{ours}.postgresql", f"{ours}.postgresql_server"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    config = settings_file(tmp_path, "postgresql://db/footnote")

    assert findings(config) == [
        (False, 'PostgreSQL needs psycopg: install it with pip install "footnote-qa[postgresql]"')
    ]
