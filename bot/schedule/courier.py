"""Carries what is owed into channels: each message once, whoever dies when."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.model.message import Message, Undelivered
from bot.schedule.channel import Channel
from bot.schedule.incidents import State
from bot.schedule.wire import packed, unpacked
from bot.store.deliveries import Deliveries, Delivery, Doing

SHORTEST, LONGEST = timedelta(seconds=15), timedelta(minutes=5)  # until it is tried again
MARGIN = timedelta(minutes=1)  # clocks of two machines differ; looked for from so much earlier
DETAILS = "/details"

logger = logging.getLogger(__name__)


class Owing:
    """Writes messages down as owed to a channel."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    def post(self, message: Message, channel: str, now: datetime, useful: timedelta) -> bool:
        """Owe a message, with its details in its thread; False when it already was owed."""
        key = delivery_key(message.key, channel)
        owed = Delivery(key, Doing.POST, channel, packed(message), now, now + useful)
        new = self._deliveries.owe(owed)
        if message.has_details:
            details = replace(owed, key=f"{key}{DETAILS}", does=Doing.REPLY, about=key)
            self._deliveries.owe(details)
        return new

    def edit(self, message: Message, channel: str, now: datetime, useful: timedelta) -> bool:
        """Owe an edit of the message with this key; once a moment.

        A channel that was never owed the message gets it now, unless it is over.
        """
        if channel not in self._deliveries.channels(message.key):
            over = message.state == State.RESOLVED
            return not over and self.post(message, channel, now, useful)
        about = delivery_key(message.key, channel)
        key = f"{about}/{message.state}/{now:%Y-%m-%dT%H:%M:%SZ}"
        return self._deliveries.owe(
            Delivery(key, Doing.EDIT, channel, packed(message), now, now + useful, about)
        )


def delivery_key(key: str, channel: str) -> str:
    """A message's key in one channel."""
    return f"{key}@{channel}"


class Courier:
    """Delivers what is owed. `who` is unique to this worker."""

    def __init__(
        self,
        deliveries: Deliveries,
        channel: Channel,
        *,
        who: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._deliveries = deliveries
        self._channel = channel
        self._who = who
        self._clock = clock

    def deliver(self, most: int = 50) -> int:
        """Deliver what is due, at most so much; how many deliveries were tried."""
        for tried in range(most):
            delivery = self._deliveries.claim(self._who, self._clock())
            if delivery is None:
                return tried
            self._carry(delivery)
        return most

    def _carry(self, delivery: Delivery) -> None:
        now = self._clock()
        if now > delivery.useful_until:
            self._deliveries.give_up(delivery.key, "it came too late to be of use")
            logger.warning("%s was not sent: it is too late", delivery.key)
            return
        try:
            timestamp = self._put(delivery)
        except Undelivered as error:
            self._failed(delivery, error)
        else:
            self._deliveries.sent(delivery.key, self._clock(), timestamp)

    def _put(self, delivery: Delivery) -> str:
        message, key = unpacked(delivery.payload), delivery.key
        to = self._deliveries.message_of(delivery.about) if delivery.about else None
        if delivery.does is Doing.EDIT and to:
            self._channel.edit(delivery.channel, to, message, delivery.about or key)
            return to  # the same edit twice is the same message
        if delivery.maybe_sent:
            since = delivery.due_at - MARGIN
            found = self._channel.find(delivery.channel, key, since, to)
            if found is not None:
                logger.info("%s was sent already", key)
                return found
        self._check_claim(delivery)
        if delivery.does is Doing.REPLY and to:
            return self._channel.reply(delivery.channel, to, message, key)
        return self._channel.post(delivery.channel, message, key)

    def _check_claim(self, delivery: Delivery) -> None:
        """A worker that was asleep must not send what another may have claimed since."""
        until, now = delivery.claimed_until, self._clock()
        if until is None or now > until:
            raise Undelivered("the claim ended before the message was sent")

    def _failed(self, delivery: Delivery, error: Undelivered) -> None:
        if error.permanent:
            self._deliveries.give_up(delivery.key, str(error))
            logger.error("%s will not be sent: %s", delivery.key, error)
            return
        wait = error.after or min(SHORTEST * 2 ** min(delivery.attempts - 1, 10), LONGEST)
        self._deliveries.release(delivery.key, self._who, self._clock() + wait)
        logger.warning("%s was not sent, attempt %d: %s", delivery.key, delivery.attempts, error)
