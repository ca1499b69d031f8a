"""Features that plug-ins add to the Slack bot: checked, and called without holding up the bot."""

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, TypeVar

from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.plugin_parts import slack_feature
from footnote_qa.bot.settings import FeatureSettings
from footnote_qa.errors import PluginError
from footnote_qa.plugins.slack_contracts import SlackFeaturePlugin

log = logging.getLogger(__name__)

MOST_CALLS: Final = 4
"""Calls of one feature at the same time; the next one is refused."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
_COMMAND: Final = re.compile(r"/[a-z][a-z0-9_-]{0,30}")
_ANYTHING: Final = re.compile(r".*\S.*")
_MAX_TITLE_CHARS: Final = 24  # Slack's, for an entry in the menu of messages

Found = TypeVar("Found")


class FeatureBusyError(Exception):
    """As many calls as may run at the same time are running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature of a plug-in whose names have been checked.

    Attributes:
        plugin: What it does.
        name: Identifies it.
        title: Heading of its section, and its entry in the menu of messages.
        description: One line for Slack's list of commands.
        command: Such as "/define"; "" for none.
        shortcut: Name of its entry in the menu of messages for Slack's events; "" for none.
    """

    plugin: SlackFeaturePlugin = field(repr=False)
    name: str
    title: str
    description: str
    command: str
    shortcut: str
    free: threading.Semaphore = field(
        default_factory=lambda: threading.Semaphore(MOST_CALLS), repr=False, compare=False
    )

    async def call(self, work: Callable[[], Found], *, timeout_s: float) -> Found:
        """Return the result of *work*, which runs in a thread that may stay behind.

        Raises:
            FeatureBusyError: Earlier calls have not come back.
            TimeoutError: It took too long.
        """
        if not self.free.acquire(blocking=False):
            raise FeatureBusyError
        result: Future[Found] = Future()
        result.set_running_or_notify_cancel()  # or a result after the time limit would raise

        def run() -> None:
            try:
                result.set_result(work())
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plug-in raises
                result.set_exception(error)
            finally:
                self.free.release()

        # A daemon: a plug-in that hangs must not hold up the end of the process
        threading.Thread(target=run, name=f"feature-{self.name}", daemon=True).start()
        async with asyncio.timeout(timeout_s):
            return await asyncio.wrap_future(result)


def load_features(chosen: Iterable[FeatureSettings], *, taken: Sequence[str] = ()) -> list[Feature]:
    """Load the features of the settings.

    Args:
        chosen: The features, in order.
        taken: Commands that are not free.

    Raises:
        PluginError: One cannot be loaded, or has a name that another one has.
        SettingsError: A variable with a secret is missing.
    """
    found: list[Feature] = []
    for one in chosen:
        found.append(_feature(one, found, taken))
    return found


def working_features(
    chosen: Iterable[FeatureSettings], *, taken: Sequence[str] = ()
) -> list[Feature]:
    """Load the features of the settings, without those that cannot be loaded: the log names them.

    Args:
        chosen: The features, in order.
        taken: Commands that are not free.
    """
    found: list[Feature] = []
    for one in chosen:
        try:
            found.append(_feature(one, found, taken))
        except (PluginError, SettingsError) as error:
            details = {"plugin": one.plugin, "fault": str(error)}
            log.error("slack feature left out", extra=details)  # noqa: TRY400 the fault is enough
    return found


def _feature(one: FeatureSettings, others: Sequence[Feature], taken: Sequence[str]) -> Feature:
    plugin = slack_feature(one)
    feature = Feature(
        plugin=plugin,
        name=_text(one, plugin.name, "name", form=_NAME),
        title=_text(one, plugin.title, "title"),
        description=_text(one, plugin.description, "description"),
        command=_text(one, plugin.command, "command", form=_COMMAND) if plugin.command else "",
        shortcut=f"feature_{plugin.name}" if plugin.shortcut else "",
    )
    if feature.shortcut and len(feature.title) > _MAX_TITLE_CHARS:
        raise PluginError(
            f"the Slack feature {one.plugin} has the title {feature.title!r:.60}: the menu of "
            f"messages shows at most {_MAX_TITLE_CHARS} characters"
        )
    commands = {*taken, *(other.command for other in others if other.command)}
    if feature.name in {other.name for other in others} or feature.command in commands:
        raise PluginError(
            f"the Slack feature {one.plugin} has the name {feature.name!r} or the command "
            f"{feature.command!r} of another feature: take one of them out of the settings"
        )
    return feature


def _text(
    one: FeatureSettings, value: object, what: str, *, form: re.Pattern[str] = _ANYTHING
) -> str:
    if isinstance(value, str) and form.fullmatch(value):
        return value
    raise PluginError(f"the Slack feature {one.plugin} has the {what} {value!r:.60}: use another")
