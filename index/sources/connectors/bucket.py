"""Buckets: files in Amazon S3, Google Cloud Storage or Azure Blob Storage.

A bucket does not report changes, so it is listed at each sync: 1,000 objects a request.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import quote, urlsplit

import obstore
from obstore.exceptions import (
    BaseError,
    GenericError,
    InvalidPathError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import from_url

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.names import is_hidden, too_big
from footnote_qa.index.sources.sync import Event, Item, ItemError, Listed, Unlisted

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ClientConfig

T = TypeVar("T")

_TRIES: Final = 6
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_STATUS: Final = re.compile(r"status code: (\d{3})")
_PASSING: Final = frozenset({"408", "429", "500", "502", "503", "504"})
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
# https://learn.microsoft.com/en-us/rest/api/storageservices/common-rest-api-error-codes
_BAD_KEY: Final = re.compile(
    "InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|TokenRefreshRequired|InvalidToken"
    "|AuthenticationFailed|InvalidAuthenticationInfo|invalid_grant"
)
_NO_BUCKET: Final = re.compile("NoSuchBucket|ContainerNotFound|bucket does not exist")
_UNREACHED: Final = re.compile(
    "error sending request|timed out|connection|dns error|error decoding response body",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider of buckets.

    Attributes:
        title: For people.
        scheme: Of the addresses of its buckets.
        endpoint: The library's name for the address of another server.
        keys: The library's name for each secret.
        options: The library's name for each setting.
    """

    title: str
    scheme: str
    endpoint: str
    keys: Mapping[str, str]
    options: Mapping[str, str]


S3: Final = Provider(
    title="Amazon S3",
    scheme="s3",
    endpoint="endpoint",
    keys={"key_id": "access_key_id", "secret": "secret_access_key", "session": "session_token"},
    options={"region": "region"},
)
GCS: Final = Provider(
    title="Google Cloud Storage",
    scheme="gs",
    endpoint="base_url",
    keys={"account_file": "service_account"},
    options={},
)
AZURE: Final = Provider(
    title="Azure Blob Storage",
    scheme="az",
    endpoint="endpoint",
    keys={"key": "account_key"},
    options={"account": "account_name"},
)


class Bucket:
    """The files of a bucket, or of a folder in it.

    Args:
        provider: Whose bucket it is.
        settings: The source's settings.
    """

    def __init__(self, provider: Provider, settings: ConnectorSettings) -> None:
        self._provider, self._settings = provider, settings
        self._url = settings.text("url").rstrip("/")
        if urlsplit(self._url).scheme != provider.scheme or not urlsplit(self._url).netloc:
            raise SourceError(f"url must be an address such as {provider.scheme}://bucket/folder")
        self._suffixes = {one.lower() for one in settings.texts("suffixes")}
        self._page = _page_of(provider, settings, self._url)
        self._store = self._opened()

    def _opened(self) -> Any:  # noqa: ANN401  one class for each provider
        given, own = self._settings, self._provider
        config: dict[str, Any] = {
            own.keys[name]: value for name, value in given.secrets.items() if value
        }
        config |= {own.options[name]: given.text(name) for name in own.options if given.text(name)}
        endpoint = given.text("endpoint")
        if endpoint:
            config[own.endpoint] = endpoint
        if given.flag("anonymous"):
            config["skip_signature"] = True
        options: ClientConfig = {
            "connect_timeout": "10s",
            "timeout": "120s",
            "allow_http": endpoint.startswith("http://"),
        }
        try:
            return from_url(
                self._url,
                config=cast("Any", config),
                client_options=options,
                retry_config={"max_retries": 0},  # tried again below, by the clock of the sync
            )
        except (BaseError, ValueError, OSError) as error:
            raise SourceError(
                f"{own.title} cannot be used with these settings: {_short(error)}"
            ) from error

    def check(self) -> str:
        """Return which bucket is read, after looking into it."""
        self._called(lambda: next(iter(obstore.list(self._store, chunk_size=1)), []))
        return f"{self._url} in {self._provider.title}"

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield every file: a bucket reports no deletion, so all are listed."""
        del cursor
        listing = _Listing(self._store)
        try:
            while chunk := self._called(listing.chunk):
                yield from map(self._item, filter(self._is_file, chunk))
        except ItemError as error:
            yield Unlisted(scope="", reason=error.reason)
        yield Listed()

    def _is_file(self, one: "ObjectMeta") -> bool:
        name = PurePosixPath(one["path"])
        return name.suffix.lower() in self._suffixes and not any(map(is_hidden, name.parts))

    def _item(self, one: "ObjectMeta") -> Item:
        path, at = one["path"], one["last_modified"].astimezone(UTC)
        return Item(
            key=path,
            version=one["e_tag"] or f"{at.isoformat()}.{one['size']}",
            path=path,
            name=PurePosixPath(path).name,
            url=f"{self._page}/{quote(path)}" if self._page else None,
            modified_at=at,
        )

    def fetch(self, item: Item) -> bytes:
        """Return a file; one that is too large is not downloaded."""
        return self._called(lambda: self._read(item.key))

    def _read(self, key: str) -> bytes:
        found = obstore.get(self._store, key)
        if found.meta["size"] > self._settings.max_bytes:
            raise ItemError(too_big(found.meta["size"], self._settings.max_bytes))
        return bytes(found.bytes())

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield nothing: a bucket has no readers of single files."""
        yield from ()

    def _called(self, call: Callable[[], T]) -> T:
        """Return what a call returns, after waiting out faults that pass."""
        pause = _FIRST_PAUSE_S
        for attempt in range(_TRIES):
            try:
                return call()
            except (BaseError, FileNotFoundError, TimeoutError) as error:
                if not _passes(error):
                    raise self._meaning(error) from None
                if attempt == _TRIES - 1:
                    break
            self._settings.clock.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        raise SourceError(f"{self._provider.title} does not answer now: try later")

    def _meaning(self, error: Exception) -> SourceError | ItemError:
        text, title = str(error), self._provider.title
        if isinstance(error, UnauthenticatedError) or _BAD_KEY.search(text):
            return SourceError(
                f"{title} refuses {self._key()}: it has expired or was revoked; make a new one"
            )
        if _NO_BUCKET.search(text):
            return ItemError(f"there is no bucket {self._url}, or it is hidden from the account")
        if isinstance(error, PermissionDeniedError):
            return ItemError(f"the account may not read it in {title}")
        if isinstance(error, NotFoundError | FileNotFoundError):
            return ItemError(f"{title} has it no more")
        if isinstance(error, InvalidPathError):
            return SourceError(
                f"{self._url} has a name that is no path ({_short(error)}): rename it, or give"
                " the folders beside it as sources of their own"
            )
        return ItemError(f"{title} answers with an error ({_short(error)})")

    def _key(self) -> str:
        given = self._settings
        names = dict.fromkeys(
            given.variables[name] for name in self._provider.keys if given.secrets.get(name)
        )
        return f"the key in {' and '.join(names)}" if names else "the account of this machine"


class _Listing:
    """The objects of a bucket in order; a call that failed is made again from the last one."""

    def __init__(self, store: Any) -> None:  # noqa: ANN401  one class for each provider
        self._store = store
        self._after: str | None = None
        self._stream: Iterator[Sequence[ObjectMeta]] | None = None

    def chunk(self) -> "Sequence[ObjectMeta]":
        """Return the next objects; none after the last one."""
        if self._stream is None:
            self._stream = iter(obstore.list(self._store, offset=self._after, chunk_size=1000))
        try:
            found = next(self._stream, [])
        except Exception:
            self._stream = None
            raise
        if found:
            self._after = found[-1]["path"]
        return found


def _passes(error: Exception) -> bool:
    """Return whether the same call may succeed later."""
    if isinstance(error, TimeoutError):
        return True
    if not isinstance(error, GenericError):
        return False
    status = _STATUS.search(str(error))
    if status is not None:
        return status.group(1) in _PASSING
    return bool(_UNREACHED.search(str(error)))


def _short(error: Exception) -> str:
    text = str(error).partition("\n\nDebug source:")[0]
    status = _STATUS.search(text)
    return f"status {status.group(1)}" if status else text.partition("\n")[0][:100]


def _page_of(provider: Provider, settings: ConnectorSettings, url: str) -> str:
    """Return the address below which a person opens the files.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    https://cloud.google.com/storage/docs/request-endpoints (authenticated browser downloads)
    https://learn.microsoft.com/en-us/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
    """
    given = settings.text("pages").rstrip("/")
    if given:
        return given
    bucket, folder = urlsplit(url).netloc, quote(urlsplit(url).path)
    if settings.text("endpoint"):
        return f"{settings.text('endpoint').rstrip('/')}/{bucket}{folder}"
    if provider is GCS:
        return f"https://storage.cloud.google.com/{bucket}{folder}"
    if provider is AZURE:
        return f"https://{settings.text('account')}.blob.core.windows.net/{bucket}{folder}"
    region = settings.text("region") or "us-east-1"
    return f"https://{bucket}.s3.{region}.amazonaws.com{folder}"


def make_s3(settings: ConnectorSettings) -> Bucket:
    """Return the connector of a bucket in Amazon S3, or on a server with its interface."""
    return Bucket(S3, settings)


def make_gcs(settings: ConnectorSettings) -> Bucket:
    """Return the connector of a bucket in Google Cloud Storage."""
    return Bucket(GCS, settings)


def make_azure(settings: ConnectorSettings) -> Bucket:
    """Return the connector of a container in Azure Blob Storage."""
    return Bucket(AZURE, settings)
