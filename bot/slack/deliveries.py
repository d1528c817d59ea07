"""What Slack sent already. It sends again when it is in doubt, and the second may be the only."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import BoltResponse

from bot.slack import limits

MOST_REMEMBERED = 10_000


class Deliveries:
    """Remembers ids for `limits.REDELIVERY_SECONDS`, the newest `MOST_REMEMBERED` of them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def first(self, key: str) -> bool:
        """Whether `key` arrives for the first time."""
        now = self._clock()
        with self._lock:
            self._forget(now)
            if key in self._seen:
                return False
            self._seen[key] = now
            return True

    def middleware(
        self,
        body: Mapping[str, Any],
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
    ) -> BoltResponse:
        """Bolt middleware: acknowledges what came before without doing it again."""
        key = body.get("event_id") or body.get("trigger_id")
        if key is None or self.first(str(key)):
            return next()
        return BoltResponse(status=200, body="")

    def _forget(self, now: float) -> None:
        while self._seen:
            oldest = next(iter(self._seen.values()))
            if now - oldest < limits.REDELIVERY_SECONDS and len(self._seen) < MOST_REMEMBERED:
                return
            self._seen.popitem(last=False)
