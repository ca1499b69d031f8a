"""Settings and commands with an index in an object store."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.settings import Settings, load
from tests.fakes import fork_server, object_store
from tests.fakes.building import write_documents
from tests.fakes.object_store import Way


def settings(folder: Path, index: str) -> Settings:
    (folder / "footnote.toml").write_text(f"[index]\n{index}\n")
    return load(folder / "footnote.toml")


def test_index_can_be_in_any_folder_named_from_the_settings_file(tmp_path: Path) -> None:
    from footnote_qa.bot import composition

    found = composition.index_directory(settings(tmp_path, 'store = "elsewhere"'))

    assert found.root == tmp_path / "elsewhere"


@pytest.mark.parametrize(
    ("index", "fault"),
    [
        ('store = "ftp://host/x"', "use a folder, or s3://"),
        ('store = "s3://"', "use a folder, or s3://"),
        ('store = "s3://bucket/x?sig=hush"', "use a folder, or s3://"),
        ('store = "s3://me:hush@bucket/x"', "holds a password"),
        ('store = "s3://b"\nstore_endpoint = "https://me:hush@host"', "holds a password"),
        ('store = "s3://b"\nstore_endpoint = "http://host"', "set store_allow_http"),
    ],
)
def test_wrong_store_is_refused_without_showing_it(tmp_path: Path, index: str, fault: str) -> None:
    with pytest.raises(SettingsError, match=fault) as caught:
        settings(tmp_path, index)

    assert "hush" not in str(caught.value)


class Machine:
    """A machine with settings of its own, and the commands on it."""

    def __init__(self, folder: Path, *, store: str, endpoint: str) -> None:
        folder.mkdir()
        self.folder = folder
        (folder / ".env").write_text("".join(f"{k}={v}\n" for k, v in object_store.KEYS.items()))
        (folder / "footnote.toml").write_text(
            f'[index]\nstore = "{store}"\nstore_endpoint = "{endpoint}"\nstore_allow_http = true\n'
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return fork_server.run(*arguments, cwd=self.folder)

    def answer(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.stdout, result.stderr
        return json.loads(result.stdout)


@pytest.mark.slow
def test_commands_of_three_machines_share_an_index(tmp_path: Path, s3_server: str) -> None:
    store, way = object_store.new_bucket(s3_server), Way(s3_server)
    builder, other, reader = (
        Machine(tmp_path / name, store=store, endpoint=endpoint)
        for name, endpoint in (("one", s3_server), ("two", s3_server), ("three", way.url))
    )
    documents = write_documents(tmp_path / "docs")

    empty = reader.run("ask", "What does parking cost?")
    assert (empty.returncode, store in empty.stderr) == (2, True)
    first = builder.answer("index", "build", str(documents))["generation"]
    answer = reader.answer("ask", "What does parking cost?")
    assert answer["status"] == "answered"
    assert answer["citations"][0]["document"] == "parking.txt"

    (documents / "parking.txt").write_text("Parking costs nine euros a day.\n")
    second = other.answer("index", "build")["generation"]  # from the sources of the first
    assert "nine euros" in reader.run("ask", "What does parking cost?").stdout
    rows = reader.answer("index", "generations")["generations"]
    assert [(row["generation"], row["live"]) for row in rows] == [(first, False), (second, True)]

    assert builder.answer("index", "rollback") == {"generation": first, "from": second}
    assert reader.answer("index", "status")["generation"] == first
    assert reader.answer("index", "verify", second)["passed"]

    findings = reader.answer("doctor")["findings"]
    told = {one["name"]: one["message"] for one in findings}
    assert told["store"] == f"{store}: {first} is in use"
    way.close()
    served = reader.run("ask", "What does parking cost?", "--json")
    assert json.loads(served.stdout)["status"] == "answered"
    assert "newest index not fetched" in served.stderr
    refused = reader.run("index", "build")
    assert refused.returncode == 1
    assert f"{store} cannot be used" in refused.stderr
    findings = {one["name"]: one for one in reader.answer("doctor")["findings"]}
    assert not findings["store"]["passed"]
    assert findings["index"]["passed"]
    shown = [served.stderr, refused.stderr, json.dumps(findings)]
    assert not any("secret" in text for text in shown)
