"""The log of the commands: one line for each event, with its details."""

import logging
import sys

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


def configure(*, verbose: bool) -> None:
    """Log to standard error.

    Args:
        verbose: Show what happens, and the traces of errors.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(DetailFormatter(traces=verbose))
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _NOISY:
        # Their lines may hold what people wrote: never below a warning.
        logging.getLogger(name).setLevel(logging.WARNING)
