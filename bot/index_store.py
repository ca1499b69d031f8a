"""Open the index of the settings: a folder, or an object store with a folder on this machine."""

import contextlib
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from footnote_qa.bot.errors import SettingsError
from footnote_qa.bot.plugin_parts import trust_plugins
from footnote_qa.bot.settings import Settings
from footnote_qa.index.errors import IndexingError
from footnote_qa.index.extras import install
from footnote_qa.index.storage import IndexDirectory

if TYPE_CHECKING:
    from footnote_qa.index.replication import Follower, SharedIndexDirectory
    from footnote_qa.index.search import LiveIndex

log = logging.getLogger(__name__)


def index_directory(settings: Settings) -> IndexDirectory:
    """Return the folder of all generations; of an object store, those on this machine."""
    trust_plugins(settings)
    folder = "" if settings.index.in_object_store else settings.index.store
    root = Path(folder) if folder else settings.data_dir / "index"
    return _shared_directory(settings) or IndexDirectory(root)


def current_index(settings: Settings) -> IndexDirectory:
    """Return the folder of all generations; the newest of an object store is there as well.

    If it cannot be fetched, the generation on this machine is used.

    Raises:
        IndexingError: It cannot be fetched, and there is no generation on this machine.
    """
    shared = _shared_directory(settings)
    if shared is None:
        return index_directory(settings)
    try:
        shared.refresh_best()
    except IndexingError as error:
        if shared.used() is None:
            raise
        told = {"fault": str(error)}
        log.error("newest index not fetched, that of this machine is used", extra=told)  # noqa: TRY400 - its message says all
    return shared


def _shared_directory(settings: Settings) -> "SharedIndexDirectory | None":
    trust_plugins(settings)
    index = settings.index
    if not index.in_object_store:
        return None
    try:
        from footnote_qa.index.replication import (  # noqa: PLC0415 - obstore is an extra
            GenerationStore,
            ObjectStore,
            SharedIndexDirectory,
        )
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"index.store needs a package that is missing: {install('object-store')}"
        ) from error
    objects = ObjectStore(
        index.store, endpoint=index.store_endpoint, allow_http=index.store_allow_http
    )
    return SharedIndexDirectory(
        settings.data_dir / "index",
        GenerationStore(objects),
        keep=index.keep_generations,
        grace=timedelta(hours=index.store_grace_h),
    )


def stored_generation(settings: Settings) -> str | None:
    """Return the generation in use in the object store; raises `IndexingError`."""
    shared = _shared_directory(settings)
    return None if shared is None else shared.in_store()


@contextlib.contextmanager
def following(settings: Settings, index: "LiveIndex") -> Iterator["Follower | None"]:
    """Fetch each new generation of the object store in the background, if there is a store."""
    shared = _shared_directory(settings)
    if shared is None:
        yield None
        return
    from footnote_qa.index.replication import Follower  # noqa: PLC0415 - obstore is an extra

    every_s = settings.index.store_poll_s
    with Follower(shared, every_s=every_s, prepare=index.prepare) as follower:
        yield follower
