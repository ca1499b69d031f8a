"""Jira Cloud: issues of projects with their comments, for those who may browse the project.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/
"""

import base64
import html
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from footnote_qa.index.audience import EVERYBODY, NOBODY, Readers, email
from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors.kinds import ConnectorSettings
from footnote_qa.index.sources.connectors.paths import joined, safe, time_of
from footnote_qa.index.sources.sync import (
    Client,
    ClientOptions,
    Event,
    ForbiddenError,
    Item,
    ItemError,
    Json,
    Listed,
    MissingError,
    Unlisted,
)

_API: Final = "/rest/api/3"
_PAGE: Final = 100
_LISTED: Final = "summary,updated,created,reporter,security"
_READ: Final = "summary,description,comment,status,resolution,labels"
_WRITTEN: Final = "1"
"""Raised when an unchanged issue becomes another text."""


class Jira:
    """The projects that the account may browse.

    Args:
        client: With the site as its base.
        settings: The source's settings.
    """

    def __init__(self, client: Client, settings: ConnectorSettings) -> None:
        self._client, self._settings = client, settings
        self._name = f"jira/{urlsplit(settings.text('site')).netloc}"

    def check(self) -> str:
        """Return who is signed in."""
        me = self._client.json(f"{_API}/myself")
        if not me.get("accountId"):
            raise SourceError("Jira knows no account for the token: make a new one")
        return f"{me.get('displayName')} at {self._settings.text('site')}"

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield every issue: Jira reports no deletion, so all are listed."""
        del cursor
        self.check()
        for project in self._settings.texts("projects"):
            try:
                # A search for a project that is hidden finds nothing, which is no deletion
                self._client.json(f"{_API}/project/{quote(project)}")
                yield from self._in_project(project)
            except ItemError as error:
                yield Unlisted(scope=project, reason=error.reason)
        yield Listed()

    def _in_project(self, project: str) -> Iterator[Item]:
        asked: dict[str, str | int] = {
            "jql": f'project = "{project}" ORDER BY created ASC',
            "fields": _LISTED,
            "maxResults": _PAGE,
        }
        while True:
            page = self._client.json(f"{_API}/search/jql", asked)
            for issue in page.get("issues") or ():
                yield self._item(project, issue)
            if page.get("isLast", True) or not page.get("nextPageToken"):
                return
            asked["nextPageToken"] = str(page["nextPageToken"])

    def _item(self, project: str, issue: Json) -> Item:
        fields, key = issue.get("fields") or {}, str(issue["key"])
        title = str(fields.get("summary") or key)
        updated = str(fields.get("updated") or "")
        return Item(
            key=str(issue["id"]),
            version=f"{updated}.{_WRITTEN}",
            path=joined(safe(project), f"{key} {safe(title)}.html"),
            name="issue.html",
            title=f"{key} {title}",
            url=f"{self._settings.text('site').rstrip('/')}/browse/{key}",
            modified_at=time_of(updated),
            created_at=time_of(fields.get("created")),
            author=str((fields.get("reporter") or {}).get("accountId") or ""),
            scope=project,
            readers=self._readers(project, fields),
        )

    def _readers(self, project: str, fields: Json) -> Readers:
        if fields.get("security"):  # whom a security level lets in is not shown to the account
            return NOBODY
        if self._settings.text("permissions") == "settings":
            return EVERYBODY
        return ((f"{self._name}/project/{project}",),)

    def fetch(self, item: Item) -> bytes:
        """Return an issue as HTML: its facts, its description, and its comments in order."""
        asked: dict[str, str | int] = {"expand": "renderedFields", "fields": _READ}
        issue = self._client.json(f"{_API}/issue/{item.key}", asked)
        fields, shown = issue.get("fields") or {}, issue.get("renderedFields") or {}
        parts = [_facts(fields), str(shown.get("description") or "")]
        comments = (fields.get("comment") or {}).get("comments") or ()
        texts = (shown.get("comment") or {}).get("comments") or ()
        for comment, text in zip(comments, texts, strict=False):
            # A comment can be for a group or a role alone
            if not comment.get("visibility"):
                parts += [_heading(comment), str(text.get("body") or "")]
        return f"<html><body>{''.join(parts)}</body></html>".encode(errors="replace")

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield who may browse each project, with the addresses that Jira shows."""
        if self._settings.text("permissions") == "settings":
            return
        for project in self._settings.texts("projects"):
            group = f"{self._name}/project/{project}"
            for user in self._browsing(project):
                person = f"{self._name}/user/{user['accountId']}"
                yield group, person
                if user.get("emailAddress"):
                    yield person, email(str(user["emailAddress"]))

    def _browsing(self, project: str) -> Iterator[Json]:
        start = 0
        while True:
            asked: dict[str, str | int] = {
                "permissions": "BROWSE_PROJECTS",
                "projectKey": project,
                "startAt": start,
                "maxResults": _PAGE,
            }
            try:
                users = self._client.json(f"{_API}/user/permission/search", asked)
            except MissingError:  # the project is reported when it is listed
                return
            except ForbiddenError as error:
                raise ItemError(
                    f"who may browse {project} is hidden: let the account administer Jira, or set"
                    ' permissions = "settings"'
                ) from error
            yield from users
            if not users:
                return
            start += len(users)


def _facts(fields: Json) -> str:
    status = str((fields.get("status") or {}).get("name") or "")
    resolution = str((fields.get("resolution") or {}).get("name") or "")
    facts = {
        "Status": status,
        "Resolution": resolution,
        "Labels": ", ".join(fields.get("labels") or ()),
    }
    words = [f"{name}: {html.escape(value)}." for name, value in facts.items() if value]
    return f"<p>{' '.join(words)}</p>" if words else ""


def _heading(comment: Json) -> str:
    name = html.escape(str((comment.get("author") or {}).get("displayName") or "someone"))
    day = str(comment.get("created") or "")[:10]
    return f"<h2>Comment by {name} on {day}</h2>"


def make(settings: ConnectorSettings) -> Jira:
    """Return the connector of these settings."""
    account, token = settings.text("email"), settings.secrets["token"]
    both = base64.b64encode(f"{account}:{token}".encode()).decode()
    headers: Mapping[str, str] = {
        "Authorization": f"Basic {both}" if account else f"Bearer {token}",
        "Accept": "application/json",
    }
    options = ClientOptions(
        headers=headers,
        token_name=settings.variables["token"],
        service="Jira",
        clock=settings.clock,
    )
    return Jira(Client(settings.text("site"), options), settings)
