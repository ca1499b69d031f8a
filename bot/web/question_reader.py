"""Embed the questions that were not answered, in the background, so that no page waits for it."""

import logging
import threading
from typing import Final, Self

from footnote_qa.bot.web.backend import Backend
from footnote_qa.bot.web.overview import Overviews
from footnote_qa.index.errors import IndexingError

log = logging.getLogger(__name__)

EVERY_S: Final = 15.0


class QuestionReader:
    """Looks for new questions every few seconds while its context is open."""

    def __init__(self, backend: Backend, overviews: Overviews, *, every_s: float = EVERY_S) -> None:
        self._backend = backend
        self._overviews = overviews
        self._every_s = every_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="questions", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(self._every_s):
            try:
                index = self._backend.opened().index
                while self._overviews.read_questions(index) and not self._ending.is_set():
                    pass
            except IndexingError:
                continue  # the pages say so
            except Exception:  # it must not end for one question, or while the state is away
                log.warning("questions not read", exc_info=True)
