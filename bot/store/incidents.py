"""What went wrong and is being told, and what somebody said not to be told of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, insert, or_, select

from bot.store.opening import Store
from bot.store.tables import incidents, snoozes


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. `facts` are whatever its teller needs to remember, as JSON."""

    key: str
    state: str
    opened_at: datetime
    last_seen: datetime
    resolved_at: datetime | None = None
    score: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snooze:
    """Nobody is told of `scope` until `until`. `kind` is expected or snooze; `owner` answers for
    it, `said_by` said it of the warning `incident`.
    """

    scope: str
    kind: str
    owner: str
    reason: str
    created_at: datetime
    until: datetime
    incident: str = ""
    said_by: str = ""


class Incidents:
    """The incidents of one source."""

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._source = source

    def keep(self, incident: Incident) -> None:
        """Keep an incident in place of what was known of it."""
        values = {name: getattr(incident, name) for name in Incident.__slots__}
        mine = (incidents.c.source == self._source, incidents.c.key == incident.key)
        with self._store.begin() as connection:
            connection.execute(delete(incidents).where(*mine))
            connection.execute(insert(incidents).values(source=self._source, **values))

    def recent(self, since: datetime) -> tuple[Incident, ...]:
        """Incidents that are not over, or were still seen at or after a moment; oldest first."""
        asked = (
            select(incidents)
            .where(incidents.c.source == self._source)
            .where(or_(incidents.c.resolved_at.is_(None), incidents.c.last_seen >= since))
            .order_by(incidents.c.opened_at, incidents.c.key)
        )
        with self._store.begin() as connection:
            return tuple(_incident(row) for row in connection.execute(asked).mappings())

    def by_key(self, key: str) -> Incident | None:
        asked = select(incidents).where(incidents.c.source == self._source, incidents.c.key == key)
        with self._store.begin() as connection:
            row = connection.execute(asked).mappings().first()
        return None if row is None else _incident(row)


class Snoozes:
    """What nobody wants to be told of, for a while."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, snooze: Snooze) -> None:
        values = {name: getattr(snooze, name) for name in Snooze.__slots__}
        with self._store.begin() as connection:
            connection.execute(insert(snoozes).values(**values))

    def live(self, now: datetime) -> tuple[Snooze, ...]:
        """Those that hold at a moment, oldest first."""
        asked = select(snoozes).where(snoozes.c.until > now).order_by(snoozes.c.id)
        with self._store.begin() as connection:
            rows = connection.execute(asked).mappings().all()
        return tuple(Snooze(**{name: row[name] for name in Snooze.__slots__}) for row in rows)


def _incident(row: RowMapping) -> Incident:
    return Incident(**{name: row[name] for name in Incident.__slots__})
