"""Messages that are owed: each exactly once, whoever dies when.

A delivery is written down before anything is sent. To send it, a worker claims it for a while; the
claim counts attempts. A worker that finds `attempts` above one knows that another may have died
between sending and recording, so it asks the channel for the key before it sends.

A message's thread and its edits are deliveries of their own, about the message's key. They wait
until it was sent, and one after another, so that an older edit never comes out last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from bot.store.opening import Store
from bot.store.tables import deliveries

# A claim must outlive the slowest send; the sender stops well before its claim ends.
CLAIM = timedelta(minutes=5)


class Doing(StrEnum):
    """What a delivery does to a channel."""

    POST = "post"
    EDIT = "edit"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that is owed. `about` is the key of the message it edits or replies to."""

    key: str
    does: Doing
    channel: str
    payload: Mapping[str, Any]
    due_at: datetime
    useful_until: datetime
    about: str | None = None
    attempts: int = 0
    claimed_until: datetime | None = None

    @property
    def maybe_sent(self) -> bool:
        """Whether somebody may have sent it and died before saying so."""
        return self.attempts > 1


class Deliveries:
    """The owed messages of a store. A claim holds for `claim`."""

    def __init__(self, store: Store, claim: timedelta = CLAIM) -> None:
        self._store = store
        self._claim = claim

    def owe(self, delivery: Delivery) -> bool:
        """Write down that a message is owed; False when it already was.

        An edit takes the place of earlier ones of the same message that nobody has begun to send.
        """
        names = ("key", "channel", "due_at", "useful_until", "about")
        row = {name: getattr(delivery, name) for name in names}
        row |= {"does": delivery.does.value, "payload": dict(delivery.payload), "attempts": 0}
        with self._store.begin() as connection:
            try:
                with connection.begin_nested():
                    connection.execute(insert(deliveries).values(**row))
            except IntegrityError:
                return False
            if delivery.does is Doing.EDIT:
                self._supersede(connection, delivery)
        return True

    def claim(self, who: str, now: datetime) -> Delivery | None:
        """The next owed message, claimed for a while; None when nothing is due and free."""
        free = _free(now)
        due = select(deliveries).where(free).order_by(deliveries.c.due_at, deliveries.c.key)
        with self._store.begin() as connection:
            for row in connection.execute(due.limit(20)).mappings().all():
                # Another may have claimed it since it was read: the update asks again.
                taken = connection.execute(
                    update(deliveries)
                    .where(deliveries.c.key == row["key"], free)
                    .values(
                        claimed_by=who,
                        claimed_until=now + self._claim,
                        attempts=deliveries.c.attempts + 1,
                    )
                )
                if taken.rowcount == 1:
                    until = now + self._claim
                    return replace(
                        _delivery(row), attempts=row["attempts"] + 1, claimed_until=until
                    )
        return None

    def sent(self, key: str, now: datetime, message: str) -> None:
        """Record that a message is in the channel, and its timestamp there."""
        self._change(key, sent_at=now, message=message)

    def give_up(self, key: str, reason: str) -> None:
        """Record that a message will not be sent, and why; nor what is about it."""
        with self._store.begin() as connection:
            hopeless = or_(deliveries.c.key == key, deliveries.c.about == key)
            connection.execute(
                update(deliveries)
                .where(hopeless, deliveries.c.sent_at.is_(None))
                .values(given_up=reason)
            )

    def release(self, key: str, who: str, until: datetime) -> None:
        """Give one's claim back, sent or not; nobody may claim it before `until`."""
        with self._store.begin() as connection:
            connection.execute(
                update(deliveries)
                .where(deliveries.c.key == key, deliveries.c.claimed_by == who)
                .values(claimed_by=None, claimed_until=until)
            )

    def open_count(self) -> int:
        """How many messages are owed and neither sent nor given up."""
        with self._store.begin() as connection:
            return len(connection.execute(select(deliveries.c.key).where(_open())).all())

    def message_of(self, key: str) -> str | None:
        """The channel's timestamp of a message that was sent; None when it was not."""
        with self._store.begin() as connection:
            asked = select(deliveries.c.message).where(deliveries.c.key == key)
            return connection.execute(asked).scalar_one_or_none()

    def channels(self, key: str) -> tuple[str, ...]:
        """Where a message is, or is owed: `key` is its key without the channel."""
        here = literal(f"{key}@").concat(deliveries.c.channel)
        asked = select(deliveries.c.channel).where(
            deliveries.c.key == here,
            deliveries.c.does == Doing.POST.value,
            deliveries.c.given_up.is_(None),
        )
        with self._store.begin() as connection:
            return tuple(connection.execute(asked.order_by(deliveries.c.channel)).scalars())

    def forget(self, before: datetime) -> None:
        """Drop what was due before a moment and is over."""
        with self._store.begin() as connection:
            connection.execute(delete(deliveries).where(deliveries.c.due_at < before, ~_open()))

    def _supersede(self, connection: Connection, newest: Delivery) -> None:
        connection.execute(
            update(deliveries)
            .where(
                _open(),
                deliveries.c.does == Doing.EDIT.value,
                deliveries.c.about == newest.about,
                deliveries.c.key != newest.key,
                deliveries.c.attempts == 0,
            )
            .values(given_up="a later edit took its place")
        )

    def _change(self, key: str, **values: object) -> None:
        with self._store.begin() as connection:
            connection.execute(update(deliveries).where(deliveries.c.key == key).values(**values))


def _open() -> ColumnElement[bool]:
    return and_(deliveries.c.sent_at.is_(None), deliveries.c.given_up.is_(None))


def _free(now: datetime) -> ColumnElement[bool]:
    """Due, open, claimed by nobody; and what it is about was sent and is not being changed."""
    message, other = deliveries.alias(), deliveries.alias()
    sent = exists().where(message.c.key == deliveries.c.about, message.c.sent_at.is_not(None))
    earlier = exists().where(
        other.c.about == deliveries.c.about,
        other.c.key != deliveries.c.key,
        other.c.sent_at.is_(None),
        other.c.given_up.is_(None),
        or_(
            other.c.due_at < deliveries.c.due_at,
            and_(other.c.due_at == deliveries.c.due_at, other.c.key < deliveries.c.key),
        ),
    )
    return and_(
        _open(),
        deliveries.c.due_at <= now,
        or_(deliveries.c.claimed_until.is_(None), deliveries.c.claimed_until < now),
        or_(deliveries.c.about.is_(None), and_(sent, ~earlier)),
    )


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        key=row["key"],
        does=Doing(row["does"]),
        channel=row["channel"],
        payload=row["payload"],
        due_at=row["due_at"],
        useful_until=row["useful_until"],
        about=row["about"],
        attempts=row["attempts"],
    )
