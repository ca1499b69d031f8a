from pathlib import Path

import pytest

from footnote_qa.index.parsing.rst import parse


def test_structure_becomes_markdown() -> None:
    parsed = parse(
        b"=====\nGuide\n=====\n\nLeave\n=====\n\nAsk **first**, see ``form``.\n\n- one\n- two\n\n"
        b"==== =====\nDay  Hours\n==== =====\nMon  8\n==== =====\n\n.. code-block:: sh\n\n   make\n"
    )

    assert parsed.text == (
        "# Guide\n\n## Leave\n\nAsk first, see form.\n\n- one\n- two\n\n"
        "| Day | Hours |\n| --- | --- |\n| Mon | 8 |\n\n```\nmake\n```"
    )
    assert parsed.title == "Guide"
    assert [(one.level, one.text) for one in parsed.headings] == [(1, "Guide"), (2, "Leave")]


def test_what_another_program_adds_is_kept_as_text() -> None:
    parsed = parse(
        b"Ask :ref:`your lead <lead>` or :doc:`/hr/index`.\n\n.. versionadded:: 3.2\n   A new "
        b"form, see :func:`leave`.\n\n.. py:function:: leave(days)\n   :noindex:\n\n   Takes it.\n"
    )

    assert parsed.text == (
        "Ask your lead or /hr/index.\n\nversionadded 3.2\n\nA new form, see leave.\n\n"
        "leave(days)\n\nTakes it."
    )


def test_no_file_is_read_and_nothing_raw_is_passed_on(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    path = tmp_path / "secret"
    source = (
        f"Kept\n\n.. include:: {path}\n\n.. csv-table::\n   :file: {path}\n\n"
        f".. literalinclude:: {path}\n\n.. raw:: html\n   :file: {path}\n\n"
        ".. raw:: html\n\n   <p>passed on</p>\n"
    )

    text = parse(source.encode()).text

    assert text.startswith("Kept")
    assert "canary" not in text
    assert "passed on" not in text


@pytest.mark.parametrize(
    ("indent", "first"), [("", "       "), (" ", "       "), ("  ", "       ")]
)
def test_a_simple_table_whose_first_name_is_blank_keeps_its_head(indent: str, first: str) -> None:
    table = ["====== ===", f"{first}Max", "====== ===", "Depth  4.2", "====== ==="]
    source = "Berths\n\n" + "\n".join(indent + line for line in table)

    assert "|  | Max |" in parse(source.encode()).text
    assert "| Depth | 4.2 |" in parse(source.encode()).text


def test_a_term_is_apart_from_its_kind() -> None:
    parsed = parse(b"depth : number\n    In metres.\n\nfee : euro : optional\n    For a night.\n")

    assert parsed.text.split("\n")[::3] == ["depth : number", "fee : euro : optional"]


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("=== ===\nDay Hours\n=== ===\nMon Tue8\n=== ===\n", "Hours"),
        ("+---+\n| Mon |\n+---+\n", "Mon"),
        ("A\n=\n\nB\n-\n\nC\n~\n\nD\n=\n\nLost\n~~~~\n\ntext\n", "Lost"),
        ("=====\nLost\n-----\n\ntext\n", "Lost"),
        (".. note::\n\n   Lost\n   ----\n\n   text\n", "Lost"),
    ],
)
def test_a_table_or_title_that_is_wrong_keeps_its_words(source: str, word: str) -> None:
    assert word in parse(source.encode()).text


def test_comments_and_reports_are_left_out() -> None:
    parsed = parse(b".. _top:\n\nTitle\n=====\n\n.. a comment\n\nSee missing_ here.\n")

    assert "comment" not in parsed.text
    assert "System Message" not in parsed.text
    assert "See missing_ here." in parsed.text


@pytest.mark.parametrize(
    "options",
    [
        "   :caption: On the host",
        "   :linenos:\n   :emphasize-lines: 2",
        "   :lineno-start: 10\n   :dedent: 4\n   :force:",
        "   :name: install\n   :class: wide\n   :caption: On the host",
    ],
)
@pytest.mark.parametrize("directive", ["code-block", "sourcecode", "code"])
def test_code_with_options_of_sphinx_is_kept(directive: str, options: str) -> None:
    source = (
        f"Do it:\n\n.. {directive}:: sh\n{options}\n\n   berth install\n   berth start\n\nDone.\n"
    )

    text = parse(source.encode()).text

    caption = "On the host\n\n" if "caption" in options else ""
    assert text == f"Do it:\n\n{caption}```\nberth install\nberth start\n```\n\nDone."


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            ".. list-table:: Fees\n   :align: sideways\n\n   * - a1\n     - b1\n",
            ["Fees", "a1", "b1"],
        ),
        (".. figure:: x.png\n   :unheard: of\n\n   The caption stays.\n", ["The caption stays."]),
        (".. note::\n   :icon: bell\n\n   Mind the *step*.\n", ["Mind the step."]),
        (
            (
                ".. tab-set::\n\n   .. tab-item:: Linux\n\n      Run it:\n\n"
                "      .. code-block:: sh\n"
                "         :caption: Here\n\n         make\n"
            ),
            ["Linux", "Run it:", "Here", "```\nmake\n```"],
        ),
        (
            ".. csv-table:: Watch\n   :header: Shift, Keeper\n   :keep: x\n\n   Night, Odalys\n",
            ["Odalys"],
        ),
    ],
)
def test_an_option_that_is_not_known_costs_no_word(source: str, words: list[str]) -> None:
    text = parse(source.encode()).text

    assert all(word in text for word in words)
    assert "unheard" not in text


@pytest.mark.parametrize("name", ["list-table", "flat-table"])
def test_a_table_of_lists_is_one_however_long_its_rows_are(name: str) -> None:
    source = f".. {name}:: Fees\n   :header-rows: 1\n\n   * - Berth\n     - Fee\n   * - B7\n"

    text = parse(source.encode()).text

    assert "| Berth | Fee |\n| --- | --- |\n| B7 |  |" in text


def test_numbers_of_lines_are_no_code() -> None:
    source = ".. code::\n   :number-lines: 7\n\n   y = 2\n"

    assert parse(source.encode()).text == "```\ny = 2\n```"
