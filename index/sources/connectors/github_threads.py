"""Issues and discussions of GitHub as one text each, with their comments in order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from footnote_qa.index.sources.sync import Json

DISCUSSIONS: Final = """
query($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    discussions(first: 100, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        number title url updatedAt createdAt
        author { login }
        comments { totalCount }
      }
    }
  }
}
"""
DISCUSSION: Final = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    discussion(number: $number) {
      title body createdAt
      author { login }
      comments(first: 100) {
        nodes {
          body createdAt isAnswer
          author { login }
          replies(first: 100) { nodes { body createdAt author { login } } }
        }
      }
    }
  }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One person's message in a thread.

    Attributes:
        text: In Markdown.
        author: Their name; "" if unknown.
        day: When, as YYYY-MM-DD; "" if unknown.
        heading: The heading above it; "" for the first entry.
    """

    text: str
    author: str = ""
    day: str = ""
    heading: str = ""


def entries_of_issue(issue: Json, comments: Sequence[Json]) -> Iterator[Entry]:
    """Yield an issue's text and its comments."""
    state = issue.get("state")
    reason = f" ({issue['state_reason']})" if issue.get("state_reason") else ""
    labels = ", ".join(str(one.get("name")) for one in issue.get("labels") or ())
    facts = f"State: {state}{reason}." + (f" Labels: {labels}." if labels else "")
    yield Entry(text=f"{issue.get('body') or ''}\n\n{facts}")
    for one in comments:
        yield _entry(one, "Comment", author="user", at="created_at")


def entries_of_discussion(discussion: Json) -> Iterator[Entry]:
    """Yield a discussion's text, its comments and the replies to them."""
    yield Entry(text=str(discussion.get("body") or ""))
    for one in (discussion.get("comments") or {}).get("nodes") or ():
        heading = "Answer" if one.get("isAnswer") else "Comment"
        yield _entry(one, heading, author="author", at="createdAt")
        for reply in (one.get("replies") or {}).get("nodes") or ():
            yield _entry(reply, "Reply", author="author", at="createdAt")


def _entry(one: Json, heading: str, *, author: str, at: str) -> Entry:
    return Entry(
        text=str(one.get("body") or ""),
        author=str((one.get(author) or {}).get("login") or ""),
        day=str(one.get(at) or "")[:10],
        heading=heading,
    )


def as_markdown(entries: Iterator[Entry]) -> bytes:
    r"""Return a thread as Markdown; each comment has a heading that says whose it is.

    >>> as_markdown(iter([Entry(text="Why?"), Entry(text="So.", author="ann", heading="Comment")]))
    b'Why?\n\n## Comment by ann\n\nSo.\n'
    """
    parts = []
    for entry in entries:
        if entry.heading:
            by = f" by {entry.author}" if entry.author else ""
            on = f" on {entry.day}" if entry.day else ""
            parts.append(f"## {entry.heading}{by}{on}")
        parts.append(entry.text.replace("\r\n", "\n").strip())
    return ("\n\n".join(part for part in parts if part) + "\n").encode(errors="replace")
