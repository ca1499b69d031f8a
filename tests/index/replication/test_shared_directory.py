import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from footnote_qa.index.errors import (
    IndexDamagedError,
    IndexingError,
    IndexMissingError,
    ObjectStoreError,
    PromotionConflictError,
)
from footnote_qa.index.replication import SharedIndexDirectory
from footnote_qa.index.search.hybrid import LiveIndex
from tests.fakes import object_store
from tests.fakes.building import make_builder, specs
from tests.fakes.embedder import HashEmbedder
from tests.fakes.object_store import Way
from tests.index.replication.conftest import Machine, add, builder_on

ROOT = Path(__file__).resolve().parents[3]
Build = Callable[..., str]


@pytest.fixture
def build(machine: Machine, documents: Path, embedder: HashEmbedder) -> Build:
    """Builds on a machine, and returns the name of the generation."""

    def run(name: str = "builder") -> str:
        result = builder_on(machine(name), embedder).build(specs(documents))
        assert result.promoted
        return result.generation

    return run


def up_to_date(machine: Machine, name: str) -> SharedIndexDirectory:
    reader = machine(name)
    reader.refresh()
    return reader


def corrupt(server: str, url: str, key: str) -> None:
    store = object_store.objects(server, url)
    whole = store.read(key)
    assert whole is not None
    flipped = bytearray(whole[0])
    flipped[len(flipped) // 2] ^= 1
    assert store.replace(key, bytes(flipped), known=whole[1])


def test_first_build_is_in_the_store_and_a_reader_answers_from_it(
    machine: Machine, build: Build
) -> None:
    generation = build()
    reader = machine("reader")

    is_new = reader.refresh()

    assert is_new
    assert not reader.refresh()
    assert reader.current() == generation
    assert reader.verify(generation) == []
    found = LiveIndex(reader.root).search("Parking costs three euros a day", k=1, audience=None)
    assert found.generation == generation
    assert found.passages[0].chunk.document == "parking.txt"


def test_build_on_another_machine_continues_from_the_store(
    machine: Machine, build: Build, documents: Path, embedder: HashEmbedder
) -> None:
    first = build("one")
    add(documents, 1)

    second = builder_on(machine("two"), embedder).build(specs(documents))

    assert second.actions == {"added": 1, "unchanged": 3}
    assert machine("two").manifest(second.generation).parent == first
    assert up_to_date(machine, "three").current() == second.generation


def test_new_chunks_get_ids_that_no_generation_of_the_store_has_had(
    machine: Machine, build: Build, documents: Path
) -> None:
    build("one")
    add(documents, 1)
    newest = machine("one").manifest(build("one"))
    machine("one").rollback()
    add(documents, 2)

    after = build("two")

    passages = up_to_date(machine, "two").open().passages
    made = [id_ for ids in passages.ids_of(["more-2.md"]).values() for id_ in ids]
    assert min(made) >= newest.next_chunk_id
    assert machine("two").manifest(after).parent != newest.generation


def test_builder_that_was_overtaken_does_not_put_its_generation_into_use(
    machine: Machine, build: Build, documents: Path, embedder: HashEmbedder
) -> None:
    build("one")
    add(documents, 1)
    faster: list[str] = []
    slow = builder_on(
        machine("two"), embedder, meanwhile=lambda: faster.append(build("one")), full=True
    )

    with pytest.raises(PromotionConflictError, match="another builder was faster: gen-000002-"):
        slow.build(specs(documents))

    assert up_to_date(machine, "reader").current() == faster[0]
    assert machine("two").names() == [up_to_date(machine, "two").names()[0]]  # its own is removed
    add(documents, 2)
    assert up_to_date(machine, "reader").current() != build("two")


def test_of_two_builders_one_wins_each_race(
    machine: Machine, build: Build, tmp_path: Path, embedder: HashEmbedder, *, campaign: bool
) -> None:
    build("reader")
    races = 50 if campaign else 3
    for race in range(races):
        before = up_to_date(machine, "reader").current()
        meeting = threading.Barrier(2)
        outcomes: dict[str, str] = {}

        def run(name: str, race: int = race, meeting: threading.Barrier = meeting) -> None:
            own = tmp_path / f"docs-{name}"
            own.mkdir(exist_ok=True)
            add(own, race)
            try:
                builder = builder_on(machine(name), embedder, meanwhile=meeting.wait, force=True)
                outcomes[name] = builder.build(specs(own)).generation  # noqa: B023 - of this race
            except PromotionConflictError:
                outcomes[name] = ""  # noqa: B023

        threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        won = [name for name in outcomes.values() if name]
        reader = up_to_date(machine, "reader")
        assert len(outcomes) == 2
        assert len(won) == 1
        assert reader.current() == won[0] != before
        assert reader.verify(won[0]) == []


def test_rollback_is_for_everybody(machine: Machine, build: Build, documents: Path) -> None:
    names = [build("one")]
    for number in (1, 2):
        add(documents, number)
        names.append(build("one"))
    reader = up_to_date(machine, "reader")
    assert reader.current() == names[2]

    machine("two").rollback()
    reader.refresh()
    assert reader.current() == names[1]

    machine("one").rollback()
    reader.refresh()
    assert reader.current() == names[0]

    machine("one").rollback(names[2])
    reader.refresh()
    assert reader.current() == names[2]
    with pytest.raises(IndexMissingError, match="gen-000001"):
        machine("one").rollback("gen-000001")


def test_killed_builder_leaves_the_index_in_use_and_its_upload_is_no_generation(
    machine: Machine, build: Build, documents: Path, tmp_path: Path, way: Way, server: str, url: str
) -> None:
    first = build("one")
    add(documents, 1)
    way.stop_after_bytes = 60_000
    arguments = [str(tmp_path / "killed"), str(documents), way.url, url]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.uploading_builder", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    )
    try:
        assert way.stopped.wait(60)
    finally:
        process.kill()
        process.wait()

    half = set(object_store.objects(server, url).folders("generations")) - {first}
    assert len(half) == 1
    assert up_to_date(machine, "reader").current() == first
    way.stop_after_bytes = None
    second = build("killed")
    assert second not in half
    assert up_to_date(machine, "reader").current() == second


def test_upload_that_is_cut_fails_and_the_next_build_succeeds(
    machine: Machine, build: Build, documents: Path, embedder: HashEmbedder, way: Way
) -> None:
    first = build("one")
    add(documents, 1)

    def cut() -> None:
        way.cut_after_bytes = 20_000

    with pytest.raises(ObjectStoreError, match="cannot be used"):
        builder_on(machine("two", at=way.url), embedder, meanwhile=cut).build(specs(documents))

    assert up_to_date(machine, "reader").current() == first
    way.up()
    second = builder_on(machine("two", at=way.url), embedder).build(specs(documents))
    assert up_to_date(machine, "reader").current() == second.generation


def test_promotion_holds_if_only_the_answer_of_the_store_is_lost(
    machine: Machine, build: Build, documents: Path, embedder: HashEmbedder, way: Way, url: str
) -> None:
    build("one")
    add(documents, 1)
    path = url.removeprefix("s3://")

    def lose() -> None:
        way.unanswered = f"PUT /{path}/CURRENT".encode()

    directory = machine("two", at=way.url)
    second = builder_on(directory, embedder, meanwhile=lose).build(specs(documents))

    assert second.promoted
    assert way.lost > 0
    assert up_to_date(machine, "reader").current() == second.generation


@pytest.mark.parametrize("header", [b"if-none-match:", b"if-match:"])
def test_store_that_ignores_conditions_is_refused(
    machine: Machine, build: Build, documents: Path, embedder: HashEmbedder, way: Way, header: bytes
) -> None:
    first = build("one")
    add(documents, 1)
    way.renamed = {header: b"x" + header[1:]}

    with pytest.raises(ObjectStoreError, match="ignores the conditions"):
        builder_on(machine("two", at=way.url), embedder).build(specs(documents))

    assert up_to_date(machine, "reader").current() == first


@pytest.mark.parametrize("file", ["passages.sqlite", "vectors.faiss", "MANIFEST.json"])
def test_corrupted_object_is_never_served(
    machine: Machine, build: Build, documents: Path, server: str, url: str, file: str
) -> None:
    first = build("one")
    reader = up_to_date(machine, "reader")
    add(documents, 1)
    second = build("one")
    corrupt(server, url, f"generations/{second}/{file}")

    with pytest.raises(IndexDamagedError):
        reader.refresh()
    fresh = machine("fresh")
    fresh.refresh_best()

    assert reader.current() == first
    assert fresh.current() == first
    assert second not in [path.name for path in (reader.root, fresh.root)]
    add(documents, 2)
    repaired = build("two")
    assert up_to_date(machine, "reader").current() == repaired


def test_missing_object_is_never_served(
    machine: Machine, build: Build, documents: Path, server: str, url: str
) -> None:
    first = build("one")
    reader = up_to_date(machine, "reader")
    add(documents, 1)
    second = build("one")
    object_store.objects(server, url).remove([f"generations/{second}/vectors.faiss"])

    with pytest.raises(IndexDamagedError, match=r"vectors\.faiss .* is missing"):
        reader.refresh()

    assert reader.current() == first


def test_file_damaged_on_this_machine_is_fetched_again(machine: Machine, build: Build) -> None:
    generation = build("one")
    reader = up_to_date(machine, "reader")
    damaged = reader.root / generation / "passages.sqlite"
    damaged.write_bytes(b"\0" + damaged.read_bytes()[1:])
    assert reader.verify(generation)

    reader.refresh(repair=True)

    assert reader.verify(generation) == []


def test_reader_keeps_two_generations_and_those_that_are_open(
    machine: Machine, build: Build, documents: Path
) -> None:
    reader = machine("reader")
    made, opened = [], None
    for number in range(4):
        add(documents, number)
        made.append(build("one"))
        reader.refresh()
        opened = opened or reader.open()

    folders = sorted(path.name for path in reader.root.iterdir() if path.is_dir())
    assert opened is not None
    assert folders == [made[0], made[2], made[3]]


def test_store_keeps_the_last_and_collects_others_after_a_grace_period(
    machine: Machine, documents: Path, embedder: HashEmbedder, server: str, url: str
) -> None:
    store = object_store.objects(server, url)
    store.write_new("generations/gen-000009-00000000/passages.sqlite", b"half an upload")
    made = []

    def step(number: int, grace: timedelta) -> set[str]:
        add(documents, number)
        directory = machine("one", keep=2, grace=grace)
        builder = builder_on(directory, embedder, keep_generations=2)
        made.append(builder.build(specs(documents)).generation)
        return set(store.folders("generations"))

    kept: set[str] = set()
    for number in range(4):
        kept = step(number, timedelta(hours=1))
    assert kept == {*made, "gen-000009-00000000"}

    kept = step(9, timedelta(seconds=-5))
    assert kept == set(made[-2:])


def test_index_of_a_folder_is_taken_over_into_an_empty_store(
    machine: Machine, build: Build, documents: Path, embedder: HashEmbedder, tmp_path: Path
) -> None:
    old = make_builder(tmp_path / "one", embedder).build(specs(documents))
    assert old.generation == "gen-000001"

    build("one")

    reader = up_to_date(machine, "reader")
    assert reader.verify(reader.served()) == []
    assert reader.served().startswith("gen-000002-")
    assert embedder.embedded  # by the first build, and by no other
    count = len(embedder.embedded)
    build("two")
    assert len(embedder.embedded) == count


def test_generation_that_failed_its_gate_is_not_uploaded(
    machine: Machine, build: Build, documents: Path, embedder: HashEmbedder, server: str, url: str
) -> None:
    first = build("one")
    for path in documents.iterdir():
        path.unlink()
    add(documents, 1)

    failed = builder_on(machine("one"), embedder).build(specs(documents))

    assert not failed.promoted
    assert object_store.objects(server, url).folders("generations") == [first]
    machine("one").rollback(failed.generation, force=True)
    assert up_to_date(machine, "reader").current() == failed.generation


def test_manifest_that_names_files_elsewhere_is_refused(
    machine: Machine, build: Build, server: str, url: str, tmp_path: Path
) -> None:
    import json

    from footnote_qa.index.storage.manifest import digest

    name = build("one")
    store = object_store.objects(server, url)
    key = f"generations/{name}/MANIFEST.json"
    found = store.read(key)
    assert found is not None
    value = json.loads(found[0])
    del value["digest"]
    value["files"]["../../../stolen"] = value["files"].pop("passages.sqlite")
    value["digest"] = digest(value)
    assert store.replace(key, json.dumps(value).encode(), known=found[1])

    with pytest.raises(IndexDamagedError, match="stolen"):
        machine("reader").refresh()

    assert not list(tmp_path.rglob("stolen"))


def test_message_says_what_is_wrong_and_no_secret(machine: Machine, server: str, way: Way) -> None:
    missing = object_store.objects(server, "s3://no-such-bucket/x")
    with pytest.raises(ObjectStoreError, match="there is no such bucket"):
        missing.write_new("a", b"b")
    way.down()
    with pytest.raises(IndexingError) as caught:
        machine("reader", at=way.url).refresh()

    assert str(caught.value).startswith("s3://bucket-")
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(missing)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_written_here_is_said_and_the_index_stays_in_use(
    machine: Machine, build: Build, documents: Path
) -> None:
    first = build("one")
    reader = up_to_date(machine, "reader")
    add(documents, 1)
    second = build("one")
    (reader.root / f"{second}.fetched").write_text("in the way")

    with pytest.raises(IndexingError, match="cannot write in"):
        reader.refresh()

    assert reader.current() == first
    assert LiveIndex(reader.root).search("parking", k=1, audience=None).generation == first


def test_index_is_read_from_a_folder_that_is_read_only(machine: Machine, build: Build) -> None:
    generation = build("one")
    reader = up_to_date(machine, "reader")
    lock = reader.root / "fetch.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()  # nobody can lock it, not even the owner of the folder

    assert not reader.refresh()
    assert reader.open().manifest.generation == generation


def test_readers_on_other_machines_learn_who_is_in_which_group(
    machine: Machine, build: Build
) -> None:
    build()
    builder = machine("builder")
    builder.access.replace_members("wiki", [("hr", "email:ann@x.test")])
    builder.access.withhold("wiki", ["a.html"], number=3)
    builder.publish_access()

    reader = up_to_date(machine, "reader")

    assert "hr" in reader.access.groups_of(["ann@x.test"])
    assert reader.access.withheld({"wiki": 2}) == {"a.html"}
    builder.access.replace_members("wiki", [])
    builder.publish_access()
    reader.refresh()
    assert "hr" not in reader.access.groups_of(["ann@x.test"])


def test_a_build_publishes_the_groups_although_another_source_fails(
    machine: Machine, build: Build, embedder: HashEmbedder, tmp_path: Path
) -> None:
    build()
    reader, builder = up_to_date(machine, "reader"), machine("builder")
    # Without a table in the store, the one here stays
    builder.access.replace_members("wiki", [("hr", "email:ann@x.test")])

    with pytest.raises(IndexingError):
        builder_on(builder, embedder).build(specs(tmp_path / "nothing"))

    reader.refresh()
    assert "hr" in reader.access.groups_of(["ann@x.test"])
