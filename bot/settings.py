"""All settings, in order of precedence: command line, environment, `.env`, `footnote.toml`."""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from dotenv import dotenv_values
from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as PydanticSettingsError

from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.mcp_settings import McpSettings
from footnote_qa.bot.provider_settings import PriceSettings, ProviderSettings, Table
from footnote_qa.bot.slack_settings import ChannelSettings, FeatureSettings, SlackSettings
from footnote_qa.bot.source_settings import Argument, SourceSettings
from footnote_qa.bot.state_settings import StateSettings, resolve_state
from footnote_qa.bot.web_settings import WebSettings
from footnote_qa.index.defaults import DENSE_WEIGHT
from footnote_qa.plugins.registry import is_reference

__all__ = [
    "DEFAULT_CONFIG",
    "DEFAULT_DATA_DIR",
    "ChannelSettings",
    "EvalSettings",
    "FeatureSettings",
    "GateSettings",
    "IndexSettings",
    "JudgeSettings",
    "McpSettings",
    "ModelsSettings",
    "PriceSettings",
    "ProviderSettings",
    "SearchSettings",
    "Settings",
    "SlackSettings",
    "StateSettings",
    "TracingSettings",
    "WebSettings",
    "load",
    "read_file",
]

DEFAULT_CONFIG = Path("footnote.toml")
DEFAULT_DATA_DIR = Path(".footnote")
_PREFIX = "FOOTNOTE_"
Keyed = TypeVar("Keyed", bound=Table)


def _references(given: Sequence[str]) -> tuple[str, ...]:
    """Return references to plug-ins; a ValueError names those that are none."""
    if wrong := [one for one in given if not is_reference(one)]:
        raise ValueError(f"{', '.join(wrong)}: write plugin:NAME or module:Class")
    return tuple(given)


class IndexSettings(Table):
    """How documents are split and embedded."""

    model: str = "embedded"
    model_arguments: dict[str, Argument] = Field(default_factory=dict)
    model_environment: dict[str, str] = Field(default_factory=dict)
    vectors: str = ""
    chunk_tokens: int = Field(default=200, ge=32, le=2000)
    max_file_mb: int = Field(default=100, ge=1)
    parse_timeout_s: float = Field(default=60, gt=0)
    keep_generations: int = Field(default=3, ge=2)
    max_lost_share: float = Field(default=0.5, ge=0, le=1)
    store: str = ""
    store_endpoint: str = ""
    store_allow_http: bool = False
    store_poll_s: float = Field(default=30, gt=0)
    store_grace_h: float = Field(default=24, gt=0)

    @field_validator("vectors")
    @classmethod
    def _is_a_store(cls, value: str) -> str:
        return _references([value])[0] if value else ""

    @property
    def in_object_store(self) -> bool:
        """Whether the index is in an object store, not only in a folder."""
        return "://" in self.store

    # It checks the table, not the values: the message of an error shows a value, and its password.
    @model_validator(mode="after")
    def _store_is_known(self) -> "IndexSettings":
        if any(re.search("//[^/]*@", one) for one in (self.store, self.store_endpoint)):
            raise ValueError("store holds a password: put it into the environment instead")
        if self.in_object_store and not re.match("(s3|gs|az)://[^/?#]+[^?#]*$", self.store):
            raise ValueError("store: use a folder, or s3://, gs:// or az:// with a bucket")
        if self.store_endpoint.startswith("http://") and not self.store_allow_http:
            raise ValueError("store_endpoint is without TLS: use https://, or set store_allow_http")
        return self


class DocumentsSettings(Table):
    """How documents are read."""

    ocr: Literal["off", "auto", "tesseract", "rapidocr"] = "off"
    ocr_languages: tuple[str, ...] = Field(default=("eng", "deu"), min_length=1)
    ocr_page_timeout_s: float = Field(default=60, gt=0)
    parsers: dict[str, str] = Field(default_factory=dict)

    @field_validator("parsers")
    @classmethod
    def _are_parsers(cls, value: dict[str, str]) -> dict[str, str]:
        if wrong := [suffix for suffix in value if not re.fullmatch(r"\.\w+", suffix)]:
            raise ValueError(f"{', '.join(wrong)}: begin a suffix with a dot, such as .ics")
        _references([one for one in value.values() if one])
        return {suffix.lower(): one for suffix, one in value.items()}

    @field_validator("ocr_languages")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in value if not re.fullmatch(r"[A-Za-z]\w*", name)]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: use tesseract's names of languages, such as eng")
        return value


class SearchSettings(Table):
    """How passages are found."""

    k: int = Field(default=8, ge=1, le=100)
    dense_weight: float = Field(default=DENSE_WEIGHT, ge=0, le=1)
    candidates: int = Field(default=200, ge=10, le=1000)
    reranker: str = ""
    reranker_arguments: dict[str, Argument] = Field(default_factory=dict)
    reranker_environment: dict[str, str] = Field(default_factory=dict)
    reranked: int = Field(default=20, ge=1, le=200)
    rerank_weight: float = Field(default=1.0, ge=0)
    context_tokens: int = Field(default=6000, ge=200)
    extractive_tokens: int = Field(default=12_000, ge=200)


class ModelsSettings(Table):
    """The portfolio of models; without models, the offline answerer answers."""

    providers: tuple[ProviderSettings, ...] = ()
    offline_threshold: float | None = Field(default=None, ge=0, le=1)
    offline_reader: Path | None = None
    deadline_s: float = Field(default=60, gt=0)
    further_searches: int = Field(default=2, ge=0, le=5)
    budget_usd_per_day: Decimal | None = Field(default=None, gt=0)
    user_budget_usd_per_day: Decimal | None = Field(default=None, gt=0)
    channel_budget_usd_per_day: Decimal | None = Field(default=None, gt=0)
    warn_at: float = Field(default=0.8, gt=0, le=1)

    @field_validator("providers")
    @classmethod
    def _names_differ(cls, value: tuple[ProviderSettings, ...]) -> tuple[ProviderSettings, ...]:
        names = [provider.name for provider in value]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError("several are called " + ", ".join(twice))
        if "offline" in names:
            raise ValueError("the name offline is taken")
        return value


class GateSettings(Table):
    """The questions that a new generation must answer as well as the one before."""

    set: Path | None = None
    margins: dict[str, float] = Field(default_factory=dict)
    unclear: Literal["pass", "mean", "fail"] = "pass"
    limit: int | None = Field(default=None, ge=1)


class JudgeSettings(Table):
    """The model that judges answers; preferably not one of those that answer."""

    provider: str | None = None


class EvalSettings(Table):
    """How answers are measured."""

    metrics: tuple[str, ...] = ()
    gate: GateSettings = GateSettings()
    judge: JudgeSettings = JudgeSettings()

    @field_validator("metrics")
    @classmethod
    def _are_metrics(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _references(value)


class TracingSettings(Table):
    """Where the steps of each question are sent as OpenTelemetry traces."""

    endpoint: str = ""
    texts: bool = False


class Settings(BaseSettings):
    """All settings, checked together before anything is loaded."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        populate_by_name=True,
    )
    file_values: ClassVar[dict[str, Any]] = {}

    data_dir: Path = DEFAULT_DATA_DIR
    sources: tuple[SourceSettings, ...] = ()
    index: IndexSettings = IndexSettings()
    documents: DocumentsSettings = DocumentsSettings()
    search: SearchSettings = SearchSettings()
    models: ModelsSettings = ModelsSettings()
    slack: SlackSettings = SlackSettings()
    web: WebSettings = WebSettings()
    state: StateSettings = StateSettings()
    eval: EvalSettings = EvalSettings()
    mcp: McpSettings = McpSettings()
    tracing: TracingSettings = TracingSettings()

    otlp_endpoint: str = Field(default="", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    otlp_traces_endpoint: str = Field(
        default="", validation_alias="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    )
    slack_bot_token: SecretStr | None = Field(default=None, validation_alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = Field(default=None, validation_alias="SLACK_APP_TOKEN")
    slack_signing_secret: SecretStr | None = Field(
        default=None, validation_alias="SLACK_SIGNING_SECRET"
    )
    slack_api_url: str = Field(default="https://slack.com/api/", validation_alias="SLACK_API_URL")

    @classmethod
    def settings_customise_sources(  # noqa: PLR0917 - the signature that pydantic-settings calls
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the settings file between `.env` and the defaults."""
        del dotenv_settings, file_secret_settings  # `.env` is read into the environment by `load`
        file = InitSettingsSource(settings_cls, init_kwargs=cls.file_values)
        return init_settings, env_settings, file


def load(
    config: Path | None = DEFAULT_CONFIG,
    *,
    data_dir: Path | None = None,
    values: Mapping[str, object] | None = None,
) -> Settings:
    """Read all settings.

    Args:
        config: The settings file; the default one may be missing. `.env` is read from its folder.
            None reads neither.
        data_dir: From the command line; overrides everything else.
        values: Tables of settings that override those of the file and of the environment.

    Raises:
        SettingsError: Names all unknown, wrong or missing values together.
    """
    if config is not None:
        _read_dotenv(config.absolute().parent / ".env")
    file_values = {} if config is None else read_file(config)
    loaded = type("Settings", (Settings,), {"file_values": file_values})
    arguments = dict(values or {}) | ({} if data_dir is None else {"data_dir": data_dir})
    faults = [f"{name}: unknown variable" for name in _unknown_variables()]
    try:
        settings: Settings = loaded(**arguments)
    except (ValidationError, PydanticSettingsError) as error:
        faults += _faults(error)
    else:
        if not faults:
            return _with_keys(settings)
    where = "settings" if config is None else f"settings ({config})"
    raise SettingsError(f"{where}: " + "; ".join(faults))


_FROM_DOTENV: dict[str, str] = {}


def _read_dotenv(path: Path) -> None:
    """Add what is in `.env` to the environment, also what changed there since the last time."""
    for name, value in dotenv_values(path).items():
        is_ours = name in _FROM_DOTENV and os.environ.get(name) == _FROM_DOTENV[name]
        if value is not None and (is_ours or name not in os.environ):
            os.environ[name] = _FROM_DOTENV[name] = value


def read_file(config: Path) -> dict[str, Any]:
    """Return the tables of the settings file, with full paths; {} if the default one is missing.

    Raises:
        SettingsError: The file is not readable TOML, or another file than the default is missing.
    """
    try:
        values = tomllib.loads(config.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if config == DEFAULT_CONFIG:
            return {}
        raise SettingsError(
            f"there is no settings file {config}: give another --config, or run `footnote init`"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{config} is not readable TOML: {error}") from error
    # Paths in the file are relative to the file, wherever the command is run.
    folder = config.absolute().parent
    for names in (
        ("data_dir",),
        ("index", "store"),
        ("eval", "gate", "set"),
        ("models", "offline_reader"),
    ):
        _resolve(values, names, folder)
    resolve_state(values.get("state"), folder)
    sources = values.get("sources")
    for source in sources if isinstance(sources, list) else []:
        _resolve(source, ("path",), folder)
    return values


def _resolve(table: object, names: Sequence[str], folder: Path) -> None:
    *tables, name = names
    for one in tables:
        table = table.get(one) if isinstance(table, dict) else None
    found = table.get(name) if isinstance(table, dict) else None
    if isinstance(table, dict) and isinstance(found, str) and found and "://" not in found:
        table[name] = str(folder / table[name])


def _unknown_variables() -> list[str]:
    known = {f"{_PREFIX}{name}".upper() for name in Settings.model_fields}
    names = sorted(name for name in os.environ if name.upper().startswith(_PREFIX))
    return [name for name in names if name.upper().split("__")[0] not in known]


def _faults(error: ValidationError | PydanticSettingsError) -> list[str]:
    if isinstance(error, PydanticSettingsError):
        return [str(error)]
    faults = []
    for each in error.errors(include_url=False):
        place = ".".join(str(part) for part in each["loc"])
        message = each["msg"].removeprefix("Value error, ")
        if each["type"] == "extra_forbidden":
            faults.append(f"{place}: unknown setting")
        elif isinstance(each["input"], str | int | float) and not _SECRET.search(place):
            faults.append(f"{place}: {message} (it is {each['input']!r})")
        else:
            faults.append(f"{place}: {message}")
    return faults


_SECRET = re.compile(r"key|secret|^state\.url$")
"""Places of secrets, whose wrong values are not shown."""


def _with_keys(settings: Settings) -> Settings:
    """Add the key of each provider, so that nothing else reads the environment."""
    providers = tuple(_with_key(one, one.api_key_env) for one in settings.models.providers)
    models = settings.models.model_copy(update={"providers": providers})
    client = settings.web.sign_in
    client = _with_key(client, client.client_secret_env, name="client_secret")
    web = settings.web.model_copy(update={"sign_in": client})
    return settings.model_copy(update={"models": models, "web": web})


def _with_key(table: Keyed, variable: str | None, *, name: str = "api_key") -> Keyed:
    key = os.environ.get(variable, "").strip() if variable else ""
    return table.model_copy(update={name: SecretStr(key)}) if key else table
