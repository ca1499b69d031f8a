"""Buckets of three providers on loopback.

Rules from:

- https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html (in the order of keys, at
  most 1,000, `start-after`, `continuation-token`), API_GetObject.html, ErrorResponses.html
  (`InvalidAccessKeyId` with 403, `NoSuchBucket` and `NoSuchKey` with 404);
- https://cloud.google.com/storage/docs/xml-api/get-bucket-list: the same form;
- https://learn.microsoft.com/en-us/rest/api/storageservices/list-blobs (`EnumerationResults`,
  `marker`, `prefix`), get-blob.
"""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import unquote
from xml.sax.saxutils import escape

from tests.fakes.services.server import Answer, FakeService, Request

BUCKET = "acme-files"
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


class FakeBucket(FakeService):
    """One bucket; the token is the id of the access key."""

    def __init__(self, *, is_azure: bool = False) -> None:
        super().__init__()
        self.is_azure = is_azure
        self.files: dict[str, bytes] = {}
        self.broken: set[str] = set()
        self.is_there = True
        self.unauthorised = _fault(403, "InvalidAccessKeyId")

    def is_allowed(self, request: Request) -> bool:
        return self.is_azure or super().is_allowed(request)

    def is_body(self, request: Request) -> bool:
        path = unquote(request.path)
        return path.removeprefix(self.root) not in {path, "", "/"}

    @property
    def root(self) -> str:
        return f"/devstoreaccount1/{BUCKET}" if self.is_azure else f"/{BUCKET}"

    def reply(self, request: Request) -> Answer:
        assert request.method == "GET"
        if not self.is_there:
            return _fault(404, "ContainerNotFound" if self.is_azure else "NoSuchBucket")
        if not self.is_body(request):
            return self._azure(request) if self.is_azure else self._listed(request)
        key = unquote(request.path).removeprefix(f"{self.root}/")
        if key in self.broken:
            return _fault(403, "AccessDenied")
        if key not in self.files:
            return _fault(404, "BlobNotFound" if self.is_azure else "NoSuchKey")
        content = self.files[key]
        headers = {
            "ETag": etag(content),
            "Last-Modified": format_datetime(AT, usegmt=True),
            "x-ms-blob-type": "BlockBlob",
        }
        return Answer(value=content, headers=headers)

    def _listed(self, request: Request) -> Answer:
        asked = request.query
        assert asked["list-type"] == "2"
        after = asked.get("continuation-token") or asked.get("start-after") or ""
        size = int(asked.get("max-keys", 1000))
        assert size <= 1000
        found = [key for key in self._below(asked) if key > after]
        more = len(found) > size
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-03-01T09:00:00.000Z"
            f"</LastModified><ETag>{escape(etag(self.files[key]))}</ETag>"
            f"<Size>{len(self.files[key])}</Size></Contents>"
            for key in found[:size]
        )
        after = escape(found[size - 1]) if more else ""
        token = f"<NextContinuationToken>{after}</NextContinuationToken>" if more else ""
        return _xml(f"<ListBucketResult>{rows}{token}</ListBucketResult>")

    def _azure(self, request: Request) -> Answer:
        assert request.query["comp"] == "list"
        rows = "".join(
            f"<Blob><Name>{escape(key)}</Name><Properties>"
            f"<Last-Modified>{format_datetime(AT, usegmt=True)}</Last-Modified>"
            f"<Content-Length>{len(self.files[key])}</Content-Length>"
            f"<Content-Type>text/plain</Content-Type><Etag>{escape(etag(self.files[key]))}</Etag>"
            "</Properties></Blob>"
            for key in self._below(request.query)
        )
        return _xml(f"<EnumerationResults><Blobs>{rows}</Blobs><NextMarker/></EnumerationResults>")

    def _below(self, asked: dict[str, str]) -> list[str]:
        return sorted(key for key in self.files if key.startswith(asked.get("prefix", "")))


def _fault(status: int, code: str) -> Answer:
    return Answer(
        status=status,
        value=f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode(),
        headers={"Content-Type": "application/xml"},
    )


def _xml(text: str) -> Answer:
    return Answer(value=text.encode(), headers={"Content-Type": "application/xml"})
