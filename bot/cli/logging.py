"""The log of the commands: one line for each event, with its details."""

import logging
import sys
from enum import StrEnum

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_NOISY = ("httpx", "httpcore", "slack_bolt", "slack_sdk", "asyncio", "urllib3", "filelock")


class DetailFormatter(logging.Formatter):
    """Writes the fields of `extra` after the message, and traces only if asked for.

    Args:
        traces: Whether the trace of an error is shown under its line.
    """

    def __init__(self, *, traces: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._traces = traces

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        if not self._traces:
            record = logging.makeLogRecord(vars(record) | {"exc_info": None, "exc_text": None})
        details = [
            f"{name}={value!s}" for name, value in vars(record).items() if name not in _PLAIN
        ]
        line = super().format(record)
        if not details:
            return line
        head, *trace = line.split("\n", 1)
        return "\n".join([f"{head} ({', '.join(details)})", *trace])


class LogFormat(StrEnum):
    """The form of a line of the log."""

    TEXT = "text"
    JSON = "json"


def _json_formatter(*, traces: bool) -> logging.Formatter:
    """Return a formatter for one JSON object a line: time, level, logger, message and details."""
    from pythonjsonlogger.json import JsonFormatter

    class Formatter(JsonFormatter):
        def format(self, record: logging.LogRecord) -> str:
            if not traces:
                plain = {"exc_info": None, "exc_text": None, "stack_info": None}
                record = logging.makeLogRecord(vars(record) | plain)
            return super().format(record)

    return Formatter(
        ["levelname", "name", "message"],
        rename_fields={"levelname": "level", "name": "logger", "exc_info": "trace"},
        timestamp="time",
        json_ensure_ascii=False,
    )


def configure(*, verbose: bool, form: LogFormat = LogFormat.TEXT) -> None:
    """Log to standard error.

    Args:
        verbose: Show what happens, and the traces of errors.
        form: The form of each line.
    """
    handler = logging.StreamHandler(sys.stderr)
    as_json = form is LogFormat.JSON
    handler.setFormatter(
        _json_formatter(traces=verbose) if as_json else DetailFormatter(traces=verbose)
    )
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _NOISY:
        # Their lines may hold what people wrote: never below a warning.
        logging.getLogger(name).setLevel(logging.WARNING)
