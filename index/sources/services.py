"""Open a service as a source of documents."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.connectors import KINDS, kind_of, make_connector
from footnote_qa.index.sources.spec import BUILT_IN, SourceSpec
from footnote_qa.index.sources.sync import (
    Choice,
    Clock,
    Connector,
    Event,
    Item,
    SourceId,
    SyncContext,
    SyncedSource,
)


def key_of(spec: SourceSpec) -> str:
    """Return the name of a service's state; other settings of the same service have another one."""
    told = [spec.kind, spec.path, sorted(spec.arguments.items())]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def webhook_secret(spec: SourceSpec) -> str:
    """Return the secret with which a service signs its webhooks; "" if it has none."""
    kind = kind_of(spec.kind) if spec.kind not in BUILT_IN else None
    usual = {one.name: one.variable for one in kind.secrets} if kind else {}
    variable = spec.environment.get("webhook") or usual.get("webhook", "")
    return os.environ.get(variable, "").strip() if variable else ""


def open_connector(
    spec: SourceSpec,
    *,
    max_file_bytes: int,
    clock: Clock | None = None,
    memory: Path | None = None,
) -> Connector:
    """Return the connector of a service; raises `SourceError`."""
    kind = kind_of(spec.kind)
    if kind is None:
        raise SourceError(f"there is no kind of source {spec.kind!r}: {', '.join(KINDS)}")
    return make_connector(
        kind,
        spec.arguments,
        spec.environment,
        max_bytes=max_file_bytes,
        clock=clock,
        memory=memory,
    )


def open_synced(
    spec: SourceSpec, of: SourceId, *, max_file_bytes: int, store: Path, context: SyncContext
) -> SyncedSource:
    """Return the documents of a service; raises `SourceError`."""
    if context.is_due is not None and not context.is_due(of.key):
        context = replace(context, is_offline=True)
    connector = (
        _Offline()
        if context.is_offline
        else open_connector(spec, max_file_bytes=max_file_bytes, clock=context.clock, memory=store)
    )
    return SyncedSource(
        connector,
        of=of,
        choice=Choice(
            include=spec.include,
            exclude=spec.exclude,
            prefix=of.prefix,
            audience=spec.audience,
            rules=spec.rules,
        ),
        store=store,
        context=context,
    )


class _Offline:
    """Stands for a service that nothing is asked of."""

    def check(self) -> str:
        raise SourceError("it is not asked now")

    def changes(self, cursor: str | None) -> Iterator[Event]:
        raise SourceError(f"it is not asked now ({cursor})")

    def fetch(self, item: Item) -> bytes:
        raise SourceError(f"it is not asked now ({item.key})")

    def members(self) -> Iterator[tuple[str, str]]:
        raise SourceError("it is not asked now")
