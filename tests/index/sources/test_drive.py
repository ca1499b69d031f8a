import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from google.auth import jwt

from footnote_qa.index.audience import may_see
from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources import Argument, SourceSpec, open_connector
from footnote_qa.index.sources.sync import Cursor, Listed
from tests.fakes.services.drive import ANN, BOB, DOC, FOLDER, FakeFile
from tests.fakes.services.server import Answer
from tests.fakes.services.syncing import Doc, Syncing
from tests.index.sources.contract.worlds import TOKEN, world_of
from tests.index.sources.contract.worlds_of_files import DriveWorld

SLIDES = "application/vnd.google-apps.presentation"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[DriveWorld]:
    with world_of("google-drive") as found:
        assert isinstance(found, DriveWorld)
        monkeypatch.setenv(TOKEN, found.service.token)
        yield found


def with_(world: DriveWorld, **arguments: Argument) -> SourceSpec:
    return replace(world.spec, arguments={**world.spec.arguments, **arguments})


def paths_asked(world: DriveWorld) -> list[str]:
    return [one.path.removeprefix("/drive/v3") for one in world.drive.asked]


def seers(syncing: Syncing, doc: Doc) -> set[str]:
    people = ("ann@example.org", "bob@example.org", "eve@acme.test")
    return {
        one.partition("@")[0]
        for one in people
        if may_see(doc.audience, syncing.access.groups_of([one]))
    }


def test_a_sync_by_changes_lists_nothing(world: DriveWorld, tmp_path: Path) -> None:
    key = world.add("Leave", "Twenty days.")
    syncing = Syncing(world.spec, tmp_path)
    syncing.sync()
    world.drive.forget()
    world.edit(key, "Thirty days.")

    docs = syncing.sync()

    assert docs["Leave.txt"].text == "Thirty days."
    assert "/files" not in paths_asked(world)
    assert paths_asked(world).count("/changes") == 1


def test_after_some_syncs_everything_is_listed_again(world: DriveWorld, tmp_path: Path) -> None:
    world.add("Leave", "Twenty days.")
    connector = open_connector(world.spec, max_file_bytes=1, memory=tmp_path)
    *_, cursor = connector.changes(None)
    assert isinstance(cursor, Cursor)
    count, *rest = json.loads(cursor.value)

    few, many = (list(connector.changes(json.dumps([n, *rest]))) for n in (count + 1, count + 24))

    assert Listed() not in few
    assert Listed() in many


def test_a_token_of_changes_that_is_too_old_lists_everything(
    world: DriveWorld, tmp_path: Path
) -> None:
    key = world.add("Leave", "Twenty days.")
    syncing = Syncing(world.spec, tmp_path)
    syncing.sync()
    world.delete(key)
    world.drive.is_log_short = True

    assert syncing.sync() == {}


@pytest.mark.parametrize("is_lost", [False, True])
def test_another_folder_gives_files_another_path_and_other_readers(
    world: DriveWorld, tmp_path: Path, *, is_lost: bool
) -> None:
    world.drive.files["top"] = FakeFile("HR", mime=FOLDER)
    world.drive.files["leave"] = FakeFile("Leave.txt", "Twenty days.", parent="top")
    syncing = Syncing(world.spec, tmp_path)
    before = syncing.sync()
    world.drive.files["top"].name, world.drive.files["top"].permissions = "People", [ANN]
    world.drive.files["leave"].permissions = [ANN]  # inherited: only the folder is reported
    world.drive.touch("top")
    world.drive.forget()

    if is_lost:  # the generation of that sync was not sealed
        syncing.sync(sealed=False)
    after = syncing.sync()

    assert seers(syncing, before["HR/Leave.txt"]) == {"ann", "bob"}
    assert seers(syncing, after["People/Leave.txt"]) == {"ann"}
    assert world.drive.bodies == []


def test_docs_are_exported_and_films_are_left_out(world: DriveWorld, tmp_path: Path) -> None:
    world.drive.files["a"] = FakeFile("Leave", "Twenty days.", mime=DOC)
    world.drive.files["b"] = FakeFile("Plans", "Grow.", mime=SLIDES)
    world.drive.files["c"] = FakeFile("film.mp4", "…")

    docs = Syncing(world.spec, tmp_path).sync()

    assert {name: doc.title for name, doc in docs.items()} == {
        "Leave.docx": "Leave",
        "Plans.pdf": "Plans",
    }
    exported = {one.query["mimeType"] for one in world.drive.asked if "export" in one.path}
    assert exported == {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/pdf",
    }


def test_only_chosen_folders_are_taken(world: DriveWorld, tmp_path: Path) -> None:
    world.drive.files["top"] = FakeFile("HR", mime=FOLDER)
    world.drive.files["sub"] = FakeFile("Old", mime=FOLDER, parent="top")
    world.drive.files["a"] = FakeFile("A.txt", "In it.", parent="sub")
    world.drive.files["b"] = FakeFile("B.txt", "Beside it.")

    docs = Syncing(with_(world, folders=("top",)), tmp_path).sync()

    assert docs.keys() == {"HR/Old/A.txt"}


def test_readers_in_a_shared_drive_are_asked_once_for_the_same_people(
    world: DriveWorld, tmp_path: Path
) -> None:
    world.drive.drives["d1"] = "Handbook"
    for number in range(5):
        world.drive.files[f"f{number}"] = FakeFile(f"{number}.txt", "Text.", drive="d1")
    world.drive.files["f4"].permissions = [ANN]
    syncing = Syncing(with_(world, drives=("d1",)), tmp_path)

    docs = syncing.sync()

    assert seers(syncing, docs["0.txt"]) == {"ann", "bob"}
    assert seers(syncing, docs["4.txt"]) == {"ann"}
    assert sum(path.endswith("/permissions") for path in paths_asked(world)) == 2


def test_a_shared_drive_that_is_hidden_is_a_fault_and_its_files_stay(
    world: DriveWorld, tmp_path: Path
) -> None:
    world.drive.drives["d1"] = "Handbook"
    world.drive.files["a"] = FakeFile("A.txt", "Text.", drive="d1", parent="d1")
    syncing = Syncing(with_(world, drives=("d1",)), tmp_path)
    before = syncing.sync()
    del world.drive.drives["d1"]
    world.drive.touch("d1")

    after = syncing.sync()

    assert before.keys() == {"Handbook/A.txt"}
    assert after["Handbook/A.txt"] == before["Handbook/A.txt"]
    assert len(syncing.note.faults) == 1


ANYONE = {"id": "any", "type": "anyone", "allowFileDiscovery": False}
ACME = {"id": "acme", "type": "domain", "domain": "acme.test", "allowFileDiscovery": True}
GROUP = {"id": "g", "type": "group", "emailAddress": "Team@acme.test"}


@pytest.mark.parametrize(
    ("permissions", "arguments", "expected"),
    [
        ([ANN, BOB | {"deleted": True}], {}, {"ann"}),
        ([ANN, ANYONE], {}, {"ann"}),
        ([ANN, ANYONE], {"links": True}, {"ann", "bob", "eve"}),
        ([ANN, ANYONE | {"allowFileDiscovery": True}], {}, {"ann", "bob", "eve"}),
        ([ACME], {}, {"eve"}),
        ([ACME | {"allowFileDiscovery": False}], {}, set()),
        ([GROUP], {}, set()),
        ([GROUP], {"directory": True}, {"ann", "bob"}),
        ([], {}, set()),
        ([ANN], {"permissions": "settings"}, {"ann", "bob", "eve"}),
    ],
)
def test_those_who_may_read_a_file_there_see_it_here(
    world: DriveWorld,
    tmp_path: Path,
    permissions: list[dict[str, object]],
    arguments: dict[str, Argument],
    expected: set[str],
) -> None:
    world.drive.groups = {
        "team@acme.test": [{"email": "ann@example.org"}, {"email": "sub@x", "type": "GROUP"}],
        "sub@x": [{"email": "bob@example.org"}, {"email": "team@acme.test", "type": "GROUP"}],
    }
    world.drive.files["a"] = FakeFile("A.txt", "Text.", permissions=permissions)
    syncing = Syncing(with_(world, **arguments), tmp_path)

    docs = syncing.sync()

    assert seers(syncing, docs["A.txt"]) == expected


def test_a_group_is_known_in_a_sync_that_does_not_list_its_file(
    world: DriveWorld, tmp_path: Path
) -> None:
    world.drive.groups = {"team@acme.test": [{"email": "ann@example.org"}]}
    world.drive.files["a"] = FakeFile("A.txt", "Text.", permissions=[GROUP])
    syncing = Syncing(with_(world, directory=True), tmp_path)
    syncing.sync()
    world.drive.groups = {"team@acme.test": [{"email": "bob@example.org"}]}

    docs = syncing.sync()

    assert seers(syncing, docs["A.txt"]) == {"bob"}


def test_a_limit_that_is_a_refusal_is_waited_out(world: DriveWorld, tmp_path: Path) -> None:
    world.add("Leave", "Twenty days.")
    reason = {"error": {"errors": [{"reason": "userRateLimitExceeded"}]}}
    world.drive.faults = [Answer(status=200, value={"access_token": "x"})]
    world.drive.faults += [Answer(status=403, value=reason)]
    syncing = Syncing(world.spec, tmp_path)

    assert len(syncing.sync()) == 1
    assert len(syncing.clock.slept) == 1


def test_a_service_account_signs_for_the_person_it_acts_for(
    world: DriveWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - fast
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    account = {
        "type": "service_account",
        "client_email": "bot@acme.iam.test",
        "private_key": private.decode(),
        "private_key_id": "1",
        "token_uri": f"{world.drive.address}/token",
    }
    file = tmp_path / "account.json"
    file.write_text(json.dumps(account))
    monkeypatch.setenv(TOKEN, str(file))

    connector = open_connector(with_(world, subject="boss@acme.test"), max_file_bytes=1)
    with pytest.raises(SourceError, match=f"no token for the account in {TOKEN}"):
        connector.check()  # the service knows no such account

    asked = world.drive.asked[0].body
    claims = jwt.decode(  # type: ignore[no-untyped-call]  # has no types
        asked["assertion"], certs=public, audience=account["token_uri"]
    )
    assert asked["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert claims["iss"] == "bot@acme.iam.test"
    assert claims["sub"] == "boss@acme.test"
    assert claims["scope"] == "https://www.googleapis.com/auth/drive.readonly"


@pytest.mark.parametrize("value", ["/no/such/file.json", '{"type": "service_account"}', "{", "[]"])
def test_what_is_no_account_is_refused_in_plain_words(
    world: DriveWorld, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(TOKEN, value)

    with pytest.raises(SourceError, match="must be the path of a JSON file"):
        open_connector(world.spec, max_file_bytes=1)
