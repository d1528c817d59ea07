"""What was counted in a stretch of time, as a digest reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.schedule.counting import ACCEPT, REJECT, Dimension, Origin, buckets
from bot.store.rollups import Bucket, Count, Rollups

ENOUGH = 0.9  # of a stretch must be counted before it is compared with

ByRoad = dict[str, dict[datetime, int]]  # bytes by category and bucket


@dataclass(frozen=True)
class Stretch:
    """What was counted from `start` to `end`."""

    start: datetime
    end: datetime
    known: dict[datetime, Bucket]
    counts: tuple[Count, ...]
    by_road: ByRoad = field(default_factory=dict)

    @classmethod
    def read(cls, rollups: Rollups, start: datetime, end: datetime) -> Stretch:
        found = rollups.buckets(start, end).values()
        known = {one.at: one for one in found if one.counted_at and one.records}
        dimensions = (
            Dimension.ALL,
            Dimension.ORIGIN,
            Dimension.SOURCE,
            Dimension.TARGET,
            Dimension.PORT,
            Dimension.CLIENT,
        )
        roads = rollups.values(start, end, ACCEPT, Dimension.ROAD, amount="bytes")
        by_road = {name: values for (_, name), values in roads.items()}
        return cls(start, end, known, rollups.sums(start, end, *dimensions), by_road)

    @property
    def wanted(self) -> int:
        """How many buckets it has."""
        return sum(1 for _ in buckets(self.start, self.end))

    @property
    def enough(self) -> bool:
        return len(self.known) >= ENOUGH * max(1, self.wanted)

    @property
    def traced(self) -> bool:
        """Whether roads were told of what is known; counts of older versions have none."""
        told = set().union(*self.by_road.values()) & set(self.known)
        return bool(told) and len(told) >= ENOUGH * len(self.known)

    @property
    def roads(self) -> dict[str, int]:
        """Bytes by category, each packet's once, the largest first."""
        sums = {name: sum(values.values()) for name, values in self.by_road.items()}
        return dict(sorted(sums.items(), key=lambda one: (-one[1], one[0])))

    def of(self, dimension: Dimension, action: str) -> list[Count]:
        return [one for one in self.counts if (one.dimension, one.action) == (dimension, action)]

    def by_name(self, dimension: Dimension, action: str) -> dict[str, Count]:
        return {one.name: one for one in self.of(dimension, action)}

    def rejects(self, *origins: Origin) -> int:
        named = self.by_name(Dimension.ORIGIN, REJECT)
        return sum(named[one].records for one in origins if one in named)

    @property
    def bytes(self) -> int:
        return sum(one.bytes for one in self.of(Dimension.ORIGIN, ACCEPT))
