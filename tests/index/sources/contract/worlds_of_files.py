"""Services with files as the contract sees them."""

from footnote_qa.index.sources import SourceSpec
from tests.fakes.services.bucket import BUCKET, FakeBucket
from tests.fakes.services.drive import ANN, FakeDrive, FakeFile
from tests.fakes.services.server import FakeService
from tests.fakes.services.sharepoint import SITE, FakeDriveItem, FakeSharePoint, user

TOKEN = "TOKEN_OF_THE_TEST"  # noqa: S105 - the name of a variable


class BucketWorld:
    """Files of a bucket in S3."""

    def __init__(self) -> None:
        self.bucket = FakeBucket()

    @property
    def service(self) -> FakeService:
        return self.bucket

    @property
    def spec(self) -> SourceSpec:
        url = f"s3://{BUCKET}/team"
        return SourceSpec(
            kind="s3",
            path=url,
            arguments={"url": url, "permissions": "settings", "endpoint": self.bucket.address},
            environment={"key_id": TOKEN, "secret": TOKEN},
        )

    def add(self, name: str, text: str) -> str:
        key = f"team/{name}.txt"
        self.bucket.files[key] = text.encode()
        return key

    def edit(self, key: str, text: str) -> None:
        self.bucket.files[key] = text.encode()

    def rename(self, key: str, name: str) -> None:
        self.bucket.files[f"team/{name}.txt"] = self.bucket.files.pop(key)

    def delete(self, key: str) -> None:
        del self.bucket.files[key]

    def break_(self, key: str) -> None:
        self.bucket.broken.add(key)

    def repair(self, key: str) -> None:
        self.bucket.broken.remove(key)

    def restrict(self, key: str) -> bool:
        return key is None  # a bucket has no readers of single files

    def hide_part(self) -> bool:
        self.bucket.is_there = False
        return True


class DriveWorld:
    """Files that are shared with an account of Google."""

    def __init__(self) -> None:
        self.drive = FakeDrive()

    @property
    def service(self) -> FakeService:
        return self.drive

    @property
    def spec(self) -> SourceSpec:
        api = self.drive.address
        return SourceSpec(
            kind="google_drive",
            path="Google Drive",
            arguments={"api": api, "directory_api": api},
            environment={"credentials": TOKEN},
        )

    def add(self, name: str, text: str) -> str:
        key = f"file{len(self.drive.files) + 1}"
        self.drive.files[key] = FakeFile(f"{name}.txt", text)
        self.drive.touch(key)
        return key

    def edit(self, key: str, text: str) -> None:
        self.drive.files[key].text = text
        self.drive.touch(key)

    def rename(self, key: str, name: str) -> None:
        self.drive.files[key].name = f"{name}.txt"
        self.drive.touch(key)

    def delete(self, key: str) -> None:
        del self.drive.files[key]
        self.drive.touch(key)

    def break_(self, key: str) -> None:
        self.drive.files[key].is_broken = True

    def repair(self, key: str) -> None:
        self.drive.files[key].is_broken = False

    def restrict(self, key: str) -> bool:
        self.drive.files[key].permissions = [ANN]
        self.drive.touch(key)
        return True

    def hide_part(self) -> bool:
        return False


class SharePointWorld:
    """The document library of a site."""

    def __init__(self) -> None:
        self.site = FakeSharePoint()

    @property
    def service(self) -> FakeService:
        return self.site

    @property
    def spec(self) -> SourceSpec:
        return SourceSpec(
            kind="sharepoint",
            path="acme.test",
            arguments={
                "tenant": "acme.test",
                "client_id": "client",
                "sites": (f"https://{SITE}",),
                "api": f"{self.site.address}/v1.0",
                "login": self.site.address,
            },
            environment={"secret": TOKEN},
        )

    def add(self, name: str, text: str) -> str:
        key = f"item{len(self.site.items) + 1}"
        self.site.items[key] = FakeDriveItem(f"{name}.txt", text)
        self.site.touch(key)
        return key

    def edit(self, key: str, text: str) -> None:
        self.site.items[key].text = text
        self.site.items[key].tag += 1
        self.site.touch(key)

    def rename(self, key: str, name: str) -> None:
        self.site.items[key].name = f"{name}.txt"
        self.site.touch(key)

    def delete(self, key: str) -> None:
        del self.site.items[key]
        self.site.touch(key)

    def break_(self, key: str) -> None:
        self.site.items[key].is_broken = True

    def repair(self, key: str) -> None:
        self.site.items[key].is_broken = False

    def restrict(self, key: str) -> bool:
        self.site.items[key].permissions = [user("ann")]
        self.site.touch(key, shared=True)
        return True

    def hide_part(self) -> bool:
        self.site.is_there = False
        return True
