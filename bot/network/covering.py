"""Which interfaces flow logs cover: by the inventory, and by what they wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.insights.quoting import pipeline
from bot.model.inventory import FlowLog, Interface, Inventory, LogGroup
from bot.model.query import Row
from bot.model.window import Period, Window
from bot.model.writing import count, many
from bot.network.log_groups import group_name

ALL, ACCEPT, REJECT = "ALL", "ACCEPT", "REJECT"
HOUR = Period(3600, "1h")
MINUTE = 60  # seconds; what is longer was aggregated over ten minutes


@dataclass(frozen=True, slots=True)
class Seen:
    """What one interface wrote, and in how many hours of the clock it wrote anything.

    `longest` is of its records in seconds, 0 where the logs do not say.
    """

    flows: int
    accepted: int
    nodata: int
    skipdata: int
    longest: int
    hours: int
    last: datetime | None

    def throughout(self, window: Window) -> bool:
        """Whether it wrote in every hour; records of the last one may not have arrived yet."""
        return self.hours >= hours_of(window) - 1


def hours_of(window: Window) -> int:
    """How many hours of the clock a window touches."""
    return len(window.bins(HOUR))


def recorded(fields: frozenset[str], only: str | None = None) -> str:
    """The query for `seen_by_interface`, over the records of a filter if there is one."""
    timed = {"start", "end"} <= fields
    length = ', if(logStatus = "OK", end - start, 0) as length' if timed else ""
    return pipeline(
        only,
        'fields if(logStatus = "NODATA", 1, 0) as isNodata,'
        ' if(logStatus = "SKIPDATA", 1, 0) as isSkipdata,'
        f' if(action = "ACCEPT", 1, 0) as isAccepted, datefloor(@timestamp, 1h) as hour{length}',
        "stats count(*) as records, sum(isNodata) as nodata, sum(isSkipdata) as skipdata,"
        " sum(isAccepted) as accepted, max(toMillis(@timestamp)) as lastSeen,"
        " count_distinct(hour) as hours"
        + (", max(length) as longest" if timed else "")
        + " by interfaceId",
        "sort records desc",
        "limit 10000",
    )


def seen_by_interface(rows: Iterable[Row]) -> dict[str, Seen]:
    return {row.text("interfaceId"): _seen(row) for row in rows}


def _seen(row: Row) -> Seen:
    nodata, skipdata = row.number("nodata"), row.number("skipdata")
    return Seen(
        row.number("records") - nodata - skipdata,
        row.number("accepted"),
        nodata,
        skipdata,
        row.number("longest"),
        row.number("hours"),
        row.moment("lastSeen"),
    )


@dataclass(frozen=True)
class Covering:
    """`readable` says that flow logs of the inventory are known, so that their lack is certain."""

    inventory: Inventory
    logs: tuple[FlowLog, ...]

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        return tuple(self.inventory.interfaces.values())

    @property
    def readable(self) -> bool:
        return bool(self.logs)

    def of(self, interface: Interface) -> list[FlowLog]:
        """The flow logs of an interface: its own, its subnet's and its VPC's."""
        resources = {interface.id, interface.subnet_id, interface.vpc_id}
        return [log for log in self.logs if log.resource_id in resources]

    def traffic(self, interface_id: str) -> str:
        """ALL, ACCEPT or REJECT: what the interface's flow logs record together; empty if none."""
        interface = self.inventory.interfaces.get(interface_id)
        if interface is None:
            return ""
        kinds = {log.traffic for log in self.of(interface) if log.healthy}
        return ALL if ALL in kinds or len(kinds) > 1 else next(iter(kinds), "")

    def group(self, log: FlowLog) -> LogGroup | None:
        """The log group a flow log writes to; None for a bucket, or where it is not known."""
        return self.inventory.log_groups.get(group_name(log.destination))

    def name(self, resource: str) -> str:
        """What a VPC or a subnet is called; its id where it has no name."""
        thing = self.inventory.subnets.get(resource) or self.inventory.vpcs.get(resource)
        return thing.name if thing and thing.name else resource

    def bare(self) -> Iterator[tuple[str, str, str, int]]:
        """VPCs, subnets and interfaces that no flow log covers: kind, id, name, interfaces in it.

        What is in a VPC or subnet that is listed is not listed again.
        """
        if not self.readable:
            return
        logged = {log.resource_id for log in self.logs}
        bare = [interface for interface in self.interfaces if not self.of(interface)]
        inner = Counter(i.vpc_id for i in self.interfaces)
        inner.update(i.subnet_id for i in self.interfaces)
        left = Counter(i.vpc_id for i in bare)
        left.update(i.subnet_id for i in bare)
        vpcs = {
            vpc_id
            for vpc_id in self.inventory.vpcs.keys() - logged
            if left[vpc_id] == inner[vpc_id] and not self._subnets(vpc_id) & logged
        }
        subnets = {
            subnet.id
            for subnet in self.inventory.subnets.values()
            if not {subnet.id, subnet.vpc_id} & (logged | vpcs)
            and left[subnet.id] == inner[subnet.id]
        }
        for kind, ids in (("VPC", vpcs), ("subnet", subnets)):
            for id_ in sorted(ids):
                yield kind, id_, self.name(id_) if self.name(id_) != id_ else "", inner[id_]
        for interface in bare:
            if interface.vpc_id not in vpcs and interface.subnet_id not in subnets:
                yield "interface", interface.id, interface.name, 1

    def _subnets(self, vpc_id: str) -> set[str]:
        return {s.id for s in self.inventory.subnets.values() if s.vpc_id == vpc_id}


def covering(inventory: Inventory) -> Covering:
    return Covering(inventory, tuple(inventory.flow_logs.values()))


@dataclass(frozen=True)
class Proof:
    """What interfaces wrote, and whether their silence proves anything.

    `doubts` say by interface why it does not; `doubt` is the first of them, empty where there is
    none.
    """

    seen: Mapping[str, Seen]
    doubts: Mapping[str, str]
    doubt: str


def prove(
    interfaces: Sequence[str], rows: Iterable[Row], inventory: Inventory, window: Window
) -> Proof:
    """Whether rows of `recorded` show that interfaces were logged throughout the window."""
    seen, known = seen_by_interface(rows), covering(inventory)
    doubts = {}
    for name in interfaces:
        said = _doubt(seen.get(name), known.traffic(name), window)
        if said:
            doubts[name] = said
    first = next(iter(doubts.items()), None)
    return Proof(seen, doubts, f"of {first[0]}, {first[1]}" if first else "")


def _doubt(seen: Seen | None, traffic: str, window: Window) -> str:
    if seen is None:
        return "it wrote no record at all"
    if not seen.throughout(window):
        return f"it wrote records in {count(seen.hours)} of {count(hours_of(window))} hours"
    if traffic not in (ALL, ""):
        return f"only {traffic} is logged"
    if seen.skipdata:
        return f"{many(seen.skipdata, 'SKIPDATA record')}: flows are missing"
    return ""
