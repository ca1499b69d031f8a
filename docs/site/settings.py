"""The page of all settings, made from the settings classes and the comments of footnote.toml."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from footnote_qa.bot.settings import Settings

_TEMPLATE = Path(__file__).resolve().parents[2] / "bot" / "footnote.toml"
_TABLE = re.compile(r"^(?:# )?\[+([\w.]+)\]+$")
_KEY = re.compile(r"^(?:# )?(\w+) = (.*)$")
_MORE = re.compile(r"^#\s{8,}# (.*)$")
_SIGNS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}

# For settings that the template does not show.
_HELP = {
    "index.model_arguments": "Arguments of the embedding model's class, if the model is a plug-in.",
    "index.model_environment": "Those of them that are secret: the variables that hold them.",
    "index.vectors": "Vector store: Footnote's own, or a plug-in.",
    "search.reranker_arguments": "Arguments of the reranker's class, if it is a plug-in.",
    "search.reranker_environment": "Those of them that are secret: the variables that hold them.",
    "eval.metrics": "Metrics of your own, as `module:Class` or `plugin:NAME`.",
    "mcp.max_question_chars": "Longest question that is taken, in characters.",
    "sources.kind": "Kind of source; it is known from the other settings if it is left out.",
    "sources.name": (
        "Name of the source. The ids of its documents begin with it if there are several sources."
    ),
    "sources.include": "Patterns of the files to read.",
    "sources.rules": (
        "Other audiences for some of the documents; the first rule that matches counts."
    ),
    "sources.rules.match": "Pattern of the paths that the rule is for.",
    "sources.rules.audience": "Groups that may see them; an empty list means everybody.",
    "sources.path": "Folder or file.",
    "sources.url": "Web address at which people can open the documents.",
    "sources.repository": "Address of a git repository.",
    "sources.ref": "Branch, tag or commit to read.",
    "sources.sitemap": "Address of a website's sitemap.",
    "sources.allow_private": "Whether addresses of a private network may be read.",
    "sources.reader": "Class of a llama-index reader, such as `package.module:Class`.",
    "sources.arguments": "Arguments of the reader.",
    "sources.environment": "Arguments of the reader that are secret: the variables that hold them.",
    "sources.load": "Arguments of the reader's `load_data`.",
    "models.providers": (
        "The models that write answers; without any, Footnote quotes the documents."
    ),
    "models.providers.name": "Name of the provider in messages and tables.",
    "models.providers.class_path": "Class of llama-index for the kind `llama_index`.",
    "models.providers.arguments": "Further arguments of that class.",
    "models.providers.api_key": "The key itself; prefer `api_key_env`.",
    "models.providers.api_version": "Version of the interface, for Azure.",
    "models.providers.region": "Region, for Bedrock.",
    "models.providers.price": "Price of the model, if the price list does not know it.",
    "models.providers.price.input_usd_per_million": "For a million tokens that are read.",
    "models.providers.price.output_usd_per_million": "For a million tokens that are written.",
    "models.providers.kind": "Kind of provider.",
    "models.user_budget_usd_per_day": "The same for one person.",
    "models.channel_budget_usd_per_day": "The same for one channel.",
    "models.budget_usd_per_day": (
        "For all models together; after that, answers quote the documents."
    ),
    "models.providers.model": "Name of the model at its provider.",
    "models.providers.budget_usd_per_day": "For this model.",
    "slack.channels": "Settings of single channels.",
    "slack.groups": (
        "Members of each group, by their ids: whose documents they see in direct messages."
    ),
    "slack.features": "What plug-ins add to the bot.",
    "slack.features.arguments": "Arguments of the feature's class.",
    "slack.features.environment": "Those of them that are secret: the variables that hold them.",
    "slack.max_question_chars": "Longer questions are refused.",
    "web.session_hours": "How long somebody who has signed in stays so, in hours.",
    "web.sign_in.issuer": "Address of the OpenID Connect provider; without it, nobody signs in.",
    "web.sign_in.client_id": "Footnote's id at the provider.",
    "web.sign_in.client_secret": "The client's secret itself; prefer `client_secret_env`.",
    "web.sign_in.scopes": "What Footnote asks the provider to tell.",
    "web.sign_in.groups": "Groups of the settings, and which of the provider's groups are in them.",
    "web.max_question_chars": "Longer questions are refused.",
    "slack.channels.enabled": "Answer questions in the channel.",
    "eval.gate.set": "Questions that a new index must answer as well as the one before.",
    "eval.gate.margins": "How much worse each metric may become.",
    "eval.gate.unclear": (
        "What happens where the questions are too few to tell whether a metric fell by more than "
        "its margin: `pass` says so, `mean` decides by the mean, and `fail` fails."
    ),
    "eval.gate.limit": "How many of the questions to ask.",
    "eval.judge.provider": "Name of the provider whose model judges answers.",
    "tracing.endpoint": "Address of an OpenTelemetry collector.",
    "search.candidates": "How many passages each of the two searches hands to the ranking.",
    "index.model": (
        "`embedded` is all-MiniLM-L6-v2, for English; `multilingual` is for 100 "
        "languages; or the name or folder of a sentence-transformers model."
    ),
    "index.store": (
        "Folder of the index, or `s3://bucket/folder`, `gs://…` or `az://…`, which many "
        "machines share."
    ),
    "documents.ocr": "Text recognition, for scans and pictures.",
    "index.chunk_tokens": "Size of a passage, in tokens of the model.",
    "index.max_file_mb": "Larger files are not read.",
    "index.parse_timeout_s": "How long reading one file may take.",
    "index.keep_generations": "How many builds are kept.",
    "documents.ocr_page_timeout_s": "How long text recognition of one page may take.",
    "otlp_endpoint": "Where traces are sent, if `tracing.endpoint` is not set.",
    "otlp_traces_endpoint": "The same, for traces alone.",
    "slack_bot_token": "The app's bot token, `xoxb-…`.",
    "slack_app_token": "The app-level token, `xapp-…`.",
    "slack_signing_secret": "The signing secret, for `footnote slack run --http`.",
    "slack_api_url": "Another server with Slack's interface, for tests.",
}


def settings_page() -> str:
    """Return the page: a table for each table of footnote.toml."""
    comments = _comments()
    lines = [
        "# Settings",
        "",
        (
            "Each setting has a default. [Settings and "
            "files](../handbook/settings-and-files.md) explains where values come from: "
            "`footnote.toml`, `.env`, variables such as `FOOTNOTE_SEARCH__K`, and the command "
            "line. `footnote config` shows the values in use."
        ),
    ]
    tables = list(_tables(Settings, ""))
    for name, fields in sorted(tables, key=lambda one: (one[0] != "", one[0])):
        lines += [
            "",
            f"## `[{name}]`" if name else "## At the top, and from the environment alone",
            "",
        ]
        lines += ["| Setting | Type | Default | Meaning |", "|---|---|---|---|"]
        for key, field in fields.items():
            path = f"{name}.{key}".lstrip(".")
            told = _HELP.get(path) or comments.get(path) or field.description or ""
            shown = str(field.validation_alias or key)
            lines.append(f"| `{shown}` | {_type(field)} | {_default(field)} | {_plain(told)} |")
    return "\n".join(lines) + "\n"


def without_help() -> list[str]:
    """Return the settings that have no line of help."""
    comments = _comments()
    paths = [
        (f"{name}.{key}".lstrip("."), field)
        for name, fields in _tables(Settings, "")
        for key, field in fields.items()
    ]
    return [
        path
        for path, one in paths
        if not (_HELP.get(path) or comments.get(path) or one.description)
    ]


def _tables(model: type[BaseModel], name: str) -> Iterator[tuple[str, dict[str, FieldInfo]]]:
    """Yield the tables with their own settings; a table within is one of its own."""
    own: dict[str, FieldInfo] = {}
    for key, field in model.model_fields.items():
        inner = next(_models(field.annotation), None)
        path = f"{name}.{key}".lstrip(".")
        if inner is None:
            own[key] = field
            continue
        if _is_list(field.annotation) and name:
            own[key] = field
        yield from _tables(inner, path)
    if own:
        yield name, own


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _is_list(annotation: object) -> bool:
    return get_origin(annotation) is tuple


def _comments() -> Mapping[str, str]:
    """Return the comment on each key of the template, by the path of the setting."""
    found: dict[str, str] = {}
    table = path = ""
    for line in _TEMPLATE.read_text(encoding="utf-8").splitlines():
        if (match := _TABLE.match(line.strip())) is not None:
            table, path = match[1], ""
        elif (more := _MORE.match(line)) is not None and path in found:
            found[path] += f" {more[1]}"
        elif (match := _KEY.match(line)) is not None:
            path = f"{table}.{match[1]}".lstrip(".")
            _, mark, comment = match[2].partition(" # ")
            if mark:
                found[path] = comment.strip()
    return found


def _type(field: FieldInfo) -> str:
    limits = [
        f"{words} {getattr(one, sign)}"
        for one in field.metadata
        for sign, words in _SIGNS.items()
        if getattr(one, sign, None) is not None
    ]
    return ", ".join([_words(field.annotation), *limits])


def _words(annotation: object) -> str:
    """Return a type in words."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{value!r}`".replace("'", '"') for value in inner)
    if origin is tuple:
        return "tables" if next(_models(annotation), None) else f"list of {_words(inner[0])}s"
    if origin is dict:
        return "table"
    if origin in {Union, UnionType}:
        return " or ".join(dict.fromkeys(_words(one) for one in inner if one is not NoneType))
    if hasattr(annotation, "__metadata__"):
        return _words(inner[0])
    names = {"str": "text", "bool": "true or false", "int": "number", "float": "number"}
    names |= {"Decimal": "number", "Path": "path", "SecretStr": "secret"}
    name = getattr(annotation, "__name__", "value")
    return "table" if next(_models(annotation), None) else names.get(name, "value")


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "none"
    value = field.default
    if value is PydanticUndefined:
        return "required"
    if value is None or value in ((), "") or isinstance(value, SecretStr):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{one}"' for one in value) + "]`"
    return f'`"{value}"`' if isinstance(value, str | Path) else f"`{value}`"


def _plain(text: str) -> str:
    words = text.strip().rstrip(".").replace("|", "\\|")
    return f"{words[:1].upper()}{words[1:]}." if words else ""
