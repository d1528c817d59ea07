"""When a digest is due: pure arithmetic over a wall clock that jumps twice a year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

USEFUL = timedelta(hours=6)  # how late a digest that was missed is still worth reading
LOOK_BACK = timedelta(days=8)  # every weekday, and a day to spare


def due_on(day: date, at: str, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which the wall clock of `zone` shows `at` (HH:MM) on a day.

    A time that the clock shows twice is the first of the two. One that it jumps over is taken by
    the offset from before the jump: 02:30 falls on 03:30.
    """
    hour, minute = (int(part) for part in at.split(":"))
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def due_moments(
    at: str, days: str, zone: ZoneInfo, after: datetime, until: datetime
) -> Iterator[datetime]:
    """Every due moment later than `after` and not later than `until`, in order.

    `days` are the ISO weekdays, Monday 1, as digits.
    """
    day = after.astimezone(zone).date() - timedelta(days=1)
    last = until.astimezone(zone).date()
    while day <= last:
        if str(day.isoweekday()) in days:
            moment = due_on(day, at, zone)
            if after < moment <= until:
                yield moment
        day += timedelta(days=1)


def latest_due(
    at: str, days: str, zone: ZoneInfo, *, after: datetime, now: datetime
) -> datetime | None:
    """The latest due moment since `after` that is still useful; the earlier ones are let go."""
    since = max(after, now - USEFUL - timedelta(microseconds=1))
    return max(due_moments(at, days, zone, since, now), default=None)


def next_due(at: str, days: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The first due moment later than `now`; None when there are no days."""
    return next(due_moments(at, days, zone, now, now + LOOK_BACK), None)


def previous_due(at: str, days: str, zone: ZoneInfo, due: datetime) -> datetime | None:
    """The last due moment before one."""
    before = due - timedelta(microseconds=1)
    return max(due_moments(at, days, zone, due - LOOK_BACK, before), default=None)
