import json
import re
from pathlib import Path

from footnote_qa.bot.state import KeyRepository, QuestionRepository
from tests.fakes import fork_server


def run(folder: Path, *arguments: str) -> "tuple[int, str, str]":
    done = fork_server.run("--data-dir", str(folder), "keys", *arguments, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def test_a_key_is_printed_once_listed_and_revoked(tmp_path: Path) -> None:
    status, printed, note = run(
        tmp_path, "add", "intranet", "--scope", "ask", "--scope", "search", "--audience", "staff"
    )
    text = printed.strip()

    with QuestionRepository(tmp_path / "state.sqlite") as store:
        found = KeyRepository(store.database).find(text)
    listed = json.loads(run(tmp_path, "list", "--json")[1])["keys"]
    shown = run(tmp_path, "list")[1]
    assert found is not None
    revoked = run(tmp_path, "revoke", found.id)
    again = run(tmp_path, "revoke", found.id)

    assert status == 0
    assert re.fullmatch(r"fn_[0-9a-f]{12}_[\w-]{43}", text)
    assert f"This is key {found.id}" in note
    assert found.audience == frozenset({"staff"})
    assert [(one["id"], one["scopes"]) for one in listed] == [(found.id, ["ask", "search"])]
    assert found.id in shown
    assert text.rpartition("_")[2] not in shown
    assert revoked[0] == 0
    assert (again[0], "there is no valid key" in again[2]) == (2, True)
    with QuestionRepository(tmp_path / "state.sqlite") as store:
        assert KeyRepository(store.database).find(text) is None


def test_a_key_without_options_asks_about_public_documents(tmp_path: Path) -> None:
    made = json.loads(run(tmp_path, "add", "x", "--json")[1])
    everything = json.loads(run(tmp_path, "add", "y", "--everything", "--json")[1])

    assert (made["scopes"], made["audience"]) == (["ask"], [])
    assert everything["audience"] is None


def test_wrong_options_are_wrong_usage(tmp_path: Path) -> None:
    for arguments in (("--scope", "all"), ("--everything", "--audience", "x")):
        assert run(tmp_path, "add", "x", *arguments)[0] == 2
