"""What the detectors of a source remember, and up to which bucket they have seen it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select

from bot.store.opening import Store
from bot.store.tables import detectors

_SEEN = ""  # the row that says how far all of them are


@dataclass(frozen=True, slots=True)
class Memory:
    """States by series. `seen` is the last bucket that all of them took in."""

    seen: datetime | None = None
    states: Mapping[str, bytes] = field(default_factory=dict)


class Memories:
    """The detectors' memory of one source."""

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._source = source

    def read(self) -> Memory:
        asked = select(detectors).where(detectors.c.source == self._source)
        with self._store.begin() as connection:
            rows = connection.execute(asked.order_by(detectors.c.series)).mappings().all()
        seen = next((row["bucket"] for row in rows if row["series"] == _SEEN), None)
        return Memory(seen, {row["series"]: row["state"] for row in rows if row["series"] != _SEEN})

    @property
    def seen(self) -> datetime | None:
        """The last bucket that all of them took in."""
        mine = (detectors.c.source == self._source, detectors.c.series == _SEEN)
        with self._store.begin() as connection:
            return connection.execute(select(detectors.c.bucket).where(*mine)).scalar()

    def forget(self) -> None:
        with self._store.begin() as connection:
            connection.execute(delete(detectors).where(detectors.c.source == self._source))

    def write(self, memory: Memory) -> None:
        """Keep a memory in place of the one before; all of it or nothing."""
        rows = [
            {"source": self._source, "bucket": memory.seen, "series": series, "state": state}
            for series, state in {_SEEN: b"", **memory.states}.items()
        ]
        with self._store.begin() as connection:
            connection.execute(delete(detectors).where(detectors.c.source == self._source))
            connection.execute(insert(detectors), rows)
