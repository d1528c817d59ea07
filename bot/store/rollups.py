"""Counts of five-minute buckets, and which buckets could not be counted and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeVar

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, select

from bot.store.opening import Store
from bot.store.tables import buckets, rollups

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Count:
    """Flows of one kind. `name` is what `dimension` tells apart."""

    dimension: str
    name: str
    action: str
    records: int
    packets: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is known of one bucket: when it was counted, or why it could not be.

    `records` are its flows, `latest` the start of the newest, `span` the seconds of the longest;
    `left_off` are records that the row limit of the query left out of every dimension but the
    total. `attempts` counts how often it was asked for.
    """

    at: datetime
    counted_at: datetime | None = None
    records: int = 0
    left_off: int = 0
    bytes_scanned: int = 0
    latest: datetime | None = None
    span: int = 0
    attempts: int = 0
    failure: str | None = None


class Rollups:
    """The counts of one source of logs."""

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self.source = source

    def keep(self, counted: Sequence[tuple[Bucket, Sequence[Count]]]) -> None:
        """Keep buckets with their counts, in place of what was known of them; all or none."""
        rows = [
            {"source": self.source, "bucket": bucket.at}
            | {name: getattr(one, name) for name in Count.__slots__}
            for bucket, counts in counted
            for one in counts
        ]
        with self._store.begin() as connection:
            self._put(connection, [bucket for bucket, _ in counted])
            at = [bucket.at for bucket, _ in counted]
            for some in _some(at):
                connection.execute(
                    delete(rollups).where(
                        rollups.c.source == self.source, rollups.c.bucket.in_(some)
                    )
                )
            if rows:
                connection.execute(insert(rollups), rows)

    def fail(self, at: Iterable[datetime], reason: str) -> None:
        """Note that buckets could not be counted. What was counted before stays counted."""
        with self._store.begin() as connection:
            known = self._known(connection, list(at))
            failed = [
                replace(one, failure=reason, attempts=one.attempts + 1)
                for one in known
                if one.counted_at is None
            ]
            self._put(connection, failed)

    def buckets(self, start: datetime, end: datetime) -> dict[datetime, Bucket]:
        """What is known of the buckets that begin in a stretch, in order."""
        asked = (
            select(buckets)
            .where(
                buckets.c.source == self.source,
                buckets.c.bucket >= start,
                buckets.c.bucket < end,
            )
            .order_by(buckets.c.bucket)
        )
        with self._store.begin() as connection:
            rows = connection.execute(asked).mappings().all()
        return {row["bucket"]: _bucket(row) for row in rows}

    def first(self) -> datetime | None:
        """The earliest bucket that anything is known of."""
        asked = select(func.min(buckets.c.bucket)).where(buckets.c.source == self.source)
        with self._store.begin() as connection:
            return connection.execute(asked).scalar()

    def sums(self, start: datetime, end: datetime, *dimensions: str) -> tuple[Count, ...]:
        """Counts of a stretch by dimension, name and action, most records first."""
        columns = (rollups.c.dimension, rollups.c.name, rollups.c.action)
        amounts = (rollups.c.records, rollups.c.packets, rollups.c.bytes)
        total = [func.sum(amount) for amount in amounts]
        asked = (
            select(*columns, *total)
            .where(*self._within(start, end, dimensions))
            .group_by(*columns)
            .order_by(total[0].desc(), *columns)
        )
        with self._store.begin() as connection:
            rows = connection.execute(asked).all()
        return tuple(Count(*row[:3], *(int(amount) for amount in row[3:])) for row in rows)

    def values(
        self,
        start: datetime,
        end: datetime,
        action: str,
        *dimensions: str,
        amount: Literal["records", "packets", "bytes"] = "records",
    ) -> dict[tuple[str, str], dict[datetime, int]]:
        """Amounts by (dimension, name) and bucket, of one action; where there are none, nothing."""
        asked = select(rollups.c.dimension, rollups.c.name, rollups.c.bucket, rollups.c[amount])
        asked = asked.where(*self._within(start, end, dimensions), rollups.c.action == action)
        found: dict[tuple[str, str], dict[datetime, int]] = defaultdict(dict)
        with self._store.begin() as connection:
            for dimension, name, bucket, value in connection.execute(asked):
                found[dimension, name][bucket] = value
        return found

    def series(
        self, start: datetime, end: datetime, action: str, names: Iterable[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Mapping[datetime, int]]:
        """The same, of some (dimension, name) only."""
        wanted = set(names)
        found: dict[tuple[str, str], dict[datetime, int]] = {one: {} for one in wanted}
        asked = select(rollups.c.dimension, rollups.c.name, rollups.c.bucket, rollups.c.records)
        with self._store.begin() as connection:
            for dimension in sorted({dimension for dimension, _ in wanted}):
                for some in _some(sorted(name for d, name in wanted if d == dimension)):
                    here = asked.where(
                        *self._within(start, end, [dimension]),
                        rollups.c.action == action,
                        rollups.c.name.in_(some),
                    )
                    for _, name, bucket, records in connection.execute(here):
                        found[dimension, name][bucket] = records
        return found

    def forget(self, before: datetime) -> None:
        """Drop buckets and their counts from before a moment."""
        with self._store.begin() as connection:
            for table in (rollups, buckets):
                connection.execute(
                    delete(table).where(table.c.source == self.source, table.c.bucket < before)
                )

    def _within(
        self, start: datetime, end: datetime, dimensions: Sequence[str]
    ) -> list[ColumnElement[bool]]:
        return [
            rollups.c.source == self.source,
            rollups.c.bucket >= start,
            rollups.c.bucket < end,
            rollups.c.dimension.in_(dimensions),
        ]

    def _known(self, connection: Connection, at: Sequence[datetime]) -> list[Bucket]:
        known = {one: Bucket(one) for one in at}
        for some in _some(at):
            asked = select(buckets).where(
                buckets.c.source == self.source, buckets.c.bucket.in_(some)
            )
            for row in connection.execute(asked).mappings():
                known[row["bucket"]] = _bucket(row)
        return list(known.values())

    def _put(self, connection: Connection, these: Sequence[Bucket]) -> None:
        for some in _some([bucket.at for bucket in these]):
            connection.execute(
                delete(buckets).where(buckets.c.source == self.source, buckets.c.bucket.in_(some))
            )
        if these:
            names = [name for name in Bucket.__slots__ if name != "at"]
            connection.execute(
                insert(buckets),
                [
                    {"source": self.source, "bucket": one.at}
                    | {name: getattr(one, name) for name in names}
                    for one in these
                ],
            )


def _bucket(row: RowMapping) -> Bucket:
    names = [name for name in Bucket.__slots__ if name != "at"]
    return Bucket(row["bucket"], **{name: row[name] for name in names})


def _some(values: Sequence[T], most: int = 500) -> list[Sequence[T]]:
    """In portions: a database takes only so many parameters."""
    return [values[n : n + most] for n in range(0, len(values), most)]
