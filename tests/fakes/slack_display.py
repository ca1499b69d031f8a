"""A message as people see it: its words, whom it pings, and what they could click."""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Stricter than Slack, which leaves rich_text and plain_text alone: phones link addresses there too.
# docs.slack.dev/messaging/formatting-message-text: addresses become links by themselves.
AUTOLINK = re.compile(
    r"\b[a-z][a-z0-9+.-]*:/+\S+"  # scheme://…
    r"|\b(?:mailto|tel|javascript|data):[^\s\u2060]\S*"
    r"|[^\s<>@]+@[^\s<>@]+\.[a-z]{2,}"  # mail
    r"|(?<![\w.@-])(?:[\w-]+[.。．｡])+[^\W\d_]{2,}(?![\w])[^\s<>]*",  # bare domain
    re.IGNORECASE,
)
# The same page: bare names ring with link_names or parse=full alone.
BARE_PING = re.compile(r"(?<![\w@])@(here|channel|everyone|group)\b")
# The same page: text between angle brackets. PostHog#95054: in Markdown as well.
MARKED = re.compile(r"<([^<>]*)>")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
# docs.slack.dev/reference/block-kit/blocks/markdown-block: links, images, reference links.
MARKDOWN_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)


@dataclass
class Shown:
    """Attributes: text as seen, pings such as "!channel" or "@U1", links as addresses."""

    text: str = ""
    pings: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def add(self, other: "Shown") -> None:
        self.text += other.text
        self.pings += other.pings
        self.links += other.links


def show(message: Mapping[str, Any]) -> Shown:
    """Read a message as every client together would: its blocks, and its text for notifications."""
    shown = Shown()
    shown.add(markdown(message.get("markdown") or ""))
    for block in message.get("blocks") or ():
        shown.add(_block(block))
        shown.text += "\n"
    fallback = mrkdwn(
        message.get("text") or "",
        names_are_links=bool(message.get("link_names")) or message.get("parse") == "full",
    )
    if message.get("blocks") or message.get("markdown"):
        fallback.text = ""
    shown.add(fallback)
    return shown


def mrkdwn(text: str, *, names_are_links: bool = False) -> Shown:
    shown = Shown()
    for found in MARKED.finditer(text):
        target = found.group(1).partition("|")[0]
        (shown.pings if target[:1] in {"!", "@"} else shown.links).append(target)
    bare = MARKED.sub(" ", text)
    shown.links += _autolinks(CODE.sub(" ", bare))
    if names_are_links:
        shown.pings += BARE_PING.findall(bare)
    shown.text = html.unescape(MARKED.sub(lambda m: m.group(1).rpartition("|")[2], text))
    return shown


def markdown(text: str) -> Shown:
    shown = mrkdwn(text)
    shown.links += ["".join(groups) for groups in MARKDOWN_LINK.findall(text)]
    return shown


def literal(text: str) -> Shown:
    return Shown(text=text, links=_autolinks(text))


def _autolinks(text: str) -> list[str]:
    return [found.group() for found in AUTOLINK.finditer(text)]


def _block(block: Mapping[str, Any]) -> Shown:
    if block["type"] in {"rich_text", "markdown"}:
        return _rich(block) if block["type"] == "rich_text" else markdown(block["text"])
    if block["type"] == "container":
        return _joined([_object(block["title"]), *(_line(b) for b in block["child_blocks"])])
    if block["type"] == "table":
        return _joined(_line(cell) for row in block["rows"] for cell in row)
    if block["type"] in {"actions", "context_actions"}:
        return _joined(_control(element) for element in block["elements"])
    if block["type"] == "input":
        return _joined([_object(block["label"]), _control(block["element"])])
    objects = [block.get("text"), *(block.get("fields") or ()), *(block.get("elements") or ())]
    return _joined(_object(thing) for thing in objects if thing)


def _line(block: Mapping[str, Any]) -> Shown:
    shown = literal(block["text"]) if block["type"] == "raw_text" else _block(block)
    return Shown(text="\n" + shown.text, pings=shown.pings, links=shown.links)


def _control(element: Mapping[str, Any]) -> Shown:
    """The words on a control; what is behind it is read by the app alone."""
    texts = [element.get(key) for key in ("text", "placeholder")]
    texts += [option["text"] for option in element.get("options", ())]
    for key in ("positive_button", "negative_button"):
        texts += [element[key]["text"]] if key in element else []
    shown = _joined(_object(text) for text in texts if text)
    shown.links += [element["url"]] if element.get("url") else []
    return Shown(text="", pings=shown.pings, links=shown.links)


def _object(thing: Mapping[str, Any]) -> Shown:
    if thing["type"] == "mrkdwn":
        return mrkdwn(thing["text"])
    if thing["type"] == "plain_text":
        return literal(thing["text"])
    shown = _object(thing["text"]) if isinstance(thing.get("text"), Mapping) else Shown()
    shown.links += [thing[key] for key in ("url", "image_url") if thing.get(key)]
    return shown


def _rich(element: Mapping[str, Any]) -> Shown:
    kind = element["type"]
    if kind == "text":
        return literal(element["text"])
    if kind == "link":
        shown = literal(element.get("text") or element["url"])
        return Shown(text=shown.text, links=[*shown.links, element["url"]])
    if kind in {"user", "usergroup", "broadcast", "channel", "team"}:
        target = next(str(v) for k, v in element.items() if k.endswith("_id") or k == "range")
        return Shown(text=f"@{target}", pings=[target])
    inner = _joined(_rich(e) for e in element.get("elements", ()))
    inner.text += "\n" if kind != "rich_text" else ""
    return inner


def _joined(parts: Iterable[Shown]) -> Shown:
    whole = Shown()
    for part in parts:
        whole.add(part)
    return whole
