"""Words that name a stretch of time → `Window`, in the asker's zone.

- `15m 1h 24h 7d` (also `90 min`, `last 2 hours`) are exact lengths that end now.
- `today`, `yesterday` and `2026-11-20` are calendar days in the asker's zone: 23 or 25 hours long
  when the clocks change.
- `14:00..15:30` is the latest such stretch that has begun, today or yesterday; so is `since 14:00`.
- `2026-11-20 14:00..15:30`, `2026-11-20 14:00..2026-11-21 02:00`, `2026-11-20..2026-11-22` (whole
  days, the last one too), and ISO 8601 with a zone on either side.
- A window that reaches into the future ends now.
- A local time that happens twice means the first time as a start and the second as an end, so the
  window covers both. One that never happens means the moment the clocks jumped over it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.model.errors import BadLine
from bot.model.window import Window

EXAMPLES = "15m, 1h, 7d, today, yesterday, since 14:00, 2026-11-20 14:00..15:30"
LONGEST = timedelta(days=400)
MOST_WORDS = 6  # of the longest spelling: from DATE TIME to DATE TIME

_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
}
_NUMBER = r"\d{1,9}"
_LENGTH = re.compile(rf"(?:(?:last|past) )?({_NUMBER})( ?)([a-z]+)")
_LAST_ONE = re.compile(r"(?:last|past) (minute|hour|day|week)")
_SINCE = re.compile(r"since (.+)")
_FROM_TO = re.compile(r"(?:from|between) (.+) (?:to|until|and) (.+)")
_RANGE = re.compile(r"(.+?) ?(?:\.\.|…) ?(.+)")
_CLOCK_RANGE = re.compile(r"((?:\S+ )?\d{1,2}:\d\d) ?[-–—] ?(\d{1,2}:\d\d)")
_POINT = re.compile(
    r"(?:(?P<day>\d{4}-\d\d-\d\d|today|yesterday)(?:[ t]|$))?"
    r"(?:(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?)?"
    r"(?P<zone>z|[+-]\d\d:?\d\d)?"
)


@dataclass(frozen=True, slots=True)
class _Point:
    """A time as written: a day, a time of day, or both."""

    day: date | None
    clock: timedelta | None  # since midnight by the clock on the wall; 24 h is the day's end
    zone: tzinfo | None


def window_in(words: str, now: datetime, zone: ZoneInfo) -> Window | None:
    """The window that `words` name; None when they name none.

    Raises `BadLine` for words that look like a window and cannot be one.
    """
    text = " ".join(words.lower().split())
    length = _length(text, words)
    if length is not None:
        return _bounded(now - length, now, now, words)
    return _stretch(text, words, now, zone)


def _length(text: str, words: str) -> timedelta | None:
    if one := _LAST_ONE.fullmatch(text):
        return _UNITS[one[1]]
    match = _LENGTH.fullmatch(text)
    if match is None or match[3] not in _UNITS:
        return None
    if match[2] and len(match[3]) == 1:  # `22 d` is two words that mean something else
        return None
    try:
        length = int(match[1]) * _UNITS[match[3]]
    except OverflowError:
        length = timedelta.max
    if length > LONGEST:
        raise BadLine(
            f"{words!r} is too long a window", hint=f"It can be {LONGEST.days} days at most."
        )
    if not length:
        raise BadLine(f"{words!r} is no length of time", hint=f"Write {EXAMPLES}.")
    return length


def _stretch(text: str, words: str, now: datetime, zone: ZoneInfo) -> Window | None:
    if since := _SINCE.fullmatch(text):
        first = _point(since[1], words, now, zone)
        if first is None:
            raise BadLine(f"{words!r} names no time", hint=f"Write {EXAMPLES}.")
        return _bounded(_latest(first, now, zone), now, now, words)
    for pattern in (_RANGE, _CLOCK_RANGE, _FROM_TO):
        if match := pattern.fullmatch(text):
            ends = [_point(part, words, now, zone) for part in match.groups()]
            if ends[0] and ends[1]:
                return _between(ends[0], ends[1], words, now, zone)
            if " " not in text and (ends[0] or ends[1]):
                wrong = match[1] if ends[0] is None else match[2]
                raise BadLine(f"{wrong!r} is not a time", hint=f"Write {EXAMPLES}.")
            return None
    day = _point(text, words, now, zone)
    if day is None or day.day is None or day.clock is not None:
        return None
    return _between(day, day, words, now, zone)


def _between(first: _Point, last: _Point, words: str, now: datetime, zone: ZoneInfo) -> Window:
    """The window from one point to another; what the second leaves out is as in the first."""
    zone_of_first = first.zone or last.zone or zone
    zone_of_last = last.zone or first.zone or zone
    floating = first.day is None and last.day is None
    day = first.day or last.day or now.astimezone(zone_of_first).date()
    start = _moment(day, first.clock or timedelta(), zone_of_first, end=False)
    if floating and start >= now:
        day -= timedelta(days=1)
        start = _moment(day, first.clock or timedelta(), zone_of_first, end=False)
    last_day = last.day or day
    if last.clock is None:
        end = _moment(last_day + timedelta(days=1), timedelta(), zone_of_last, end=False)
    else:
        end = _moment(last_day, last.clock, zone_of_last, end=True)
        if floating and end <= start:
            end = _moment(last_day + timedelta(days=1), last.clock, zone_of_last, end=True)
    return _bounded(start, end, now, words)


def _latest(point: _Point, now: datetime, zone: ZoneInfo) -> datetime:
    """The point's moment; a time without a day is the latest such time."""
    zone_of_point = point.zone or zone
    day = point.day or now.astimezone(zone_of_point).date()
    clock = point.clock or timedelta()
    moment = _moment(day, clock, zone_of_point, end=False)
    if point.day is None and moment >= now:
        return _moment(day - timedelta(days=1), clock, zone_of_point, end=False)
    return moment


def _bounded(start: datetime, end: datetime, now: datetime, words: str) -> Window:
    if start >= now:
        raise BadLine(f"{words!r} is in the future", hint=f"Write {EXAMPLES}.")
    if start >= end:
        raise BadLine(f"{words!r} ends before it has begun", hint="Swap the two times.")
    if end - start > LONGEST:
        raise BadLine(
            f"{words!r} is too long a window", hint=f"It can be {LONGEST.days} days at most."
        )
    return Window(start, min(end, now))


def _point(text: str, words: str, now: datetime, zone: ZoneInfo) -> _Point | None:
    match = _POINT.fullmatch(text.strip())
    if match is None or not (match["day"] or match["hour"]):
        return None
    if match["zone"] and not match["hour"]:
        return None
    try:
        offset = _offset(match["zone"])
        return _Point(_day(match["day"], now, offset or zone), _clock(match), offset)
    except (ValueError, OverflowError):
        raise BadLine(
            f"there is no such time as {text.strip()!r}",
            hint=f"Write {EXAMPLES}.",
        ) from None


def _day(text: str | None, now: datetime, zone: tzinfo) -> date | None:
    if text is None:
        return None
    today = now.astimezone(zone).date()
    if text == "today":
        return today
    if text == "yesterday":
        return today - timedelta(days=1)
    day = date.fromisoformat(text)
    if not 1970 <= day.year < 9999:
        raise ValueError(text)
    return day


def _clock(match: re.Match[str]) -> timedelta | None:
    if match["hour"] is None:
        return None
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    clock = timedelta(hours=hour, minutes=minute, seconds=second)
    if minute > 59 or second > 59 or clock > timedelta(days=1):
        raise ValueError(match[0])
    return clock


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    return UTC if text == "z" else datetime.strptime(text, "%z").tzinfo


def _moment(day: date, clock: timedelta, zone: tzinfo, *, end: bool) -> datetime:
    """The moment in UTC of a time on the wall, by the module's rule for changes of the clock."""
    wall = datetime.combine(day, time()) + clock
    early = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    late = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if late < early:  # the offset after the change is the larger: this time was jumped over
        return _jump(late, early, zone)
    return late if end else early


def _jump(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first second after `before` with the offset that holds at `after`."""
    offset = after.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return datetime.fromtimestamp(high, UTC)
