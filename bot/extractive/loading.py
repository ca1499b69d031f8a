"""The span model, loaded once for each folder, in a thread while other work goes on."""

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from footnote_qa.bot.extractive.span_model import SHIPPED, SpanModel

_lock: Final = threading.Lock()
_loading: Final[dict[Path, Future[SpanModel]]] = {}


def load_ahead(folder: Path | None = None) -> "Future[SpanModel]":
    """Begin to load the model of *folder*, or ours; return immediately.

    ONNX Runtime lets other threads run while it loads. To load takes a tenth of a cold question.
    """
    place = folder or SHIPPED
    with _lock:
        if place not in _loading:
            _loading[place] = future = Future[SpanModel]()
            threading.Thread(target=_load, args=(place, future), name="span-model").start()
        return _loading[place]


def loaded(folder: Path | None = None) -> SpanModel:
    """Return the model of *folder*, or ours.

    Raises:
        SpanModelError: A file is missing or does not match its checksum.
    """
    future = load_ahead(folder)
    try:
        return future.result()
    except BaseException:
        with _lock:
            _loading.pop(folder or SHIPPED, None)  # the next call tries again
        raise


def _load(place: Path, future: "Future[SpanModel]") -> None:
    try:
        future.set_result(SpanModel(place))
    except BaseException as error:  # noqa: BLE001 - raised where the model is needed
        future.set_exception(error)
