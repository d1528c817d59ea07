"""Puts a scheduler together over a store, an engine and a channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from bot.ask.asker import (
    CLOUDWATCH,
    DELIVERY_CLOUDWATCH,
    DELIVERY_S3,
    NOTHING_KNOWN,
    Surroundings,
)
from bot.ask.naming import retold
from bot.engines.cloudwatch.engine import CloudWatchEngine
from bot.engines.engine import Engine, Watch
from bot.model.answer import Network
from bot.model.inventory import Inventory
from bot.model.message import Message
from bot.network.aws_ranges import AwsRanges
from bot.network.names import Names
from bot.network.teams import Teams
from bot.schedule.asking import Ask
from bot.schedule.channel import Channel
from bot.schedule.counting import bucket_of
from bot.schedule.courier import Courier, Owing
from bot.schedule.digest import Digests
from bot.schedule.duties import DIGEST, digests_due, warned_channels
from bot.schedule.guard import USEFUL, Guard
from bot.schedule.incidents import Facts, Following, Told
from bot.schedule.metric_orders import MetricOrders
from bot.schedule.need import Need, NeedByMetric, Rejects, always
from bot.schedule.orders import Orders
from bot.schedule.quiet_orders import QuietOrders
from bot.schedule.quieting import quiet_of
from bot.schedule.reasons import Reasons
from bot.schedule.roads import roads
from bot.schedule.rollup import SHORT, Counter
from bot.schedule.spikes import Spikes
from bot.schedule.ticking import LOOKED_BACK_AT, Ticker
from bot.schedule.warning import warning
from bot.schedule.watch_orders import WatchOrders
from bot.schedule.watches import Watches
from bot.store.audit import Audit
from bot.store.deliveries import Deliveries
from bot.store.detectors import Memories
from bot.store.incidents import Incident, Incidents, Snoozes
from bot.store.leases import Leases
from bot.store.opening import Store
from bot.store.rollups import Rollups
from bot.store.schedules import Schedules

HISTORY = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Watching:
    """What the bot does by itself over one source of logs, and the orders that change it.

    `who` is unique to this process. `price` is US dollars a GB that CloudWatch scans, `warn` the
    channel for warnings where nobody asked for them elsewhere. `history` is read at the first
    start. `rejects` is the metric of an engine that has none of its own. `surroundings` are what
    the logs are of, `ranges` which addresses are AWS services', `teams` whose hosts are.
    """

    store: Store
    engine: Engine
    clock: Callable[[], datetime]
    who: str
    zone: ZoneInfo
    ask: Ask | None = None
    inside: tuple[Network, ...] = ()
    ranges: Callable[[], AwsRanges | None] = lambda: None
    price: float = 0
    history: timedelta = HISTORY
    warn: str | None = None
    rejects: Rejects | None = None
    surroundings: Surroundings | None = None
    teams: Teams | None = None

    def orders(self, resolve: Callable[[str], str | None] = lambda _: None) -> Orders:
        """What obeys lines such as `digest set at 08:30`; `resolve` finds channels by name."""
        schedules, watches = Schedules(self.store), self._watches
        return Orders(
            schedules=schedules,
            quiet=QuietOrders(self._incidents, Snoozes(self.store), self._retell),
            audit=Audit(self.store),
            digests=self._digests,
            clock=self.clock,
            resolve=resolve,
            count=self._count_a_day,
            more={
                "metric": MetricOrders(self.engine).obey,
                **({"watch": WatchOrders(watches, schedules, resolve).obey} if watches else {}),
            },
        )

    def ticker(self, channel: Channel) -> Ticker:
        """What has to tick, and posts into a channel."""
        rollups, incidents = self._rollups, self._incidents
        deliveries, schedules = Deliveries(self.store), Schedules(self.store)
        owing = Owing(deliveries)
        spikes = Spikes(rollups, Memories(self.store, self.engine.source), 2 * self.history)
        return Ticker(
            counter=self._counter,
            guard=Guard(
                spikes=spikes,
                following=Following(rollups, incidents),
                incidents=incidents,
                snoozes=Snoozes(self.store),
                rollups=rollups,
                owing=owing,
                channels=warned_channels(schedules, self.warn),
                zone=self.zone,
                reasons=Reasons(self.surroundings) if self.surroundings else None,
                named=self._named,
            ),
            rollups=rollups,
            leases=Leases(self.store),
            courier=Courier(deliveries, channel, who=self.who, clock=self.clock),
            clock=self.clock,
            who=self.who,
            need=self._need(schedules),
            duties=[
                digests_due(schedules, self._digests, owing),
                *([watches.look] if (watches := self._watches) else []),
            ],
        )

    def _retell(self, incident: Incident, now: datetime) -> None:
        """Have a warning's message say what was said of it."""
        deliveries = Deliveries(self.store)
        at = incident.resolved_at or self._looked() or incident.last_seen
        told = Told(incident, Facts.read(incident.facts), new=False)
        quiet = quiet_of(Snoozes(self.store).live(now), incident.key)
        at = max(at, incident.opened_at)
        message = self._named(warning(told, self._rollups, self.zone, at, quiet))
        for channel in deliveries.channels(incident.key):
            Owing(deliveries).edit(message, channel, now, USEFUL)

    def _looked(self) -> datetime | None:
        """Up to which bucket somebody looked for what is unusual."""
        return Memories(self.store, self.engine.source).seen

    def _need(self, schedules: Schedules) -> Callable[[datetime, Watch], Need | None]:
        """Where a metric counts rejects, it says when logs have to be read."""
        plain = always(self.history, LOOKED_BACK_AT)
        rejects = self.rejects
        if rejects is None and isinstance(self.engine, CloudWatchEngine):
            metric = self.engine.reject_metric
            rejects = metric.counts if metric else None
        if rejects is None:
            return plain
        return NeedByMetric(
            rejects,
            digests=lambda: bool(schedules.live(DIGEST)),
            incidents=self._incidents,
            rollups=self._rollups,
            history=self.history,
            otherwise=plain,
        )

    def _count_a_day(self, now: datetime, watch: Watch) -> None:
        counter = self._counter
        counter.learn(bucket_of(now - timedelta(days=1)), counter.settled(now), watch)

    @property
    def _counter(self) -> Counter:
        delivery = DELIVERY_CLOUDWATCH if self._paid else DELIVERY_S3
        return Counter(
            self.engine,
            self._rollups,
            delivery=delivery,
            inside=self.inside,
            roads=lambda result: roads(result, self._inventory(), self._aws, self.inside),
        )

    def _inventory(self) -> Inventory | None:
        return self.surroundings.current() if self.surroundings else None

    @cached_property
    def _aws(self) -> AwsRanges | None:
        return self.ranges()

    @property
    def _paid(self) -> bool:
        return self.engine.source.startswith(CLOUDWATCH)

    @property
    def _watches(self) -> Watches | None:
        """None without a way to ask questions, as in a replay."""
        if self.ask is None:
            return None
        delivery = DELIVERY_CLOUDWATCH if self._paid else DELIVERY_S3
        owing = Owing(Deliveries(self.store))
        return Watches(Schedules(self.store), self.ask, owing, delivery + SHORT)

    @property
    def _rollups(self) -> Rollups:
        return Rollups(self.store, self.engine.source)

    @property
    def _incidents(self) -> Incidents:
        return Incidents(self.store, self.engine.source)

    @property
    def _digests(self) -> Digests:
        price = self.price if self._paid else 0
        return Digests(self._rollups, self._incidents, price, self._looked, self._named)

    def _named(self, message: Message) -> Message:
        inventory = self._inventory() or NOTHING_KNOWN
        return retold(message, Names(inventory, teams=self.teams, ranges=self._aws))
