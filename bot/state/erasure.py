"""The record of what was erased, which stays."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path


def note_erasure(path: Path, user: str, counts: Mapping[str, int]) -> None:
    """Append a line and wait until it is on disk."""
    at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    line = json.dumps({"at": at, "event": "forget_user", "user": user} | dict(counts))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
