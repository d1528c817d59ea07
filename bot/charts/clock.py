"""The time axis in a person's zone: where ticks go and how moments are named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.model.chart import Mark, Timeline

_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)
_DAYS = (1, 2, 7, 14, 28, 56, 112, 364)  # whole weeks, so that weekdays compare
_QUARTER = 15  # minutes; every offset in use today is a multiple of it
_WEEK = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Tick:
    """One labelled moment; what stands in `day` goes below it, where a new day begins."""

    at: datetime
    label: str
    day: str = ""


def extent(chart: Timeline) -> tuple[datetime, datetime] | None:
    """From the start of the first bin to the end of the last; None when there are no bins."""
    if not chart.times:
        return None
    length = timedelta(seconds=max(1, chart.bin_seconds))
    return min(chart.times).astimezone(UTC), max(chart.times).astimezone(UTC) + length


def ticks(start: datetime, end: datetime, zone: ZoneInfo, most: int) -> tuple[Tick, ...]:
    """At most about `most` round local times from `start` to before `end`."""
    minutes = (end - start) / timedelta(minutes=1)
    step = next((step for step in _MINUTES if minutes / step <= most), None)
    if step is None:
        return tuple(_days(start, end, zone, most))
    found = [at for at in _grid(start, end, min(step, _QUARTER)) if _is_round(at, zone, step)]
    labels = [at.astimezone(zone) for at in found]
    named = _new_days(labels) if crosses_midnight(start, end, zone) else set()
    return tuple(
        Tick(at, f"{local:%H:%M}", day(local) if n in named else "")
        for n, (at, local) in enumerate(zip(found, labels, strict=True))
    )


def crosses_midnight(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    last = end - timedelta(microseconds=1)
    return start.astimezone(zone).date() != last.astimezone(zone).date()


def day(when: date) -> str:
    return f"{when:%a} {when.day} {when:%b}"


def moment(at: datetime, zone: ZoneInfo, *, with_day: bool) -> str:
    """A moment as it is called in a chart: 14:35, or Fri 20 Nov 14:35."""
    local = at.astimezone(zone)
    return f"{day(local)} {local:%H:%M}" if with_day else f"{local:%H:%M}"


def zone_name(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """The zone, with what clocks there say: Europe/Berlin (CET); both when it changes."""
    names = dict.fromkeys(_abbreviation(at.astimezone(zone)) for at in (start, end))
    told = " → ".join(names)
    return zone.key if told == zone.key else f"{zone.key} ({told})"


def shifts(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[Mark, ...]:
    """Marks where clocks are put forward or back; none in windows of more than a week or so."""
    if end - start > _WEEK:
        return ()
    marks = []
    for at in _grid(start, end, _QUARTER):
        old, new = (at - timedelta(minutes=1)).astimezone(zone), at.astimezone(zone)
        if at > start and old.utcoffset() != new.utcoffset():
            label = f"clocks change: {_abbreviation(old)} → {_abbreviation(new)}"
            marks.append(Mark(at, label))
    return tuple(marks)


def _abbreviation(local: datetime) -> str:
    name = f"{local:%Z}"
    return f"UTC{name}" if name[:1] in "+-" else name


def _grid(start: datetime, end: datetime, minutes: int) -> Iterator[datetime]:
    seconds = minutes * 60
    first = -(-int(start.timestamp()) // seconds) * seconds
    for stamp in range(first, int(end.timestamp()), seconds):
        yield datetime.fromtimestamp(stamp, UTC)


def _is_round(at: datetime, zone: ZoneInfo, step: int) -> bool:
    """The repeated hour of an autumn night gets ticks of its own only when hours do."""
    local = at.astimezone(zone)
    return (local.hour * 60 + local.minute) % step == 0 and not (local.fold and step > 60)


def _new_days(labels: Sequence[datetime]) -> set[int]:
    """Which ticks name their day: midnights, and the first where there is room beside them."""
    midnights = {n for n, local in enumerate(labels) if local.hour == local.minute == 0}
    return midnights if 1 in midnights else midnights | {0}


def _days(start: datetime, end: datetime, zone: ZoneInfo, most: int) -> Iterator[Tick]:
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    length = (last - first).days
    step = next((step for step in _DAYS if length / step <= most), _DAYS[-1])
    for ordinal in range(first.toordinal(), last.toordinal() + 1, step):
        when = date.fromordinal(ordinal)
        at = datetime.combine(when, time(), zone).astimezone(UTC)
        if start <= at < end:
            yield Tick(at, f"{when:%a}", f"{when.day} {when:%b}")
