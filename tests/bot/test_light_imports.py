import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    ["bot.extractive.answerer", "bot.citations.checker", "bot.engine.context", "prompts"],
)
def test_answering_offline_loads_neither_llama_index_nor_torch(module: str) -> None:
    code = (
        f"import sys, footnote_qa.{module}; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'llama_index', 'torch'}))"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[]"
