"""Blocks of Notion become Markdown: https://developers.notion.com/reference/block."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from footnote_qa.index.sources.sync import Json

CHILDREN_ELSEWHERE: Final = frozenset({"child_page", "child_database", "unsupported"})
"""Blocks whose children are documents of their own, or cannot be read."""

_HEADINGS: Final = {"heading_1": "#", "heading_2": "##", "heading_3": "###"}
_ITEMS: Final = {"bulleted_list_item": "-", "numbered_list_item": "1."}
_QUOTED: Final = frozenset({"quote", "callout"})
_NAMED: Final = frozenset({"image", "file", "pdf", "video", "bookmark", "embed", "link_preview"})


def words_of(rich: object) -> str:
    """Return the plain text of Notion's rich text; a formula is written between dollars.

    >>> words_of([{"plain_text": "Ask "}, {"type": "equation", "plain_text": "x^2"}])
    'Ask $x^2$'
    """
    parts = rich if isinstance(rich, list) else []
    return "".join(
        f"${one.get('plain_text', '')}$"
        if one.get("type") == "equation"
        else str(one.get("plain_text") or "")
        for one in parts
    )


def title_of(page: Json) -> str:
    """Return the title of a page or a database; "Untitled" if it has none."""
    if page.get("object") == "database":
        return words_of(page.get("title")) or "Untitled"
    for value in (page.get("properties") or {}).values():
        if value.get("type") == "title":
            return words_of(value.get("title")) or "Untitled"
    return "Untitled"


def properties_of(page: Json) -> str:
    """Return the properties of a database entry, one a line; "" if it has none but its title.

    >>> properties_of({"properties": {"State": {"type": "select", "select": {"name": "Open"}}}})
    'State: Open'
    """
    lines = [
        f"{name}: {text}"
        for name, value in (page.get("properties") or {}).items()
        if value.get("type") != "title" and (text := _value(value))
    ]
    return "  \n".join(lines)


def _value(value: Json) -> str:
    kind = str(value.get("type"))
    inner = value.get(kind)
    write = _VALUES.get(kind)
    return "" if write is None or inner is None else write(inner)


def _names(inner: Json) -> str:
    return ", ".join(str(one.get("name") or "") for one in inner)


def _dates(inner: Json) -> str:
    return " to ".join(str(inner[key]) for key in ("start", "end") if inner.get(key))


_VALUES: Final[dict[str, Callable[[Json], str]]] = {
    "rich_text": words_of,
    "select": lambda inner: str(inner.get("name") or ""),
    "status": lambda inner: str(inner.get("name") or ""),
    "multi_select": _names,
    "people": _names,
    "date": _dates,
    "checkbox": lambda inner: "yes" if inner else "no",
    **dict.fromkeys(("number", "url", "email", "phone_number"), str),
}


def to_markdown(blocks: Sequence[Json]) -> str:
    r"""Return blocks, with those below them under `children`, as Markdown.

    >>> item = {"type": "to_do", "to_do": {"checked": True, "rich_text": [{"plain_text": "Pay"}]}}
    >>> to_markdown([item])
    '- [x] Pay'
    """
    parts: list[str] = []
    before = ""
    for block in blocks:
        text = _block(block)
        if not text:
            continue
        kind = str(block.get("type"))
        is_list = kind == before and (kind in _ITEMS or kind == "to_do")
        parts += ["\n" if is_list else "\n\n", text]
        before = kind
    return "".join(parts).strip("\n")


def _block(block: Json) -> str:
    kind = str(block.get("type"))
    inner = block.get(kind) or {}
    below = block.get("children") or []
    for kinds, write in _WRITERS:
        if kind in kinds:
            return write(kind, inner, below)
    # Columns, synced blocks, toggles and paragraphs: their words, then what is below them
    own = words_of(inner.get("rich_text"))
    return "\n\n".join(filter(None, [own, to_markdown(below)]))


def _heading(kind: str, inner: Json, below: Sequence[Json]) -> str:
    own = f"{_HEADINGS[kind]} {words_of(inner.get('rich_text'))}"
    return "\n\n".join(filter(None, [own, to_markdown(below)]))


def _item(kind: str, inner: Json, below: Sequence[Json]) -> str:
    mark = _ITEMS.get(kind) or f"- [{'x' if inner.get('checked') else ' '}]"
    own = f"{mark} {words_of(inner.get('rich_text'))}"
    return own + _indented(to_markdown(below))


def _indented(text: str) -> str:
    return "".join(f"\n    {line}" if line else "\n" for line in text.split("\n")) if text else ""


def _quoted(_: str, inner: Json, below: Sequence[Json]) -> str:
    text = "\n\n".join(filter(None, [words_of(inner.get("rich_text")), to_markdown(below)]))
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _code(_: str, inner: Json, __: Sequence[Json]) -> str:
    language = str(inner.get("language") or "").replace("plain text", "").replace(" ", "-")
    return f"```{language}\n{words_of(inner.get('rich_text'))}\n```"


def _table(_: str, inner: Json, below: Sequence[Json]) -> str:
    rows = [
        [
            words_of(cell).replace("|", "\\|").replace("\n", " ")
            for cell in row["table_row"]["cells"]
        ]
        for row in below
        if row.get("type") == "table_row"
    ]
    if not rows:
        return ""
    head = rows[0] if inner.get("has_column_header") else [""] * len(rows[0])
    body = rows[1:] if inner.get("has_column_header") else rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _cell(rich: object) -> str:
    return words_of(rich).replace("|", "\\|").replace("\n", " ")


def _equation(_: str, inner: Json, __: Sequence[Json]) -> str:
    return f"$${inner.get('expression') or ''}$$"


def _link(_: str, inner: Json, __: Sequence[Json]) -> str:
    caption, name = words_of(inner.get("caption")), str(inner.get("name") or "")
    return caption or name or str(inner.get("url") or "")


def _nothing(_: str, __: Json, ___: Sequence[Json]) -> str:
    return ""


_Writer = Callable[[str, Json, Sequence[Json]], str]


def _writers() -> Iterator[tuple[frozenset[str], _Writer]]:
    yield frozenset(_HEADINGS), _heading
    yield frozenset(_ITEMS) | {"to_do"}, _item
    yield _QUOTED, _quoted
    yield frozenset({"code"}), _code
    yield frozenset({"table"}), _table
    yield frozenset({"equation"}), _equation
    yield _NAMED, _link
    yield frozenset({"child_page", "child_database", "divider", "breadcrumb"}), _nothing


_WRITERS: Final = tuple(_writers())
