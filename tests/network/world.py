"""A made network with every road in it, and the flow logs that its interfaces would write.

Two VPCs that are peered, one behind a transit gateway, one whose range overlaps another's, a peer
in somebody else's account, offices behind a transit and a virtual private gateway, NAT gateways in
some zones, gateway and interface endpoints. Who records what is as the VPC guide's examples say.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from bot.model.inventory import (
    Endpoint,
    Interface,
    Inventory,
    NatGateway,
    Peering,
    Route,
    RouteTable,
    Subnet,
    Vpc,
)
from bot.model.query import Row

ZONES = ("use1-az1", "use1-az2", "use1-az3")
SERVICES = {
    "52.216.": "S3",
    "52.217.": "S3",
    "52.94.": "DYNAMODB",
    "54.88.": "EC2",  # customers' hosts
}
FULL = (
    "pktSrcAddr pktDstAddr vpcId subnetId azId flowDirection trafficPath pktSrcAwsService"
    " pktDstAwsService interfaceType"
).split()


@dataclass
class Host:
    id: str
    vpc: str
    subnet: str
    zone: str
    address: str
    second: str = ""
    six: str = ""
    public: bool = False
    kind: str = "interface"
    logged: bool = True

    @property
    def instance(self) -> str | None:
        return f"i-{self.id}" if self.kind == "interface" else None


@dataclass(frozen=True)
class Truth:
    category: str
    way: str | None = None
    service: str = ""
    crosses: bool = False


@dataclass
class Record:
    at: Host
    out: bool
    source: str
    target: str
    sender: str
    receiver: str
    path: str
    bytes: int
    truth: Truth


@dataclass
class World:
    """`records` of all flows; `truth` the bytes of each category, each flow counted once."""

    inventory: Inventory
    records: list[Record] = field(default_factory=list)
    truth: dict[str, int] = field(default_factory=dict)
    flows: int = 0

    def rows(self, *, full: bool) -> tuple[list[Row], list[set[Truth]]]:
        """Grouped rows, and for each the truths of the flows in it."""
        groups: dict[tuple[tuple[str, str], ...], list[Any]] = {}
        for record in self.records:
            values = tuple(_fields(record, full=full).items())
            group = groups.setdefault(values, [0, 0, set()])
            group[0] += record.bytes
            group[1] += 1
            group[2].add(record.truth)
        rows = [
            Row({**dict(key), "totalBytes": str(size), "totalPackets": str(n), "records": str(n)})
            for key, (size, n, _) in groups.items()
        ]
        return rows, [truths for *_, truths in groups.values()]


def _fields(record: Record, *, full: bool) -> dict[str, str]:
    at = record.at
    values = {"interfaceId": at.id, "srcAddr": record.source, "dstAddr": record.target}
    if full:
        more = (
            record.sender,
            record.receiver,
            at.vpc,
            at.subnet,
            at.zone,
            "egress" if record.out else "ingress",
            record.path if record.out else "-",
            service_of(record.sender) or "-",
            service_of(record.receiver) or "-",
            at.kind,
        )
        values |= dict(zip(FULL, more, strict=True))
    return values


def service_of(address: str) -> str:
    return next((name for start, name in SERVICES.items() if address.startswith(start)), "")


class Builder:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.hosts: dict[str, list[Host]] = {}
        self.subnets: list[Subnet] = []
        self.tables: list[RouteTable] = []
        self.nats: dict[str, Host] = {}  # by the subnet that uses it
        self.attached: dict[tuple[str, str], Host] = {}  # transit gateway's, by VPC and zone
        self.endpoints: list[Host] = []
        self.by_endpoint: set[str] = set()  # subnets with the gateway endpoint for S3
        self.next_id = 0
        for vpc, net in (
            ("vpc-a", "10.0"),
            ("vpc-b", "10.1"),
            ("vpc-c", "10.2"),
            ("vpc-d", "10.0"),
        ):
            self._vpc(vpc, net)
        self.world = World(self._inventory())

    def _vpc(self, vpc: str, net: str) -> None:
        for number, zone in enumerate(ZONES):
            for public in (True, False):
                third = number * 10 + (0 if public else 100)
                six = f"2001:db8:{vpc[-1]}:{third:x}::"
                subnet = Subnet(
                    f"subnet-{vpc[-1]}-{third}",
                    vpc,
                    (ip_network(f"{net}.{third}.0/24"), ip_network(f"{six}/64")),
                    zone,
                )
                self.subnets.append(subnet)
                for last in range(10, 22):
                    self._host(subnet, f"{net}.{third}.{last}", six, last, public=public)
                self._special(subnet, f"{net}.{third}", public=public)
                self.tables.append(self._table(subnet, public=public))

    def _host(self, subnet: Subnet, address: str, six: str, last: int, *, public: bool) -> None:
        host = self._interface(subnet, address, public=public)
        if last % 4 == 0:
            host.second = address.rsplit(".", 1)[0] + f".{last + 100}"
        if last % 3 == 0:
            host.six = f"{six}{last:x}"
        host.logged = self.random.random() > 0.05
        self.hosts.setdefault(subnet.vpc_id, []).append(host)

    def _interface(self, subnet: Subnet, address: str, *, public: bool, kind: str = "") -> Host:
        self.next_id += 1
        return Host(
            f"eni-{self.next_id:04}",
            subnet.vpc_id,
            subnet.id,
            subnet.zone_id,
            address,
            public=public,
            kind=kind or "interface",
        )

    def _special(self, subnet: Subnet, net: str, *, public: bool) -> None:
        """NAT gateways in public subnets; attachments and endpoints in private ones."""
        vpc, zone = subnet.vpc_id, subnet.zone_id
        if public and (vpc, zone) in {
            ("vpc-a", ZONES[0]),
            ("vpc-a", ZONES[1]),
            ("vpc-b", ZONES[0]),
        }:
            self.nats[vpc + zone] = self._interface(
                subnet, f"{net}.5", public=True, kind="nat_gateway"
            )
        if not public and vpc in ("vpc-a", "vpc-c"):
            self.attached[vpc, zone] = self._interface(
                subnet, f"{net}.6", public=False, kind="transit_gateway"
            )
        if not public and vpc == "vpc-a" and zone != ZONES[2]:
            self.endpoints.append(
                self._interface(subnet, f"{net}.7", public=False, kind="vpc_endpoint")
            )

    def nat_of(self, host: Host) -> Host | None:
        if host.public:
            return None
        return self.nats.get(host.vpc + host.zone) or self.nats.get(host.vpc + ZONES[0])

    def _table(self, subnet: Subnet, *, public: bool) -> RouteTable:
        vpc, zone = subnet.vpc_id, subnet.zone_id
        own = (
            "10.1.0.0/16" if vpc == "vpc-b" else "10.2.0.0/16" if vpc == "vpc-c" else "10.0.0.0/16"
        )
        routes: list[tuple[str, str]] = [(own, "local")]
        routes += {
            "vpc-a": [
                ("10.1.0.0/16", "pcx-ab"),
                ("10.2.0.0/16", "tgw-1"),
                ("172.16.0.0/12", "tgw-1"),
            ],
            "vpc-b": [("10.0.0.0/16", "pcx-ab"), ("10.9.0.0/16", "pcx-be")],
            "vpc-c": [("10.0.0.0/16", "tgw-1"), ("172.16.0.0/12", "tgw-1")],
            "vpc-d": [("192.168.0.0/16", "vgw-1")],
        }[vpc]
        if public and vpc != "vpc-c":
            routes += [("0.0.0.0/0", "igw-1"), ("::/0", "igw-1")]
        elif vpc in ("vpc-a", "vpc-b"):
            nat = self.nats.get(vpc + zone) or self.nats[vpc + ZONES[0]]
            routes += [("0.0.0.0/0", f"nat-{nat.id}"), ("::/0", "eigw-1")]
        found = [Route(ip_network(to), via) for to, via in routes]
        if vpc == "vpc-a" and not public and zone == ZONES[0]:
            self.by_endpoint.add(subnet.id)
            found.append(Route("pl-s3", "vpce-s3"))
        return RouteTable(f"rtb-{subnet.id}", vpc, tuple(found), (subnet.id,), main=False)

    def _inventory(self) -> Inventory:
        hosts = [host for hosts in self.hosts.values() for host in hosts]
        special = [*self.nats.values(), *self.attached.values(), *self.endpoints]
        interfaces = [
            Interface(
                h.id,
                h.vpc,
                h.subnet,
                h.zone,
                tuple(a for a in (h.address, h.second, h.six) if a),
                instance_id=h.instance,
                kind=h.kind,
            )
            for h in (*hosts, *special)
        ]
        nats = {
            f"nat-{n.id}": NatGateway(f"nat-{n.id}", n.vpc, n.subnet, (n.id,), (n.address,), ())
            for n in self.nats.values()
        }
        nets = {"vpc-a": "10.0", "vpc-b": "10.1", "vpc-c": "10.2", "vpc-d": "10.0"}
        return Inventory(
            interfaces={i.id: i for i in interfaces},
            subnets={s.id: s for s in self.subnets},
            vpcs={
                v: Vpc(v, (ip_network(f"{n}.0.0/16"), ip_network(f"2001:db8:{v[-1]}::/48")))
                for v, n in nets.items()
            },
            route_tables={t.id: t for t in self.tables},
            nat_gateways=nats,
            endpoints={
                "vpce-s3": Endpoint(
                    "vpce-s3", "vpc-a", "com.amazonaws.us-east-1.s3", "Gateway", (), ()
                ),
                "vpce-sqs": Endpoint(
                    "vpce-sqs",
                    "vpc-a",
                    "com.amazonaws.us-east-1.sqs",
                    "Interface",
                    tuple(e.id for e in self.endpoints),
                ),
            },
            peerings={
                "pcx-ab": Peering(
                    "pcx-ab",
                    ("vpc-a", "vpc-b"),
                    (ip_network("10.0.0.0/16"), ip_network("10.1.0.0/16")),
                ),
                "pcx-be": Peering(
                    "pcx-be",
                    ("vpc-b", "vpc-e"),
                    (ip_network("10.1.0.0/16"), ip_network("10.9.0.0/16")),
                ),
            },
            prefix_lists={"pl-s3": (ip_network("52.216.0.0/15"),)},
        )

    # flows

    def build(self, flows: int) -> World:
        kinds = (
            self.nearby,
            self.nearby,
            self.peers,
            self.foreign_peer,
            self.across_transit,
            self.office_by_transit,
            self.office_by_vpn,
            self.internet,
            self.internet,
            self.visitor,
            self.aws,
            self.aws,
            self.by_interface_endpoint,
            self.six,
        )
        while self.world.flows < flows:
            self.world.flows += 1
            self.random.choice(kinds)()
        return self.world

    def pick(self, vpc: str, **wanted: object) -> Host:
        fits = [
            h
            for h in self.hosts[vpc]
            if all(bool(getattr(h, name)) == value for name, value in wanted.items())
        ]
        return self.random.choice(fits)

    def nearby(self) -> None:
        vpc = self.random.choice(("vpc-a", "vpc-a", "vpc-b", "vpc-c", "vpc-d"))
        one, other = self.pick(vpc), self.pick(vpc)
        if one is other or not (one.logged or other.logged):
            return
        near = "within-subnet" if one.subnet == other.subnet else "within-zone"
        category = near if one.zone == other.zone else "cross-zone"
        self.pair(one, other, Truth(category, crosses=category == "cross-zone"), "1")

    def peers(self) -> None:
        one, other = self.pick("vpc-a"), self.pick("vpc-b")
        if one.logged or other.logged:
            self.pair(one, other, Truth("peering"), "4")

    def foreign_peer(self) -> None:
        host = self.pick("vpc-b", logged=True)
        self.outside(host, f"10.9.{self.byte()}.{self.byte()}", Truth("peering"), "4")

    def office_by_vpn(self) -> None:
        host = self.pick("vpc-d", logged=True)
        self.outside(host, f"192.168.{self.byte()}.9", Truth("transit", "transit gateway"), "3")

    def office_by_transit(self) -> None:
        host = self.pick("vpc-a", logged=True)
        truth = Truth("transit", "transit gateway")
        office = f"172.16.{self.byte()}.{self.byte()}"
        door = self.attached[host.vpc, host.zone]
        for out in (True, False):
            size = self.amount(truth)
            own = host.address
            self.seen(host, (own, office) if out else (office, own), "1", size, truth, out=out)
            self.passed(door, (own, office) if out else (office, own), size, truth, out=not out)

    def across_transit(self) -> None:
        one, other = self.pick("vpc-a"), self.pick("vpc-c")
        if not (one.logged or other.logged):
            return
        truth = Truth("transit", "transit gateway")
        for source, target in ((one, other), (other, one)):
            size, pair = self.amount(truth), (source.address, target.address)
            self.seen(source, pair, "1", size, truth, out=True)
            self.passed(self.attached[source.vpc, source.zone], pair, size, truth, out=False)
            self.passed(self.attached[target.vpc, target.zone], pair, size, truth, out=True)
            self.seen(target, pair, "-", size, truth, out=False)

    def internet(self) -> None:
        host = self.pick(self.random.choice(("vpc-a", "vpc-b")))
        address = f"203.0.113.{self.random.randrange(200)}"
        if self.random.random() < 0.2:
            address = f"54.88.1.{self.random.randrange(200)}"
        self.reach(host, address, "internet-out", "internet-in")

    def visitor(self) -> None:
        host = self.pick(self.random.choice(("vpc-a", "vpc-b", "vpc-d")), public=True, logged=True)
        self.reach(host, f"198.51.100.{self.random.randrange(250)}", "internet-out", "internet-in")

    def aws(self) -> None:
        host = self.pick(self.random.choice(("vpc-a", "vpc-b")))
        address = self.random.choice(("52.216.1.", "52.217.9.", "52.94.2.")) + str(self.byte())
        self.reach(host, address, "aws-service", "aws-service")

    def reach(self, host: Host, address: str, out: str, back: str) -> None:
        """A public address, by whichever way the host's subnet has."""
        if not host.logged:  # nobody else behind its gateway may have its address
            address = address.rsplit(".", 1)[0] + f".{200 + int(host.id[-4:]) % 50}"
            if address.startswith("203.0.113."):
                address = f"192.0.2.{int(host.id[-4:]) % 250}"
        service = service_of(address)
        service = "" if service == "EC2" else service
        nat = self.nat_of(host)
        if service == "S3" and host.subnet in self.by_endpoint:
            if host.logged:
                self.outside(host, address, Truth(out, "gateway endpoint", service), "7")
            return
        if nat is None:
            if host.logged:
                way = "internet gateway"
                self.outside(
                    host, address, Truth(out, way, service), "8", Truth(back, way, service)
                )
            return
        if not host.logged and service:
            return
        crosses = nat.zone != host.zone
        for leaving, category in ((True, out), (False, back)):
            truth = Truth(category, "NAT gateway", service, crosses)
            size = self.amount(truth)
            if leaving:
                self.seen(host, (host.address, address), "1", size, truth, out=True)
                self.passed(nat, (host.address, address), size, truth, out=False)
                self.seen(nat, (nat.address, address), "8", size, truth, out=True)
            else:
                self.seen(nat, (address, nat.address), "-", size, truth, out=False)
                self.passed(nat, (address, host.address), size, truth, out=True)
                self.seen(host, (address, host.address), "-", size, truth, out=False)

    def by_interface_endpoint(self) -> None:
        host, door = self.pick("vpc-a"), self.random.choice(self.endpoints)
        truth = Truth("aws-service", "interface endpoint", "SQS", host.zone != door.zone)
        self.pair(host, door, truth, "1")

    def six(self) -> None:
        host = self.pick(self.random.choice(("vpc-a", "vpc-b")), six=True, logged=True)
        address = f"2001:db8:ffff::{self.byte():x}"
        for out in (True, False):
            truth = Truth("internet-out" if out else "internet-in", "internet gateway")
            pair = (host.six, address) if out else (address, host.six)
            self.seen(host, pair, "8", self.amount(truth), truth, out=out)

    def pair(self, one: Host, other: Host, truth: Truth, path: str) -> None:
        mine = self.random.choice([a for a in (one.address, one.second) if a])
        for source, target in ((one, other), (other, one)):
            ends = (mine, other.address) if source is one else (other.address, mine)
            size = self.amount(truth)
            self.seen(source, ends, path, size, truth, out=True)
            self.seen(target, ends, "-", size, truth, out=False)

    def outside(
        self, host: Host, address: str, truth: Truth, path: str, back: Truth | None = None
    ) -> None:
        out, in_ = self.amount(truth), self.amount(back or truth)
        self.seen(host, (host.address, address), path, out, truth, out=True)
        self.seen(host, (address, host.address), "-", in_, back or truth, out=False)

    def seen(
        self, at: Host, pair: tuple[str, str], path: str, size: int, truth: Truth, *, out: bool
    ) -> None:
        """A record; of the interface's own addresses the primary is written."""
        own = pair[0] if out else pair[1]
        written = own if ":" in own else at.address
        source, target = (written, pair[1]) if out else (pair[0], written)
        if at.logged:
            self.world.records.append(Record(at, out, source, target, *pair, path, size, truth))

    def passed(
        self, at: Host, pair: tuple[str, str], size: int, truth: Truth, *, out: bool
    ) -> None:
        """A record of a gateway: its own address stands in for the far end."""
        self.seen(at, pair, "1", size, truth, out=out)

    def amount(self, truth: Truth) -> int:
        size = self.random.randrange(60, 2_000_000)
        self.world.truth[truth.category] = self.world.truth.get(truth.category, 0) + size
        return size

    def byte(self) -> int:
        return self.random.randrange(1, 190)
