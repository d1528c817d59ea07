"""Traffic of the service itself: visitors, load balancer, app servers, databases, monitoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.demo import network, rules
from bot.demo.draw import Draw, Ports
from bot.demo.log import LAST_SECOND, MINUTES, Conversation, DayLog, conversation
from bot.demo.network import Host
from bot.demo.rhythm import rhythm
from bot.demo.story import MENDED, RELEASE

BROKEN = range(RELEASE.hour * 60 + RELEASE.minute, MENDED.hour * 60 + MENDED.minute)  # minutes
SCRAPE_EVERY = 5  # minutes
VISITORS = 6.5  # conversations a minute in the busiest hour
REQUESTS = 3.6  # of the load balancer to app servers, likewise


@dataclass(frozen=True, slots=True)
class Pool:
    """A connection that a client keeps open to a server, and renews from time to time.

    `busy`: the share of minutes in which it is used, in the busiest hour; `lifetime` in minutes.
    `sent` and `replied` a minute: fewest packets, most packets, bytes of a packet.
    """

    client: Host
    server: Host
    port: int
    busy: float
    lifetime: int
    sent: tuple[int, int, int]
    replied: tuple[int, int, int]

    @property
    def broken(self) -> bool:
        """Whether the mistake shuts this pool out."""
        return self.port == rules.POSTGRES and self.client.subnet is network.APP_B


def _postgres(client: Host, server: Host, busy: float) -> Pool:
    return Pool(
        client, server, rules.POSTGRES, busy, 45, sent=(20, 1600, 210), replied=(20, 4200, 900)
    )


def _redis(client: Host, busy: float) -> Pool:
    return Pool(
        client,
        network.CACHE,
        rules.REDIS,
        busy,
        120,
        sent=(20, 1500, 130),
        replied=(20, 1500, 340),
    )


POOLS = (
    *(_postgres(app, network.PRIMARY, busy) for app in network.APPS for busy in (0.7, 0.35)),
    *(_postgres(app, network.REPLICA, 0.5) for app in network.APPS),
    *(_postgres(worker, network.PRIMARY, 0.8) for worker in network.WORKERS),
    _postgres(network.WORKER_B, network.REPLICA, 0.3),
    *(_redis(app, 0.6) for app in network.APPS),
    *(_redis(worker, 0.5) for worker in network.WORKERS),
)
SCRAPED = (
    *((host, rules.NODE_METRICS) for host in (network.BASTION, *network.APPS, *network.WORKERS)),
    *((host, rules.NODE_METRICS) for host in (network.BATCH, *network.DATABASES, network.CACHE)),
    *((host, rules.POSTGRES_METRICS) for host in network.DATABASES),
    (network.CACHE, rules.REDIS_METRICS),
)


def visitors(log: DayLog, day: date, draw: Draw) -> None:
    """Browsers and apps at the load balancer, from a few hundred addresses."""
    for minute, busy in enumerate(rhythm(day)):
        for _ in range(draw.about(VISITORS * busy)):
            _visit(log, draw, minute * 60 + draw.between(0, 59))


def _visit(log: DayLog, draw: Draw, first: int) -> None:
    host = draw.mostly_low(1, 254)
    low, high = ((49152, 65535), (32768, 60999), (1024, 65535))[host % 3]  # by operating system
    talk = conversation(
        f"203.0.113.{host}",
        draw.between(low, high),
        draw.one_of(network.BALANCERS),
        443 if draw.chance(0.94) else 80,
    )
    last = first + draw.mostly_low(1, 150)
    log.talk(talk, first, last, draw.amount(8, 160, 320), draw.amount(8, 900, 1180))
    if draw.chance(0.01):
        _late(log, draw, talk, last + 20)


def _late(log: DayLog, draw: Draw, talk: Conversation, second: int) -> None:
    """A packet or two that come after the close, and are rejected although the rules allow them."""
    packets = draw.between(1, 2)
    if second <= LAST_SECOND:
        legs = talk.requests if draw.chance(0.5) or len(talk.replies) == 1 else talk.replies
        log.refuse(legs, second, second, (packets, packets * 40))


def requests(log: DayLog, day: date, draw: Draw) -> None:
    """The load balancer's requests to the app servers, over connections it keeps for a while."""
    ports = Ports(draw)
    kept: dict[tuple[str, str], tuple[Conversation, int]] = {}
    for minute, busy in enumerate(rhythm(day)):
        targets = _targets(minute)
        for _ in range(draw.about(REQUESTS * busy)):
            node, app = draw.one_of(network.BALANCERS), draw.one_of(targets)
            talk, until = kept.get((node.name, app.name), (None, 0))
            if talk is None or minute > until:
                talk = conversation(node, ports.next(node), app, rules.APP_PORT)
                kept[node.name, app.name] = talk, minute + draw.between(3, 30)
            first = minute * 60 + draw.between(0, 9)
            last = first + draw.between(20, 50)
            log.talk(talk, first, last, draw.amount(20, 600, 620), draw.amount(20, 1500, 1150))


def _targets(minute: int) -> Sequence[Host]:
    """App servers without a database fail their health checks and get almost nothing."""
    if minute in BROKEN:
        return (network.APP_A1, network.APP_A2) * 5 + (network.APP_B1, network.APP_B2)
    return network.APPS


def pools(log: DayLog, day: date, draw: Draw) -> None:
    """App servers and workers at PostgreSQL and Redis."""
    busy = rhythm(day)
    for pool in POOLS:
        _pool(log, draw, pool, busy)


def _pool(log: DayLog, draw: Draw, pool: Pool, busy: Sequence[float]) -> None:
    ports = Ports(draw)
    talk, until = None, 0
    for minute in range(MINUTES):
        if pool.broken and minute in BROKEN:
            _retry(log, draw, pool, ports, minute)
            talk = None
            continue
        if talk is None or minute > until:
            if talk is not None and draw.chance(0.1):
                _late(log, draw, talk, minute * 60)
            talk = conversation(pool.client, ports.next(pool.client), pool.server, pool.port)
            until = minute + draw.between(pool.lifetime // 2, pool.lifetime * 3 // 2)
        if draw.chance(pool.busy * busy[minute]):
            first = minute * 60 + draw.between(0, 12)
            last = first + draw.between(15, 47)
            log.talk(talk, first, last, draw.amount(*pool.sent), draw.amount(*pool.replied))


def _retry(log: DayLog, draw: Draw, pool: Pool, ports: Ports, minute: int) -> None:
    """Two attempts a minute from new ports; each repeats its SYN until it gives up."""
    for half in (0, 30):
        first = minute * 60 + half + draw.between(0, 15)
        attempt = conversation(pool.client, ports.next(pool.client), pool.server, pool.port)
        packets = draw.between(3, 4)  # after 1, 2 and 4 more seconds
        log.refuse(
            attempt.requests, first, first + (3 if packets == 3 else 7), (packets, 60 * packets)
        )


def replication(log: DayLog, day: date, draw: Draw) -> None:
    """The replica follows the primary over one connection that lasts."""
    talk = conversation(
        network.REPLICA, Ports(draw).next(network.REPLICA), network.PRIMARY, rules.POSTGRES
    )
    for minute, busy in enumerate(rhythm(day)):
        packets = int(40 + 900 * busy) + draw.between(0, 80)
        sent, replied = (packets // 2, packets // 2 * 66), (packets, packets * 1100)
        log.talk(talk, minute * 60 + draw.between(0, 5), minute * 60 + 55, sent, replied)


def scrapes(log: DayLog, day: date, draw: Draw) -> None:
    """Monitoring asks every host for its metrics, a new connection each time."""
    del day  # no day is different
    ports = Ports(draw)
    for turn, (host, port) in enumerate(SCRAPED):
        for minute in range(turn % SCRAPE_EVERY, MINUTES, SCRAPE_EVERY):
            first = minute * 60 + turn * 3
            talk = conversation(network.MONITOR, ports.next(network.MONITOR), host, port)
            log.talk(talk, first, first + 1, draw.amount(6, 9, 90), draw.amount(12, 30, 1200))
