"""Each service as the contract sees it: documents that are added, changed, hidden and broken."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from footnote_qa.index.sources import SourceSpec
from tests.fakes.services.confluence import FakeConfluence, FakePage
from tests.fakes.services.github import REPOSITORY, FakeGitHub, FakeThread
from tests.fakes.services.jira import PROJECT, FakeIssue, FakeJira
from tests.fakes.services.mail import FakeMail, serving_mail
from tests.fakes.services.notion import FakeNote, FakeNotion, paragraph
from tests.fakes.services.server import FakeService, serving
from tests.fakes.services.site import START, FakeSite
from tests.fakes.services.slack_channels import CHANNEL, FakeSlack, FakeTalk
from tests.index.sources.contract.worlds_of_files import (
    TOKEN,
    BucketWorld,
    DriveWorld,
    SharePointWorld,
)
from tests.index.sources.contract.worlds_of_news import FeedWorld, MailWorld

__all__ = ["OPEN", "TOKEN", "UNTIMED", "WORLDS", "World", "world_of"]


class World(Protocol):
    """A service with documents; every document begins readable by Ann and Bob."""

    @property
    def service(self) -> FakeService: ...

    @property
    def spec(self) -> SourceSpec: ...

    def add(self, name: str, text: str) -> str:
        """Add a document; return its key."""

    def edit(self, key: str, text: str) -> None: ...

    def rename(self, key: str, name: str) -> None: ...

    def delete(self, key: str) -> None: ...

    def break_(self, key: str) -> None:
        """Let its text not be fetched."""

    def repair(self, key: str) -> None: ...

    def restrict(self, key: str) -> bool:
        """Let only Ann read it; return whether the service can."""

    def hide_part(self) -> bool:
        """Let the account not see the part of the service any more; False if it has no parts."""


class ConfluenceWorld:
    def __init__(self, *, cloud: bool) -> None:
        self.wiki = FakeConfluence(cloud=cloud)
        self._number = 100

    @property
    def service(self) -> FakeService:
        return self.wiki

    @property
    def spec(self) -> SourceSpec:
        cloud = self.wiki.cloud
        return SourceSpec(
            kind="confluence",
            path=self.wiki.address,
            arguments={
                "site": self.wiki.address,
                "edition": "cloud" if cloud else "data_center",
                "spaces": ("ENG",),
            },
            environment={"token": TOKEN},
        )

    def add(self, name: str, text: str) -> str:
        self._number += 1
        key = str(self._number)
        self.wiki.pages[key] = FakePage(key, name, text)
        return key

    def edit(self, key: str, text: str) -> None:
        self.wiki.pages[key].text = text
        self.wiki.pages[key].version += 1

    def rename(self, key: str, name: str) -> None:
        self.wiki.pages[key].title = name
        self.wiki.pages[key].version += 1  # a new title is a new version there

    def delete(self, key: str) -> None:
        del self.wiki.pages[key]

    def break_(self, key: str) -> None:
        self.wiki.pages[key].is_broken = True

    def repair(self, key: str) -> None:
        self.wiki.pages[key].is_broken = False

    def restrict(self, key: str) -> bool:
        self.wiki.pages[key].users = ("ann",)
        return True

    def hide_part(self) -> bool:
        self.wiki.spaces["ENG"].is_there = False
        return True


class GitHubWorld:
    """Files of a repository."""

    def __init__(self) -> None:
        self.hub = FakeGitHub()

    @property
    def service(self) -> FakeService:
        return self.hub

    @property
    def spec(self) -> SourceSpec:
        return SourceSpec(
            kind="github",
            path=REPOSITORY,
            arguments={"repositories": (REPOSITORY,), "api": self.hub.address},
            environment={"token": TOKEN},
        )

    def add(self, name: str, text: str) -> str:
        path = f"docs/{name}.md"
        self.hub.files[path] = text.encode()
        return path

    def edit(self, key: str, text: str) -> None:
        self.hub.files[key] = text.encode()

    def rename(self, key: str, name: str) -> None:
        self.hub.files[f"docs/{name}.md"] = self.hub.files.pop(key)

    def delete(self, key: str) -> None:
        del self.hub.files[key]

    def break_(self, key: str) -> None:
        self.hub.broken.add(key)

    def repair(self, key: str) -> None:
        self.hub.broken.remove(key)

    def restrict(self, key: str) -> bool:
        return key is None  # a repository is readable completely or not

    def hide_part(self) -> bool:
        self.hub.is_there = False
        return True


class IssuesWorld(GitHubWorld):
    """Issues of a repository."""

    def add(self, name: str, text: str) -> str:
        number = len(self.hub.issues) + 1
        self.hub.issues[number] = FakeThread(name, text)
        return str(number)

    def edit(self, key: str, text: str) -> None:
        self.hub.issues[int(key)].body = text
        self.hub.issues[int(key)].updated = "2026-03-05T09:00:00Z"

    def rename(self, key: str, name: str) -> None:
        self.hub.issues[int(key)].title = name
        self.hub.issues[int(key)].updated = "2026-03-05T09:00:00Z"

    def delete(self, key: str) -> None:
        del self.hub.issues[int(key)]

    def break_(self, key: str) -> None:
        self.hub.issues[int(key)].is_broken = True

    def repair(self, key: str) -> None:
        self.hub.issues[int(key)].is_broken = False


class SiteWorld:
    """A website without accounts."""

    def __init__(self) -> None:
        self.site = FakeSite()

    @property
    def service(self) -> FakeService:
        return self.site

    @property
    def spec(self) -> SourceSpec:
        start = f"{self.site.address}{START}"
        return SourceSpec(
            kind="crawl", path=start, arguments={"start": start, "allow_private": True}
        )

    def add(self, name: str, text: str) -> str:
        path = f"{START}{name.replace(' ', '-')}.html"
        self.site.pages[path] = text
        return path

    def edit(self, key: str, text: str) -> None:
        self.site.pages[key] = text
        self.site.versions[key] = self.site.versions.get(key, 1) + 1

    def rename(self, key: str, name: str) -> None:
        self.site.pages[f"{START}{name}.html"] = self.site.pages.pop(key)

    def delete(self, key: str) -> None:
        del self.site.pages[key]

    def break_(self, key: str) -> None:
        self.site.broken.add(key)

    def repair(self, key: str) -> None:
        self.site.broken.remove(key)

    def restrict(self, key: str) -> bool:
        return key is None

    def hide_part(self) -> bool:
        self.site.is_there = False
        return True


class SlackWorld:
    """Threads of a channel."""

    def __init__(self) -> None:
        self.slack = FakeSlack()
        self._count = 0

    @property
    def service(self) -> FakeService:
        return self.slack

    @property
    def spec(self) -> SourceSpec:
        return SourceSpec(
            kind="slack",
            path=CHANNEL,
            arguments={"channels": (CHANNEL,), "api": self.slack.address, "days": 0},
            environment={"token": TOKEN},
        )

    def add(self, name: str, text: str) -> str:
        self._count += 1
        ts = f"{1772350000 + self._count}.000100"
        self.slack.threads[ts] = FakeTalk(f"{name}?", [("UBOB", text)])
        return ts

    def edit(self, key: str, text: str) -> None:
        self.slack.threads[key].replies = [("UBOB", text)]
        self.slack.threads[key].latest = "1772357000.000200"

    def rename(self, key: str, name: str) -> None:
        self.slack.threads[key].text = f"{name}?"
        self.slack.threads[key].edited = "1772357000.000200"

    def delete(self, key: str) -> None:
        del self.slack.threads[key]

    def break_(self, key: str) -> None:
        self.slack.threads[key].is_broken = True

    def repair(self, key: str) -> None:
        self.slack.threads[key].is_broken = False

    def restrict(self, key: str) -> bool:
        return key is None  # a channel is readable completely or not

    def hide_part(self) -> bool:
        self.slack.is_there = False
        return True


class NotionWorld:
    """Pages shared with a connection."""

    def __init__(self) -> None:
        self.notion = FakeNotion()

    @property
    def service(self) -> FakeService:
        return self.notion

    @property
    def spec(self) -> SourceSpec:
        return SourceSpec(
            kind="notion",
            path="notion",
            arguments={"permissions": "settings", "api": f"{self.notion.address}/v1"},
            environment={"token": TOKEN},
        )

    def add(self, name: str, text: str) -> str:
        key = f"page-{len(self.notion.pages) + 1}"
        self.notion.pages[key] = FakeNote(name, [paragraph(text)])
        return key

    def edit(self, key: str, text: str) -> None:
        self.notion.pages[key].blocks = [paragraph(text)]
        self.notion.pages[key].edited = "2026-03-05T09:00:00.000Z"

    def rename(self, key: str, name: str) -> None:
        self.notion.pages[key].title = name
        self.notion.pages[key].edited = "2026-03-05T09:00:00.000Z"

    def delete(self, key: str) -> None:
        self.notion.pages[key].in_trash = True

    def break_(self, key: str) -> None:
        self.notion.pages[key].is_broken = True

    def repair(self, key: str) -> None:
        self.notion.pages[key].is_broken = False

    def restrict(self, key: str) -> bool:
        return key is None  # Notion does not tell

    def hide_part(self) -> bool:
        return False


class JiraWorld:
    """Issues of a project."""

    def __init__(self) -> None:
        self.jira = FakeJira()

    @property
    def service(self) -> FakeService:
        return self.jira

    @property
    def spec(self) -> SourceSpec:
        site = self.jira.address
        return SourceSpec(
            kind="jira",
            path=site,
            arguments={"site": site, "projects": (PROJECT,)},
            environment={"token": TOKEN},
        )

    def add(self, name: str, text: str) -> str:
        key = str(len(self.jira.issues) + 1)
        self.jira.issues[key] = FakeIssue(name, text)
        return key

    def edit(self, key: str, text: str) -> None:
        self.jira.issues[key].text = text
        self.jira.issues[key].updated = "2026-03-05T09:00:00.000+0000"

    def rename(self, key: str, name: str) -> None:
        self.jira.issues[key].title = name
        self.jira.issues[key].updated = "2026-03-05T09:00:00.000+0000"

    def delete(self, key: str) -> None:
        del self.jira.issues[key]

    def break_(self, key: str) -> None:
        self.jira.issues[key].is_broken = True

    def repair(self, key: str) -> None:
        self.jira.issues[key].is_broken = False

    def restrict(self, key: str) -> bool:
        return key is None  # a project is readable completely or not

    def hide_part(self) -> bool:
        self.jira.is_there = False
        return True


WORLDS: dict[str, Callable[[], World]] = {
    "confluence-cloud": lambda: ConfluenceWorld(cloud=True),
    "confluence-data-center": lambda: ConfluenceWorld(cloud=False),
    "bucket": BucketWorld,
    "crawl": SiteWorld,
    "feed": FeedWorld,
    "google-drive": DriveWorld,
    "jira": JiraWorld,
    "mail": MailWorld,
    "notion": NotionWorld,
    "sharepoint": SharePointWorld,
    "slack": SlackWorld,
    "github-files": GitHubWorld,
    "github-issues": IssuesWorld,
}


OPEN = {"crawl", "feed"}
"""Kinds without accounts."""

UNTIMED = {"mail", "s3"}
"""Kinds whose services do not say how long to wait, or whose library does not tell."""


@contextmanager
def world_of(name: str) -> Iterator[World]:
    """Serve a world until the block ends."""
    world = WORLDS[name]()
    service = world.service
    with serving_mail(service) if isinstance(service, FakeMail) else serving(service):
        yield world
