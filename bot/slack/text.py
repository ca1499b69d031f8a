"""Slack's text made plain on its way in, and harmless on its way out."""

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

JOINER: Final = "\u2060"
"""Word joiner: it shows nothing, and no link can be read across it."""

MAX_URL_CHARS: Final = 3000

_MARKED = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
# Where an address would be read: after a scheme's colon, after a dot before a letter, after an @.
# Both ends of the text count as well: the piece beside it may bring the other half.
_LINKABLE = re.compile(
    r":(?=/|\Z)|(?:(?<=[^\W\d_])|(?<![\s\S])):(?=\S)"
    r"|[.\u3002\uff0e\uff61](?=[^\W\d_]|\Z)"
    r"|@(?=\w|\Z)"
)
# Characters that show nothing although they are no format characters: blank letters, grapheme
# joiner, and the supplementary variation selectors in which whole texts can be hidden.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\U000e0100-\U000e01ef]")
# What makes a link of the words before it, an image of a link, or an address of a label.
_MARKDOWN_LINK = re.compile(r"\](?=[(:\[]|\Z)|!(?=\[|\Z)")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029\u0085\v\f]")
_JOINING = "\u200c\u200d"


def question_text(raw: str, bot_user: str) -> str:
    """Make plain text of a message that asks the bot something.

    >>> question_text("<@U0BOT> what is <https://a.example/x|this> &amp; <#C1|that>?", "U0BOT")
    'what is this & #that?'
    """
    without_us = re.sub(rf"<@{re.escape(bot_user)}(?:\|[^<>]*)?>", " ", raw)
    plain = _MARKED.sub(_unmark, without_us)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        plain = plain.replace(entity, character)
    return re.sub(r"[ \t]+", " ", clean(plain)).strip()


def _unmark(found: re.Match[str]) -> str:
    kind, target, label = found.groups()
    if kind == "!":
        return label or "@" + target.partition("^")[0]
    return kind + (label or target)


def clean(text: str) -> str:
    r"""Take out what shows nothing or turns the reading direction, and so could hide something.

    Joiners stay where scripts need them: one at a time, between characters beyond ASCII.

    >>> clean("pass\u200bword \u202egpj.exe")
    'password gpj.exe'
    """
    text = _BLANK.sub("", _LINE_ENDS.sub("\n", text).replace("\t", " "))
    return "".join(c for i, c in enumerate(text) if _shows(text, i, c))


def _shows(text: str, i: int, character: str) -> bool:
    if character == "\n":
        return True
    if character in _JOINING:
        around = text[i - 1 : i] + text[i + 1 : i + 2]
        return len(around) == 2 and all(c > "\x7f" and not _hidden(c) for c in around)  # noqa: PLR2004 one on each side
    return not _hidden(character)


def _hidden(character: str) -> bool:
    # Controls, format characters, halves of surrogate pairs.
    return unicodedata.category(character) in {"Cc", "Cf", "Cs"}


def inert(text: str) -> str:
    """Make *text* such that no client turns any part of it into a link or a mention.

    It looks the same: an invisible joiner stands where an address would be read. That holds at
    every border too, so pieces may be made inert one by one and then put together. For places
    where Slack shows text literally (`rich_text`, `plain_text`).

    >>> inert("see evil.example").replace(JOINER, "~")
    'see evil.~example'
    """
    return _LINKABLE.sub(lambda found: found.group() + JOINER, clean(text))


def defuse(text: str) -> str:
    """Make *text* inert for places where Slack reads mark-up (`text`, `mrkdwn`).

    >>> defuse("<!channel> & more")
    '&lt;!channel&gt; &amp; more'
    """
    escaped = inert(text).replace("&", "&amp;")
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def defuse_markdown(text: str) -> str:
    """Make *text* inert for places where Slack reads Markdown: no link, no image, no mention.

    Tables, code and emphasis stay. Like `inert` it holds at every border.

    >>> defuse_markdown("[click](evil) <!here> **yes** [1][2]").replace(JOINER, "~")
    '[click]~(evil) &lt;!here&gt; **yes** [1]~[2]~'
    """
    return _MARKDOWN_LINK.sub(lambda found: found.group() + JOINER, defuse(text))


def shorten(text: str, max_chars: int) -> str:
    """Cut *text* to one line of at most *max_chars*, at a word if one ends near.

    >>> shorten("the quick brown fox", 12)
    'the quick …'
    """
    line = " ".join(text.split())
    if len(line) <= max_chars:
        return line
    head = line[: max_chars - 1]
    at_word = head.rpartition(" ")[0] + " "
    return (at_word if len(at_word) > max_chars // 2 else head) + "…"


def safe_url(url: str | None) -> str | None:
    """Return *url* if a person may be sent there: http or https, a host, no user, nothing odd.

    >>> safe_url("https://wiki.example/a%20b"), safe_url("https://bank.example@evil.example/")
    ('https://wiki.example/a%20b', None)
    """
    if not url or len(url) > MAX_URL_CHARS or re.search(r"[\s<>|\\\"]", url) or clean(url) != url:
        return None
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return None
    is_plain = parts.scheme in {"http", "https"} and "@" not in parts.netloc
    return url if is_plain and parts.hostname and port_is_fine else None
