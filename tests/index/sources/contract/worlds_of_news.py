"""Feeds and mailboxes as the contract sees them."""

from footnote_qa.index.sources import SourceSpec
from tests.fakes.services.feed import FakeEntry, FakeFeed
from tests.fakes.services.mail import FakeMail, a_mail
from tests.fakes.services.server import FakeService
from tests.index.sources.contract.worlds_of_files import TOKEN


class FeedWorld:
    """A feed that lists everything, with the pages that its entries lead to."""

    def __init__(self) -> None:
        self.feed = FakeFeed()

    @property
    def service(self) -> FakeService:
        return self.feed

    @property
    def spec(self) -> SourceSpec:
        address = f"{self.feed.address}/feed.xml"
        return SourceSpec(
            kind="feed",
            path=address,
            arguments={
                "feeds": (address,),
                "linked": True,
                "complete": True,
                "allow_private": True,
            },
        )

    def add(self, name: str, text: str) -> str:
        key = str(len(self.feed.entries) + 1)
        self.feed.entries[key] = FakeEntry(name, text)
        return key

    def edit(self, key: str, text: str) -> None:
        self.feed.entries[key].text = text
        self.feed.entries[key].updated = "2026-03-05T09:00:00Z"

    def rename(self, key: str, name: str) -> None:
        self.feed.entries[key].title = name

    def delete(self, key: str) -> None:
        del self.feed.entries[key]

    def break_(self, key: str) -> None:
        self.feed.entries[key].is_broken = True

    def repair(self, key: str) -> None:
        self.feed.entries[key].is_broken = False

    def restrict(self, key: str) -> bool:
        return key is None  # a feed has no readers of its own

    def hide_part(self) -> bool:
        self.feed.is_there = False
        return True


class MailWorld:
    """Threads of a mailbox; what is changed is another mail with the same id."""

    def __init__(self) -> None:
        self.mail = FakeMail()
        self._uids: dict[str, int] = {}
        self._subjects: dict[str, str] = {}

    @property
    def service(self) -> FakeService:
        return self.mail

    @property
    def spec(self) -> SourceSpec:
        return SourceSpec(
            kind="mail",
            path="mail",
            arguments={
                "host": "127.0.0.1",
                "port": self.mail.port,
                "user": "bot",
                "security": "none",
                "permissions": "settings",
                "days": 0,
                "page": "https://mail.test/{id}",
            },
            environment={"password": TOKEN},
        )

    def add(self, name: str, text: str) -> str:
        key = f"<{len(self._uids) + 1}@example.org>"
        self._put(key, name, text)
        return key

    def _put(self, key: str, name: str, text: str) -> None:
        self._subjects[key] = name
        self._uids[key] = self.mail.put(a_mail(name, text, id_=key))

    def edit(self, key: str, text: str) -> None:
        self.delete(key)
        self._put(key, self._subjects[key], text)

    def rename(self, key: str, name: str) -> None:
        text = self.mail.folders["INBOX"][self._uids[key]].decode().partition("\n\n")[2]
        self.delete(key)
        self._put(key, name, text)

    def delete(self, key: str) -> None:
        del self.mail.folders["INBOX"][self._uids[key]]

    def break_(self, key: str) -> None:
        self.mail.broken.add(self._uids[key])

    def repair(self, key: str) -> None:
        self.mail.broken.remove(self._uids[key])

    def restrict(self, key: str) -> bool:
        return key is None  # a mailbox does not say who may read a mail

    def hide_part(self) -> bool:
        del self.mail.folders["INBOX"]
        return True
