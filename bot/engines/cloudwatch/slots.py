"""A bounded number of places, given out in the order in which they were asked for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK_EVERY = 0.1  # seconds, while waiting in line


class Slots:
    """`count` places. First come, first served; safe for threads."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._line: deque[object] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def place(self, wait: Callable[[float], None]) -> Iterator[None]:
        """Hold a place. `wait` sleeps for some seconds, and raises to leave the line."""
        self._stand_in_line(wait)
        try:
            yield
        finally:
            with self._lock:
                self._free += 1

    def _stand_in_line(self, wait: Callable[[float], None]) -> None:
        ticket = object()
        with self._lock:
            self._line.append(ticket)
        try:
            while not self._admitted(ticket):
                wait(LOOK_EVERY)
        except BaseException:
            with self._lock:
                self._line.remove(ticket)
            raise

    def _admitted(self, ticket: object) -> bool:
        with self._lock:
            if self._free == 0 or self._line[0] is not ticket:
                return False
            self._line.popleft()
            self._free -= 1
            return True
