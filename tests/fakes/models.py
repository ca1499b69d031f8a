"""A language model in a few lines: reads its prompt and replies what its script makes of it."""

import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from footnote_qa.bot.errors import AnswererError
from footnote_qa.bot.llm.portfolio import Portfolio
from footnote_qa.bot.settings import ModelsSettings, PriceSettings, ProviderSettings
from footnote_qa.bot.types import Messages, Usage

_BLOCK = re.compile(r"<<< passage (\w+) >>>\nfrom: .*\n((?:\|.*\n)*)<<< end \1 >>>")
Blocks = list[tuple[str, str]]
Script = Callable[[Blocks], str]
IN_USD, OUT_USD = Decimal(2), Decimal(10)


def blocks_in(prompt: str) -> Blocks:
    """Return (id, text) of each passage in a prompt, as a model would read them."""
    return [
        (match[1], "\n".join(line[2:] for line in match[2].splitlines()))
        for match in _BLOCK.finditer(prompt)
    ]


def said(text: str, passage_id: str, _: str = "") -> str:
    """Return one paragraph with its marker in the form that the prompt asks for."""
    return f"{' '.join(text.split())} [{passage_id}]\n\n"


def quoting(blocks: Blocks) -> str:
    """Say the best passage in its own words."""
    return said(blocks[0][1], *blocks[0])


def quoting_all(blocks: Blocks) -> str:
    return "".join(said(text, id_, text) for id_, text in blocks)


def inventing(_: Blocks) -> str:
    return "It is 7 euros, I believe."


def silent(_: Blocks) -> str:
    return "NOT FOUND"


def unreachable(_: Blocks) -> str:
    raise AnswererError("no reply within the deadline")


def breaking(_: Blocks) -> str:
    raise ZeroDivisionError("the secret is sk-12345")


def a_provider(name: str = "local", **changes: Any) -> ProviderSettings:
    values = {
        "name": name,
        "kind": "openai_like",
        "model": "scripted",
        "base_url": "http://127.0.0.1:9/v1",
        "price": PriceSettings(input_usd_per_million=IN_USD, output_usd_per_million=OUT_USD),
    }
    return ProviderSettings(**(values | changes))


@dataclass
class ScriptedModel:
    """Replies what its script makes of the passages, or of the complete prompt.

    Attributes:
        script: Makes the reply from the passages.
        provider: Its settings.
        cut_after: Number of characters of a stream after which it fails; None lets it end well.
        prompts: What it was asked, in order.
        streamed: For each of them, whether as a stream.
    """

    script: Script
    provider: ProviderSettings = field(default_factory=a_provider)
    cut_after: int | None = None
    rewriting: Callable[[str], str] = lambda _: ""
    prompts: list[Messages] = field(default_factory=list)
    streamed: list[bool] = field(default_factory=list)

    async def reply(self, messages: Messages, *, stream: bool) -> AsyncGenerator[str | Usage]:
        self.prompts.append(messages)
        self.streamed.append(stream)
        blocks = blocks_in(messages.user)
        text = self.script(blocks) if blocks else self.rewriting(messages.user)
        for at in range(0, len(text), 9) if stream else ():
            if self.cut_after is not None and at >= self.cut_after:
                raise AnswererError("cut")
            yield text[at : at + 9]
        if not stream:
            yield text
        yield Usage(input_tokens=500, output_tokens=20)


def a_portfolio(*scripts: Script, **settings: Any) -> Portfolio:
    """A portfolio of scripted models, called model-0, model-1 …, the first always asked first."""
    models = [
        ScriptedModel(script, a_provider(f"model-{at}", share=1.0 if at == 0 else 1e-9))
        for at, script in enumerate(scripts)
    ]
    return Portfolio(models, ModelsSettings(**settings))
