"""Suppliers of language models as answerers: one request, one deadline, no silent half answers."""

import asyncio
import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from llama_index.core.llms import LLM, ChatMessage, ChatResponse

from bot.citations import parse_draft
from bot.errors import AnswererError, SettingsError
from bot.settings import ModelsSettings, ProviderSettings
from bot.showing import blocks, one_line
from bot.types import Answerer, Draft, Question, ShownPassage, Usage
from prompts import load

# A token of English is some 4 bytes, of most other scripts 3 or more: counting 3 leaves room
_BYTES_PER_TOKEN = 3
_KEYLESS = "none"  # servers without keys ignore it, and the client refuses an empty one


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmAnswerer:
    """Drafts with a language model behind the chat-completions protocol.

    Attributes:
        provider: Which model, where, and its limits.
        llm: The llama-index model that sends the request.
    """

    provider: ProviderSettings
    llm: LLM = field(repr=False)  # its repr holds the key

    async def draft(self, question: Question, passages: Sequence[ShownPassage]) -> Draft:
        """Draft with exactly one request, within the provider's `timeout_s` all told.

        Raises:
            AnswererError: Whatever went wrong; the message holds neither key nor reply.
        """
        messages = _messages(question, passages, self.provider)
        try:
            async with asyncio.timeout(self.provider.timeout_s):
                response = await self.llm.achat(messages)
            reply, usage = _read(response)
        except AnswererError as error:
            raise AnswererError(f"{self.provider.name}: {error}") from None
        # What is on the wire decides what is raised: besides the client's own errors, a page of
        # HTML with status 200 or a list without choices end in an AttributeError or a TypeError.
        except Exception as error:  # noqa: BLE001
            # "from None", since a client's error carries the reply and parts of the request
            raise AnswererError(f"{self.provider.name}: {_what(error)}") from None
        return Draft(sentences=parse_draft(reply), answerer=self.provider.name, usage=usage)


def build_answerers(settings: ModelsSettings) -> list[Answerer]:
    """Return an answerer for each provider, the one with the largest share first.

    Raises:
        SettingsError: If keys or the package for a kind are missing; names all of them at once.
    """
    if not settings.providers:
        return []
    missing = [name for p in settings.providers if (name := _missing_key(p))]
    if missing:
        raise SettingsError(
            "models.providers: no key in the environment under " + ", ".join(missing)
        )
    by_share = sorted(settings.providers, key=lambda provider: -provider.share)
    return [LlmAnswerer(provider=provider, llm=_openai_like(provider)) for provider in by_share]


def _missing_key(provider: ProviderSettings) -> str | None:
    """Return the variable in which the provider's key should stand and does not."""
    name = provider.api_key_env
    if provider.api_key or name is None or os.environ.get(name, "").strip():
        return None
    return f"{name} (for {provider.name!r})"


def _key(provider: ProviderSettings) -> str:
    if provider.api_key:
        return provider.api_key.get_secret_value()
    return os.environ[provider.api_key_env].strip() if provider.api_key_env else _KEYLESS


def _openai_like(provider: ProviderSettings) -> LLM:
    # Imported here, because it takes a second and most commands need no model
    try:
        module = importlib.import_module("llama_index.llms.openai_like")
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"provider {provider.name!r} needs a package that is not installed: "
            'pip install "footnote[openai-like]"'
        ) from error
    llm: LLM = module.OpenAILike(
        model=provider.model,
        api_base=provider.base_url,
        api_key=_key(provider),
        is_chat_model=True,
        context_window=provider.context_tokens,
        max_tokens=provider.max_tokens,
        temperature=0.0,
        timeout=provider.timeout_s,
        # The client would ask again three times, and llama-index around it three times more
        max_retries=0,
        # A connection belongs to the event loop that opened it, and each question may bring its own
        reuse_client=False,
    )
    return llm


def _messages(
    question: Question, passages: Sequence[ShownPassage], provider: ProviderSettings
) -> list[ChatMessage]:
    rules, answer = load("answer-rules").render(), load("answer")
    asked = one_line(question.text)
    frame = rules + answer.template + asked
    room = (provider.context_tokens - provider.max_tokens) * _BYTES_PER_TOKEN - len(frame.encode())
    shown = blocks(passages, max_bytes=room)
    return [
        ChatMessage(role="system", content=rules),
        ChatMessage(role="user", content=answer.render(passages=shown, question=asked)),
    ]


def _read(response: ChatResponse) -> tuple[str, Usage]:
    """Return the text of a whole reply and what it cost."""
    raw = response.raw
    finish_reason = None if raw is None else raw.choices[0].finish_reason
    if finish_reason != "stop":
        # Also None: a reply that does not say that it is whole may have been cut
        raise AnswererError(f"the reply is not whole (finish_reason {finish_reason!r:.40})")
    text = response.message.content or ""
    if not text.strip():
        raise AnswererError("the reply is empty")
    usage = getattr(raw, "usage", None)
    return text, Usage(
        input_tokens=getattr(usage, "prompt_tokens", 0) or 0,
        output_tokens=getattr(usage, "completion_tokens", 0) or 0,
        cost_usd=None,
    )


def _what(error: Exception) -> str:
    """Return what happened, in words that hold nothing of the request or the reply."""
    if isinstance(error, TimeoutError):
        return "no reply within the deadline"
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return f"refused with status {status}"
    return f"no usable reply ({type(error).__name__})"
