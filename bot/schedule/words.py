"""Words of orders: times of day, weekdays, lengths of time, channels."""

from __future__ import annotations

import re
from datetime import timedelta

from bot.model.errors import BadLine

ORDERS = ("digest", "warnings", "expect", "snooze", "watch", "metric")  # first words of orders
LONGEST = timedelta(days=365)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LENGTH = re.compile(r"(\d{1,5})([mhdw])")
_CHANNEL = re.compile(r"<#([CGD][A-Z0-9]+)(?:\|[^>]*)?>|([CGD][A-Z0-9]{5,})")


def clock_time(word: str) -> str:
    """`8:30` → `08:30`. Raises `BadLine`."""
    match = re.fullmatch(r"(\d{1,2}):(\d\d)", word)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise BadLine(f"{word[:40]!r} is not a time of day", hint="Write 08:30.")
    return f"{int(match[1]):02}:{match[2]}"


def weekdays(word: str) -> str | None:
    """`weekdays`, `daily`, `mon,thu`, `mon-fri` → ISO weekdays as digits; None for other words."""
    plain = word.lower()
    if plain in ("weekdays", "workdays"):
        return "12345"
    if plain in ("daily", "everyday"):
        return "1234567"
    days: set[int] = set()
    for part in plain.split(","):
        ends = [_DAYS.index(one[:3]) for one in part.split("-") if one[:3] in _DAYS]
        if not ends or len(ends) != len(part.split("-")) or len(ends) > 2:
            return None
        first, last = ends[0], ends[-1]
        days.update((first + n) % 7 for n in range((last - first) % 7 + 1))
    return "".join(str(day + 1) for day in sorted(days))


def days_shown(days: str) -> str:
    """ISO weekdays as people say them."""
    known = {"12345": "on weekdays", "1234567": "every day", "67": "at weekends"}
    return known.get(days) or f"on {', '.join(_DAYS[int(one) - 1].capitalize() for one in days)}"


def length_of(word: str) -> timedelta:
    """`30m`, `2h`, `7d`, `4w`. Raises `BadLine`."""
    match = _LENGTH.fullmatch(word.lower())
    length = timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else timedelta()
    if not timedelta() < length <= LONGEST:
        raise BadLine(f"{word[:40]!r} is not a length of time", hint="Write 30m, 2h, 7d or 4w.")
    return length


def channel_id(word: str) -> str | None:
    """The id in `<#C0123456|name>` or `C0123456`; None for other words."""
    match = _CHANNEL.fullmatch(word)
    return (match[1] or match[2]) if match else None
