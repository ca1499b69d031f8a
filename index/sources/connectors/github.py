"""GitHub: files of a repository, issues and discussions with their comments.

https://docs.github.com/en/rest
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote, urlsplit

from footnote_qa.index.audience import EVERYBODY, Readers
from footnote_qa.index.sources.connectors.github_threads import (
    DISCUSSION,
    DISCUSSIONS,
    as_markdown,
    entries_of_discussion,
    entries_of_issue,
)
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

_PAGE: Final = 100
_RAW: Final = {"Accept": "application/vnd.github.raw+json"}
_FILE, _ISSUE, _TALK = "file", "issue", "discussion"
_WRITTEN: Final = "1"
"""Raised when an issue or a discussion of the same time becomes another text."""


class GitHub:
    """Repositories that the account may read.

    Args:
        client: With the API as its base.
        settings: The source's settings.
    """

    def __init__(self, client: Client, settings: ConnectorSettings) -> None:
        self._client, self._settings = client, settings
        self._name = f"github/{urlsplit(client.base).netloc}"
        self._private: dict[str, Json] = {}
        self._blobs: dict[str, str] = {}

    def check(self) -> str:
        """Return who is signed in."""
        try:
            user = self._client.json("/user")
        except (ForbiddenError, MissingError):  # the token of an app is no user's
            self._client.json("/rate_limit")
            return f"an app at {self._client.base}"
        return f"{user.get('login')} at {self._client.base}"

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield every file, issue and discussion: GitHub reports no deletion, so all is listed."""
        del cursor
        for name in self._settings.texts("repositories"):
            try:
                yield from self._in_repository(name)
            except ItemError as error:
                yield Unlisted(scope=name, reason=error.reason)
        yield Listed()

    def _in_repository(self, name: str) -> Iterator[Item]:
        repository = self._client.json(f"/repos/{name}")
        readers = self._readers(name, repository)
        if self._settings.flag("files"):
            yield from self._files(name, repository, readers)
        if self._settings.flag("issues") and repository.get("has_issues"):
            yield from self._issues(name, readers)
        if self._settings.flag("discussions") and repository.get("has_discussions"):
            yield from self._discussions(name, readers)

    def _readers(self, name: str, repository: Json) -> Readers:
        if self._settings.text("permissions") == "settings" or not repository.get("private", True):
            return EVERYBODY
        self._private[name] = repository
        return ((f"{self._name}/repository/{name}",),)

    def _files(self, name: str, repository: Json, readers: Readers) -> Iterator[Item]:
        branch = self._settings.text("branch") or str(repository.get("default_branch") or "main")
        page = str(repository.get("html_url") or "")
        suffixes = {one.lower() for one in self._settings.texts("suffixes")}
        for path, sha, size in self._tree(name, branch):
            if PurePosixPath(path).suffix.lower() not in suffixes:
                continue
            if size > self._settings.max_bytes:
                continue
            key = f"{_FILE}:{name}:{path}"
            self._blobs[key] = sha
            yield Item(
                key=key,
                version=sha,
                path=joined(name, path),
                name=PurePosixPath(path).name,
                url=f"{page}/blob/{quote(branch)}/{quote(path)}" if page else None,
                scope=name,
                readers=readers,
            )

    def _tree(self, name: str, branch: str) -> Iterator[tuple[str, str, int]]:
        """Yield path, hash and size of every file; a tree that is too large is read by folders."""
        base = f"/repos/{name}/git/trees"
        try:
            tree = self._client.json(f"{base}/{quote(branch, safe='')}", {"recursive": 1})
        except ItemError as error:
            if isinstance(error, MissingError):  # an empty repository has no branch
                return
            raise
        if not tree.get("truncated"):
            yield from _blobs(tree, "")
            return
        waiting = [("", str(tree.get("sha") or branch))]
        while waiting:
            folder, sha = waiting.pop()
            tree = self._client.json(f"{base}/{quote(sha, safe='')}")
            yield from _blobs(tree, folder)
            waiting += [
                (f"{folder}{one['path']}/", str(one["sha"]))
                for one in tree.get("tree") or ()
                if one.get("type") == "tree"
            ]

    def _issues(self, name: str, readers: Readers) -> Iterator[Item]:
        asked: dict[str, str | int] = {"state": "all", "per_page": _PAGE, "sort": "created"}
        for one in self._rows(f"/repos/{name}/issues", asked):
            if "pull_request" in one:
                continue
            number, updated = int(one["number"]), str(one.get("updated_at") or "")
            yield Item(
                key=f"{_ISSUE}:{name}:{number}",
                version=f"{updated}.{one.get('comments', 0)}.{_WRITTEN}",
                path=joined(name, "issues", f"{number} {safe(str(one.get('title') or ''))}.md"),
                name="issue.md",
                title=str(one.get("title") or ""),
                url=one.get("html_url"),
                modified_at=time_of(updated),
                created_at=time_of(one.get("created_at")),
                author=str((one.get("user") or {}).get("login") or ""),
                scope=name,
                readers=readers,
            )

    def _discussions(self, name: str, readers: Readers) -> Iterator[Item]:
        owner, _, repository = name.partition("/")
        after: str | None = None
        while True:
            asked = {"owner": owner, "name": repository, "after": after}
            found = self._graphql(DISCUSSIONS, asked)["repository"]["discussions"]
            for one in found["nodes"]:
                yield _discussion(name, one, readers)
            if not found["pageInfo"]["hasNextPage"]:
                return
            after = found["pageInfo"]["endCursor"]

    def _graphql(self, query: str, variables: Mapping[str, object]) -> Json:
        # A server of one's own has its REST API at /api/v3 and GraphQL at /api/graphql
        address = f"{self._client.base.removesuffix('/v3')}/graphql"
        body = {"query": query, "variables": dict(variables)}
        reply = self._client.reply(address, max_bytes=50_000_000, body=body)
        value = self._client.json_of(reply)
        if not isinstance(value.get("data"), Mapping) or not value["data"].get("repository"):
            raise ItemError("GitHub does not show the discussions to the account")
        return value["data"]

    def fetch(self, item: Item) -> bytes:
        """Return a file as it is, or a thread as Markdown."""
        kind, name, rest = item.key.split(":", 2)
        if kind == _FILE:
            sha = self._blobs.get(item.key, item.version)
            return self._client.reply(
                f"/repos/{name}/git/blobs/{sha}",
                max_bytes=self._settings.max_bytes,
                headers=_RAW,
            ).content
        if kind == _ISSUE:
            issue = self._client.json(f"/repos/{name}/issues/{rest}")
            asked: dict[str, str | int] = {"per_page": _PAGE}
            comments = list(self._rows(f"/repos/{name}/issues/{rest}/comments", asked))
            return as_markdown(entries_of_issue(issue, comments))
        owner, _, repository = name.partition("/")
        asked_of = {"owner": owner, "name": repository, "number": int(rest)}
        found = self._graphql(DISCUSSION, asked_of)["repository"]["discussion"]
        if not found:
            raise MissingError("GitHub has it no more, or hides it from the account")
        return as_markdown(entries_of_discussion(found))

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield who may read each private repository, with the addresses that are public."""
        people: set[str] = set()
        for name in sorted(self._private):
            for login in self._collaborators(name):
                people.add(login)
                yield f"{self._name}/repository/{name}", f"{self._name}/user/{login}"
        for login in sorted(people):
            try:
                address = self._client.json(f"/users/{quote(login)}").get("email")
            except (MissingError, ForbiddenError):
                continue
            if address:
                yield f"{self._name}/user/{login}", f"email:{str(address).strip().casefold()}"

    def _collaborators(self, name: str) -> Iterator[str]:
        asked: dict[str, str | int] = {"per_page": _PAGE, "affiliation": "all"}
        try:
            for one in self._rows(f"/repos/{name}/collaborators", asked):
                yield str(one["login"])
        except (MissingError, ForbiddenError) as error:
            raise ItemError(
                f"who may read {name} is hidden: let the token read its administration, or set"
                ' permissions = "settings"'
            ) from error

    def _rows(self, path: str, asked: Mapping[str, str | int]) -> Iterator[Json]:
        """Yield the rows of every page; the address of the next one is in a header.

        https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
        """
        address: str | None = path
        first: Mapping[str, str | int] | None = asked
        while address is not None:
            reply = self._client.reply(address, first, max_bytes=50_000_000)
            yield from self._client.json_of(reply)
            address, first = _next(reply.headers.get("link", "")), None


def _blobs(tree: Json, folder: str) -> Iterator[tuple[str, str, int]]:
    for one in tree.get("tree") or ():
        if one.get("type") == "blob" and one.get("mode") != "120000":  # a link is no file
            yield f"{folder}{one['path']}", str(one["sha"]), int(one.get("size") or 0)


def _next(link: str) -> str | None:
    """Return the address of the next page.

    >>> _next('<https://x.test/a?page=2>; rel="next", <https://x.test/a?page=9>; rel="last"')
    'https://x.test/a?page=2'
    """
    for part in link.split(","):
        address, _, relation = part.partition(";")
        if 'rel="next"' in relation:
            return address.strip().strip("<>")
    return None


def _discussion(name: str, one: Json, readers: Readers) -> Item:
    count = (one.get("comments") or {}).get("totalCount", 0)
    return Item(
        key=f"{_TALK}:{name}:{one['number']}",
        version=f"{one['updatedAt']}.{count}.{_WRITTEN}",
        path=joined(name, "discussions", f"{one['number']} {safe(str(one['title']))}.md"),
        name="discussion.md",
        title=str(one["title"]),
        url=one.get("url"),
        modified_at=time_of(one["updatedAt"]),
        created_at=time_of(one.get("createdAt")),
        author=str((one.get("author") or {}).get("login") or ""),
        scope=name,
        readers=readers,
    )


def _is_limit(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether GitHub asks to wait.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api

    >>> _is_limit(403, {"x-ratelimit-remaining": "0"}), _is_limit(403, {})
    (True, False)
    """
    is_used_up = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
    return status == 429 or (status == 403 and is_used_up)  # noqa: PLR2004  as documented


def make(settings: ConnectorSettings) -> GitHub:
    """Return the connector of these settings."""
    limit: Callable[[int, Mapping[str, str]], bool] = _is_limit
    options = ClientOptions(
        headers={
            "Authorization": f"Bearer {settings.secrets['token']}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
        token_name=settings.variables["token"],
        service="GitHub",
        clock=settings.clock,
        is_limit=limit,
    )
    return GitHub(Client(settings.text("api"), options), settings)
