"""Where an address is: its interface, subnet, zone and VPC, and which way leads there.

From what the records say of the interfaces that wrote them, and from the inventory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from bot.model.inventory import Endpoint, Inventory, RouteTable, Subnet
from bot.model.prefixes import Prefixes, Range
from bot.model.published import AwsRange, Ranges
from bot.network.interface_words import ENDPOINT, NAT_GATEWAY, TRANSIT, owner_of, service_of
from bot.network.ranges import is_inside
from bot.network.sightings import Sighting, own_addresses

GATEWAY = "Gateway"  # an endpoint's type
NOWHERE = frozenset({"0.0.0.0", "255.255.255.255", "::"})  # noqa: S104
KINDS = {"nat_gateway": NAT_GATEWAY, "transit_gateway": TRANSIT, "vpc_endpoint": ENDPOINT}


class Place(NamedTuple):
    """Where one address is; text is empty where that is not known.

    `inside` says that it is one of ours or private. `routed` is false for what never leaves a
    link: multicast, link-local, broadcast. `recorded` says that the records themselves told.
    """

    address: str
    interface: str = ""
    vpc: str = ""
    subnet: str = ""
    zone: str = ""
    inside: bool = False
    routed: bool = True
    recorded: bool = False

    @property
    def who(self) -> str:
        """The interface, else the address: what is the same end of a conversation."""
        return self.interface or self.address


class Route(NamedTuple):
    """The target of the route to an address; `narrow` says that it is no default route."""

    via: str
    narrow: bool


class Places:
    """Look-ups over one set of sightings; answers are remembered."""

    def __init__(
        self,
        sightings: Sequence[Sighting],
        inventory: Inventory,
        ranges: Ranges | None,
        inside: tuple[Range, ...],
    ) -> None:
        self.inventory = inventory
        self._ranges = ranges
        self._inside = inside
        self._found: dict[tuple[str, str], Place] = {}
        self._services: dict[str, AwsRange | None] = {}
        self._routes: dict[tuple[str, str, str], Route | None] = {}
        self._gated: dict[str, frozenset[str]] = {}
        self._tables: dict[str, Prefixes[Route]] = {}
        self._vpc_ranges = Prefixes(
            (r, vpc.id) for vpc in inventory.vpcs.values() for r in vpc.ranges
        )
        self._peer_ranges = Prefixes((r, p) for p in inventory.peerings.values() for r in p.ranges)
        self._peered = {frozenset(p.vpcs) for p in inventory.peerings.values()}
        known = {i.id: frozenset(i.addresses) for i in inventory.interfaces.values()}
        nats = inventory.nat_gateways.values()
        known |= {
            nat.id: frozenset((*nat.private_addresses, *nat.public_addresses)) for nat in nats
        }
        self.own = own_addresses(sightings, known)
        self.facts = {seen.at: seen for seen in reversed(sightings)}
        self._kinds = {at: self._kind(at) for at in {*self.own, *inventory.interfaces}}
        self._owners = self._addresses()
        self._table_of = {
            s: table for table in inventory.route_tables.values() for s in table.subnets
        }
        self._main = {t.vpc_id: t for t in inventory.route_tables.values() if t.main}
        self._neighbours = _neighbours(inventory)
        self._endpoint_of = {
            interface: endpoint
            for endpoint in inventory.endpoints.values()
            for interface in endpoint.interfaces
        }

    def kind(self, interface: str) -> str:
        """NAT gateway, transit gateway attachment or VPC endpoint; empty for all else."""
        return self._kinds.get(interface, "")

    def vpc_of(self, interface: str) -> str:
        """The VPC of an interface that recorded something."""
        known = self.inventory.interfaces.get(interface)
        fact = self.facts.get(interface)
        return (fact.vpc if fact else "") or (known.vpc_id if known else "")

    def at(self, address: str, vpc: str) -> Place:
        """Where the address is, seen from an interface in `vpc`."""
        found = self._found.get((address, vpc))
        if found is None:
            found = self._found[address, vpc] = self._locate(address, vpc)
        return found

    def service(self, address: str) -> AwsRange | None:
        """By AWS's published ranges."""
        if address not in self._services:
            self._services[address] = self._ranges.find(address) if self._ranges else None
        return self._services[address]

    def route(self, place: Place, address: str) -> Route | None:
        """The route from a place's subnet to an address; None when no table tells."""
        key = (place.subnet, place.vpc, address)
        if key not in self._routes:
            table = self.table(place)
            found = self._routes_in(table).all_at(address) if table else ()
            self._routes[key] = found[0] if found else None
        return self._routes[key]

    def table(self, place: Place) -> RouteTable | None:
        """The route table of a place's subnet, its own or the VPC's main one."""
        if not place.subnet:
            return None
        return self._table_of.get(place.subnet) or self._main.get(place.vpc)

    def gateway_endpoint(self, place: Place, service: str, region: str) -> bool:
        """Whether the place's route table has a gateway endpoint for the service."""
        table = self.table(place)
        if table is None:
            return False
        name = f".{region}.{service.lower()}" if region else f".{service.lower()}"
        return any(known.endswith(name) for known in self._gateway_services(table))

    def _gateway_services(self, table: RouteTable) -> frozenset[str]:
        if table.id not in self._gated:
            vias = {route.via for route in table.routes}
            self._gated[table.id] = frozenset(
                endpoint.service
                for endpoint in self.inventory.endpoints.values()
                if endpoint.kind == GATEWAY
                and (table.id in endpoint.route_tables or endpoint.id in vias)
            )
        return self._gated[table.id]

    def endpoint_service(self, place: Place) -> str | None:
        """The service of AWS behind an interface endpoint, empty where its name is not known.

        None where there is no endpoint, or one to a service that somebody else offers.
        """
        endpoint = self._endpoint_of.get(place.interface)
        if endpoint is not None:
            return _aws_service(endpoint)
        return "" if self.kind(place.interface) == ENDPOINT else None

    def endpoint(self, endpoint_id: str) -> str | None:
        """The service of AWS behind a gateway endpoint; None where it is none."""
        endpoint = self.inventory.endpoints.get(endpoint_id)
        return _aws_service(endpoint) if endpoint and endpoint.kind == GATEWAY else None

    def peered(self, one: str, other: str) -> bool:
        return frozenset((one, other)) in self._peered

    def peer_range(self, address: str, vpc: str) -> bool:
        """Whether a VPC that is peered with `vpc` has the address in its ranges."""
        return any(vpc in p.vpcs for p in self._peer_ranges.all_at(address))

    def vpcs_at(self, address: str) -> tuple[str, ...]:
        return self._vpc_ranges.all_at(address)

    def nat_zone(self, nat_id: str) -> str:
        nat = self.inventory.nat_gateways.get(nat_id)
        subnet = self.inventory.subnets.get(nat.subnet_id) if nat else None
        return subnet.zone_id if subnet else ""

    def _kind(self, at: str) -> str:
        if at in self.inventory.nat_gateways:
            return NAT_GATEWAY
        known = self.inventory.interfaces.get(at)
        owner = owner_of(known, self.inventory) if known is not None else None
        if owner is not None and owner.kind in KINDS.values():
            return owner.kind
        fact = self.facts.get(at)
        return KINDS.get(fact.kind, "") if fact is not None else ""

    def _addresses(self) -> dict[str, list[str]]:
        """Interfaces by address: those that recorded something come first."""
        owners: dict[str, list[str]] = {}
        known = ((i.id, i.addresses) for i in self.inventory.interfaces.values())
        for interface, addresses in (*self.own.items(), *known):
            for address in addresses:
                theirs = owners.setdefault(address, [])
                if interface not in theirs:
                    theirs.append(interface)
        return owners

    def _locate(self, address: str, vpc: str) -> Place:
        owner = self._owner(address, vpc)
        if owner:
            return self._of_interface(owner, address)
        try:
            parsed = ip_address(address)
        except ValueError:
            return Place(address, routed=False)
        if parsed.is_multicast or parsed.is_link_local or address in NOWHERE:
            return Place(address, routed=False)
        subnet = self._subnet(address, vpc)
        if subnet is not None:
            return Place(address, "", subnet.vpc_id, subnet.id, subnet.zone_id, True)
        claimed = self.vpcs_at(address)
        ours = vpc if vpc in claimed else claimed[0] if len(claimed) == 1 else ""
        return Place(address, vpc=ours, inside=bool(claimed) or is_inside(address, self._inside))

    def _owner(self, address: str, vpc: str) -> str:
        """The interface that has the address, as seen from a VPC.

        An address of the VPC's own ranges is never another VPC's, even if only that is known.
        """
        theirs = {interface: self.vpc_of(interface) for interface in self._owners.get(address, ())}
        nearest = self._nearest(theirs, vpc)
        claimed = vpc and any(s.vpc_id == vpc for s in self.inventory.subnets_of(address))
        return nearest if nearest and (not claimed or theirs[nearest] == vpc) else ""

    def _nearest(self, vpcs: Mapping[str, str], vpc: str) -> str:
        """Of things by their VPC: the one in this VPC, else the only one within its reach."""
        if len(vpcs) > 1:
            here = [thing for thing, its in vpcs.items() if its == vpc]
            reached = [thing for thing, its in vpcs.items() if its in self._neighbours.get(vpc, ())]
            return here[0] if here else reached[0] if len(reached) == 1 else ""
        return next(iter(vpcs), "")

    def _of_interface(self, interface: str, address: str) -> Place:
        fact = self.facts.get(interface)
        known = self.inventory.interfaces.get(interface)
        if fact is not None and fact.zone and (fact.subnet or fact.vpc):
            return Place(address, interface, fact.vpc, fact.subnet, fact.zone, True, recorded=True)
        vpc = self.vpc_of(interface)
        subnet = self.inventory.subnets.get(
            (fact.subnet if fact else "") or (known.subnet_id if known else "")
        )
        subnet = subnet or self._subnet(address, vpc)
        if subnet is not None:
            zone = (known.zone_id if known else "") or subnet.zone_id
            return Place(address, interface, subnet.vpc_id or vpc, subnet.id, zone, True)
        if known is not None:
            return Place(address, interface, vpc, known.subnet_id, known.zone_id, True)
        return Place(address, interface, vpc, inside=True)

    def _subnet(self, address: str, vpc: str) -> Subnet | None:
        claimed = {subnet.id: subnet.vpc_id for subnet in self.inventory.subnets_of(address)}
        return self.inventory.subnets.get(self._nearest(claimed, vpc))

    def _routes_in(self, table: RouteTable) -> Prefixes[Route]:
        if table.id not in self._tables:
            self._tables[table.id] = Prefixes(self._expanded(table))
        return self._tables[table.id]

    def _expanded(self, table: RouteTable) -> Iterable[tuple[Range, Route]]:
        for route in table.routes:
            if not isinstance(route.to, str):
                yield route.to, Route(route.via, narrow=route.to.prefixlen > 0)
                continue
            for listed in self.inventory.prefix_lists.get(route.to, ()):
                yield listed, Route(route.via, narrow=True)


def _neighbours(inventory: Inventory) -> dict[str, set[str]]:
    """VPCs that packets can go to from each: peered ones, and those behind a transit gateway."""
    found: dict[str, set[str]] = {}
    attached: dict[str, set[str]] = {}
    for table in inventory.route_tables.values():
        for route in table.routes:
            if route.via.startswith("tgw-"):
                attached.setdefault(route.via, set()).add(table.vpc_id)
    groups = [*attached.values(), *(set(p.vpcs) for p in inventory.peerings.values())]
    for group in groups:
        for vpc in group:
            found.setdefault(vpc, set()).update(group - {vpc})
    return found


def _aws_service(endpoint: Endpoint) -> str | None:
    """`S3` of com.amazonaws.us-east-1.s3; None for services that others offer."""
    short = service_of(endpoint.service)
    return short.upper() if short != endpoint.service else None
