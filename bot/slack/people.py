"""Where the people who ask live in time."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from zoneinfo import ZoneInfo

from slack_sdk import WebClient

from bot.model.times import BadZone, zone_named
from bot.slack.clients import CALL_ERRORS, problem

MOST_REMEMBERED = 1_000
REMEMBERED_SECONDS = 3600.0  # people travel

logger = logging.getLogger(__name__)


class People:
    """Time zones by user id, from `users.info`; `default` where Slack does not say."""

    def __init__(self, client: WebClient, default: ZoneInfo, clock: Callable[[], float]) -> None:
        self._client = client
        self._default = default
        self._clock = clock
        self._zones: OrderedDict[str, tuple[float, ZoneInfo]] = OrderedDict()
        self._lock = threading.Lock()

    def zone(self, user: str) -> ZoneInfo:
        """The person's zone, asked for at most once an hour."""
        now = self._clock()
        with self._lock:
            known = self._zones.get(user)
        if known and now - known[0] < REMEMBERED_SECONDS:
            return known[1]
        try:
            zone = self._asked(user)
        except CALL_ERRORS as error:
            logger.warning("no time zone for %s: %s", user, problem(error))
            return known[1] if known else self._default
        self._remember(user, now, zone)
        return zone

    def _asked(self, user: str) -> ZoneInfo:
        name = (self._client.users_info(user=user).get("user") or {}).get("tz")
        if not name:
            return self._default
        try:
            return zone_named(str(name))
        except BadZone:
            logger.warning("Slack names a time zone that this machine does not know: %r", name)
            return self._default

    def _remember(self, user: str, now: float, zone: ZoneInfo) -> None:
        with self._lock:
            self._zones[user] = (now, zone)
            self._zones.move_to_end(user)
            if len(self._zones) > MOST_REMEMBERED:
                self._zones.popitem(last=False)
