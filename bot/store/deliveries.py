"""Messages that are owed: each exactly once, whoever dies when.

A delivery is written down before anything is sent. To send it, a worker claims it for a while; the
claim counts attempts. A worker that finds `attempts` above one knows that another may have died
between sending and recording, so it asks the channel for the key before it sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, and_, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from bot.store.opening import Store
from bot.store.tables import deliveries

# A claim must outlive the slowest send; the sender stops well before its claim ends.
CLAIM = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that is owed, as its claimer holds it."""

    key: str
    kind: str
    channel: str
    payload: Mapping[str, Any]
    due_at: datetime
    useful_until: datetime
    attempts: int

    @property
    def maybe_sent(self) -> bool:
        """Whether somebody may have sent it and died before saying so."""
        return self.attempts > 1


class Deliveries:
    """The owed messages of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def owe(self, delivery: Delivery) -> bool:
        """Write down that a message is owed; False when it already was."""
        row = {
            "key": delivery.key,
            "kind": delivery.kind,
            "channel": delivery.channel,
            "payload": dict(delivery.payload),
            "due_at": delivery.due_at,
            "useful_until": delivery.useful_until,
            "attempts": 0,
        }
        with self._store.begin() as connection:
            try:
                with connection.begin_nested():
                    connection.execute(insert(deliveries).values(**row))
            except IntegrityError:
                return False
        return True

    def claim(self, who: str, now: datetime) -> Delivery | None:
        """The next owed message, claimed for `CLAIM`; None when nothing is due and free."""
        free = and_(
            deliveries.c.sent_at.is_(None),
            deliveries.c.given_up.is_(None),
            deliveries.c.due_at <= now,
            or_(deliveries.c.claimed_until.is_(None), deliveries.c.claimed_until < now),
        )
        due = select(deliveries).where(free).order_by(deliveries.c.due_at, deliveries.c.key)
        with self._store.begin() as connection:
            for row in connection.execute(due.limit(20)).mappings().all():
                # Another may have claimed it since it was read: the update asks again.
                taken = connection.execute(
                    update(deliveries)
                    .where(deliveries.c.key == row["key"], free)
                    .values(
                        claimed_by=who,
                        claimed_until=now + CLAIM,
                        attempts=deliveries.c.attempts + 1,
                    )
                )
                if taken.rowcount == 1:
                    return _delivery(row, attempts=row["attempts"] + 1)
        return None

    def sent(self, key: str, now: datetime, message: str) -> None:
        """Record that a message is in the channel, and its timestamp there."""
        self._close(key, sent_at=now, message=message)

    def give_up(self, key: str, reason: str) -> None:
        """Record that a message will not be sent, and why."""
        self._close(key, given_up=reason)

    def release(self, key: str, until: datetime) -> None:
        """Give a claim back, sent or not; nobody may claim it before `until`."""
        self._close(key, claimed_by=None, claimed_until=until)

    def open_count(self) -> int:
        """How many messages are owed and neither sent nor given up."""
        still = deliveries.c.sent_at.is_(None) & deliveries.c.given_up.is_(None)
        with self._store.begin() as connection:
            return len(connection.execute(select(deliveries.c.key).where(still)).all())

    def message_of(self, key: str) -> str | None:
        """The channel's timestamp of a message that was sent; None when it was not."""
        with self._store.begin() as connection:
            asked = select(deliveries.c.message).where(deliveries.c.key == key)
            return connection.execute(asked).scalar_one_or_none()

    def _close(self, key: str, **values: object) -> None:
        with self._store.begin() as connection:
            connection.execute(update(deliveries).where(deliveries.c.key == key).values(**values))


def _delivery(row: RowMapping, attempts: int) -> Delivery:
    return Delivery(
        key=row["key"],
        kind=row["kind"],
        channel=row["channel"],
        payload=row["payload"],
        due_at=row["due_at"],
        useful_until=row["useful_until"],
        attempts=attempts,
    )
