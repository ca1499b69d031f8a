"""The mask hides markup, and agrees with the parser on where a document begins."""

import pytest

from footnote_qa.index.chunking.markup import front_matter_end, mask, shown
from footnote_qa.index.parsing.front_matter import front_matter


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: Leave\ntags:\n  - hr\n---\nText.",
        "---\nNote to all: the gate is shut.\n---\nText.",
        "---\n---\nText.",
        "---\ntitle: never closed\n",
        "Text.",
    ],
)
def test_the_mask_and_the_parser_see_the_same_front_matter(text: str) -> None:
    lines = text.split("\n")
    parsed = front_matter(lines).lines

    assert front_matter_end(text) == sum(len(line) + 1 for line in lines[:parsed])
    assert ("Note to all" in mask(text)) == ("Note to all" in text)


def test_the_mask_keeps_every_offset_and_all_code() -> None:
    text = "See [it](x.md) {% y %}.\n\n```\n{{ keep }}\n```\n"

    assert len(mask(text)) == len(text)
    assert shown(text) == "See it .\n\n```\n{{ keep }}\n```"


@pytest.mark.parametrize(
    "hidden",
    [
        "![A map](data:image/png;base64," + "iVBORw0KGgo" * 400 + ")",
        '<img alt="A map" src="data:image/svg+xml;base64,' + "PHN2ZyB4" * 60 + '">',
        "A map\n\n[pic]: data:image/gif;base64," + "R0lGODlh" * 90,
        "A map url(data:font/woff2;charset=utf-8;base64," + "d09GMgABAAAA" * 90 + ")",
        "A map <!-- " + "not for readers " * 900 + "-->",
        "A map\n\n<script>\nlet draft = 'not for readers';\n</script>",
        "A map\n\n<style>\n.not-for-readers { color: red }\n</style>",
    ],
)
def test_bytes_comments_and_scripts_are_hidden_and_the_words_beside_them_stay(hidden: str) -> None:
    text = f"Before.\n\n{hidden}\n\nAfter."

    seen = shown(text)

    assert seen.startswith("Before.")
    assert seen.endswith("After.")
    assert "A map" in seen
    assert len(seen) < 50
    assert len(mask(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ('<Tabs><TabItem value="a">Tab text A</TabItem></Tabs>', "Tab text A"),
        ('Press <Key name="f4" /> twice.', "Press  twice."),
        ("Send it to <Name> and <Address>.", "Send it to <Name> and <Address>."),
        ("A `<Tabs>` tag and `List<Item>`.", "A `<Tabs>` tag and `List<Item>`."),
        ("Take care. :::tip\nTrim it.\n:::", "Take care.\nTrim it."),
        ("A comment <!-- that never ends", "A comment <!-- that never ends"),
        ("`<!--` opens and `-->` closes it", "`<!--` opens and `-->` closes it"),
    ],
)
def test_components_within_a_line_are_hidden_but_placeholders_and_code_stay(
    text: str, seen: str
) -> None:
    assert shown(text) == seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("(set-up)=\n\n# Set up\n\nDo it.", "# Set up\n\nDo it."),
        ("See {ref}`the guide <set-up>`.", "See the guide."),
        ("Ask {py:class}`Lift` or {doc}`it`.", "Ask `Lift` or `it`."),
        ("```{note}\nThe *lift* stops.\n```\nIt goes on.", "The *lift* stops.\n\nIt goes on."),
        (
            "```{warning} Mind\n:class: loud\n\nThe lift stops.\n```\n",
            "Mind\n\nThe lift stops.",
        ),
        ("~~~{tip}\nRun `go`.\n~~~", "Run `go`."),
        (
            "````{note}\nRun:\n```sh\necho {a}\n```\n````\nDone.",
            "Run:\n```sh\necho {a}\n```\n\nDone.",
        ),
        ("```{code-block} sh\necho 1\n```", "```{code-block} sh\necho 1\n```"),
        ("```python\n{note}\n(a)=\n```", "```python\n{note}\n(a)=\n```"),
    ],
)
def test_labels_roles_and_remarks_of_myst_are_read_as_their_text(text: str, seen: str) -> None:
    assert [line.strip() for line in shown(text).split("\n")] == seen.split("\n")
    assert len(mask(text)) == len(text)
