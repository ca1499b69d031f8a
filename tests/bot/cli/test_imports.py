"""Commands import no package that the question does not need."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    *("llama_index", "torch", "transformers", "sentence_transformers", "onnx", "matplotlib"),
    *("scipy", "sklearn", "PIL", "pptx", "slack_bolt", "slack_sdk", "aiohttp", "jinja2"),
    *("genai_prices", "huggingface_hub", "lxml", "bs4", "pypdfium2", "py3langid", "docutils"),
}
_LOADED = (
    "import atexit, json, sys; atexit.register(lambda: print(json.dumps(sorted(sys.modules))))"
)


def loaded(code: str, cwd: Path) -> set[str]:
    """Return the packages that are loaded when *code* has run."""
    command = [sys.executable, "-c", f"{_LOADED}\n{code}"]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_the_package_imports_only_the_standard_library(tmp_path: Path) -> None:
    names = loaded("import footnote_qa", tmp_path) - set(sys.stdlib_module_names)

    bare = loaded("", tmp_path)
    assert names - bare - {"__main__"} == {"footnote_qa"}


def test_the_version_is_shown_without_numpy(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.argv = ['footnote', '--version']\n"
        "from footnote_qa.bot.cli import main\n"
        "main()\n"
    )

    names = loaded(code, tmp_path)

    assert names & (HEAVY | {"numpy", "faiss", "onnxruntime"}) == set()


@pytest.mark.slow
def test_an_offline_answer_loads_no_package_that_it_does_not_need(indexed_examples: Path) -> None:
    code = (
        "import sys\n"
        "sys.argv = ['footnote', '--data-dir', 'DATA', 'ask', 'When does the agreement end?']\n"
        "from footnote_qa.bot.cli import main\n"
        "main()\n"
    ).replace("DATA", str(indexed_examples))

    assert loaded(code, indexed_examples) & HEAVY == set()
