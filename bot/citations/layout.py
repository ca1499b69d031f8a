"""Lay out checked statements: keep lines in order and put labels where they break nothing."""

import re
from collections.abc import Iterable, Iterator, Sequence

_STOP = re.compile(r"[.!?…。！？:：]+[\"'”’»)]*$")
_FENCE = re.compile(r"[ ]*(?:```|~~~)")
_STRUCTURE = re.compile(r"[ ]*(?:[-*+]|\d{1,3}[.)])[ ]|[ ]*\|.*\|$")


def tidied(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines with single spaces; code, and the indents of lists, stay as they are."""
    is_code = False
    is_blank = False
    for line in lines:
        if _FENCE.match(line):
            is_code = not is_code
            yield line.rstrip()
        elif is_code:
            yield line.rstrip()
        elif tidy := re.sub(r"\s+", " ", line).strip():
            indent = line[: len(line) - len(line.lstrip(" "))] if _STRUCTURE.match(line) else ""
            if is_blank and _STRUCTURE.match(line):
                yield ""  # Markdown needs a blank line before a table
            yield indent + tidy
        is_blank = not line.strip()


def with_labels(text: str, labels: str) -> str:
    """Return *text* with its labels, before the full stop or on the line above code or a table."""
    lines = text.split("\n")
    last = lines[-1]
    if len(lines) > 1 and (_FENCE.match(last) or last.lstrip().startswith("|")):
        first = next(at for at, line in enumerate(lines) if _opens(line))
        if first == 0:
            return f"{text}\n\n{labels}"
        above = max(at for at in range(first) if lines[at].strip())
        return "\n".join([*lines[:above], _labelled(lines[above], labels), *lines[above + 1 :]])
    return _labelled(text, labels)


def _opens(line: str) -> bool:
    return bool(_FENCE.match(line)) or line.lstrip().startswith("|")


def _labelled(text: str, labels: str) -> str:
    stop = _STOP.search(text)
    at = stop.start() if stop else len(text)
    return f"{text[:at].rstrip()} {labels}{text[at:]}"


def joined(told: Sequence[str]) -> str:
    r"""Join sentences with a space, or with a line break where a space would run them together.

    >>> joined(["Fees are due [1].", "Garage: 3 euros [2]", "Street: free [3]"])
    'Fees are due [1]. Garage: 3 euros [2]\nStreet: free [3]'
    """
    return "".join(_pieces(told))


def _pieces(told: Sequence[str]) -> Iterator[str]:
    for at, text in enumerate(told):
        if at:
            if "\n" in told[at - 1]:  # a line right under a list would belong to its last item
                yield "\n\n"
            else:
                yield "\n" if "\n" in text or told[at - 1].endswith("]") else " "
        yield text
