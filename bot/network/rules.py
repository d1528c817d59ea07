"""What security groups and NACLs say of a flow, as they are in the inventory.

Three answers: a rule lets it through, a rule or the lack of one stops it, or it cannot be told (a
group or prefix list that could not be read, a port that is not known). Groups are stateful: a reply
to an allowed request is never asked about. NACLs are not, and they stand between subnets only.
Source: the VPC guide on security groups and network ACLs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import ip_address

from bot.model.inventory import GroupRule, Interface, Inventory, NaclEntry
from bot.model.prefixes import Range
from bot.network.ranges import is_inside

ICMP = frozenset({1, 58})
WITH_PORTS = frozenset({6, 17})
# Client ports: NAT gateways and load balancers from 1024 on, Linux from 32768, Windows from 49152.
EPHEMERAL = (1024, 65535)
FINAL_DENY = 32767
NAMES = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}

Ports = tuple[int, int] | None  # first and last; None is every port


class Leg(StrEnum):
    REQUEST = "request"
    REPLY = "reply"


class Side(StrEnum):
    SOURCE = "source"
    DESTINATION = "destination"


class By(StrEnum):
    """What stopped a flow."""

    SECURITY_GROUP = "security-group"
    NACL = "nacl"
    BLOCK_PUBLIC_ACCESS = "block-public-access"
    ENCRYPTION_CONTROLS = "encryption-controls"
    CLOSED_CONNECTION = "closed-connection"


@dataclass(frozen=True, slots=True)
class Flow:
    """A request from `source` to `target`. `source_ports` is the range its port lies in."""

    source: str
    target: str
    protocol: int
    target_port: int | None
    source_ports: tuple[int, int] = EPHEMERAL


@dataclass(frozen=True, slots=True)
class Check:
    """One gate a packet passes. `allows` None: it cannot be told, and `why` says why not.

    `resource` is the group or the NACL; several groups stand joined by commas. `rule` is a NACL
    entry's number or a group rule's id; None where there is no rule that would let it through.
    `rests_on` are ids of all that a change of would change what the gate says.
    """

    by: By
    leg: Leg
    side: Side
    allows: bool | None
    resource: str | None
    rule: int | str | None
    why: str
    rests_on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Packet:
    """What is asked at one gate: a packet on one leg, at one side, to or from the `other` end."""

    leg: Leg
    side: Side
    other: str
    protocol: int
    ports: Ports
    rests_on: frozenset[str] = frozenset()

    @property
    def leaves(self) -> bool:
        """Whether it goes out of the side's subnet, rather than in."""
        return (self.leg is Leg.REQUEST) == (self.side is Side.SOURCE)

    def __str__(self) -> str:
        way = "to" if self.leaves else "from"
        return f"{spelled(self.protocol, self.ports)} {way} {self.other}"

    def check(
        self,
        by: By,
        allows: bool | None,
        why: str,
        *,
        resource: str | None = None,
        rule: int | str | None = None,
    ) -> Check:
        return Check(by, self.leg, self.side, allows, resource, rule, why, self.rests_on)


def checks(inventory: Inventory, flow: Flow) -> tuple[Check, ...]:
    """Every gate between the two ends, in the order packets meet them.

    An end that is outside the inventory has no gates of ours.
    """
    source = inventory.interface_at(flow.source)
    target = inventory.interface_at(flow.target)
    return tuple(_gates(inventory, flow, source, target))


def _gates(
    inventory: Inventory, flow: Flow, source: Interface | None, target: Interface | None
) -> Iterable[Check]:
    port = flow.target_port
    there = None if port is None else (port, port)

    def packet(leg: Leg, side: Side) -> _Packet:
        other = flow.target if side is Side.SOURCE else flow.source
        ports = there if leg is Leg.REQUEST else flow.source_ports
        return _Packet(leg, side, other, flow.protocol, ports)

    crosses = source is None or target is None or source.subnet_id != target.subnet_id
    if source is not None:
        yield _groups(inventory, source, packet(Leg.REQUEST, Side.SOURCE))
        if crosses:
            yield _nacl(inventory, source, packet(Leg.REQUEST, Side.SOURCE))
        yield from _controls(inventory, source, packet(Leg.REQUEST, Side.SOURCE))
    if target is not None:
        yield from _public_access(inventory, target, packet(Leg.REQUEST, Side.DESTINATION))
        if crosses:
            yield _nacl(inventory, target, packet(Leg.REQUEST, Side.DESTINATION))
        yield _groups(inventory, target, packet(Leg.REQUEST, Side.DESTINATION))
        yield from _encryption(inventory, target, packet(Leg.REQUEST, Side.DESTINATION))
        if crosses:
            yield _nacl(inventory, target, packet(Leg.REPLY, Side.DESTINATION))
    if source is not None and crosses:
        yield _nacl(inventory, source, packet(Leg.REPLY, Side.SOURCE))


def _controls(inventory: Inventory, own: Interface, packet: _Packet) -> Iterator[Check]:
    yield from _public_access(inventory, own, packet)
    yield from _encryption(inventory, own, packet)


def _public_access(inventory: Inventory, own: Interface, packet: _Packet) -> Iterator[Check]:
    """Block public access, where it is on and the way is the internet gateway's.

    Hosts without a public address go through a NAT gateway, at whose interface they are stopped.
    """
    mode = inventory.controls.public_access
    outside = not is_inside(packet.other) and not inventory.interfaces_at(packet.other)
    direct = bool(own.public_addresses) or ":" in packet.other
    if mode in (None, "off") or not outside or not direct:
        return
    excluded = inventory.controls.excluded
    exclusion = excluded.get(own.subnet_id) or excluded.get(own.vpc_id)
    allows = _lets_public(str(mode), exclusion, packet)
    does = {True: "lets", False: "does not let", None: "may or may not let"}[allows]
    with_it = f", with exclusion {exclusion}" if exclusion else ""
    why = f"block public access ({mode}{with_it}) {does} {packet} through"
    yield packet.check(By.BLOCK_PUBLIC_ACCESS, allows, why)


def _lets_public(mode: str, exclusion: str | None, packet: _Packet) -> bool | None:
    """What the modes say; of going out while ingress is blocked, only by NAT is spoken."""
    if exclusion == "allow-bidirectional":
        return True
    both = mode == "block-bidirectional"
    if both and exclusion == "allow-egress":
        return packet.leaves
    if exclusion not in (None, "allow-egress"):
        return None
    return False if both or not packet.leaves else None


def _encryption(inventory: Inventory, own: Interface, packet: _Packet) -> Iterator[Check]:
    """Whether a flow is encrypted is not known, so neither is what an enforcing VPC makes of it."""
    if own.vpc_id in inventory.controls.encrypted:
        why = f"{own.vpc_id} enforces encryption: {packet} is dropped unless it is encrypted"
        yield packet.check(By.ENCRYPTION_CONTROLS, None, why)


def _groups(inventory: Inventory, own: Interface, packet: _Packet) -> Check:
    """All groups of an interface together: any rule of any of them lets a request through."""
    packet = replace(packet, rests_on=_groups_rest_on(inventory, own, packet))
    unsure = "" if own.groups else f"the security groups of {own.id} are not known"
    for group_id in own.groups:
        group = inventory.groups.get(group_id)
        if group is None:
            unsure = unsure or f"security group {group_id} could not be read"
            continue
        for rule in group.outbound if packet.leaves else group.inbound:
            matches = _rule_matches(inventory, rule, packet)
            if matches:
                why = f"{group_id} allows {packet}"
                return packet.check(By.SECURITY_GROUP, True, why, resource=group_id, rule=rule.id)
            if matches is None:
                unsure = unsure or f"a rule of {group_id} cannot be matched for certain"
    names = ",".join(own.groups) or None
    if unsure:
        return packet.check(By.SECURITY_GROUP, None, unsure, resource=names)
    why = f"{names} has no {'outbound' if packet.leaves else 'inbound'} rule for {packet}"
    return packet.check(By.SECURITY_GROUP, False, why, resource=names)


def _groups_rest_on(inventory: Inventory, own: Interface, packet: _Packet) -> frozenset[str]:
    """The groups, who has them, the lists they name, and of group references whose the far end is.

    Of an interface and its instance, since groups can be given to either.
    """
    groups = [inventory.groups[name] for name in own.groups if name in inventory.groups]
    rules = [r for g in groups for r in (g.outbound if packet.leaves else g.inbound)]
    lists = {r.peer.prefix_list_id for r in rules if r.peer.prefix_list_id}
    with_groups = [own]
    if any(rule.peer.group_id for rule in rules):
        with_groups += inventory.interfaces_at(packet.other)
    holders = {name for one in with_groups for name in (one.id, one.instance_id) if name}
    return frozenset({*own.groups, *lists, *holders})


def _nacl(inventory: Inventory, own: Interface, packet: _Packet) -> Check:
    """The NACL of an interface's subnet: the first entry that matches decides."""
    nacl = inventory.nacl_of(own.subnet_id)
    if nacl is None:
        why = f"the NACL of {own.subnet_id or own.id} could not be read"
        return packet.check(By.NACL, None, why)
    packet = replace(packet, rests_on=frozenset({nacl.id}))
    unsure: NaclEntry | None = None
    for entry in nacl.outbound if packet.leaves else nacl.inbound:
        matches = _entry_matches(entry, packet)
        if matches is None:
            unsure = unsure or entry
        if matches is not True:
            continue
        # An entry that may match changes which rule decides, but not what, when both say the same.
        if unsure is not None and unsure.allow is not entry.allow:
            break
        if unsure is None and entry.number == FINAL_DENY:
            break
        rule = entry.number if unsure is None else None
        says = "allows" if entry.allow else "denies"
        said = f"rule {entry.number} {says} {_spelled(entry, packet)}"
        if unsure is not None:
            said = f"rule {unsure.number} or a later one {says} {packet}"
        return packet.check(
            By.NACL, entry.allow, f"NACL {nacl.id} {said}", resource=nacl.id, rule=rule
        )
    if unsure is not None:
        why = f"NACL {nacl.id} rule {unsure.number} may or may not match {packet}"
        return packet.check(By.NACL, None, why, resource=nacl.id, rule=unsure.number)
    why = f"no rule of NACL {nacl.id} matches {packet}, so its final deny does"
    return packet.check(By.NACL, False, why, resource=nacl.id, rule=FINAL_DENY)


def _spelled(entry: NaclEntry, packet: _Packet) -> str:
    """What an entry speaks of, as it is written: `tcp 5432 from 10.0.3.0/24`."""
    what = "everything" if entry.protocol is None else spelled(entry.protocol, entry.ports)
    return f"{what} {'to' if packet.leaves else 'from'} {entry.range}"


def _entry_matches(entry: NaclEntry, packet: _Packet) -> bool | None:
    if not _within(entry.range, packet.other):
        return False
    return _protocol_matches(entry.protocol, entry.ports, packet)


def _rule_matches(inventory: Inventory, rule: GroupRule, packet: _Packet) -> bool | None:
    protocol = _protocol_matches(rule.protocol, rule.ports, packet)
    peer = _peer_matches(inventory, rule, packet.other)
    if protocol is False or peer is False:
        return False
    return None if protocol is None or peer is None else True


def rule_covers(
    inventory: Inventory, rule: GroupRule, other: str, protocol: int, port: int | None
) -> bool | None:
    """Whether a group's rule lets a request to `port` pass; `other` is the far end.

    None where that cannot be told. Raises ValueError when `other` is no address.
    """
    ports = None if port is None else (port, port)
    packet = _Packet(Leg.REQUEST, Side.DESTINATION, other, protocol, ports)
    return _rule_matches(inventory, rule, packet)


def _peer_matches(inventory: Inventory, rule: GroupRule, other: str) -> bool | None:
    if rule.peer.range is not None:
        return _within(rule.peer.range, other)
    if rule.peer.prefix_list_id is not None:
        listed = inventory.prefix_lists.get(rule.peer.prefix_list_id)
        return None if listed is None else any(_within(r, other) for r in listed)
    members = inventory.interfaces_at(other)
    if members:
        return any(rule.peer.group_id in member.groups for member in members)
    # A reference to a group speaks of private addresses only; whose this one is, is not known.
    return None if is_inside(other) else False


def _protocol_matches(protocol: int | None, ports: Ports, packet: _Packet) -> bool | None:
    """Whether a rule covers the packet's protocol and ports; None where it does only in part."""
    if protocol is None:
        return True
    if protocol != packet.protocol:
        return False
    if ports is None:
        return True
    asked = packet.ports
    if protocol not in WITH_PORTS or asked is None:
        return True if ports == (0, 65535) else None  # logs hold no ICMP type and code
    if ports[0] <= asked[0] and asked[1] <= ports[1]:
        return True
    return False if asked[1] < ports[0] or ports[1] < asked[0] else None


def _within(network: Range, address: str) -> bool:
    parsed = ip_address(address)
    return parsed.version == network.version and parsed in network


def spelled(protocol: int, ports: Ports) -> str:
    """`tcp 5432`, `tcp 1024–65535`, `icmp`, `protocol 47`."""
    name = NAMES.get(protocol, f"protocol {protocol}")
    if ports is None or protocol not in WITH_PORTS:
        return name
    return f"{name} {ports[0]}" if ports[0] == ports[1] else f"{name} {ports[0]}–{ports[1]}"
