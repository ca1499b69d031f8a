"""Prepare rich text (RTF) for its conversion: without unshown words, with marks for scripts."""

import re
from dataclasses import dataclass, replace

from footnote_qa.index.parsing.scripts import lowered, raised

_TOKEN = re.compile(r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'[0-9a-fA-F]{2}|\\[^a-z]|[{}]|[^\\{}]+")
_WANTED = re.compile(r"\\(?:v|strike|striked|deleted|super|sub|up|dn|intbl)(?![a-z])")
_UP, _DOWN, _END = "\uf8fe", "\uf8fd", "\uf8fc"  # private characters around raised words
_SCRIPT = re.compile(f"[{_UP}{_DOWN}][^{_UP}{_DOWN}{_END}\n|]*{_END}?")
_MARKS = re.compile(f"[{_UP}{_DOWN}{_END}]")
_SWITCHES = frozenset({"v", "strike", "striked", "deleted"})
_SCRIPTS = {"super": _UP, "sub": _DOWN, "nosupersub": "", "up": _UP, "dn": _DOWN}
_SIGNS = frozenset(
    {"u", "emdash", "endash", "bullet", "lquote", "rquote", "ldblquote", "rdblquote"}
)
_BREAKS = frozenset({"par", "line"})


def written(mark: str) -> str:
    r"""Return how rich text writes a private character, whatever it says about other ones.

    >>> written("\uf8ff")
    '{\\uc1\\u-1793?}'
    """
    return f"{{\\uc1\\u{ord(mark) - 65536}?}}"


@dataclass(frozen=True, slots=True)
class _State:
    """How the text of a group looks."""

    unshown: frozenset[str] = frozenset()
    script: str = ""
    in_table: bool = False


def prepared(source: str) -> str:
    """Return rich text without hidden, struck-out and deleted words, and with marks for scripts.

    A cell of a table becomes one line.
    """
    if not _WANTED.search(source):
        return source
    state, outer = _State(), list[_State]()
    script = ""
    pieces: list[str] = []
    for token in _TOKEN.finditer(source):
        text, word = token[0], token[1]
        if word is not None and word not in _SIGNS:
            state = _changed(state, word, token[2])
            pieces.append(" " if word in _BREAKS and state.in_table else text)
        elif text in {"{", "}"}:
            outer += [state] if text == "{" else []
            state = state if text == "{" else (outer.pop() if outer else _State())
            pieces.append(text)
        elif not state.unshown:
            if state.script != script and text.strip():
                pieces += [written(mark) for mark in (script and _END, state.script) if mark]
                script = state.script
            pieces.append(text)
    return "".join(pieces)


def _changed(state: _State, word: str, number: str | None) -> _State:
    is_on = number != "0"
    if word in _SWITCHES:
        other = state.unshown - {word}
        return replace(state, unshown=other | {word} if is_on else other)
    if word in _SCRIPTS:
        return replace(state, script=_SCRIPTS[word] if is_on else "")
    if word == "plain":
        return _State(in_table=state.in_table)
    if word in {"intbl", "pard"}:
        return replace(state, in_table=word == "intbl")
    return state


def with_scripts(text: str) -> str:
    """Return converted text with raised and lowered words written on the line."""
    if not _MARKS.search(text):
        return text
    told = ""
    end = 0
    for match in _SCRIPT.finditer(text):
        told += _MARKS.sub("", text[end : match.start()])
        words = _MARKS.sub("", match[0])
        after = _MARKS.sub("", text[match.end() : match.end() + 2])
        is_up = match[0][0] == _UP
        told += raised(words, before=told) if is_up else lowered(words, before=told, after=after)
        end = match.end()
    return told + _MARKS.sub("", text[end:])
