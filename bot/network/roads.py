"""Which road traffic took: each flow in exactly one category, with the rule that decided.

From the record's own fields where the format has them, else by the inventory, else by private
ranges, as far as those can tell. Every byte is counted once (`once.RULE`). Source of the fields'
meaning: the VPC guide on flow log records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from bot.model.inventory import Inventory
from bot.model.prefixes import Range
from bot.model.published import CUSTOMERS, Ranges
from bot.model.query import Row
from bot.network.interface_words import TRANSIT
from bot.network.once import Ends, Gateways, count_once
from bot.network.places import Place, Places, Route
from bot.network.sightings import Hop, Sighting, sighting


class Category(StrEnum):
    WITHIN_SUBNET = "within-subnet"
    WITHIN_ZONE = "within-zone"
    CROSS_ZONE = "cross-zone"
    PEERING = "peering"
    TRANSIT = "transit"  # a transit gateway, a VPN or Direct Connect
    AWS_SERVICE = "aws-service"
    INTERNET_OUT = "internet-out"
    INTERNET_IN = "internet-in"
    UNCLASSIFIED = "unclassified"


class Way(StrEnum):
    """By what traffic left the VPC, or came in."""

    GATEWAY_ENDPOINT = "gateway endpoint"
    INTERFACE_ENDPOINT = "interface endpoint"
    NAT_GATEWAY = "NAT gateway"
    INTERNET_GATEWAY = "internet gateway"
    TRANSIT_GATEWAY = "transit gateway"
    UNKNOWN = "unknown"


class Rule(StrEnum):
    """What decided a category."""

    PATH = "traffic-path in the records"
    RECORDED = "zone and subnet in the records"
    RECORDED_SERVICE = "AWS service in the records"
    NEXT_HOP = "next hop in the records"
    SUBNETS = "subnet ranges"
    GATEWAYS = "interfaces of endpoints and gateways"
    ROUTES = "route tables"
    PEERINGS = "peering connections"
    VPCS = "ranges of every known VPC"
    PUBLISHED = "AWS's published ranges"
    PRIVATE = "private ranges"
    NOTHING = "nothing that tells"


@dataclass(frozen=True, slots=True)
class Road:
    """`service` and `region` as AWS spells them, of an AWS service only.

    `way` is None for what stays inside. `crosses` says that the packets went to another zone: to
    their receiver, or to the NAT gateway or the endpoint they went through.
    """

    category: Category
    rule: Rule
    way: Way | None = None
    service: str = ""
    region: str = ""
    crosses: bool = False


class Traced(NamedTuple):
    """A grouped row with its road. What is not `counted` is a second sighting."""

    row: Row
    seen: Sighting
    source: Place
    target: Place
    road: Road
    counted: bool


@dataclass
class Amount:
    bytes: int = 0
    packets: int = 0
    records: int = 0

    def add(self, seen: Sighting) -> None:
        self.bytes += seen.bytes
        self.packets += seen.packets
        self.records += seen.records


@dataclass
class Totals:
    """Sums over traced rows. Counted and seen again together are what was logged."""

    counted: Amount = field(default_factory=Amount)
    again: Amount = field(default_factory=Amount)
    by_category: dict[Category, Amount] = field(
        default_factory=lambda: {category: Amount() for category in Category}
    )
    by_rule: dict[Rule, Amount] = field(default_factory=dict)

    @property
    def logged(self) -> int:
        """Bytes of all records."""
        return self.counted.bytes + self.again.bytes

    @property
    def unclassified(self) -> float:
        """The share of counted bytes that is in no category."""
        unclassified = self.by_category[Category.UNCLASSIFIED].bytes
        return unclassified / self.counted.bytes if self.counted.bytes else 0.0


@dataclass(frozen=True)
class Trace:
    """Rows with their roads, in order, and the addresses under which NAT gateways pass on others'
    packets."""

    traced: list[Traced]
    gateways: frozenset[str]


def trace(
    rows: Iterable[Row],
    inventory: Inventory | None = None,
    *,
    ranges: Ranges | None = None,
    inside: tuple[Range, ...] = (),
) -> list[Traced]:
    """The road of each row, in order: what `traced_with_gateways` has."""
    return traced_with_gateways(rows, inventory, ranges=ranges, inside=inside).traced


def traced_with_gateways(
    rows: Iterable[Row],
    inventory: Inventory | None = None,
    *,
    ranges: Ranges | None = None,
    inside: tuple[Range, ...] = (),
) -> Trace:
    """The road of each row.

    The rows are grouped by `sightings.grouping` (and by time, or whatever else), with sums under
    `totalBytes`, `totalPackets` and `records`. `inside` are ranges of ours besides the private.
    """
    listed = list(rows)
    sightings = [sighting(row) for row in listed]
    places = Places(sightings, inventory or Inventory(), ranges, inside)
    vpcs = {at: places.vpc_of(at) for at in {seen.at for seen in sightings}}
    ends = [
        (places.at(seen.sender, vpcs[seen.at]), places.at(seen.receiver, vpcs[seen.at]))
        for seen in sightings
    ]
    gateways = Gateways(sightings, ends, places)
    roads = _Roads(sightings, places, gateways).all(ends)

    def through_nat(index: int) -> bool:
        return roads[index].way in (Way.NAT_GATEWAY, Way.UNKNOWN)

    def in_transit(index: int) -> bool:
        return roads[index].category is Category.TRANSIT

    counts = count_once(
        sightings, ends, places, gateways, through_nat=through_nat, in_transit=in_transit
    )
    traced = [
        Traced(row, seen, source, target, road, counted)
        for row, seen, (source, target), road, counted in zip(
            listed, sightings, ends, roads, counts, strict=True
        )
    ]
    return Trace(traced, gateways.addresses)


def totals(traced: Iterable[Traced]) -> Totals:
    found = Totals()
    for one in traced:
        if not one.counted:
            found.again.add(one.seen)
            continue
        found.counted.add(one.seen)
        found.by_category[one.road.category].add(one.seen)
        found.by_rule.setdefault(one.road.rule, Amount()).add(one.seen)
    return found


class _Told(NamedTuple):
    """What egress records say of the way from an interface to an address."""

    path: str
    hop: Hop | None


_NOTHING_TOLD = _Told("", None)
_UNKNOWN = Road(Category.UNCLASSIFIED, Rule.NOTHING)
_PATH_PEERING = frozenset({"4", "5"})
_GATEWAY_SERVICES = frozenset({"S3", "DYNAMODB"})
_VIA = {
    "nat": Way.NAT_GATEWAY,
    "igw": Way.INTERNET_GATEWAY,
    "eigw": Way.INTERNET_GATEWAY,
    "tgw": Way.TRANSIT_GATEWAY,
    "vgw": Way.TRANSIT_GATEWAY,
}
_HOPS = {"nat_gateway": Way.NAT_GATEWAY, "transit_gateway": Way.TRANSIT_GATEWAY}


class _Way(NamedTuple):
    """What is known of a way out: who recorded, what the records told, what the route says."""

    at: str
    told: _Told
    route: Route | None


_PATHS = {"7": Way.GATEWAY_ENDPOINT, "8": Way.INTERNET_GATEWAY}


class _Roads:
    """Decides, with everything at hand."""

    def __init__(self, sightings: Sequence[Sighting], places: Places, gateways: Gateways) -> None:
        self._sightings = sightings
        self._places = places
        self._gateways = gateways
        self._recorders: dict[tuple[str, str], set[str]] = {}
        if not places.inventory.vpcs:
            for seen in sightings:
                self._recorders.setdefault((seen.sender, seen.receiver), set()).add(seen.at)
        # Ingress records carry neither path nor next hop: the way back is taken for the way in.
        self._told = {
            (seen.at, seen.receiver): _Told(seen.path, seen.hop)
            for seen in sightings
            if seen.path or seen.hop
        }

    def all(self, ends: Sequence[Ends]) -> list[Road]:
        """The road of each sighting; sightings that look alike are decided once."""
        decided: dict[tuple[str | None, ...], Road] = {}
        roads = []
        for seen, (source, target) in zip(self._sightings, ends, strict=True):
            key = seen.at, seen.sender, seen.receiver, seen.source_service, seen.target_service
            road = decided.get(key)
            if road is None:
                road = decided[key] = self._road(seen, source, target)
            roads.append(road)
        return roads

    def _road(self, seen: Sighting, source: Place, target: Place) -> Road:
        if not (source.routed and target.routed):
            return _UNKNOWN
        own, other = _sides(seen.at, source, target)
        out = other is target
        other = self._certain(own, other)
        if own.interface == seen.at and self._places.kind(seen.at) == TRANSIT:
            return Road(Category.TRANSIT, Rule.GATEWAYS, Way.TRANSIT_GATEWAY)
        told = self._told.get((seen.at, other.address), _NOTHING_TOLD)
        if own.inside and other.inside:
            return self._inside(own, other, told)
        if not own.inside:
            return _UNKNOWN
        route = self._places.route(own, other.address)
        service = seen.target_service if out else seen.source_service
        beyond = self._left(own, other, told, route)
        return beyond or self._outside(own, other, _Way(seen.at, told, route), service, out=out)

    def _certain(self, own: Place, other: Place) -> Place:
        """The other end, or no more than its address where it may be of a VPC out of reach.

        VPCs may have the same addresses. Where no inventory says which are connected, two of them
        are only when a gateway between them recorded the packets as well.
        """
        apart = own.vpc and other.vpc and own.vpc != other.vpc and other.recorded
        if not apart or self._places.inventory.vpcs:
            return other
        mutual = self._places.at(own.address, other.vpc).interface == own.interface
        pairs = (own.address, other.address), (other.address, own.address)
        recorders = {at for pair in pairs for at in self._recorders.get(pair, ())}
        if mutual and recorders - {own.interface, other.interface}:
            return other
        return Place(other.address, inside=True)

    def _inside(self, own: Place, other: Place, told: _Told) -> Road:
        """Between two addresses that are ours or private."""
        for endpoint, host in ((other, own), (own, other)):
            service = self._places.endpoint_service(endpoint)
            if service is not None:
                return Road(
                    Category.AWS_SERVICE,
                    Rule.GATEWAYS,
                    Way.INTERFACE_ENDPOINT,
                    service,
                    crosses=_crosses(host.zone, endpoint.zone),
                )
        if own.vpc and own.vpc == other.vpc:
            return _near(own, other, told.hop)
        hop = told.hop
        if hop and hop.zone and hop.vpc == own.vpc and hop.kind not in _HOPS and not other.vpc:
            return _near(own, other, hop)
        route = self._places.route(own, other.address)
        return self._left(own, other, told, route) or self._far(own, other, told)

    def _left(self, own: Place, other: Place, told: _Told, route: Route | None) -> Road | None:
        """By peering, or by a transit or virtual private gateway: what path, hop or route say."""
        if told.path in _PATH_PEERING:
            return Road(Category.PEERING, Rule.PATH)
        if told.path == "3":
            return Road(Category.TRANSIT, Rule.PATH, Way.TRANSIT_GATEWAY)
        if told.hop and other.inside and _HOPS.get(told.hop.kind) is Way.TRANSIT_GATEWAY:
            return Road(Category.TRANSIT, Rule.NEXT_HOP, Way.TRANSIT_GATEWAY)
        via = route.via.partition("-")[0] if route is not None else ""
        # A default route to a transit gateway is a way to the internet; a narrow one is not.
        if route is not None and (other.inside or route.narrow):
            if via == "pcx":
                return Road(Category.PEERING, Rule.ROUTES)
            if _VIA.get(via) is Way.TRANSIT_GATEWAY:
                return Road(Category.TRANSIT, Rule.ROUTES, Way.TRANSIT_GATEWAY)
        return None

    def _far(self, own: Place, other: Place, told: _Told) -> Road:
        """Between two private addresses that are not known to be in one VPC."""
        if own.vpc and other.vpc:
            if self._places.peered(own.vpc, other.vpc):
                return Road(Category.PEERING, Rule.PEERINGS)
            if told.path == "1":  # a gateway's interface stands in the VPC
                return Road(Category.TRANSIT, Rule.PATH, Way.TRANSIT_GATEWAY)
            if self._places.inventory.peerings or self._places.inventory.route_tables:
                return Road(Category.TRANSIT, Rule.VPCS, Way.TRANSIT_GATEWAY)
            return _UNKNOWN
        if own.vpc and self._places.peer_range(other.address, own.vpc):
            return Road(Category.PEERING, Rule.PEERINGS)
        # Without the VPC of one end, the other may be in the same one.
        if own.vpc and self._places.inventory.vpcs and not self._places.vpcs_at(other.address):
            return Road(Category.TRANSIT, Rule.VPCS, Way.TRANSIT_GATEWAY)
        return _UNKNOWN

    def _outside(
        self, own: Place, other: Place, way: _Way, recorded: str | None, *, out: bool
    ) -> Road:
        """Between an address of ours and a public one. `recorded`: the service in the record."""
        published = self._places.service(other.address)
        if recorded is not None:
            service, rule = recorded, Rule.RECORDED_SERVICE
        else:
            service, rule = published.service if published else "", Rule.PUBLISHED
        region = published.region if published and published.service == service else ""
        endpoint = self._places.endpoint(way.route.via) if way.route else None
        if endpoint is not None:
            service, rule = endpoint, Rule.ROUTES
        elif way.told.path == "7" and not service:
            return Road(Category.AWS_SERVICE, Rule.PATH, Way.GATEWAY_ENDPOINT)
        taken = (
            self._past_nat(own, other, way)
            or _PATHS.get(way.told.path)
            or self._by_endpoint(own, service, region, endpoint)
            or self._by_hop(own, other, way, service)
        )
        crosses = taken is Way.NAT_GATEWAY and self._nat_crosses(own, way)
        if service and service not in CUSTOMERS:
            return Road(Category.AWS_SERVICE, rule, taken, service, region, crosses)
        category = Category.INTERNET_OUT if out else Category.INTERNET_IN
        return Road(
            category,
            rule if service or recorded is not None else Rule.PRIVATE,
            taken,
            crosses=crosses,
        )

    def _past_nat(self, own: Place, other: Place, way: _Way) -> Way | None:
        """At a NAT gateway itself: what it sent on, or what merely came to its door."""
        if not self._gateways.is_nat(way.at):
            return None
        if not self._gateways.is_own(way.at, own):
            return Way.NAT_GATEWAY
        passed = self._gateways.passes_on(way.at, other.address)
        return Way.NAT_GATEWAY if passed else Way.INTERNET_GATEWAY

    def _by_endpoint(
        self, own: Place, service: str, region: str, endpoint: str | None
    ) -> Way | None:
        gated = service in _GATEWAY_SERVICES and self._places.gateway_endpoint(own, service, region)
        return Way.GATEWAY_ENDPOINT if gated or endpoint is not None else None

    def _by_hop(self, own: Place, other: Place, way: _Way, service: str) -> Way:
        if way.told.hop is not None and way.told.hop.kind in _HOPS:
            return _HOPS[way.told.hop.kind]
        if way.route is not None:
            return _VIA.get(way.route.via.partition("-")[0], Way.UNKNOWN)
        if self._gateways.used_by(own, other.address) or way.told.path == "1":
            return Way.NAT_GATEWAY
        if way.told.path == "2" and service not in _GATEWAY_SERVICES:
            return Way.INTERNET_GATEWAY
        return Way.UNKNOWN

    def _nat_crosses(self, own: Place, way: _Way) -> bool:
        zone = self._places.nat_zone(way.route.via) if way.route is not None else ""
        return _crosses(own.zone, zone)


def _sides(at: str, source: Place, target: Place) -> Ends:
    """The recording interface's side and the other, else the side that is ours and the other."""
    if source.interface and source.interface == at:
        return source, target
    if target.interface and target.interface == at:
        return target, source
    return (target, source) if target.inside and not source.inside else (source, target)


def _near(own: Place, other: Place, hop: Hop | None) -> Road:
    """Within one VPC."""
    rule = Rule.RECORDED if own.recorded and other.recorded else Rule.SUBNETS
    subnet, zone = other.subnet, other.zone
    if not zone and hop is not None and hop.kind not in _HOPS:
        subnet, zone, rule = hop.subnet, hop.zone, Rule.NEXT_HOP
    if own.subnet and own.subnet == subnet:
        return Road(Category.WITHIN_SUBNET, rule)
    if not (own.zone and zone):
        return _UNKNOWN
    if own.zone == zone:
        return Road(Category.WITHIN_ZONE, rule)
    return Road(Category.CROSS_ZONE, rule, crosses=True)


def _crosses(zone: str, other: str) -> bool:
    return bool(zone and other and zone != other)
