"""The kinds of model provider: their LlamaIndex class and the layout of their replies."""

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from llama_index.core.llms import LLM, LLMMetadata

from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.llm.refused_parameters import RefusedParameters, refused_parameters
from footnote_qa.bot.provider_settings import THINKING_TOKENS
from footnote_qa.bot.settings import ProviderSettings
from footnote_qa.index.extras import install
from footnote_qa.plugins.registry import Kind as PluginKind
from footnote_qa.plugins.registry import target_of

_KEYLESS: Final = "none"  # servers without keys ignore it; the clients refuse an empty one
_OPENAI_URL: Final = "https://api.openai.com/v1"
_MILLISECONDS: Final = 1000
_CLIENTS: Final = ("_aclient", "_async_client", "_client")  # their names in the classes

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How to call one kind of provider.

    Attributes:
        module: Module of its class; imported only when it is used.
        extra: The extra of the distribution to install for it.
        arguments: Makes the arguments of the class from the settings.
        name: Name of the class.
        finish: Path in a reply, or in a part of one, to the reason why it ended.
        complete: The reasons that mean nothing was cut or held back.
        tokens: Paths to the numbers of tokens that went in and came out.
        thoughts: Path to the number of tokens of its thoughts, where they are counted apart.
        needs_reason: Whether a reply that gives no reason for its end may have been cut.
        streams: Whether the parts of a stream say why it ended; if not, the reply is not streamed.
        stream_arguments: Further arguments of a request for a stream.
        structured: Makes the arguments of a request whose reply is to follow a JSON schema; None
            if the reply would not come as text.
    """

    module: str
    extra: str
    name: str
    arguments: Callable[[ProviderSettings], Mapping[str, Any]]
    finish: tuple[Path, ...]
    complete: frozenset[str]
    tokens: tuple[Path, Path]
    thoughts: Path | None = None
    needs_reason: bool = True
    streams: bool = True
    stream_arguments: Mapping[str, Any] = field(default_factory=dict)
    structured: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None


def build(provider: ProviderSettings) -> LLM:
    """Return the LlamaIndex model of *provider*; it never retries by itself.

    Raises:
        SettingsError: The package for its kind is not installed, or it does not support a setting.
    """
    kind = KINDS[provider.kind]
    if provider.structured and kind.structured is None:
        able = ", ".join(name for name, one in KINDS.items() if one.structured)
        raise SettingsError(
            f"provider {provider.name!r}: structured works with the kinds {able}, "
            f"not with {provider.kind!r}"
        )
    made = _class_of(provider) if provider.class_path else _class_of_kind(kind, provider)
    llm: LLM = _knowing(made, provider)(**kind.arguments(provider))
    return llm


def _class_of_kind(kind: Kind, provider: ProviderSettings) -> type[LLM]:
    # Imported here, because it takes a second and most commands need no model
    try:
        made: type[LLM] = getattr(importlib.import_module(kind.module), kind.name)
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"provider {provider.name!r} needs a package that is not installed: "
            f"{install(kind.extra)}"
        ) from error
    return made


def _class_of(provider: ProviderSettings) -> type[LLM]:
    """Return the class that the settings name; raises `SettingsError`."""
    path = provider.class_path or ""
    if ":" in path:
        path = target_of(PluginKind.LLM, path).replace(":", ".")
    module, _, name = path.rpartition(".")
    try:
        made = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise SettingsError(
            f"provider {provider.name!r}: class_path {provider.class_path!r} cannot be imported: "
            f"install its package or correct the path ({error})"
        ) from error
    if not (isinstance(made, type) and issubclass(made, LLM)):
        raise SettingsError(
            f"provider {provider.name!r}: class_path {provider.class_path!r} is not a subclass of "
            "llama_index.core.llms.LLM"
        )
    return made


async def close(llm: LLM) -> None:
    """Close the connections of a model, in the event loop that opened them."""
    # The classes keep their clients private and have no way to close them
    for client in (getattr(llm, name, None) for name in _CLIENTS):
        for one, way in ((getattr(client, "aio", None), "aclose"), (client, "close")):
            closing = getattr(one, way, None)
            done = closing() if closing is not None else None
            if inspect.isawaitable(done):
                await done


def _knowing(base: type[LLM], provider: ProviderSettings) -> type[LLM]:
    """Return the class with the model's limits from the settings, even for unknown models.

    Several of the classes look the name up in their own list on every request and refuse
    models that are not on it because they came out after the package.
    """
    told = LLMMetadata(
        context_window=provider.context_tokens,
        num_output=provider.reply_tokens,
        is_chat_model=True,
        model_name=provider.model,
    )
    changes: dict[str, object] = {"metadata": property(lambda _: told)}
    refused = refused_parameters(provider)
    for name in _ARGUMENT_METHODS:  # where the classes put together a request
        made = inspect.getattr_static(base, name, None)
        if isinstance(made, property) and made.fget is not None:
            changes[name] = property(_filtered(made.fget, refused))
        elif inspect.isfunction(made):
            changes[name] = _filtered(made, refused)
    return type(base.__name__, (base,), changes)


_ARGUMENT_METHODS: Final = ("_get_model_kwargs", "_get_all_kwargs", "_model_kwargs")


def _filtered(
    made: Callable[..., Mapping[str, Any]], refused: RefusedParameters
) -> Callable[..., dict[str, Any]]:
    def arguments(self: object, **given: object) -> dict[str, Any]:
        return refused.without(made(self, **given))

    return arguments


def at(raw: object, path: Path) -> object:
    """Return the value in *raw* at *path*, through mappings, lists and objects; None if missing.

    >>> at({"choices": [{"finish_reason": "stop"}]}, ("choices", 0, "finish_reason"))
    'stop'
    """
    for step in path:
        if isinstance(step, int):
            has = isinstance(raw, Sequence) and len(raw) > step
            raw = raw[step] if has and isinstance(raw, Sequence) else None
        elif isinstance(raw, Mapping):
            raw = raw.get(step)
        else:
            raw = getattr(raw, step, None)
    return raw


def _key(provider: ProviderSettings) -> str:
    return _secret(provider) or _KEYLESS


def _secret(provider: ProviderSettings) -> str | None:
    return provider.api_key.get_secret_value() if provider.api_key else None


def _openai(provider: ProviderSettings) -> Mapping[str, Any]:
    return {
        "model": provider.model,
        "api_base": provider.base_url or _OPENAI_URL,
        "api_key": _key(provider),
        "is_chat_model": True,
        "context_window": provider.context_tokens,
        "max_tokens": provider.reply_tokens,
        "additional_kwargs": _effort(provider),
        "temperature": 0.0,
        "timeout": provider.timeout_s,
        # The client would retry three times, and LlamaIndex around it three times more
        "max_retries": 0,
    }


def _azure(provider: ProviderSettings) -> Mapping[str, Any]:
    return {
        "engine": provider.model,
        "azure_endpoint": provider.base_url,
        "api_key": _secret(provider),
        "api_version": provider.api_version or "2024-10-21",
        "additional_kwargs": _effort(provider),
        "max_tokens": provider.reply_tokens,
        "temperature": 0.0,
        "timeout": provider.timeout_s,
        "max_retries": 0,
    }


def _anthropic(provider: ProviderSettings) -> Mapping[str, Any]:
    return {
        "model": provider.model,
        "base_url": provider.base_url,
        "api_key": _key(provider),
        "max_tokens": provider.reply_tokens,
        "temperature": 0.0,
        "timeout": provider.timeout_s,
        "max_retries": 0,
        **({"thinking_dict": _budget(provider)} if provider.thinking_tokens else {}),
    }


def _google(provider: ProviderSettings) -> Mapping[str, Any]:
    return {
        "model": provider.model,
        "api_key": _secret(provider),
        # With both of these given, it makes no network request while it is built
        "max_tokens": provider.reply_tokens,
        "context_window": provider.context_tokens,
        "max_retries": 0,
        "http_options": {
            "timeout": int(provider.timeout_s * _MILLISECONDS),
            **({"base_url": provider.base_url} if provider.base_url else {}),
        },
        **_google_thinking(provider),
    }


def _google_thinking(provider: ProviderSettings) -> Mapping[str, Any]:
    if provider.thinking is None:
        return {}
    types = importlib.import_module("google.genai.types")
    budget = types.ThinkingConfig(thinking_budget=provider.thinking_tokens)
    limits = {"max_output_tokens": provider.reply_tokens, "thinking_config": budget}
    return {"generation_config": types.GenerateContentConfig(**limits)}


def _effort(provider: ProviderSettings) -> dict[str, Any]:
    """Return how hard an OpenAI model is to think; a number of tokens is rounded to a level."""
    if provider.thinking is None:
        return {}
    if isinstance(provider.thinking, int):
        levels = [name for name, most in THINKING_TOKENS.items() if provider.thinking <= most]
        return {"reasoning_effort": levels[0] if levels else "high"}
    return {"reasoning_effort": "none" if provider.thinking == "off" else provider.thinking}


def _budget(provider: ProviderSettings) -> dict[str, Any]:
    return {"type": "enabled", "budget_tokens": provider.thinking_tokens}


def _bedrock(provider: ProviderSettings) -> Mapping[str, Any]:
    return {
        "model": provider.model,
        "region_name": provider.region,
        "endpoint_url": provider.base_url,
        "max_tokens": provider.reply_tokens,
        "temperature": 0.0,
        "timeout": provider.timeout_s,
        # Here the number counts all requests, not only retries; the client beneath counts again
        "max_retries": 1,
        "botocore_config": importlib.import_module("botocore.config").Config(
            retries={"total_max_attempts": 1},
            connect_timeout=provider.timeout_s,
            read_timeout=provider.timeout_s,
        ),
        **({"thinking": _budget(provider)} if provider.thinking_tokens else {}),
    }


def _ollama(provider: ProviderSettings) -> Mapping[str, Any]:
    return {
        "model": provider.model,
        "base_url": provider.base_url or "http://localhost:11434",
        "context_window": provider.context_tokens,
        "temperature": 0.0,
        "request_timeout": provider.timeout_s,
        "additional_kwargs": {"num_predict": provider.reply_tokens},
        **({} if provider.thinking is None else {"thinking": bool(provider.thinking_tokens)}),
    }


def _given(provider: ProviderSettings) -> Mapping[str, Any]:
    """Return the arguments of a class that the settings name, and the key if there is one."""
    return {**provider.arguments, **({"api_key": key} if (key := _secret(provider)) else {})}


def _response_format(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    form = {"name": "answer", "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": form}}


def _generation_config(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    form = {"response_mime_type": "application/json", "response_json_schema": schema}
    return {"generation_config": form}


_CHOICE: Final = (("choices", 0, "finish_reason"),)
_CHAT_TOKENS: Final[tuple[Path, Path]] = (
    ("usage", "prompt_tokens"),
    ("usage", "completion_tokens"),
)
_WITH_USAGE: Final = {"stream_options": {"include_usage": True}}
_OPENAI_LIKE: Final = Kind(
    module="llama_index.llms.openai_like",
    extra="openai-like",
    name="OpenAILike",
    arguments=_openai,
    finish=_CHOICE,
    complete=frozenset({"stop"}),
    tokens=_CHAT_TOKENS,
    stream_arguments=_WITH_USAGE,
    structured=_response_format,
)

KINDS: Final[Mapping[str, Kind]] = {
    "openai_like": _OPENAI_LIKE,
    # The class of that name refuses models that it does not know; this one has the same protocol
    "openai": _OPENAI_LIKE,
    "azure_openai": Kind(
        module="llama_index.llms.azure_openai",
        extra="azure-openai",
        name="AzureOpenAI",
        arguments=_azure,
        finish=_CHOICE,
        complete=frozenset({"stop"}),
        tokens=_CHAT_TOKENS,
        stream_arguments=_WITH_USAGE,
        structured=_response_format,
    ),
    "anthropic": Kind(
        module="llama_index.llms.anthropic",
        extra="anthropic",
        name="Anthropic",
        arguments=_anthropic,
        finish=(("stop_reason",), ("delta", "stop_reason")),
        complete=frozenset({"end_turn", "stop_sequence"}),
        tokens=(("usage", "input_tokens"), ("usage", "output_tokens")),
    ),
    "google": Kind(
        module="llama_index.llms.google_genai",
        extra="google",
        name="GoogleGenAI",
        arguments=_google,
        finish=(("finish_reason",), ("finish_reason", "value")),
        complete=frozenset({"STOP"}),
        tokens=(
            ("usage_metadata", "prompt_token_count"),
            ("usage_metadata", "candidates_token_count"),
        ),
        thoughts=("usage_metadata", "thoughts_token_count"),
        structured=_generation_config,
    ),
    "bedrock": Kind(
        module="llama_index.llms.bedrock_converse",
        extra="bedrock",
        name="BedrockConverse",
        arguments=_bedrock,
        finish=(("stopReason",),),
        complete=frozenset({"end_turn", "stop_sequence"}),
        tokens=(("usage", "inputTokens"), ("usage", "outputTokens")),
        streams=False,
    ),
    "ollama": Kind(
        module="llama_index.llms.ollama",
        extra="ollama",
        name="Ollama",
        arguments=_ollama,
        finish=(("done_reason",),),
        complete=frozenset({"stop"}),
        tokens=(("prompt_eval_count",), ("eval_count",)),
        structured=lambda schema: {"format": schema},
    ),
    # Any class: its replies may say neither why they ended nor how many tokens they took
    "llama_index": Kind(
        module="",
        extra="",
        name="",
        arguments=_given,
        finish=(*_CHOICE, ("stop_reason",), ("finish_reason",), ("done_reason",)),
        complete=frozenset({"stop", "STOP", "end_turn", "stop_sequence", "COMPLETE", "eos"}),
        tokens=_CHAT_TOKENS,
        needs_reason=False,
        streams=False,
    ),
}
