"""A language model of another package: it answers, and its answers are checked."""

import sys
from pathlib import Path

import pytest

from footnote_qa import Answer, Footnote, PluginError, SettingsError, Status
from tests.fakes.building import write_documents

pytestmark = [pytest.mark.usefixtures("small_model")]
QUESTION = "How many days of leave does every employee have?"

# A model in ten lines: it says the sentence of a passage that has a word, with the passage's number
MODEL = """
import re, sys
prompt = sys.stdin.read()
for number, text in re.findall(r"<<< passage (\\w+) >>>\\nfrom: .*\\n((?:\\|.*\\n)*)", prompt):
    for line in text.splitlines():
        if {word!r} in line:
            print(line.removeprefix("| "), f"[{{number}}]")
            sys.exit({status})
print("NOT FOUND")
"""


def ask(folder: Path, class_path: str, *, said: str = "", status: int = 0) -> Answer:
    script = folder / "model.py"
    script.write_text(f"print({said!r})" if said else MODEL.format(word="twenty", status=status))
    provider = {
        "name": "ours",
        "kind": "llama_index",
        "model": "small",
        "class_path": class_path,
        "arguments": {"command": [sys.executable, str(script)]},
        "context_tokens": 8192,
    }
    with Footnote(data_dir=folder / "data", models={"providers": [provider]}) as bot:
        bot.build(write_documents(folder / "docs"))
        return bot.ask(QUESTION)


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize(
    "class_path",
    [
        "plugin:command",
        "footnote_command_llm:CommandLLM",
        "footnote_command_llm.CommandLLM",
    ],
)
def test_example_answers_by_each_way_to_name_it(tmp_path: Path, class_path: str) -> None:
    answer = ask(tmp_path, class_path)

    assert (answer.answerer, answer.status) == ("ours", Status.ANSWERED)
    assert answer.text == "Every employee has twenty days of leave [1]."
    assert answer.citations[0].document == "leave.md"


@pytest.mark.usefixtures("examples")
def test_what_it_invents_is_not_shown(tmp_path: Path) -> None:
    answer = ask(tmp_path, "plugin:command", said="Every employee has ninety days of leave [1].")

    assert "ninety" not in answer.text


@pytest.mark.usefixtures("examples")
def test_without_its_reply_the_documents_are_quoted(tmp_path: Path) -> None:
    answer = ask(tmp_path, "plugin:command", status=3)

    assert answer.answerer == "offline"
    assert answer.text == "Every employee has twenty days of leave [1]."


def test_a_model_that_is_not_there_is_named_before_a_question(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="no installed package has the llm 'none'"):
        ask(tmp_path, "plugin:none")
    with pytest.raises(SettingsError, match=r"no_such_module:Model.* cannot be imported"):
        ask(tmp_path, "no_such_module:Model")
    with pytest.raises(SettingsError, match="is not a subclass"):
        ask(tmp_path, "pathlib:Path")
