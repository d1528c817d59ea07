"""Where a timeline's span of time lies on the page, and its bins in order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.charts import clock
from bot.charts.values import known
from bot.model.chart import Timeline


@dataclass(frozen=True, slots=True)
class Frame:
    """Time from `start` to `end` between `left` and `right`, which are points on the page."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    left: float
    right: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def last(self) -> datetime:
        """The last moment within."""
        return self.end - timedelta(microseconds=1)

    def x(self, at: datetime) -> float:
        return self.left + (at - self.start) / (self.end - self.start) * self.width

    def called(self, at: datetime) -> str:
        """A moment by its time, and by its day where the span has several."""
        several = clock.crosses_midnight(self.start, self.end, self.zone)
        return clock.moment(at, self.zone, with_day=several)


@dataclass(frozen=True, slots=True)
class Bins:
    """Where bins begin and end, in epoch seconds, with an unknown bin wherever none was given.

    `places` says which value of a series stands between two edges.
    """

    edges: tuple[float, ...]
    places: tuple[int | None, ...]

    @classmethod
    def of(cls, chart: Timeline) -> Bins:
        edges: list[float] = []
        places: list[int | None] = []
        for place, at in sorted(enumerate(chart.times), key=lambda pair: pair[1]):
            start = at.timestamp()
            if edges and start > edges[-1]:
                edges.append(start)
                places.append(None)
            edges = edges or [start]
            edges.append(start + max(1, chart.bin_seconds))
            places.append(place)
        return cls(tuple(edges), tuple(places))

    def run(self, values: Sequence[float | None]) -> list[float]:
        """The values between the edges; NaN where unknown."""
        numbers = (None if place is None else known(values[place]) for place in self.places)
        return [math.nan if number is None else number for number in numbers]

    def unknown(self, values: Sequence[float | None]) -> list[tuple[datetime, datetime]]:
        """The stretches in which no value is known."""
        found: list[tuple[datetime, datetime]] = []
        for n, value in enumerate(self.run(values)):
            if not math.isnan(value):
                continue
            start, end = (datetime.fromtimestamp(edge, UTC) for edge in self.edges[n : n + 2])
            if found and found[-1][1] == start:
                start = found.pop()[0]
            found.append((start, end))
        return found
