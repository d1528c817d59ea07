"""What every engine does, and the handle by which a running query is watched and stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from bot.model.errors import Cancelled
from bot.model.query import Progress, Query, Result
from bot.model.window import Window


class Watch:
    """Handed down with a query: hears its progress, and can stop it from another thread."""

    def __init__(self, on_progress: Callable[[Progress], None] = lambda _: None) -> None:
        self._on_progress = on_progress
        self._stopped = threading.Event()
        self._on_stop: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def progress(self, progress: Progress) -> None:
        self._on_progress(progress)

    def stop(self) -> None:
        """Stop the query: callbacks of `on_stop` run once, in the calling thread."""
        with self._lock:
            self._stopped.set()
            callbacks, self._on_stop = self._on_stop, []
        for callback in callbacks:
            callback()

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Have `callback` run when the query is stopped; at once if it already is."""
        with self._lock:
            if not self._stopped.is_set():
                self._on_stop.append(callback)
                return
        callback()

    def check(self) -> None:
        """Raise `Cancelled` when the query was stopped."""
        if self._stopped.is_set():
            raise Cancelled("the query was stopped")

    def wait(self, seconds: float) -> None:
        """Sleep, but wake up and raise `Cancelled` as soon as the query is stopped."""
        self._stopped.wait(seconds)
        self.check()


class Engine(Protocol):
    """Runs Insights text. Safe to call from several threads at once."""

    name: str  # how an answer names it: "CloudWatch Logs Insights", "local files"
    source: str  # what it reads, as the person wrote it

    def fields(self, window: Window, watch: Watch) -> frozenset[str]:
        """Insights names of the flow-log fields that records in the window carry.

        Empty when there is nothing to tell them from (no files, an empty log group). Raises what
        `run` does: telling can take as long.
        """
        ...

    def run(self, query: Query, watch: Watch) -> Result:
        """Run a query. Raises BadQuery, NotSupported, EngineError, BadSource or Cancelled."""
        ...

    def link(self, query: Query) -> str | None:
        """An address that opens this query in the AWS console, when there is one."""
        ...

    def close(self) -> None:
        """Stop what runs and let go of everything."""
        ...
