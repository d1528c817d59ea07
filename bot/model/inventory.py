"""One snapshot of the network: what exists, how it is called, and what an address belongs to.

Nouns and look-ups only; `bot.network.documents` says where a snapshot comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.model.prefixes import Prefixes, Range


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface. `addresses` are its private IPv4 and its IPv6 addresses."""

    id: str
    vpc_id: str
    subnet_id: str
    zone_id: str
    addresses: tuple[str, ...]
    public_addresses: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    instance_id: str | None = None
    kind: str = "interface"  # EC2's InterfaceType: interface, nat_gateway, network_load_balancer …
    description: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Subnet:
    id: str
    vpc_id: str
    ranges: tuple[Range, ...]
    zone_id: str  # use1-az1: the same place in every account, unlike the zone's name
    zone_name: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Vpc:
    id: str
    ranges: tuple[Range, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who a security group rule is about: a range, members of a group, or a prefix list."""

    range: Range | None = None
    group_id: str | None = None
    prefix_list_id: str | None = None


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One permission of a security group. `protocol` None is every protocol.

    `ports` are (first, last), None is every port. For ICMP they are type and code, which flow logs
    do not record. `id` is the rule's own when DescribeSecurityGroupRules could be read.
    """

    protocol: int | None
    ports: tuple[int, int] | None
    peer: Peer
    id: str | None = None


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    id: str
    vpc_id: str
    name: str
    inbound: tuple[GroupRule, ...]
    outbound: tuple[GroupRule, ...]


@dataclass(frozen=True, slots=True)
class NaclEntry:
    """One numbered entry; the lowest number that matches decides. 32767 is the final deny."""

    number: int
    allow: bool
    protocol: int | None
    range: Range
    ports: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Nacl:
    """A network ACL; entries in order of number."""

    id: str
    vpc_id: str
    inbound: tuple[NaclEntry, ...]
    outbound: tuple[NaclEntry, ...]
    subnets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `to` is a range or a prefix list; `via` its target (`igw-…`, `local`)."""

    to: Range | str
    via: str


@dataclass(frozen=True, slots=True)
class RouteTable:
    id: str
    vpc_id: str
    routes: tuple[Route, ...]
    subnets: tuple[str, ...]
    main: bool


@dataclass(frozen=True, slots=True)
class NatGateway:
    id: str
    vpc_id: str
    subnet_id: str
    interfaces: tuple[str, ...]
    private_addresses: tuple[str, ...]
    public_addresses: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A VPC endpoint: `service` as AWS names it, com.amazonaws.REGION.s3; `kind` Gateway, …"""

    id: str
    vpc_id: str
    service: str
    kind: str
    interfaces: tuple[str, ...] = ()
    route_tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Peering:
    id: str
    vpcs: tuple[str, str]
    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class FlowLog:
    """A flow log. `aggregation` in seconds; `format` as AWS writes it, `${version} …`."""

    id: str
    resource_id: str
    traffic: str  # ALL, ACCEPT or REJECT
    destination: str
    aggregation: int
    format: str
    healthy: bool = True


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group, its id being its name. `retention` is in days, None for ever."""

    id: str
    retention: int | None
    stored: int = field(default=0, compare=False)  # bytes; changes all the time


@dataclass(frozen=True, slots=True)
class Instance:
    id: str
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Controls:
    """What stands besides rules. `public_access` is the mode in which the account blocks it (off,
    block-bidirectional, block-ingress), None where that is not known.

    `excluded` are VPCs and subnets with their exclusion's mode; `encrypted` are VPCs that enforce
    encryption.
    """

    public_access: str | None = None
    excluded: Mapping[str, str] = field(default_factory=dict)
    encrypted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Inventory:
    """Everything in one snapshot, by id. `missing` names what could not be read, and why.

    `taken` is when it was read from AWS; None when that is not known (a folder of documents).
    """

    taken: datetime | None = None
    interfaces: Mapping[str, Interface] = field(default_factory=dict)
    subnets: Mapping[str, Subnet] = field(default_factory=dict)
    vpcs: Mapping[str, Vpc] = field(default_factory=dict)
    instances: Mapping[str, Instance] = field(default_factory=dict)
    groups: Mapping[str, SecurityGroup] = field(default_factory=dict)
    nacls: Mapping[str, Nacl] = field(default_factory=dict)
    route_tables: Mapping[str, RouteTable] = field(default_factory=dict)
    nat_gateways: Mapping[str, NatGateway] = field(default_factory=dict)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    peerings: Mapping[str, Peering] = field(default_factory=dict)
    prefix_lists: Mapping[str, tuple[Range, ...]] = field(default_factory=dict)
    flow_logs: Mapping[str, FlowLog] = field(default_factory=dict)
    log_groups: Mapping[str, LogGroup] = field(default_factory=dict)
    controls: Controls = field(default_factory=Controls)
    missing: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        by_address: dict[str, tuple[Interface, ...]] = {}
        for interface in self.interfaces.values():
            for address in interface.addresses:
                by_address[address] = (*by_address.get(address, ()), interface)
        object.__setattr__(self, "_by_address", by_address)
        pairs = [(r, subnet) for subnet in self.subnets.values() for r in subnet.ranges]
        object.__setattr__(self, "_subnet_ranges", Prefixes(pairs))
        by_subnet = {subnet: nacl for nacl in self.nacls.values() for subnet in nacl.subnets}
        object.__setattr__(self, "_nacl_of_subnet", by_subnet)

    _by_address: Mapping[str, tuple[Interface, ...]] = field(init=False, repr=False, compare=False)
    _subnet_ranges: Prefixes[Subnet] = field(init=False, repr=False, compare=False)
    _nacl_of_subnet: Mapping[str, Nacl] = field(init=False, repr=False, compare=False)

    def interfaces_at(self, address: str) -> tuple[Interface, ...]:
        """Interfaces that have the address; several where VPCs' ranges overlap."""
        return self._by_address.get(address, ())

    def interface_at(self, address: str) -> Interface | None:
        """The interface that has the address, when exactly one has."""
        found = self._by_address.get(address, ())
        return found[0] if len(found) == 1 else None

    def subnet_of(self, address: str) -> Subnet | None:
        """The subnet whose range holds the address; None when several VPCs claim it."""
        return self._subnet_ranges.only_at(address)

    def subnets_of(self, address: str) -> tuple[Subnet, ...]:
        """Subnets whose range holds the address: one of each VPC that claims it."""
        return self._subnet_ranges.all_at(address)

    def nacl_of(self, subnet_id: str) -> Nacl | None:
        return self._nacl_of_subnet.get(subnet_id)
