"""Rejects, bucket by bucket, before the detector: kept as series where reasons live.

There is a series for each way rejects of our own went (inside, going out), for each target and each
port of theirs, and for each door: an address and port at which the internet used to be answered.
What the internet tries elsewhere is noise, and has no series.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.detect.detector import ALERT, Detector
from bot.detect.state import BadState, State
from bot.schedule.counting import ACCEPT, BUCKET, OURS, REJECT, REST, Dimension, buckets
from bot.store.detectors import Memories, Memory
from bot.store.rollups import Bucket, Rollups

FEWEST = 6  # rejects in one bucket, before a name gets a series of its own
MOST = 2_000  # series of one source
SERVED_FOR = timedelta(hours=1)  # until it is asked again which doors there are
STALE = timedelta(hours=6)  # a bucket not counted for so long is taken as unknown

Name = tuple[str, str]  # (dimension, name in it)
Values = Mapping[Name, Mapping[datetime, int]]
_SERIES = (Dimension.ORIGIN, Dimension.OUR_TARGET, Dimension.OUR_PORT, Dimension.DOOR)
ALWAYS: tuple[Name, ...] = tuple((Dimension.ORIGIN, origin) for origin in OURS)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A series that is too high: by how much (1 is the limit), and its rejects in the bucket."""

    series: Name
    score: float
    value: int


@dataclass(frozen=True, slots=True)
class Look:
    """What one bucket showed. `open` are series that have not come back to normal yet."""

    at: datetime
    known: bool
    alarms: tuple[Alarm, ...] = ()
    open: frozenset[Name] = frozenset()


class Spikes:
    """Watches the series of one source. A new one learns from `history` of rollups."""

    def __init__(self, rollups: Rollups, memories: Memories, history: timedelta) -> None:
        self._rollups = rollups
        self._memories = memories
        self._history = history
        self._served: tuple[datetime, frozenset[str]] | None = None

    def look(self, start: datetime, end: datetime) -> list[Look]:
        """Look at every bucket that was not looked at yet, from `start`, as far as all is counted.

        What lies before `start` is only learned from.
        """
        seen = self._memories.seen
        if seen and seen + 2 * BUCKET > end:
            return []
        memory = self._memories.read()
        at = memory.seen + BUCKET if memory.seen else start
        known = self._rollups.buckets(at, end)
        if not known:
            return []
        names, detector = self._remembered(memory, start)
        doors = self._doors(at)
        looks = []
        for bucket in buckets(at, end):
            counted = known.get(bucket)
            if (counted is None or counted.counted_at is None) and end - bucket < STALE:
                break
            values = self._values(bucket, bucket + BUCKET, doors)
            names, detector = self._admit(names, detector, values, bucket)
            looks.append(_look(bucket, counted, names, detector, values))
        if looks:
            states = dict(zip(map(_stored, names), detector.state.to_bytes(), strict=True))
            self._memories.write(Memory(looks[-1].at, states))
        return looks

    @property
    def seen(self) -> datetime | None:
        """The last bucket that was looked at; None before the first."""
        return self._memories.seen

    def restart(self) -> None:
        """Forget what was learned: the next look learns anew from the counts."""
        self._memories.forget()

    def _remembered(self, memory: Memory, start: datetime) -> tuple[list[Name], Detector]:
        names = [_name(text) for text in memory.states]
        try:
            if names:
                return names, Detector(state=State.from_bytes(list(memory.states.values())))
        except BadState:
            start = memory.seen + BUCKET if memory.seen else start
        begin = start - self._history
        past = self._values(begin, start, self._doors(start))
        wanted = _wanted(past)
        return wanted, self._learned(wanted, start, past)

    def _admit(
        self, names: list[Name], detector: Detector, values: Values, at: datetime
    ) -> tuple[list[Name], Detector]:
        """Give a detector to names that have become worth one; it knows their past."""
        new = [name for name in _wanted(values) if name not in set(names)][: MOST - len(names)]
        if not new:
            return names, detector
        past = self._rollups.series(at - self._history, at, REJECT, new)
        states = (*detector.state.to_bytes(), *self._learned(new, at, past).state.to_bytes())
        return names + new, Detector(state=State.from_bytes(states))

    def _learned(self, names: Sequence[Name], before: datetime, past: Values) -> Detector:
        detector = Detector(len(names))
        known = self._rollups.buckets(before - self._history, before)
        detector.learn(
            (at.timestamp(), [past.get(name, {}).get(at, 0) for name in names])
            for at, bucket in known.items()
            if bucket.counted_at and bucket.records
        )
        return detector

    def _values(self, start: datetime, end: datetime, doors: frozenset[str]) -> Values:
        found = self._rollups.values(start, end, REJECT, *_SERIES)
        return {
            name: values
            for name, values in found.items()
            if name[1] != REST
            and (name[0] != Dimension.DOOR or name[1] in doors)
            and (name[0] != Dimension.ORIGIN or name in ALWAYS)
        }

    def _doors(self, now: datetime) -> frozenset[str]:
        """Where the internet was answered before; read anew once an hour."""
        if self._served is None or not timedelta() <= now - self._served[0] < SERVED_FOR:
            found = self._rollups.sums(now - self._history, now, Dimension.DOOR)
            served = frozenset(one.name for one in found if one.action == ACCEPT)
            self._served = now, served
        return self._served[1]


def _wanted(values: Values) -> list[Name]:
    """Names that deserve a series, those with most rejects in a bucket first."""
    peaks = {name: max(of.values(), default=0) for name, of in values.items()}
    worth = [name for name, peak in peaks.items() if peak >= FEWEST and name not in ALWAYS]
    return [*ALWAYS, *sorted(worth, key=lambda name: (-peaks[name], name))][:MOST]


def _look(
    at: datetime, bucket: Bucket | None, names: list[Name], detector: Detector, values: Values
) -> Look:
    """Feed one bucket to the detector. One without any flow is as unknown as one not counted."""
    known = bool(bucket and bucket.counted_at and bucket.records)
    seen = [values.get(name, {}).get(at, 0) for name in names]
    reading = detector.update(at.timestamp(), seen if known else [math.nan] * len(names))
    alarms = (
        Alarm(name, float(score), value)
        for name, score, value in zip(names, reading.score, seen, strict=True)
        if known and score >= ALERT
    )
    still = frozenset(name for name, open_ in zip(names, reading.open, strict=True) if open_)
    return Look(at, known, tuple(sorted(alarms, key=lambda one: -one.score)), still)


def _stored(name: Name) -> str:
    return "/".join(name)


def _name(text: str) -> Name:
    dimension, _, name = text.partition("/")
    return dimension, name


def spelled(name: Name) -> str:
    """A series as people read and write it: `inside port 5432`, `from outgoing`."""
    return f"{'from' if name[0] == Dimension.ORIGIN else name[0]} {name[1]}"
