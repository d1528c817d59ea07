"""Results that were read a moment ago, so that the same query is not scanned and paid for twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.query import Query, Result

SETTLED_AFTER = timedelta(minutes=30)  # records of a window this far back have been delivered
KEEP_SETTLED = timedelta(minutes=5)
KEEP_RECENT = timedelta(seconds=20)  # of a window to which records are still being added


@dataclass(frozen=True, slots=True)
class Kept:
    """A result and when it was read."""

    result: Result
    at: datetime


class Cache:
    """The latest results, at most `entries` of them and `rows` rows in all. Safe for threads."""

    def __init__(
        self, clock: Callable[[], datetime], *, entries: int = 200, rows: int = 200_000
    ) -> None:
        self._clock = clock
        self._entries = entries
        self._rows = rows
        self._kept: OrderedDict[Query, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, query: Query) -> Kept | None:
        """What was kept of a query, unless it is too old."""
        with self._lock:
            kept = self._kept.get(query)
            if kept is None:
                return None
            settled = kept.at - query.window.end >= SETTLED_AFTER
            age = self._clock() - kept.at
            if not timedelta() <= age < (KEEP_SETTLED if settled else KEEP_RECENT):
                del self._kept[query]
                return None
            self._kept.move_to_end(query)
            return kept

    def put(self, query: Query, result: Result) -> None:
        """Keep a result; the ones not asked for longest make room."""
        if len(result.rows) > self._rows // 4:
            return
        with self._lock:
            self._kept[query] = Kept(result, self._clock())
            self._kept.move_to_end(query)
            while len(self._kept) > self._entries or self._size() > self._rows:
                self._kept.popitem(last=False)

    def _size(self) -> int:
        return sum(len(kept.result.rows) for kept in self._kept.values())
