"""Periods such as `5m`: their units, the caps that Insights puts on them, and bins."""

from __future__ import annotations

from dataclasses import dataclass

from bot.insights.nodes import Period

_SPELLINGS = {
    "millisecond": ("ms", "msec", "msecs", "millisecond", "milliseconds"),
    "second": ("s", "sec", "secs", "second", "seconds"),
    "minute": ("m", "min", "mins", "minute", "minutes"),
    "hour": ("h", "hr", "hrs", "hour", "hours"),
    "day": ("d", "day", "days"),
    "week": ("w", "week", "weeks"),
    "month": ("mo", "mos", "mon", "mons", "month", "months"),
    "quarter": ("q", "qtr", "qtrs", "quarter", "quarters"),
    "year": ("y", "yr", "yrs", "year", "years"),
}
_UNIT = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings}
_CAPS = {"millisecond": 1000, "second": 60, "minute": 60, "hour": 24}
_MICROSECONDS = {
    "millisecond": 1_000,
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": 86_400_000_000,
    "week": 7 * 86_400_000_000,
}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_LONGEST = 100 * 12  # months; beyond, DuckDB's intervals and dates would overflow


@dataclass(frozen=True, slots=True)
class Length:
    """A period after its cap. `capped` says what happened, for people; None when nothing did.

    `offset` is by how many microseconds its bins begin later than they would.
    """

    count: int
    unit: str
    capped: str | None = None
    offset: int = 0

    @property
    def microseconds(self) -> int | None:
        """None for months, quarters and years, which have no fixed length."""
        size = _MICROSECONDS.get(self.unit)
        return size * self.count if size else None

    @property
    def months(self) -> int:
        return _MONTHS[self.unit] * self.count


def length(period: Period) -> Length | None:
    """What a period means; None when it is nothing or longer than a century."""
    unit = _UNIT[period.unit]
    cap = _CAPS.get(unit)
    if cap is not None and period.count > cap:
        text = f"{period.count} {unit}s act as {cap} {unit}s: Insights caps {unit}s at {cap}"
        return Length(cap, unit, text)
    days = (_MICROSECONDS.get(unit) or _MONTHS[unit] * 30 * 86_400_000_000) / 86_400_000_000
    if period.count == 0 or period.count * days > _LONGEST * 30:
        return None
    return Length(period.count, unit)


def floor(moment: str, length: Length) -> str:
    """The start of the bin that a moment is in: UTC boundaries, weeks from Monday."""
    if length.microseconds is None:
        origin = "2000-01-01"
    else:
        origin = "1970-01-05" if length.unit == "week" else "1970-01-01"
    if not length.offset:
        return f"time_bucket({interval(length)}, {moment}, TIMESTAMP '{origin}')"
    by = f"INTERVAL '{length.offset} microseconds'"
    return f"(time_bucket({interval(length)}, {moment} - {by}, TIMESTAMP '{origin}') + {by})"


def ceiling(moment: str, length: Length) -> str:
    """The end of the bin that a moment is in; the moment itself when it is on a boundary."""
    below = floor(moment, length)
    return f"CASE WHEN {moment} = {below} THEN {below} ELSE {below} + {interval(length)} END"


def interval(length: Length) -> str:
    """A period as a DuckDB interval."""
    if length.microseconds is None:
        return f"INTERVAL '{length.months} months'"
    return f"INTERVAL '{length.microseconds} microseconds'"
