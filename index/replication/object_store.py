"""Read and write objects in S3, Google Cloud Storage or Azure, with conditional writes."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import from_url

from footnote_qa.index.errors import ObjectStoreError

if TYPE_CHECKING:
    from obstore import ObjectMeta, PutMode, PutResult, UpdateVersion
    from obstore.store import ClientConfig, RetryConfig

_PART_BYTES: Final = 8 * 1024 * 1024
_ENDPOINTS: Final = {"s3": "endpoint", "gs": "base_url", "az": "endpoint"}
_RETRIES: "Final[RetryConfig]" = {"max_retries": 2}
_SECRET: Final = re.compile(r"\?\S*|(?<=//)[^/\s@]*@")  # a signature in an address, a password
_NO_BUCKET: Final = re.compile(r"NoSuchBucket|ContainerNotFound|specified bucket does not exist")
_CAUSE: Final = re.compile(r"(?:HTTP error|status code): (.{1,100})")

Version = dict[str, str]
"""What a conditional write compares: the ETag, and for Google also the number of the version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object in the store.

    Attributes:
        key: Its name below the store's address.
        size_bytes: Its size.
        modified_at: When it was written, by the store's clock.
    """

    key: str
    size_bytes: int
    modified_at: datetime


class ObjectStore:
    """The objects below one address.

    Credentials are read from the environment variables of the provider, such as
    AWS_ACCESS_KEY_ID, GOOGLE_APPLICATION_CREDENTIALS and AZURE_STORAGE_ACCOUNT_NAME.

    Args:
        url: Such as `s3://bucket/folder`, `gs://bucket/folder` or `az://container/folder`.
        endpoint: Address of another server with the same interface; "" for the provider's own.
        allow_http: Whether the endpoint may be without TLS.

    Raises:
        ObjectStoreError: The address is wrong, or a setting that the provider needs is missing.
    """

    def __init__(self, url: str, *, endpoint: str = "", allow_http: bool = False) -> None:
        self.url = url.rstrip("/")
        scheme = url.partition("://")[0]
        config = {_ENDPOINTS[scheme]: endpoint} if endpoint else {}
        if scheme == "s3":
            config["checksum_algorithm"] = "SHA256"  # the store compares what arrives
        options: ClientConfig = {"connect_timeout": "3s", "timeout": "120s"}
        if allow_http:
            options["allow_http"] = True
        with self._translated():
            self._store = from_url(
                self.url,
                config=cast("Any", config),  # the type of one provider's keys each
                client_options=options,
                retry_config=_RETRIES,
            )

    def __repr__(self) -> str:
        return f"ObjectStore({self.url!r})"

    def read(self, key: str) -> tuple[bytes, Version] | None:
        """Return an object and its version, or None if there is none."""
        try:
            with self._translated():
                found = obstore.get(self._store, key)
                return bytes(found.bytes()), _version(found.meta)
        except FileNotFoundError:
            return None

    def read_into(self, key: str, path: Path, *, size_bytes: int) -> str:
        """Copy an object of this size to *path*; return the SHA-256 of what arrived, in hex.

        Raises:
            FileNotFoundError: There is no such object.
            ObjectStoreError: It could not be read to its end.
            OSError: *path* cannot be written.
        """
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for start in range(0, size_bytes, _PART_BYTES):
                length = min(_PART_BYTES, size_bytes - start)
                with self._translated():
                    part = obstore.get_range(self._store, key, start=start, length=length)
                digest.update(part)
                file.write(part)
        return digest.hexdigest()

    def write_file(self, key: str, path: Path) -> None:
        """Write the file as an object; nobody sees a part of it.

        Raises:
            ObjectStoreError: The store cannot be reached, or the file cannot be read.
        """
        try:
            with self._translated():
                obstore.put(self._store, key, path)
        except OSError as error:
            raise ObjectStoreError(f"{path} cannot be uploaded: run the command again") from error

    def write_new(self, key: str, content: bytes) -> Version | None:
        """Write an object that does not exist; return None if it exists."""
        return self._write(key, content, "create")

    def replace(self, key: str, content: bytes, *, known: Version) -> Version | None:
        """Replace an object if its version is still *known*; return None if it is another one."""
        return self._write(key, content, cast("UpdateVersion", known))

    def _write(self, key: str, content: bytes, mode: "PutMode") -> Version | None:
        try:
            with self._translated():
                return _version(obstore.put(self._store, key, content, mode=mode))
        except (AlreadyExistsError, PreconditionError, FileNotFoundError):
            return None  # an object that was deleted has no version any more

    def objects(self, prefix: str) -> list[StoredObject]:
        """Return every object below a folder."""
        with self._translated():
            found = obstore.list(self._store, prefix).collect()
        return [
            StoredObject(key=one["path"], size_bytes=one["size"], modified_at=one["last_modified"])
            for one in found
        ]

    def folders(self, prefix: str) -> list[str]:
        """Return the names of the folders in a folder."""
        with self._translated():
            found = obstore.list_with_delimiter(self._store, prefix)["common_prefixes"]
        return [path.rpartition("/")[2] for path in found]

    def remove(self, keys: Sequence[str]) -> None:
        """Delete objects; those that do not exist are no error."""
        try:
            with self._translated():
                obstore.delete(self._store, list(keys))
        except FileNotFoundError:
            return

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (AlreadyExistsError, PreconditionError):
            raise
        except FileNotFoundError as error:
            if _NO_BUCKET.search(str(error)):
                raise ObjectStoreError(
                    f"{self.url} cannot be used: there is no such bucket. Create it first"
                ) from None
            raise
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise ObjectStoreError(
                f"{self.url} refuses access ({_public(error)}): check the credentials in the "
                "environment, and what they allow"
            ) from None
        except (BaseError, TimeoutError, ValueError) as error:
            raise ObjectStoreError(
                f"{self.url} cannot be used ({_public(error)}): check the address and the network"
            ) from None


def _version(found: "ObjectMeta | PutResult") -> Version:
    values = {"e_tag": found["e_tag"], "version": found["version"]}
    return {name: value for name, value in values.items() if value}


def _public(error: Exception) -> str:
    """Return what went wrong, in a few words and without anything secret."""
    text = _SECRET.sub("", str(error).partition("\n\nDebug source:")[0])
    found = _CAUSE.search(text)
    return found.group(1) if found else text.partition("\n")[0][:100]
