"""Owes what is due: digests, each once, whoever is late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.model.times import zone_named
from bot.schedule.courier import Owing
from bot.schedule.digest import Digests
from bot.schedule.due import USEFUL, latest_due
from bot.store.schedules import Schedules

DIGEST, WATCH, WARNINGS = "digest", "watch", "warnings"  # kinds of schedules


def digests_due(schedules: Schedules, digests: Digests, owing: Owing) -> Callable[[datetime], None]:
    """Owes every digest that has come due since the last time; a missed one while it is useful."""

    def owe(now: datetime) -> None:
        for schedule in schedules.live(DIGEST):
            zone = zone_named(schedule.zone)
            after = schedule.last_due or schedule.created_at
            at = schedule.at or "08:30"
            due = latest_due(at, schedule.days, zone, after=after, now=now)
            if due is None or (schedule.muted_until and due < schedule.muted_until):
                continue
            # Owed first: should this process die in between, the key keeps it from being twice.
            owing.post(digests.write(schedule, due, zone), schedule.channel, now, USEFUL)
            schedules.advance(schedule, due)

    return owe


def warned_channels(schedules: Schedules, default: str | None) -> Callable[[], tuple[str, ...]]:
    """Where warnings go: where somebody asked for them, else the default, else with the digests."""

    def channels() -> tuple[str, ...]:
        for kind in (WARNINGS, DIGEST):
            asked = tuple(dict.fromkeys(one.channel for one in schedules.live(kind)))
            if kind == DIGEST and default:
                return (default,)
            if asked:
                return asked
        return ()

    return channels
