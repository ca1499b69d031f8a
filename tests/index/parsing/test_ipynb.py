import json

import pytest

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.ipynb import parse
from footnote_qa.index.types import ProblemKind


def notebook(*cells: dict[str, object]) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode()


def code(source: str, *outputs: dict[str, object]) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "outputs": outputs}


def test_texts_code_and_outputs_come_in_order() -> None:
    content = notebook(
        {"cell_type": "markdown", "source": ["# Leave\n", "\n", "See *below*.\n"]},
        code("days = 20\nprint(days)", {"output_type": "stream", "text": ["20\n"]}),
        {"cell_type": "raw", "source": "As it is"},
    )

    parsed = parse(content)

    assert parsed.text == (
        "# Leave\n\nSee *below*.\n\n```python\ndays = 20\nprint(days)\n```\n\n"
        "```\n20\n```\n\nAs it is"
    )
    assert parsed.title == "Leave"
    assert [heading.start for heading in parsed.headings] == [0]


def test_a_result_is_read_as_text_and_never_as_a_picture() -> None:
    content = notebook(
        code("x", {"data": {"text/plain": ["42"], "image/png": "iVBORw0KGgo="}}),
    )

    assert parse(content).text == "```python\nx\n```\n\n```\n42\n```"


def test_an_error_is_read_without_its_trace() -> None:
    content = notebook(
        code("1/0", {"ename": "ZeroDivisionError", "evalue": "by zero", "traceback": ["T"]})
    )

    assert parse(content).text.endswith("```\nZeroDivisionError: by zero\n```")


def test_a_fence_in_the_code_does_not_end_it() -> None:
    text = parse(notebook(code('a = "```"'))).text

    assert text == '````python\na = "```"\n````'


def test_the_language_is_the_notebook_s_own() -> None:
    book = {"cells": [code("x <- 1")], "metadata": {"language_info": {"name": "R"}}}

    assert parse(json.dumps(book).encode()).text == "```R\nx <- 1\n```"


def test_a_notebook_of_the_old_format_is_read() -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1", "outputs": []}]}]}

    assert parse(json.dumps(old).encode()).text == "```python\nx = 1\n```"


@pytest.mark.parametrize("content", [b"[1]", b'{"a": 1}', b"not json", b'"text"'])
def test_what_is_no_notebook_is_broken(content: bytes) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(content)

    assert caught.value.kind is ProblemKind.BROKEN
