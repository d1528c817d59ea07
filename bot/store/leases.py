"""Work that one replica does for all of them, for as long as it holds the lease."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_, update
from sqlalchemy.exc import IntegrityError

from bot.store.opening import Store
from bot.store.tables import leases

LENGTH = timedelta(minutes=3)


class Leases:
    """The leases of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, name: str, who: str, now: datetime, length: timedelta = LENGTH) -> bool:
        """Take a lease, or hold on to it; False while somebody else has it."""
        mine = or_(leases.c.holder == who, leases.c.until < now)
        until = now + length
        with self._store.begin() as connection:
            held = connection.execute(
                update(leases).where(leases.c.name == name, mine).values(holder=who, until=until)
            )
            if held.rowcount:
                return True
            try:
                with connection.begin_nested():
                    connection.execute(insert(leases).values(name=name, holder=who, until=until))
            except IntegrityError:
                return False
        return True

    def give(self, name: str, who: str) -> None:
        """Give a lease back, so that nobody has to wait for its end."""
        with self._store.begin() as connection:
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == who))
