"""Counts each settled bucket once, and remembers which could not be counted.

A bucket is settled when its records have had the time to arrive: the time over which a record
gathers packets, as measured on the records themselves, and the time of delivery. A bucket whose
newest record ends earlier than those of the buckets before it is asked for again, a few times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from bot.engines.engine import Engine, Watch
from bot.model.answer import Network
from bot.model.errors import Cancelled, FlowsError, TimedOut
from bot.model.query import LARGEST_LIMIT, Query, Result
from bot.model.window import Window
from bot.network.ranges import insider
from bot.schedule.counting import BUCKET, Counted, RoadOf, bucket_of, buckets, count, text
from bot.store.rollups import Bucket, Count, Rollups

AT_ONCE = 72  # buckets of one query when catching up: six hours
CATCH_UP = timedelta(hours=24)  # how far back a bucket that could not be counted is tried again
SHORT, LONG = timedelta(minutes=1), timedelta(minutes=10)  # over which a record gathers packets
RECENT = timedelta(hours=3)  # over which it is measured how late records are
FEW = 12  # buckets that say nothing about that
UNEVEN = timedelta(seconds=90)  # how much earlier than usual a bucket's records may end
TRIES = 3
SAME = timedelta(hours=1)  # for which records are taken to have the same fields
REST = timedelta(minutes=3)  # after a failure, before the engine is asked again


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing could be counted, and since which bucket."""

    since: datetime
    reason: str


class Counter:
    """Counts the buckets of one source. `delivery` is how long records take to arrive; `roads` says
    which road each accepted row of a result took.
    """

    def __init__(
        self,
        engine: Engine,
        rollups: Rollups,
        *,
        delivery: timedelta,
        inside: tuple[Network, ...] = (),
        roads: Callable[[Result], RoadOf] = lambda _: lambda _: None,
        at_once: int = AT_ONCE,
        limit: int = LARGEST_LIMIT,
    ) -> None:
        self._engine = engine
        self._rollups = rollups
        self._delivery = delivery
        self._is_ours: Callable[[str], bool] = insider(inside)
        self._roads = roads
        self._at_once = at_once
        self._limit = limit
        self._failed: tuple[datetime, Trouble] | None = None  # when, and how
        self._text: tuple[datetime | None, str] = (None, "")
        self._done: datetime | None = None  # everything before it was counted

    def settled(self, now: datetime) -> datetime:
        """The end of the last bucket whose records should have arrived."""
        known = self._rollups.buckets(now - RECENT, now)
        longest = max((one.span for one in known.values()), default=0)
        gathering = LONG if longest > SHORT.total_seconds() else SHORT
        return bucket_of(now - gathering - self._delivery)

    def learn(self, start: datetime, end: datetime, watch: Watch) -> None:
        """Count the buckets of a stretch that were not counted yet. Raises `FlowsError`."""
        known = self._rollups.buckets(start, end)
        missing = [at for at in buckets(start, end) if at not in known or not known[at].counted_at]
        asked = self._asked(missing[-1], watch) if missing else ""
        for some in _runs(missing, self._at_once):
            self._count(some, asked, end, watch)

    def catch_up(self, start: datetime, now: datetime, watch: Watch) -> Trouble | None:
        """Count every settled bucket since `start` that is not yet; what went wrong, if anything.

        What could not be counted stays on the list until it is `CATCH_UP` old.
        """
        if self._failed and timedelta() <= now - self._failed[0] < REST:
            return self._failed[1]
        self._failed = None
        end = self.settled(now)
        if end == self._done:
            return None
        begin = max(start, bucket_of(now - CATCH_UP))
        known = self._rollups.buckets(begin, end)
        missing = [at for at in buckets(begin, end) if at not in known or not known[at].counted_at]
        for some in _runs(sorted({*missing, *_late(known.values(), end)}), self._at_once):
            try:
                self._count(some, self._asked(some[-1], watch), now, watch)
            except Cancelled:
                raise
            except FlowsError as error:
                self._rollups.fail([at for at in missing if at >= some[0]], str(error))
                self._failed = now, Trouble(some[0], str(error))
                return self._failed[1]
        self._done = end
        return None

    def _asked(self, newest: datetime, watch: Watch) -> str:
        """The query, by the fields of a bucket's records, which change rarely."""
        at, asked = self._text
        if not (at and abs(newest - at) < SAME):
            asked = text(self._engine.fields(Window(newest, newest + BUCKET), watch))
            self._text = newest, asked
        return asked

    def _count(self, some: Sequence[datetime], asked: str, now: datetime, watch: Watch) -> None:
        """One query over neighbouring buckets; in halves where there is too much for one."""
        window = Window(some[0], some[-1] + BUCKET)
        try:
            result = self._engine.run(Query(asked, window, self._limit), watch)
        except TimedOut:
            if len(some) == 1:
                raise
            result = None
        if (result is None or result.truncated) and len(some) > 1:
            half = len(some) // 2
            self._count(some[:half], asked, now, watch)
            self._count(some[half:], asked, now, watch)
        elif result is not None:
            self._keep(some, result, now)

    def _keep(self, some: Sequence[datetime], result: Result, now: datetime) -> None:
        counted = count(result.rows, self._is_ours, self._roads(result))
        before = self._rollups.buckets(some[0], some[-1] + BUCKET)
        listed = sum(row.number("records") for row in result.rows)
        left_off = max(0, result.statistics.records_matched - listed) if result.truncated else 0
        scanned = result.statistics.bytes_scanned // len(some)
        kept: list[tuple[Bucket, tuple[Count, ...]]] = []
        for at in some:
            found = counted.get(at, Counted())
            bucket = Bucket(
                at,
                now,
                found.records + left_off,
                left_off,
                scanned,
                found.latest,
                found.span,
                attempts=before[at].attempts + 1 if at in before else 1,
            )
            if at in before:
                bucket = replace(bucket, bytes_scanned=scanned + before[at].bytes_scanned)
            kept.append((bucket, found.counts))
        self._rollups.keep(kept)


def _late(known: Iterable[Bucket], now: datetime) -> list[datetime]:
    """Counted buckets at whose end records seem to be missing, going by their neighbours."""
    recent = [one for one in known if one.latest and now - one.at <= RECENT]
    if len(recent) < FEW:
        return []
    usual = timedelta(seconds=median(_gap(one).total_seconds() for one in recent))
    if usual > UNEVEN:  # where records are few, gaps mean nothing
        return []
    return [one.at for one in recent if one.attempts < TRIES and _gap(one) > usual + UNEVEN]


def _gap(bucket: Bucket) -> timedelta:
    return BUCKET if bucket.latest is None else bucket.at + BUCKET - bucket.latest


def _runs(at: Sequence[datetime], most: int) -> list[list[datetime]]:
    """Neighbouring buckets together, at most so many."""
    runs: list[list[datetime]] = []
    for one in at:
        if runs and len(runs[-1]) < most and one - runs[-1][-1] == BUCKET:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs
