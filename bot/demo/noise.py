"""What the internet tries at every public address, all day: scanners and sprayers.

The load balancer's and the bastion's security groups reject it. The NAT gateway has no security
group: whatever is sent to it is recorded as accepted, though nobody answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.demo import network
from bot.demo.draw import Draw
from bot.demo.log import ICMP, TCP, UDP, DayLog, conversation
from bot.demo.network import Host

PUBLIC = (*network.BALANCERS, network.NAT, network.BASTION)
SPRAYED = (22, 23, 80, 443, 445, 1433, 2375, 3306, 3389, 5060, 5432, 5900, 6379, 8080, 8443, 9200)
SCANNERS = 6
PROBES = 2.6  # a minute, of the sprayers


@dataclass(frozen=True, slots=True)
class Scanner:
    """A slow one: a single source port, hours of work, a new port of its targets each minute."""

    address: str
    port: int
    targets: tuple[Host, ...]
    first: int  # second of the day
    last: int


def slow_scanners(day: date) -> tuple[Scanner, ...]:
    """The day's slow scanners; nobody else has their addresses."""
    draw = Draw(day, "slow scanners")
    hosts = draw.some_of(range(2, 61), SCANNERS)
    return tuple(_scanner(draw, f"198.51.100.{host}") for host in hosts)


def _scanner(draw: Draw, address: str) -> Scanner:
    first = draw.between(0, 18 * 3600)
    return Scanner(
        address=address,
        port=draw.between(40000, 61000),
        targets=tuple(draw.some_of(PUBLIC, 2)),
        first=first,
        last=min(first + draw.between(5, 9) * 3600, 86399),
    )


def slow_scans(log: DayLog, day: date, draw: Draw) -> None:
    for scanner in slow_scanners(day):
        for target in scanner.targets:
            at = scanner.first + draw.between(0, 60)
            while at <= scanner.last:
                sender = scanner.address, scanner.port
                _probe(log, draw, sender, target, port=draw.between(1, 65535), at=at)
                at += draw.between(45, 100)


def sprays(log: DayLog, day: date, draw: Draw) -> None:
    """Many sources, each trying a well-known port here and there."""
    del day  # never ends
    for minute in range(1440):
        for _ in range(draw.about(PROBES)):
            port = draw.one_of(SPRAYED) if draw.chance(0.8) else draw.between(1, 65535)
            at = minute * 60 + draw.between(0, 59)
            sender = f"198.51.100.{draw.between(61, 239)}", draw.between(1024, 65535)
            protocol = TCP if draw.chance(0.9) else UDP if draw.chance(0.8) else ICMP
            target = draw.one_of(PUBLIC)
            _probe(log, draw, sender, target, port=port, at=at, protocol=protocol)


def sweeps(log: DayLog, day: date, draw: Draw) -> None:
    """Bursts: one port at all public addresses, several times over."""
    del day  # some every day
    for _ in range(draw.between(5, 9)):
        source, port = f"198.51.100.{draw.between(240, 254)}", draw.one_of((22, 23, 3389, 8080))
        at = draw.between(0, 86000)
        for turn in range(draw.between(3, 9)):
            for target in PUBLIC:
                sender = source, draw.between(1024, 65535)
                _probe(log, draw, sender, target, port=port, at=at + turn * 40)


def _probe(
    log: DayLog,
    draw: Draw,
    sender: tuple[str, int],
    target: Host,
    *,
    port: int,
    at: int,
    protocol: int = TCP,
) -> None:
    """One packet to a port, and what becomes of it. `sender` is an address and a source port."""
    address, own = sender if protocol != ICMP else (sender[0], 0)
    probe = conversation(address, own, target, port if protocol != ICMP else 0, protocol=protocol)
    size = draw.one_of((40, 44, 60))
    if target is network.NAT:
        log.pass_by(probe.requests, at, at, (1, size))
    elif target in network.BALANCERS and protocol == TCP and port in (80, 443):
        log.talk(probe, at, at, (2, size + 40), (1, 44))
    else:
        log.refuse(probe.requests, at, at, (1, size))
