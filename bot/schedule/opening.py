"""Puts a scheduler together over a store, an engine and a channel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.ask.asker import CLOUDWATCH, DELIVERY_CLOUDWATCH, DELIVERY_S3
from bot.engines.engine import Engine
from bot.model.answer import Network
from bot.schedule.channel import Channel
from bot.schedule.courier import Courier, Owing
from bot.schedule.guard import Guard
from bot.schedule.incidents import Following
from bot.schedule.rollup import Counter
from bot.schedule.spikes import Spikes
from bot.schedule.ticking import Duty, Ticker
from bot.store.deliveries import Deliveries
from bot.store.detectors import Memories
from bot.store.incidents import Incidents, Snoozes
from bot.store.leases import Leases
from bot.store.opening import Store
from bot.store.rollups import Rollups

HISTORY = timedelta(days=7)


def open_ticker(
    *,
    store: Store,
    engine: Engine,
    channel: Channel,
    channels: Callable[[], Iterable[str]],
    clock: Callable[[], datetime],
    who: str,
    zone: ZoneInfo,
    inside: tuple[Network, ...] = (),
    history: timedelta = HISTORY,
    duties: Sequence[Duty] = (),
) -> Ticker:
    """A scheduler. `channels` says, each time, where warnings go; `who` is unique to this one."""
    source = engine.source
    rollups, incidents = Rollups(store, source), Incidents(store, source)
    deliveries = Deliveries(store)
    paid = source.startswith(CLOUDWATCH)
    return Ticker(
        counter=Counter(
            engine,
            rollups,
            delivery=DELIVERY_CLOUDWATCH if paid else DELIVERY_S3,
            inside=inside,
        ),
        guard=Guard(
            spikes=Spikes(rollups, Memories(store, source), 2 * history),
            following=Following(rollups, incidents),
            incidents=incidents,
            snoozes=Snoozes(store),
            rollups=rollups,
            owing=Owing(deliveries),
            channels=channels,
            zone=zone,
        ),
        rollups=rollups,
        leases=Leases(store),
        courier=Courier(deliveries, channel, who=who, clock=clock),
        clock=clock,
        who=who,
        history=history,
        duties=duties,
    )
