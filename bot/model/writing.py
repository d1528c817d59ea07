"""How values are written for people, by kind. One spelling for every place that shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model.query import Statistics
from bot.model.table import Kind, Value
from bot.model.window import Window

_STEPS = (("", 1), ("k", 10**3), ("M", 10**6), ("G", 10**9), ("T", 10**12), ("P", 10**15))
_WIDER = ((24, "h", 86400), (7, "d", 7 * 86400), (30, "d", 30 * 86400))
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def written(value: Value, kind: Kind, zone: ZoneInfo) -> str:
    """A value as people read it; missing ones are a dash. Times are in `zone`."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, int | float):
        if kind is Kind.BYTES:
            return size(value)
        if kind is Kind.SHARE:
            return share(value)
        if kind is Kind.SECONDS:
            return duration(value)
        if kind is Kind.COUNT:
            return count(value)
        if kind is Kind.MONEY:
            return money(value)
    return str(value)


def size(value: float) -> str:
    """Bytes in powers of 1000, three digits: 0 B, 1.23 kB, 45.6 MB."""
    return f"{_short(value)}B"


def short_count(value: float) -> str:
    """A count where room is short: 950, 1.23 k, 45.6 M."""
    return _short(value).rstrip()


def count(value: float) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{value:,.0f}".replace(",", "\u2009")


def many(value: float, noun: str, plural: str | None = None) -> str:
    """A count with its noun: 1 client, 12 clients."""
    return f"{count(value)} {noun if value == 1 else plural or noun + 's'}"


def reading(statistics: Statistics, *engines: str) -> str:
    """What queries read and how long they took, on one line."""
    if statistics == Statistics():
        return "  ·  ".join(("nothing had to be read anew", *engines))
    return "  ·  ".join(
        (
            f"{count(statistics.records_matched)} of"
            f" {many(statistics.records_scanned, 'record')} matched",
            f"{size(statistics.bytes_scanned)} scanned",
            duration(statistics.seconds),
            *engines,
        )
    )


def share(value: float) -> str:
    """A fraction as per cent; what is neither nothing nor all is never written as 0 % or 100 %."""
    percent = value * 100
    if 0 < percent < 1:
        return "<1 %"
    if 99 < percent < 100:
        return ">99 %"
    return f"{percent:.0f} %"


def money(dollars: float) -> str:
    """US dollars, to the cent below a thousand: $0, <$0.01, $4.20, $1 234."""
    if 0 < dollars < 0.005:
        return "<$0.01"
    if abs(dollars) >= 1000:
        return f"${count(dollars)}"
    return f"${dollars:.2f}" if round(dollars, 2) else "$0"


def duration(seconds: float) -> str:
    """A length of time, to its two largest units: 45 s, 12 min, 1 h 30 min, 2 d."""
    if 0 < seconds < 10:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    parts = (
        (whole // _DAY, "d"),
        (whole % _DAY // _HOUR, "h"),
        (whole % _HOUR // _MINUTE, "min"),
        (whole % _MINUTE, "s"),
    )
    first = next(n for n, (amount, _) in enumerate(parts) if amount)
    return " ".join(f"{amount} {unit}" for amount, unit in parts[first : first + 2] if amount)


def span(window: Window, zone: ZoneInfo) -> str:
    """A window in the asker's zone: 2026-11-20 14:00–15:30 CET (1 h 30 min)."""
    start, end = window.start.astimezone(zone), window.end.astimezone(zone)
    same_day = start.date() == (end - timedelta(microseconds=1)).date()
    if same_day and end.date() != start.date():
        until = "24:00"
    else:
        until = f"{end:%H:%M}" if same_day else f"{end:%Y-%m-%d %H:%M}"
    return f"{start:%Y-%m-%d %H:%M}–{until} {start:%Z} ({duration(window.seconds)})"


def window_words(window: Window, now: datetime, zone: ZoneInfo) -> str:
    """Words that ask about this window again: `1h` or `today` when it ends now, else its times.

    Times are in `zone`, or in UTC where the zone has the same local time twice.
    """
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if window.end == now and window.start == today.astimezone(UTC):
        return "today"
    minutes = round(window.seconds / 60)
    if window.end == now and window.seconds == minutes * 60:
        for unit, length in (("d", 1440), ("h", 60), ("m", 1)):
            if minutes % length == 0 and (unit != "d" or minutes > length):
                return f"{minutes // length}{unit}"
    times = [moment.astimezone(zone) for moment in (window.start, window.end)]
    if any(t.utcoffset() != t.replace(fold=1 - t.fold).utcoffset() for t in times):
        return "..".join(f"{t.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for t in times)
    start, end = times
    clock = "%H:%M:%S" if start.second or end.second else "%H:%M"
    until = f"{end:{clock}}" if start.date() == end.date() else f"{end:%Y-%m-%d {clock}}"
    return f"{start:%Y-%m-%d {clock}}..{until}"


def wider_words(window: Window) -> str:
    """A window worth trying when this one holds too little: `24h`, then `7d`, then `30d`."""
    return next((f"{n}{u}" for n, u, s in _WIDER if window.seconds < s), "90d")


def _short(value: float) -> str:
    for unit, step in _STEPS:
        scaled = value / step
        if abs(scaled) < 999.5 or unit == "P":
            digits = 0 if step == 1 or abs(scaled) >= 99.95 else 1 if abs(scaled) >= 9.995 else 2
            return f"{scaled:.{digits}f} {unit}"
    raise AssertionError("the last step takes every value")
