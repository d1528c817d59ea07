"""What is asked again and again: digests and watches, as somebody set them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, insert, select, update

from bot.store.opening import Store
from bot.store.tables import schedules


@dataclass(frozen=True, slots=True)
class Schedule:
    """One thing that is asked again. A digest has `at` (HH:MM in `zone`) and `days` (ISO weekdays);
    a watch has a `line`, a `condition`, and in `state` what it has learned.
    """

    kind: str
    channel: str
    created_by: str
    created_at: datetime
    line: str = ""
    condition: str = ""
    at: str | None = None
    days: str = "1234567"
    zone: str = "UTC"
    muted_until: datetime | None = None
    last_due: datetime | None = None
    state: Mapping[str, Any] | None = None
    id: int | None = None


class Schedules:
    """The live schedules of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, schedule: Schedule) -> int:
        """Keep a schedule; its new id."""
        values = {name: getattr(schedule, name) for name in Schedule.__slots__ if name != "id"}
        with self._store.begin() as connection:
            made = connection.execute(insert(schedules).values(**values)).inserted_primary_key
        assert made is not None  # noqa: S101  # an insert of one row always has one
        return int(made[0])

    def live(self, kind: str | None = None, channel: str | None = None) -> tuple[Schedule, ...]:
        """Schedules that were not deleted, oldest first."""
        asked = select(schedules).where(schedules.c.deleted_at.is_(None)).order_by(schedules.c.id)
        if kind is not None:
            asked = asked.where(schedules.c.kind == kind)
        if channel is not None:
            asked = asked.where(schedules.c.channel == channel)
        with self._store.begin() as connection:
            return tuple(_schedule(row) for row in connection.execute(asked).mappings())

    def advance(self, schedule: Schedule, due: datetime, **values: object) -> bool:
        """Move a schedule on to `due`; False when another replica already has."""
        before = schedules.c.last_due
        same = before.is_(None) if schedule.last_due is None else before == schedule.last_due
        with self._store.begin() as connection:
            moved = connection.execute(
                update(schedules)
                .where(schedules.c.id == schedule.id, same, schedules.c.deleted_at.is_(None))
                .values(last_due=due, **values)
            )
        return moved.rowcount == 1

    def change(self, schedule_id: int, **values: object) -> bool:
        """Change a live schedule; False when there is none by that id."""
        with self._store.begin() as connection:
            changed = connection.execute(
                update(schedules)
                .where(schedules.c.id == schedule_id, schedules.c.deleted_at.is_(None))
                .values(**values)
            )
        return changed.rowcount == 1


def _schedule(row: RowMapping) -> Schedule:
    return Schedule(**{name: row[name] for name in Schedule.__slots__})
