"""Who changed what the bot says by itself, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from bot.store.opening import Store
from bot.store.tables import audit


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody did."""

    at: datetime
    who: str
    did: str
    channel: str = ""
    line: str = ""
    outcome: str = ""


class Audit:
    """The deeds of a store; they are only ever added to."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, deed: Deed) -> None:
        with self._store.begin() as connection:
            values = {name: getattr(deed, name) for name in Deed.__slots__}
            connection.execute(insert(audit).values(**values))

    def latest(self, most: int = 50) -> tuple[Deed, ...]:
        """The latest deeds, newest first."""
        asked = select(audit).order_by(audit.c.id.desc()).limit(most)
        with self._store.begin() as connection:
            rows = connection.execute(asked).mappings().all()
        return tuple(Deed(**{name: row[name] for name in Deed.__slots__}) for row in rows)
