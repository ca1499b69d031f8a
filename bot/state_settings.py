"""Settings of the state, `[state]`: the database of questions, answers, feedback and spending."""

import contextlib
from pathlib import Path

from pydantic import SecretStr, field_validator

from footnote_qa.bot.database import PostgresUrl, StateUrlError, parse_state_url
from footnote_qa.bot.provider_settings import Table


class StateSettings(Table):
    """Where questions, answers, feedback and spending are kept; by default in the data folder."""

    url: SecretStr | None = None

    @field_validator("url")
    @classmethod
    def _names_a_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                parse_state_url(value.get_secret_value())
            except StateUrlError as error:
                raise ValueError(str(error)) from None
        return value


def resolve_state(table: object, folder: Path) -> None:
    """Make the path of a SQLite file in *table* relative to *folder*."""
    url = table.get("url") if isinstance(table, dict) else None
    if isinstance(table, dict) and isinstance(url, str):
        with contextlib.suppress(StateUrlError):  # the settings say so, with all other errors
            where = parse_state_url(url)
            if not isinstance(where, PostgresUrl):
                table["url"] = f"sqlite:///{folder / where}"
