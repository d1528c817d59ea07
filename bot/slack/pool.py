"""A bounded pool of threads that says how long the line is, and when it is full."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

logger = logging.getLogger(__name__)


class Pool:
    """`threads` jobs run at once and `waiting` more may wait; a further one is refused."""

    def __init__(self, threads: int, waiting: int, name: str) -> None:
        self.threads = threads
        self.waiting = waiting
        self._taken = 0
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)

    def submit(self, job: Callable[[], None]) -> int | None:
        """Take a job. Returns how many must end before it starts, None when there is no room."""
        with self._lock:
            if self._taken >= self.threads + self.waiting:
                return None
            ahead = max(0, self._taken - self.threads + 1)
            try:
                self._executor.submit(self._run, job)
            except RuntimeError:  # closed
                return None
            self._taken += 1
            return ahead

    def close(self) -> None:
        """Take no more jobs, and wait until those taken have ended."""
        self._executor.shutdown(wait=True)

    def _run(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception:
            logger.exception("a job ended with an error nobody handled")
        finally:
            with self._lock:
                self._taken -= 1
