"""Time in Trino: moments as milliseconds, bins, and how moments are written."""

from __future__ import annotations

import re

from sqlglot import exp

from bot.engines.athena.typed import EPOCH, Kind, Refused, call, cast, moment, text, whole

_MONTHS_FROM = 2000  # the year that bins of months are counted from
# strftime's directives in the spelling of format_datetime, which is Joda's.
_JODA = {
    "%Y": "yyyy",
    "%y": "yy",
    "%B": "MMMM",
    "%b": "MMM",
    "%m": "MM",
    "%-m": "M",
    "%d": "dd",
    "%-d": "d",
    "%j": "DDD",
    "%A": "EEEE",
    "%a": "EEE",
    "%H": "HH",
    "%-H": "H",
    "%I": "hh",
    "%-I": "h",
    "%M": "mm",
    "%-M": "m",
    "%S": "ss",
    "%-S": "s",
    "%g": "SSS",
    "%p": "a",
}


def since_epoch(time: exp.Expr) -> exp.Expr:
    """Milliseconds since 1970."""
    return call("date_diff", text("millisecond"), moment(EPOCH), time)


def from_epoch(milliseconds: exp.Expr) -> exp.Expr:
    return call("date_add", text("millisecond"), milliseconds, moment(EPOCH))


def floor(interval: exp.Interval, time: exp.Expr, origin: str) -> exp.Expr:
    """The start of the bin that a time is in."""
    unit, count = length(interval)
    if unit == "month":
        years = exp.Sub(this=call("year", time.copy()), expression=whole(_MONTHS_FROM))
        months = exp.Add(
            this=exp.Mul(this=exp.Paren(this=years), expression=whole(12)),
            expression=exp.Sub(this=call("month", time), expression=whole(1)),
        )
        start = f"{_MONTHS_FROM}-01-01 00:00:00.000"
        whole_bins = exp.Sub(this=months, expression=_beyond(months.copy(), count))
        return call("date_add", text("month"), whole_bins, moment(start))
    passed = call("date_diff", text("millisecond"), moment(f"{origin} 00:00:00.000"), time.copy())
    return call("date_add", text("millisecond"), exp.Neg(this=_beyond(passed, count)), time)


def _beyond(passed: exp.Expr, count: int) -> exp.Expr:
    """How far beyond the start of a bin; never below 0, whichever side of the origin."""
    once = exp.Add(this=call("mod", passed, whole(count)), expression=whole(count))
    return call("mod", once, whole(count))


def moved(time: exp.Expr, interval: exp.Interval, *, back: bool) -> exp.Expr:
    """A time later by an interval, or earlier."""
    unit, count = length(interval)
    return call("date_add", text(unit), whole(-count if back else count), time)


def length(interval: exp.Interval) -> tuple[str, int]:
    """An interval as a unit and how many of it."""
    count, unit = int(interval.this.name), interval.args["unit"].name.upper()
    if unit in ("MONTH", "MONTHS"):
        return "month", count
    if unit not in ("MICROSECOND", "MICROSECONDS") or count % 1000:
        raise Refused(f"an interval of {count} {unit.lower()}")
    return "millisecond", count // 1000


def written(time: exp.Expr, pattern: str) -> exp.Expr:
    """A time by a pattern of strftime."""
    joda = ""
    for piece in re.finditer(r"%-?[A-Za-z]|%%|[^%]", pattern):
        sign = piece[0]
        if sign in _JODA:
            joda += _JODA[sign]
        elif sign.startswith("%") and sign != "%%":
            raise Refused(f"{sign} in a date's pattern is refused for Athena")
        else:
            plain = sign[-1]
            joda += "''" if plain == "'" else f"'{plain}'" if plain.isalpha() else plain
    return call("format_datetime", time, text(joda))


def in_zone(time: exp.Expr, zone: str) -> exp.Expr:
    """What clocks in a zone show at a time in UTC."""
    at = call("at_timezone", call("with_timezone", time, text("UTC")), text(zone))
    return cast(at, Kind.TIME)
