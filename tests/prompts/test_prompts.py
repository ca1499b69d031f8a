from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.bot.engine.context import AS_MARKDOWN, blocks
from footnote_qa.bot.types import ShownPassage
from footnote_qa.prompts import Prompt, PromptError, load
from tests.fakes.searcher import a_passage

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "answer-prompt.md"


def test_rendered_answer_prompt_is_the_golden_file(request: pytest.FixtureRequest) -> None:
    passages = [
        ShownPassage(
            id="1",
            passage=a_passage(
                "Parking costs 3 euros a day.\n\nPay at the gate.",
                title="Site guide",
                heading=("Arriving", "By car"),
                page=4,
            ),
        ),
        ShownPassage(
            id="2",
            passage=a_passage("| Day | Fee |\n|---|---|\n| Sunday | none |", title="Fees"),
        ),
    ]

    rules = load("answer-rules").render()
    answer = load("answer").render(
        passages=blocks(passages, max_bytes=10_000),
        question="What does parking cost?",
        form=AS_MARKDOWN,
    )

    rendered = f"{rules}\n=====\n\n{answer}"
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(rendered, encoding="utf-8")
    assert rendered == GOLDEN.read_text(encoding="utf-8")


def test_missing_value_is_refused() -> None:
    with pytest.raises(PromptError, match=r"missing \['form', 'passages'\]"):
        load("answer").render(question="Who?")


def test_needless_value_is_refused() -> None:
    with pytest.raises(PromptError, match=r"needless \['tone'\]"):
        load("answer").render(question="Who?", passages="", form="", tone="kind")


@given(st.text())
def test_value_is_put_in_verbatim_and_never_read_as_a_template(value: str) -> None:
    prompt = Prompt(name="p", template="<$a|$b>")

    assert prompt.render(a=value, b="$a ${a} $$") == f"<{value}|$a ${{a}} $$>"


def test_digest_changes_with_a_word_of_the_template() -> None:
    one = Prompt(name="p", template="Say yes.")

    assert one.digest != Prompt(name="p", template="Say no.").digest
    assert len(one.digest) == 12


@pytest.mark.parametrize("name", ["no-such-prompt", "../pyproject", ""])
def test_name_that_is_no_prompt_is_refused(name: str) -> None:
    with pytest.raises(PromptError, match="prompt"):
        load(name)
