"""Plug-ins that the settings name: embedding model, reranker, features of the Slack bot."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.settings import FeatureSettings, Settings
from footnote_qa.plugins.registry import Kind, is_reference, make, target_of, trust

if TYPE_CHECKING:
    from footnote_qa.index.embedding import PluginModel
    from footnote_qa.index.types import Embedder, Reranker
    from footnote_qa.plugins.slack_contracts import SlackFeaturePlugin

Pairs = tuple[tuple[str, object], ...]


def trust_plugins(settings: Settings) -> None:
    """Let indexes be opened that the plug-ins of the settings made.

    Raises:
        PluginError: There is no such plug-in.
        SettingsError: A variable with a secret is missing.
    """
    if settings.index.vectors:
        trust(Kind.VECTOR_STORE, settings.index.vectors)
    if not is_model_plugin(settings):
        return
    from footnote_qa.index.embedding import trust_model  # noqa: PLC0415 - imports ONNX Runtime

    trust_model(_model(settings))


def vector_store(settings: Settings) -> str:
    """Return the plug-in of the vectors, as `module:attribute`; "" if they are in our own file.

    Raises:
        PluginError: There is no such plug-in.
    """
    named = settings.index.vectors
    return target_of(Kind.VECTOR_STORE, named) if named else ""


def embedder(settings: Settings, export_cache: Path) -> "Embedder":
    """Return the embedding model of the settings.

    Raises:
        ModelError: It cannot be loaded.
        PluginError: It is a plug-in that cannot be loaded.
        SettingsError: A variable with a secret is missing.
    """
    from footnote_qa.index import embedding  # noqa: PLC0415 - imports ONNX Runtime

    if is_model_plugin(settings):
        return embedding.PluginEmbedder(_model(settings))
    return embedding.open_embedder(settings.index.model, export_cache=export_cache)


def is_model_plugin(settings: Settings) -> bool:
    """Return whether the embedding model is a plug-in, and no name or folder of a model."""
    model = settings.index.model
    return is_reference(model) and not Path(model).exists()


def _model(settings: Settings) -> "PluginModel":
    from footnote_qa.index.embedding import PluginModel  # noqa: PLC0415 - imports ONNX Runtime

    index = settings.index
    return PluginModel(
        reference=index.model,
        arguments=_pairs(index.model_arguments),
        secrets=_pairs(_secrets("index.model_environment", index.model_environment)),
    )


def plugin_reranker(settings: Settings) -> "Reranker":
    """Return the reranker of the settings, which is a plug-in; raises `PluginError`."""
    search = settings.search
    secrets = _secrets("search.reranker_environment", search.reranker_environment)
    return _reranker(search.reranker, _pairs(search.reranker_arguments) + _pairs(secrets))


@cache
def _reranker(reference: str, arguments: Pairs) -> "Reranker":
    from footnote_qa.index.search import PluginReranker  # noqa: PLC0415 - imports FAISS

    return PluginReranker(reference, dict(arguments))


def slack_feature(feature: FeatureSettings) -> "SlackFeaturePlugin":
    """Return a feature of the Slack bot.

    Raises:
        PluginError: It cannot be loaded.
        SettingsError: A variable with a secret is missing.
    """
    secrets = _secrets(f"slack.features ({feature.plugin})", feature.environment)
    arguments = {**feature.arguments, **secrets}
    return cast("SlackFeaturePlugin", make(Kind.SLACK_FEATURE, feature.plugin, arguments))


def _pairs(values: Mapping[str, object]) -> Pairs:
    return tuple(sorted(values.items()))


def _secrets(setting: str, environment: Mapping[str, str]) -> dict[str, str]:
    missing = sorted(name for name in environment.values() if not os.environ.get(name))
    if missing:
        raise SettingsError(f"{setting}: not in the environment: {', '.join(missing)}")
    return {argument: os.environ[name] for argument, name in environment.items()}
