"""Request replies from language model providers; a reply is complete or an error."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from llama_index.core.llms import LLM, ChatMessage, ChatResponse

from footnote_qa.bot.errors import AnswererError, SettingsError
from footnote_qa.bot.llm.provider_kinds import KINDS, Kind, Path, at, build, close
from footnote_qa.bot.llm.refused_parameters import MOST_AT_ONCE, refused_parameters
from footnote_qa.bot.settings import ModelsSettings, ProviderSettings
from footnote_qa.bot.types import Messages, Usage

# Statuses about this one question, not about trouble at the provider
_QUESTIONS_FAULT = frozenset({400, 413, 422})
# Where the clients' errors hold the status of the refusal, and the headers of the reply
_STATUS: tuple[Path, ...] = (
    ("status_code",),
    ("code",),
    ("response", "ResponseMetadata", "HTTPStatusCode"),
)
_HEADERS: tuple[Path, ...] = (
    ("response", "headers"),
    ("response", "ResponseMetadata", "HTTPHeaders"),
)


@dataclass
class _Ending:
    """How a reply ended, as far as its parts have said so.

    Attributes:
        finish: The provider's reason why it ended; None if none was given.
        input_tokens: As far as reported.
        output_tokens: As far as reported.
        thought_tokens: As far as reported apart from these.
    """

    kind: Kind
    finish: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    thought_tokens: int = 0

    def read(self, raw: object) -> None:
        """Read one part of the reply."""
        for path in self.kind.finish:
            if isinstance(said := at(raw, path), str):
                self.finish = str(said)
        into, out = (at(raw, path) for path in self.kind.tokens)
        self.input_tokens = into if isinstance(into, int) and into else self.input_tokens
        self.output_tokens = out if isinstance(out, int) and out else self.output_tokens
        thoughts = at(raw, self.kind.thoughts) if self.kind.thoughts else 0
        self.thought_tokens = thoughts if isinstance(thoughts, int) else self.thought_tokens

    def usage(self, *, said_something: bool) -> Usage:
        """Return the usage of a complete reply; raises `AnswererError` if it is not complete."""
        spent = (self.input_tokens, self.output_tokens + self.thought_tokens)
        is_unsaid = self.finish is None and not self.kind.needs_reason
        if self.finish not in self.kind.complete and not is_unsaid:
            # Also None: a reply that gives no reason for its end may have been cut
            raise AnswererError(
                f"the reply is not complete ({self.finish!r:.40})",
                outage=self.finish is None,
                spent=spent,
            )
        if not said_something:
            raise AnswererError("the reply is empty", spent=spent)
        return Usage(input_tokens=spent[0], output_tokens=spent[1], cost_usd=None)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A model with the connections of one event loop, and the hook that closes them at its end."""

    llm: LLM
    keeping: AsyncGenerator[LLM]


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmModel:
    """A language model behind one of llama-index's classes.

    Attributes:
        provider: Which model, where, and its limits.
        llm: Its LlamaIndex model, rebuilt for each event loop; built early so that wrong
            settings are reported immediately.
    """

    provider: ProviderSettings
    llm: LLM = field(repr=False)  # its repr holds the key
    _opened: "dict[asyncio.AbstractEventLoop, _Opened]" = field(default_factory=dict, repr=False)

    async def reply(self, messages: Messages, *, stream: bool) -> AsyncGenerator[str | Usage]:
        """Yield the text of one reply as it arrives, then its usage.

        Raises:
            AnswererError: For any failure; the message contains neither key nor reply.
        """
        kind = KINDS[self.provider.kind]
        ending, said = _Ending(kind), False
        try:
            async for response in self._learning(messages, stream=stream and kind.streams):
                ending.read(response.raw)
                if response.delta:
                    said = said or not response.delta.isspace()
                    yield response.delta
            yield ending.usage(said_something=said)
        except AnswererError as error:
            raise self._named(error) from None
        # Replies decide which errors are raised: besides the client's own errors, a page of HTML
        # with status 200 or a list without choices ends in an AttributeError or a TypeError.
        except Exception as error:  # noqa: BLE001
            # "from None", because a client's error contains the reply and parts of the request
            raise self._named(_translated(error)) from None

    async def _learning(self, messages: Messages, *, stream: bool) -> AsyncIterator[ChatResponse]:
        """Yield the parts of a reply; ask again without parameters that the model refuses."""
        refused = refused_parameters(self.provider)
        for left in range(MOST_AT_ONCE, -1, -1):
            begun = False
            try:
                async for response in self._responses(messages, stream=stream):
                    begun = True
                    yield response
            except Exception as error:
                if (
                    begun
                    or not left
                    or not refused.learn(status=_status(error), message=str(error))
                ):
                    raise
            else:
                return

    async def _responses(self, messages: Messages, *, stream: bool) -> AsyncIterator[ChatResponse]:
        llm = await self._of_this_loop()
        chat = [
            ChatMessage(role="system", content=messages.system),
            ChatMessage(role="user", content=messages.user),
        ]
        kind = KINDS[self.provider.kind]
        form = kind.structured(messages.schema) if messages.schema and kind.structured else {}
        if stream:
            async for part in await llm.astream_chat(chat, **kind.stream_arguments, **form):
                yield part
            return
        whole = await llm.achat(chat, **form)
        whole.delta = whole.message.content or ""
        yield whole

    async def _of_this_loop(self) -> LLM:
        """Return a model whose connections belong to the running event loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._opened:
            keeping = self._kept_open(loop)
            self._opened[loop] = _Opened(await anext(keeping), keeping)
        return self._opened[loop].llm

    async def _kept_open(self, loop: asyncio.AbstractEventLoop) -> AsyncGenerator[LLM]:
        # A loop that ends closes the generators that were started in it, and so the connections
        llm = build(self.provider)
        try:
            yield llm
        finally:
            self._opened.pop(loop, None)
            await close(llm)

    def _named(self, error: AnswererError) -> AnswererError:
        return AnswererError(
            f"{self.provider.name}: {error}",
            outage=error.outage,
            retry_after_s=error.retry_after_s,
            spent=error.spent,
        )


def build_models(settings: ModelsSettings) -> list[LlmModel]:
    """Return the model of each provider, in the order of the settings.

    Raises:
        SettingsError: Keys or the package for a kind are missing; names all of them together.
    """
    missing = [
        f"{provider.api_key_env} (for {provider.name!r})"
        for provider in settings.providers
        if provider.api_key_env and provider.api_key is None
    ]
    if missing:
        raise SettingsError(
            "models.providers: no key in the environment under " + ", ".join(missing)
        )
    return [LlmModel(provider=provider, llm=build(provider)) for provider in settings.providers]


def _translated(error: Exception) -> AnswererError:
    """Return an error that describes what happened without parts of the request or the reply."""
    status = _status(error)
    if status is None:
        return AnswererError(f"no usable reply ({type(error).__name__})")
    headers = [at(error, path) for path in _HEADERS]
    wait = next((one.get("retry-after", "") for one in headers if isinstance(one, Mapping)), "")
    return AnswererError(
        f"refused with status {status}",
        outage=status not in _QUESTIONS_FAULT,
        retry_after_s=_retry_after_s(str(wait)),
    )


def _status(error: Exception) -> int | None:
    """Return the HTTP status in a client's error; None if it has none."""
    said = [at(error, path) for path in _STATUS]
    return next((one for one in said if isinstance(one, int)), None)


def _retry_after_s(header: str) -> float | None:
    """Return the seconds in a Retry-After header, given as a number or as a date.

    >>> _retry_after_s("12"), _retry_after_s("soon")
    (12.0, None)
    """
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None
