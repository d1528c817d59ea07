"""Grouped rows as sightings: what one interface recorded between two addresses.

The rows come from one query, `stats … by` the fields that `grouping` names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bot.model.query import Row
from bot.network.ranges import is_inside

BYTES, PACKETS, RECORDS = "totalBytes", "totalPackets", "records"
ALWAYS = ("interfaceId", "srcAddr", "dstAddr")
_HOP = ("nextHopInterfaceType", "nextHopVpcId", "nextHopSubnetId", "nextHopAzId")
# What says more where a log's format has it.
HELPFUL = (
    "pktSrcAddr",
    "pktDstAddr",
    "vpcId",
    "subnetId",
    "azId",
    "flowDirection",
    "trafficPath",
    "pktSrcAwsService",
    "pktDstAwsService",
    "resourceId",
    "interfaceType",
    *_HOP,
)
_HELPFUL, _HOPS = frozenset(HELPFUL), frozenset(_HOP)


class Hop(NamedTuple):
    """Where packets went next, as the record says."""

    kind: str
    vpc: str
    subnet: str
    zone: str


class Sighting(NamedTuple):
    """What one interface recorded of packets from one address to another.

    `source` and `target` are as recorded, `sender` and `receiver` as in the packets (the same where
    the format does not say). Text is empty where the record has `-` or the format lacks the field;
    of the services only, None is the lack of the field and empty its `-`.
    """

    at: str  # the interface, or a regional NAT gateway
    source: str
    target: str
    sender: str
    receiver: str
    bytes: int
    packets: int
    records: int
    vpc: str = ""
    subnet: str = ""
    zone: str = ""
    kind: str = ""  # the interface's type
    direction: str = ""
    path: str = ""
    source_service: str | None = None
    target_service: str | None = None
    hop: Hop | None = None

    @property
    def ends(self) -> tuple[str, str]:
        return self.source, self.target


def grouping(fields: frozenset[str]) -> tuple[str, ...]:
    """The fields to group by, of those that a log has."""
    return (*ALWAYS, *(name for name in HELPFUL if name in fields))


def sighting(row: Row) -> Sighting:
    # A hundred thousand rows pass here: fields that the format lacks are not asked for one by one.
    values = row.values_by_field
    get = values.get
    source, target = get("srcAddr", ""), get("dstAddr", "")
    plain = Sighting(
        _said(get("interfaceId")) or _said(get("resourceId")),
        source,
        target,
        source,
        target,
        row.number(BYTES),
        row.number(PACKETS),
        row.number(RECORDS),
    )
    if _HELPFUL.isdisjoint(values):
        return plain
    hop = Hop(*(_said(get(name)) for name in _HOP)) if not _HOPS.isdisjoint(values) else None
    service, other_service = get("pktSrcAwsService"), get("pktDstAwsService")
    return plain._replace(
        sender=_said(get("pktSrcAddr")) or source,
        receiver=_said(get("pktDstAddr")) or target,
        vpc=_said(get("vpcId")),
        subnet=_said(get("subnetId")),
        zone=_said(get("azId")),
        kind=_said(get("interfaceType")),
        direction=_said(get("flowDirection")),
        path=_said(get("trafficPath")),
        source_service="" if service == "-" else service,
        target_service="" if other_service == "-" else other_service,
        hop=hop if hop is not None and any(hop) else None,
    )


def _said(text: str | None) -> str:
    return "" if text is None or text == "-" else text


def own_addresses(
    sightings: Iterable[Sighting], known: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    """The addresses of each interface that recorded something.

    Those of `known` interfaces are given. Of any other it is the address that all its records have
    in common, one of each family; by the records' direction where they say it.
    """
    by_interface: dict[str, list[Sighting]] = {}
    for seen in sightings:
        by_interface.setdefault(seen.at, []).append(seen)
    own = {at: known[at] for at in by_interface if at in known}
    open_: dict[str, list[frozenset[str]]] = {}
    for at, theirs in by_interface.items():
        if at not in known and at:
            found = _common(theirs)
            own[at] = frozenset[str]().union(*(c for c in found if len(c) == 1))
            open_[at] = [candidates for candidates in found if len(candidates) > 1]
    taken = frozenset[str]().union(*own.values())
    for at, doubts in open_.items():
        own[at] |= {a for candidates in doubts for a in _likely(candidates, taken)}
    return own


def _common(sightings: Sequence[Sighting]) -> list[frozenset[str]]:
    """Candidates by family: addresses that stand in every record of it."""
    families: dict[bool, list[Sighting]] = {}
    for seen in sightings:
        families.setdefault(":" in seen.source, []).append(seen)
    return [_in_all(theirs) for theirs in families.values()]


def _in_all(sightings: Sequence[Sighting]) -> frozenset[str]:
    directed = {
        seen.source if seen.direction == "egress" else seen.target
        for seen in sightings
        if seen.direction
    }
    if len(directed) == 1:
        return frozenset(directed)
    counts = Counter(address for seen in sightings for address in {seen.source, seen.target})
    return frozenset(a for a, count in counts.items() if count == len(sightings))


def _likely(candidates: frozenset[str], taken: frozenset[str]) -> frozenset[str]:
    """Of the two ends of a single conversation, the one that nobody else has and is private."""
    left = candidates - taken
    private = frozenset(address for address in left if is_inside(address)) or left
    return private if len(private) == 1 else frozenset()
