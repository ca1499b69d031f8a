from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from footnote_qa.index.errors import SourceError
from footnote_qa.index.parsing.formats import SUFFIXES as PARSED
from footnote_qa.index.sources import Argument, SourceSpec, open_connector
from footnote_qa.index.sources.connectors.known_files import SUFFIXES
from footnote_qa.index.sources.sync import Connector, Item, ItemError
from tests.fakes import object_store
from tests.fakes.services.bucket import BUCKET, FakeBucket
from tests.fakes.services.server import Answer, FakeClock, Request, serving
from tests.fakes.services.syncing import Syncing
from tests.index.sources.contract.worlds import TOKEN
from tests.index.sources.contract.worlds_of_files import BucketWorld

ANONYMOUS: dict[str, Argument] = {"permissions": "settings", "anonymous": True}


class OpenBucket(FakeBucket):
    def is_allowed(self, request: Request) -> bool:
        return request.method == "GET"


def s3(bucket: FakeBucket) -> SourceSpec:
    url = f"s3://{BUCKET}"
    arguments = ANONYMOUS | {"url": url, "endpoint": bucket.address}
    return SourceSpec(kind="s3", path=url, arguments=arguments)


def gcs(bucket: FakeBucket) -> SourceSpec:
    url = f"gs://{BUCKET}"
    arguments = ANONYMOUS | {"url": url, "endpoint": bucket.address}
    return SourceSpec(kind="gcs", path=url, arguments=arguments)


def azure(bucket: FakeBucket) -> SourceSpec:
    url, account = f"az://{BUCKET}", "devstoreaccount1"
    arguments = ANONYMOUS | {
        "url": url,
        "account": account,
        "endpoint": f"{bucket.address}/{account}",
    }
    return SourceSpec(kind="azure", path=url, arguments=arguments)


@contextmanager
def opened(
    make: Callable[[FakeBucket], SourceSpec],
    files: dict[str, bytes],
    clock: FakeClock | None = None,
) -> Iterator[tuple[FakeBucket, Connector]]:
    bucket = OpenBucket(is_azure=make is azure)
    bucket.files = files
    with serving(bucket):
        yield bucket, open_connector(make(bucket), max_file_bytes=1000, clock=clock)


def items(connector: Connector) -> list[Item]:
    return [one for one in connector.changes(None) if isinstance(one, Item)]


@pytest.mark.parametrize("make", [s3, gcs, azure])
def test_every_provider_lists_its_documents_and_gives_their_bytes(
    make: Callable[[FakeBucket], SourceSpec],
) -> None:
    files = {
        "hr/Ürlaub 100%.md": b"Twenty days.",
        "hr/film.mp4": b"no document",
        "hr/.hidden.md": b"no document",
        "hr/": b"",
    }
    with opened(make, files) as (bucket, connector):
        (item,) = items(connector)
        content = connector.fetch(item)

    assert item.path == "hr/Ürlaub 100%.md"
    assert item.url is not None
    assert item.url.startswith(bucket.address)
    assert item.url.endswith(f"/{BUCKET}/hr/%C3%9Crlaub%20100%25.md")
    assert content == b"Twenty days."


def test_a_listing_goes_on_where_a_fault_has_ended_it() -> None:
    files = {f"{number:04}.txt": b"x" for number in range(1003)}
    clock = FakeClock()
    with opened(s3, files, clock) as (bucket, connector):
        events = connector.changes(None)
        keys = [next(events).key]  # type: ignore[union-attr]  # the first thousand are read
        bucket.faults = [Answer(status=503)]
        keys += [one.key for one in events if isinstance(one, Item)]

    assert keys == sorted(files)
    assert len(bucket.asked) == 3
    assert len(clock.slept) == 1


def test_a_file_that_is_too_large_is_a_problem() -> None:
    with opened(s3, {"a.txt": b"x" * 1001}) as (_, connector):
        (item,) = items(connector)
        with pytest.raises(ItemError, match="split it or raise the limit"):
            connector.fetch(item)


def test_a_name_that_is_no_path_is_named_in_the_fault() -> None:
    with (
        opened(s3, {"a//b.txt": b"x"}) as (_, connector),
        pytest.raises(SourceError, match=r"a//b\.txt"),
    ):
        list(connector.changes(None))


def test_an_address_of_another_provider_is_refused() -> None:
    spec = SourceSpec(kind="gcs", arguments=ANONYMOUS | {"url": "s3://acme"})

    with pytest.raises(SourceError, match="gs://bucket/folder"):
        open_connector(spec, max_file_bytes=1)


def test_what_is_taken_from_services_with_files_can_be_parsed() -> None:
    assert set(SUFFIXES) <= PARSED


def test_a_bucket_of_a_server_of_one_s_own_is_in_step(
    s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in object_store.KEYS.items():
        monkeypatch.setenv(name, value)
    url = object_store.new_bucket(s3_server)
    store = object_store.objects(s3_server, url)
    store.write_new("leave.md", b"Twenty days.")
    arguments: dict[str, Argument] = {
        "url": url,
        "permissions": "settings",
        "endpoint": s3_server,
    }
    syncing = Syncing(SourceSpec(kind="s3", path=url, arguments=arguments), tmp_path)

    first = syncing.sync()
    again = syncing.sync()
    store.remove(["leave.md"])
    store.write_new("parking.md", b"Three euros.")

    assert first["leave.md"].text == "Twenty days."
    assert again == first
    assert syncing.sync().keys() == {"parking.md"}
    assert syncing.note.fetched == 1


def test_keys_of_the_environment_are_named_when_they_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = BucketWorld()
    monkeypatch.setenv(TOKEN, "revoked")
    with serving(world.service), pytest.raises(SourceError, match=f"the key in {TOKEN}: it has"):
        open_connector(world.spec, max_file_bytes=1).check()
