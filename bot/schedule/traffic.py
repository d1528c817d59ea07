"""The digest's traffic: by road, against the same weekday a week before. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.model.chart import Panel, Series, Tone
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period
from bot.model.writing import many, size
from bot.network.over_time import tone
from bot.schedule.counting import ACCEPT, Dimension, Origin
from bot.schedule.stretch import Stretch

NAMED = 4  # roads on the line; all of them are in the thread
_ORIGIN_WORDS = {
    Origin.INSIDE: "inside",
    Origin.OUTGOING: "to the internet",
    Origin.INTERNET: "from the internet",
    Origin.OTHER: "elsewhere",
}


def line(now: Stretch, then: Stretch, zone: ZoneInfo) -> str:
    """Traffic in one line: how much, against when, and by which roads."""
    if not now.known:
        return "Traffic: unknown."
    if not now.traced:
        return _line_by_origin(now, then, zone)
    compared = _compared(now, then)
    total, before = sum(now.roads.values()), sum(then.roads.values())
    against = _against(now, then, zone, compared=compared and before > 0) or (
        f"{change(total, before)} against {day(then, zone)}"
    )
    parts = [
        f"{name} {size(amount)}" + (f" ({_moved(amount, then.roads.get(name, 0))})" * compared)
        for name, amount in list(now.roads.items())[:NAMED]
    ]
    more = len(now.roads) - NAMED
    others = f" and {many(more, 'other road')}" if more > 0 else ""
    return f"Traffic: {size(total)}, {against}: {', '.join(parts)}{others}."


def table(now: Stretch, then: Stretch, zone: ZoneInfo) -> Table | None:
    """Every road, against the same weekday before where that was counted."""
    if not now.traced:
        return None
    compared = _compared(now, then)
    columns = [Column("road", "Road"), Column("bytes", "Bytes", Kind.BYTES)]
    if compared:
        columns += [Column("before", day(then, zone), Kind.BYTES), Column("change", "Change")]
    names = [*now.roads, *(name for name in then.roads if compared and name not in now.roads)]
    rows: list[tuple[Value, ...]] = []
    for name in names:
        amount, before = now.roads.get(name, 0), then.roads.get(name, 0)
        rest: tuple[Value, ...] = (before, _moved(amount, before)) if compared else ()
        rows.append((name, amount, *rest))
    return Table("Traffic by road, each packet counted once", tuple(columns), tuple(rows))


def panels(
    now: Stretch, then: Stretch, bins: Iterable[datetime], period: Period, zone: ZoneInfo
) -> list[Panel]:
    """Roads over time, and all of them together against the same weekday before."""
    if not now.traced:
        return []
    starts = [at.timestamp() for at in bins]
    roads = tuple(
        Series(
            name,
            _binned(now, now.by_road[name], starts, period),
            tone(name),
        )
        for name in now.roads
    )
    found = [Panel("Traffic by road", roads, Kind.BYTES, "bytes")]
    if _compared(now, then):
        week = now.start.timestamp() - then.start.timestamp()
        earlier = [start - week for start in starts]
        lines = (
            Series(day(then, zone), _binned(then, _all(then), earlier, period), Tone.NOISE),
            Series(day(now, zone), _binned(now, _all(now), starts, period), Tone.ACCEPTED),
        )
        title = f"All traffic against {day(then, zone)}"
        found.append(Panel(title, lines, Kind.BYTES, "bytes", stacked=False))
    return found


def change(now: float, then: float) -> str:
    """A change in per cent, with its sign."""
    moved = round((now / then - 1) * 100) if then else 0
    return f"{'+' if moved > 0 else '−' if moved < 0 else '±'}{abs(moved)} %"


def day(stretch: Stretch, zone: ZoneInfo) -> str:
    """`Mon 16 Nov`."""
    return f"{stretch.start.astimezone(zone):%a %d %b}"


def _compared(now: Stretch, then: Stretch) -> bool:
    return now.enough and then.enough and then.traced


def _moved(now: int, then: int) -> str:
    return change(now, then) if then else "new"


def _against(now: Stretch, then: Stretch, zone: ZoneInfo, *, compared: bool) -> str:
    """Why nothing is compared; empty when something is."""
    if compared:
        return ""
    if not now.enough:
        return f"not compared with {day(then, zone)}: too little was counted"
    return f"no {day(then, zone)} to compare with"


def _line_by_origin(now: Stretch, then: Stretch, zone: ZoneInfo) -> str:
    """Where no roads were told: which way it went, as logged."""
    named = now.by_name(Dimension.ORIGIN, ACCEPT)
    parts = [
        f"{size(named[origin].bytes)} {words}"
        for origin, words in _ORIGIN_WORDS.items()
        if origin in named
    ]
    against = _against(now, then, zone, compared=now.enough and then.enough and then.bytes > 0) or (
        f"{change(now.bytes, then.bytes)} against {day(then, zone)}"
    )
    return f"Traffic: {size(now.bytes)}, {against} ({', '.join(parts) or 'none'})."


def _all(stretch: Stretch) -> dict[datetime, int]:
    sums: dict[datetime, int] = defaultdict(int)
    for values in stretch.by_road.values():
        for at, amount in values.items():
            sums[at] += amount
    return sums


def _binned(
    stretch: Stretch, values: Mapping[datetime, int], starts: list[float], period: Period
) -> tuple[float | None, ...]:
    """Sums by bin; None where nothing is known of one."""
    sums: dict[int, int] = defaultdict(int)
    for at in stretch.known:
        sums[int((at.timestamp() - starts[0]) // period.seconds)] += values.get(at, 0)
    return tuple(sums.get(n) for n in range(len(starts)))
