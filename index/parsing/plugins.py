"""Parsers of other packages: which suffix belongs to which, and parsing with one in the child."""

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from typing import cast

from footnote_qa.errors import PluginError
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.checks import checked
from footnote_qa.index.parsing.formats import FORMAT_OF
from footnote_qa.index.types import Parsed, ProblemKind
from footnote_qa.plugins.contracts import ParserPlugin
from footnote_qa.plugins.registry import Kind, code_digest, installed, make, target_of

log = logging.getLogger(__name__)


def chosen_plugins(named: Mapping[str, str]) -> dict[str, str]:
    """Return the plug-in for each suffix that one reads, as `module:attribute`.

    A parser that the settings name comes first, then our own, then one of an installed package; its
    entry point has the name of the suffix.

    Args:
        named: References by suffix, from the settings; "" leaves the suffix to our own parsers.

    Raises:
        PluginError: A reference names no plug-in.
    """
    chosen = {suffix: target_of(Kind.PARSER, one) for suffix, one in named.items() if one}
    for plugin in installed(Kind.PARSER):
        suffix = f".{plugin.name.lower()}"
        if suffix in FORMAT_OF or suffix in named:
            continue
        if chosen.setdefault(suffix, plugin.target) != plugin.target:
            told = {"suffix": suffix, "used": chosen[suffix], "unused": plugin.target}
            log.warning("several packages parse one suffix", extra=told)
    return chosen


def identity(chosen: Mapping[str, str]) -> str:
    """Return a text that changes whenever a plug-in may give another text for the same bytes."""
    return " ".join(
        f"{suffix}={target}@{_digest(target)}" for suffix, target in sorted(chosen.items())
    )


def _digest(target: str) -> str:
    try:
        return code_digest(target)
    except PluginError:  # its files get a problem that says so
        return "missing"


def parse_by_plugin(content: bytes, *, name: str, target: str) -> Parsed:
    """Return the text of *content* as the plug-in *target* reads it; the child process calls this.

    Raises:
        UnreadableDocumentError: Its own error, or one that names the plug-in.
        MemoryError: If the process reaches its memory limit.
    """
    if not content.strip():
        raise UnreadableDocumentError(ProblemKind.EMPTY, "the file is empty")
    try:
        parser = _parser(target)
        parsed: object = parser.parse(content, name=name)
    except (UnreadableDocumentError, MemoryError):
        raise
    except PluginError as error:
        raise UnreadableDocumentError(ProblemKind.BROKEN, str(error)) from error
    except (Exception, SystemExit) as error:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN,
            f"the parser {target} failed ({type(error).__name__}); report it to its author",
        ) from error
    if faults := list(_faults(parsed)):
        raise UnreadableDocumentError(
            ProblemKind.BROKEN,
            f"the parser {target} returned {faults[0]}; report it to its author",
        )
    return checked(cast("Parsed", parsed))


@cache
def _parser(target: str) -> ParserPlugin:
    return cast("ParserPlugin", make(Kind.PARSER, target, {}))


def _faults(parsed: object) -> Iterator[str]:
    """Yield faults of what a plug-in returned: everything after it trusts these."""
    if not isinstance(parsed, Parsed) or not isinstance(parsed.text, str):
        yield f"{type(parsed).__name__}, not Parsed with a text"
        return
    if not parsed.text.isascii() and parsed.text.encode("utf-8", "ignore").decode() != parsed.text:
        yield "a text with half characters"
    starts = [heading.start for heading in parsed.headings]
    for what, offsets in (("headings", starts), ("pages", list(parsed.pages))):
        if offsets != sorted(offsets) or any(not 0 <= at <= len(parsed.text) for at in offsets):
            yield f"{what} that are not in the text, in order"
    if parsed.recognised or parsed.wanted:
        yield "pages for text recognition, which plug-ins cannot ask for"
