"""Which of several sightings of the same packets counts.

The rule: packets from A to B count once: where the interface that owns A recorded them; else where
the owner of B did; else where most bytes of them were recorded. A NAT gateway and a transit
gateway's attachment pass on the packets of others under an address of their own. What they record
under it is a second sighting, unless no host behind them recorded the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from bot.network.interface_words import NAT_GATEWAY, TRANSIT
from bot.network.places import Place, Places
from bot.network.sightings import Sighting

RULE = (
    "packets that several interfaces recorded count once: at the sender's interface, else at the"
    " receiver's; a NAT gateway's own records count only where no host behind it recorded the same"
)
ALIKE = 0.1  # by how much what a NAT gateway gets and what it passes on may differ
# Of the bytes that a NAT gateway exchanges with the internet, this share at least is recorded
# again by the hosts behind it.
SAME_BYTES = 0.5

Ends = tuple[Place, Place]
Beyond = tuple[str, str, bool]  # the gateway's interface, an outside address, whether towards it


class Gateways:
    """NAT gateways among the interfaces, and who is behind each."""

    def __init__(self, sightings: Sequence[Sighting], ends: Sequence[Ends], places: Places) -> None:
        self._places = places
        self._nats = {at for at in places.own if places.kind(at) == NAT_GATEWAY}
        unknown = {at for at in places.own if at not in places.inventory.interfaces} - self._nats
        if unknown:
            self._nats |= _told_by_packets(sightings, ends, places, unknown)
            self._nats |= _told_by_bytes(sightings, ends, unknown)
        self.behind: dict[str, set[str]] = {}
        self._sent: set[tuple[str, str]] = set()
        self._passed: dict[tuple[str, str], int] = {}  # bytes with an outside address
        self._hosts: dict[tuple[str, str], int] = {}  # and those of the hosts behind
        for seen, (source, target) in zip(sightings, ends, strict=True):
            if seen.at in self._nats:
                self._note(seen, source, target)
        for seen, (source, target) in zip(sightings, ends, strict=True):
            self._weigh(seen, source, target)

    def is_nat(self, at: str) -> bool:
        return at in self._nats

    @property
    def addresses(self) -> frozenset[str]:
        """Those under which they pass on others' packets."""
        return frozenset[str]().union(*(self._places.own.get(at, ()) for at in self._nats))

    def is_own(self, at: str, place: Place) -> bool:
        """Whether the address is the gateway's own."""
        return place.address in self._places.own.get(at, ())

    def used_by(self, place: Place, address: str) -> bool:
        """Whether a host reached the address through a NAT gateway, by all that is seen.

        That is so when a gateway exchanged as much with the address as the hosts behind it did.
        """
        return any(
            self._hosts.get((at, address), 0) <= (1 + ALIKE) * self._passed.get((at, address), -1)
            for at in self.behind.get(place.who, ())
        )

    def passes_on(self, at: str, address: str) -> bool:
        """Whether the gateway is on the way to the address, which did not merely call on it."""
        return (at, address) in self._sent or (at, address) in self._hosts

    def _weigh(self, seen: Sighting, source: Place, target: Place) -> None:
        if source.inside == target.inside:
            return
        host, other = (source, target) if source.inside else (target, source)
        if self.is_nat(seen.at) and self.is_own(seen.at, host):
            key = seen.at, other.address
            self._passed[key] = self._passed.get(key, 0) + seen.bytes
        elif host.interface == seen.at:
            for at in self.behind.get(host.who, ()):
                key = at, other.address
                self._hosts[key] = self._hosts.get(key, 0) + seen.bytes

    def _note(self, seen: Sighting, source: Place, target: Place) -> None:
        for place in (source, target):
            if place.inside and not self.is_own(seen.at, place):
                self.behind.setdefault(place.who, set()).add(seen.at)
        if not target.inside:
            self._sent.add((seen.at, target.address))


def _told_by_packets(
    sightings: Sequence[Sighting], ends: Sequence[Ends], places: Places, unknown: set[str]
) -> set[str]:
    """Interfaces to which packets come that are meant for the internet."""
    return {
        seen.at
        for seen, (_, target) in zip(sightings, ends, strict=True)
        if seen.at in unknown
        and seen.receiver != seen.target
        and not target.inside
        and seen.target in places.own[seen.at]
    }


class _Exchanged:
    """Bytes of one interface: with each outside address, and with the inside, both ways."""

    def __init__(self) -> None:
        self.outside: dict[str, int] = {}
        self.partners: set[str] = set()
        self.moved = {(way, far): 0 for way in ("from", "to") for far in ("inside", "outside")}

    def add(self, other: Place, size: int, *, out: bool) -> None:
        self.moved["to" if out else "from", "inside" if other.inside else "outside"] += size
        if other.inside:
            self.partners.add(other.who)
        else:
            self.outside[other.address] = self.outside.get(other.address, 0) + size

    @property
    def passes_on(self) -> bool:
        """Whether what comes from one side goes to the other, both ways."""
        moved = self.moved
        return _alike(moved["from", "outside"], moved["to", "inside"]) and _alike(
            moved["from", "inside"], moved["to", "outside"]
        )


def _told_by_bytes(
    sightings: Sequence[Sighting], ends: Sequence[Ends], unknown: set[str]
) -> set[str]:
    """Interfaces that pass on what they get, and what hosts behind them recorded too.

    A load balancer passes on as well, but no host behind it records its clients.
    """
    exchanged: dict[str, _Exchanged] = {}
    for seen, (source, target) in zip(sightings, ends, strict=True):
        own, other = (source, target) if source.interface == seen.at else (target, source)
        if own.interface == seen.at:
            theirs = exchanged.setdefault(seen.at, _Exchanged())
            theirs.add(other, seen.bytes, out=other is target)
    return {
        at
        for at, theirs in exchanged.items()
        if at in unknown
        and theirs.passes_on
        and _again(theirs, exchanged) >= SAME_BYTES * sum(theirs.outside.values())
    }


def _again(gateway: _Exchanged, exchanged: Mapping[str, _Exchanged]) -> int:
    """Bytes with outside addresses that the interface's partners exchanged with the same ones."""
    hosts = [exchanged[who].outside for who in gateway.partners if who in exchanged]
    return sum(
        min(size, sum(host.get(address, 0) for host in hosts))
        for address, size in gateway.outside.items()
    )


def _alike(one: int, other: int) -> bool:
    return min(one, other) > 0 and abs(one - other) <= ALIKE * max(one, other)


def count_once(
    sightings: Sequence[Sighting],
    ends: Sequence[Ends],
    places: Places,
    gateways: Gateways,
    *,
    through_nat: Callable[[int], bool],
    in_transit: Callable[[int], bool],
) -> list[bool]:
    """For each sighting whether it counts.

    `through_nat` says of the sighting at an index whether its road may lead through a NAT gateway,
    `in_transit` whether it leads through a transit gateway.
    """
    legs = _legs(sightings, ends, places, gateways)
    recorded = _recorded_behind(sightings, ends, gateways, through_nat)
    crossing = {
        (place.who, place is source)
        for index, (source, target) in enumerate(ends)
        if index not in legs and in_transit(index)
        for place in (source, target)
    }
    recorders = {seen.at for seen in sightings}
    verdicts: list[bool | None] = [None] * len(sightings)
    for index, leg in legs.items():
        if leg.kind == TRANSIT:
            logged = leg.other.interface in recorders and leg.other.interface != ""
            verdicts[index] = not logged and (leg.other.who, not leg.out) not in crossing
        else:
            beyond = sightings[index].at, leg.other.address, leg.out
            verdicts[index] = not leg.other.inside and beyond not in recorded
    best = _best_recorders(sightings, ends, verdicts)
    return [
        best[source.who, target.who] == seen.at if verdict is None else verdict
        for seen, (source, target), verdict in zip(sightings, ends, verdicts, strict=True)
    ]


class _Leg(NamedTuple):
    """What a gateway recorded under its own address; `out` from the gateway to the other."""

    kind: str
    other: Place
    out: bool


def _legs(
    sightings: Sequence[Sighting], ends: Sequence[Ends], places: Places, gateways: Gateways
) -> dict[int, _Leg]:
    legs = {}
    for index, (seen, (source, target)) in enumerate(zip(sightings, ends, strict=True)):
        kind = NAT_GATEWAY if gateways.is_nat(seen.at) else places.kind(seen.at)
        if kind not in (NAT_GATEWAY, TRANSIT):
            continue
        out = gateways.is_own(seen.at, source)
        if out or gateways.is_own(seen.at, target):
            legs[index] = _Leg(kind, target if out else source, out)
    return legs


def _recorded_behind(
    sightings: Sequence[Sighting],
    ends: Sequence[Ends],
    gateways: Gateways,
    through_nat: Callable[[int], bool],
) -> set[Beyond]:
    """What hosts behind NAT gateways exchanged with outside addresses, as recorded anywhere."""
    recorded: set[Beyond] = set()
    for index, (seen, (source, target)) in enumerate(zip(sightings, ends, strict=True)):
        if source.inside == target.inside:
            continue
        host, other = (source, target) if source.inside else (target, source)
        nats = gateways.behind.get(host.who)
        if nats and (gateways.is_nat(seen.at) or through_nat(index)):
            recorded.update((at, other.address, other is target) for at in nats)
    return recorded


def _best_recorders(
    sightings: Sequence[Sighting], ends: Sequence[Ends], verdicts: Sequence[bool | None]
) -> Mapping[tuple[str, str], str]:
    """The interface at which a pair's packets count."""
    best: dict[tuple[str, str], str] = {}
    strangers: dict[tuple[str, str], dict[str, int]] = {}
    for seen, (source, target), verdict in zip(sightings, ends, verdicts, strict=True):
        if verdict is not None:
            continue
        pair = source.who, target.who
        if seen.at == source.interface or (seen.at == target.interface and pair not in best):
            best[pair] = seen.at
        elif seen.at != target.interface:
            theirs = strangers.setdefault(pair, {})
            theirs[seen.at] = theirs.get(seen.at, 0) + seen.bytes
    for pair, theirs in strangers.items():
        if pair not in best:
            best[pair] = max(theirs, key=lambda at: (theirs[at], at))
    return best
