"""Parse MDX: Markdown without the code that a page of MDX imports, exports and comments."""

import re

from footnote_qa.index.parsing import markdown
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed

_COMMENT = re.compile(r"\{/\*.*?\*/\}", re.DOTALL)
_CODE_LINE = re.compile(r"(?:export\s+(?:const|let|var|function|default|async|\{|\*)|import\s)")
_FENCE = re.compile(r"\s*(?:```|~~~)")


def parse(content: bytes) -> Parsed:
    """Return the text of *content*; components stay, and their tags count as markup."""
    kept: list[str] = []
    in_fence, depth = False, 0
    is_code = False
    for line in _COMMENT.sub("", clean(decode(content))).split("\n"):
        in_fence ^= _FENCE.match(line) is not None
        if not in_fence and not is_code and _CODE_LINE.match(line):
            is_code, depth = True, 0
        if not is_code:
            kept.append(line)
            continue
        depth += sum(map(line.count, "{[(")) - sum(map(line.count, ")]}"))
        # Code ends with its brackets, or at the latest at a blank line outside of them
        is_code = depth > 0
    return markdown.parse("\n".join(kept).lstrip("\n").encode())
