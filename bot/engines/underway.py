"""Queries that run in AWS: who waits for them, and that none is left to run on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.engines.engine import Watch
from bot.model.errors import Cancelled, EngineError, FlowsError

logger = logging.getLogger(__name__)


class Underway:
    """The queries of one engine. Safe for threads.

    `stop` stops a query in AWS by its id, or raises `EngineError`; `otherwise` says what that
    means for the person who asked.
    """

    def __init__(self, stop: Callable[[str], None], otherwise: str) -> None:
        self._stop_in_aws = stop
        self._otherwise = otherwise
        self._lock = threading.Lock()
        self._closed = False
        self._watches: set[Watch] = set()
        self._running: set[str] = set()

    @contextmanager
    def waiting(self, watch: Watch) -> Iterator[None]:
        """While this lasts, `close` stops the watch. Raises `Cancelled` when closed."""
        watch.check()
        with self._lock:
            if self._closed:
                raise Cancelled("this source was closed")
            self._watches.add(watch)
        try:
            yield
        finally:
            with self._lock:
                self._watches.discard(watch)

    @contextmanager
    def running(self, query_id: str) -> Iterator[None]:
        """Stop the query when the block is left by an error, and say so if that fails."""
        with self._lock:
            self._running.add(query_id)
        try:
            yield
        except BaseException as error:
            failure = self._stop(query_id)
            if failure and isinstance(error, FlowsError):
                error.hint = f"{self._otherwise}: {failure.what}."
            raise
        finally:
            with self._lock:
                self._running.discard(query_id)

    def close(self) -> None:
        """Stop every query, here and in AWS; none is taken any more."""
        with self._lock:
            self._closed = True
            watches, running = tuple(self._watches), tuple(self._running)
        for watch in watches:
            watch.stop()
        for query_id in running:
            self._stop(query_id)

    def _stop(self, query_id: str) -> EngineError | None:
        """Stop a query that runs, once; returns what went wrong with that."""
        with self._lock:
            if query_id not in self._running:
                return None
            self._running.discard(query_id)
        try:
            self._stop_in_aws(query_id)
        except EngineError as error:
            logger.warning("a query may run on: %s", error)
            return error
        return None
