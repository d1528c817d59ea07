"""The accepted traffic of a window with the road of each part: what queries ask, and what is told.

Grouped in the query, largest first. What exceeds a query's limit is known as a sum, and said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Note, Question, Topic
from bot.model.command import Logs
from bot.model.fields import create_flow_log_command
from bot.model.inventory import Inventory
from bot.model.query import Result, Row
from bot.model.window import Window
from bot.model.writing import many, share, size
from bot.network.once import RULE
from bot.network.ranges import is_inside
from bot.network.roads import (
    Amount,
    Category,
    Rule,
    Totals,
    Traced,
    totals,
    traced_with_gateways,
)
from bot.network.sightings import BYTES, PACKETS, RECORDS, grouping

NEEDS = ("srcAddr", "dstAddr", "bytes", "packets", "action", "interfaceId")
ACCEPTED = 'filter action = "ACCEPT"'
SUMS = f"sum(bytes) as {BYTES}, sum(packets) as {PACKETS}, count(*) as {RECORDS}"
MOST = 10_000  # rows of one query
# Records from which grouping all of them by address takes too much memory; and sizes in bytes of
# records, of which the lowest is tried that leaves fewer: large parts are mostly of large records.
MANY = 2_000_000
FLOORS = (1_000, 10_000, 100_000, 1_000_000)
SIZES = ", ".join(f"if(bytes >= {floor}, 1, 0) as from{floor}" for floor in FLOORS)
SIZED = ", ".join(f"sum(from{floor}) as records{floor}" for floor in FLOORS)
# What lets records tell the road themselves.
TELLING = ("azId", "subnetId", "vpcId", "pktSrcAddr", "pktDstAddr", "trafficPath", "flowDirection")
WORTH_A_WORD = 0.02  # of the bytes, unclassified


@dataclass(frozen=True)
class Followed:
    """Traced rows and the sums of all accepted records, in the rows or not.

    `published` is the date of AWS's ranges that named its services; `floor` is the size in bytes
    below which records are in no row; `gateways` are addresses of NAT gateways.
    """

    traced: Sequence[Traced]
    logged: Amount
    published: str
    floor: int = 0
    gateways: frozenset[str] = frozenset()

    @property
    def counted(self) -> list[Traced]:
        return [one for one in self.traced if one.counted]

    @property
    def totals(self) -> Totals:
        return totals(self.traced)

    @property
    def left(self) -> Amount:
        """What is in no row, because the query stopped at its limit."""
        found = self.totals
        return Amount(
            self.logged.bytes - found.counted.bytes - found.again.bytes,
            self.logged.packets - found.counted.packets - found.again.packets,
            self.logged.records - found.counted.records - found.again.records,
        )


def grouped(fields: frozenset[str], *only: str | None) -> str:
    """Accepted traffic by everything that tells its road, the largest first."""
    return pipeline(
        ACCEPTED,
        *only,
        f"stats {SUMS} by {', '.join(grouping(fields))}",
        f"sort {BYTES} desc",
        f"limit {MOST}",
    )


def summed(by: str = "") -> str:
    """The sums of all of it, perhaps by time (`bin(1h) as at`)."""
    return pipeline(
        ACCEPTED,
        f"fields {SIZES}",
        f"stats {SUMS}, {SIZED}{' by ' if by else ''}{by}",
        "sort at asc" if by else None,
        f"limit {MOST}" if by else None,
    )


@dataclass(frozen=True)
class Parts:
    """What `grouped` gave and the rows of `summed`; records below the `floor` are not grouped."""

    grouped: Result
    whole: Sequence[Row]
    floor: int


def largest(logs: Logs, by: str = "", window: Window | None = None, *, few: int = MANY) -> Parts:
    """The largest parts, and the sums of everything (by time, perhaps).

    Of more than a `few` records the small ones are left out, but only where even the parts of the
    others are more than a query returns: it hardly changes the largest, and grouping all of them
    takes long and much memory.
    """
    (whole,) = logs.query(summed(by), window=window)
    floor = _floor(whole.rows, few)
    if floor:
        only = fill("filter bytes >= {floor}", floor=floor)
        (rows,) = logs.query(grouped(logs.fields, only), window=window)
        if rows.truncated:
            return Parts(rows, whole.rows, floor)
    (rows,) = logs.query(grouped(logs.fields), window=window)
    return Parts(rows, whole.rows, 0)


def _floor(rows: Iterable[Row], few: int) -> int:
    """The lowest size from which there are few enough records; 0 where all are."""
    listed = list(rows)
    if sum(row.number(RECORDS) for row in listed) <= few:
        return 0
    sizes = {floor: sum(row.number(f"records{floor}") for row in listed) for floor in FLOORS}
    return next((floor for floor, records in sizes.items() if records <= few), FLOORS[-1])


def follow(question: Question, logs: Logs) -> Followed:
    return followed(question, logs, largest(logs))


def followed(question: Question, logs: Logs, parts: Parts) -> Followed:
    """The parts, traced."""
    ranges = logs.ranges
    trace = traced_with_gateways(
        parts.grouped.rows, logs.inventory, ranges=ranges, inside=question.inside
    )
    logged = Amount()
    for row in parts.whole:
        logged.bytes += row.number(BYTES)
        logged.packets += row.number(PACKETS)
        logged.records += row.number(RECORDS)
    return Followed(trace.traced, logged, ranges.dated, parts.floor, trace.gateways)


def nat_addresses(question: Question, logs: Logs, among: Collection[str]) -> frozenset[str]:
    """Those of some addresses under which NAT gateways pass on others' packets.

    By the inventory, else as told by what they recorded, which takes queries.
    """
    wanted = frozenset(among)
    if logs.inventory.interfaces:
        nats = logs.inventory.nat_gateways.values()
        return wanted & {address for nat in nats for address in nat.private_addresses}
    ours = any(is_inside(address, question.inside) for address in wanted)
    return wanted & follow(question, logs).gateways if ours else frozenset()


def notes(found: Followed, logs: Logs) -> Iterator[Note]:
    """How it was counted, that the sums match, and what would tell more of the roads."""
    if found.logged.records:
        yield from sums_match(found)
        yield from poorer(found.totals, logs.inventory, logs.fields)


def sums_match(found: Followed) -> Iterator[Note]:
    """How it was counted, and that the sums match what was logged."""
    sums = found.totals
    yield Note(
        Topic.METHOD,
        f"Accepted traffic; {RULE}. Counted {size(sums.counted.bytes)} and second sightings"
        f" {size(sums.again.bytes)}{_and_left(found.left)} are the {size(found.logged.bytes)} of"
        f" {many(found.logged.records, 'record')} that were logged.",
    )
    if found.left.bytes:
        yield Note(
            Topic.CAUTION,
            f"{size(found.left.bytes)} ({share(found.left.bytes / found.logged.bytes)} of what was"
            f" logged, {many(found.left.records, 'record')}) is of {_small(found)}smaller parts"
            f" than the {many(MOST, 'largest', 'largest')} and in no figure here.",
        )


def _small(found: Followed) -> str:
    return f"records below {size(found.floor)} or of " if found.floor else ""


def _and_left(left: Amount) -> str:
    return f" and {size(left.bytes)} of smaller parts" if left.bytes else ""


def poorer(sums: Totals, inventory: Inventory, fields: frozenset[str]) -> Iterator[Note]:
    """What could not be told for lack of an inventory or of fields, and how to have it."""
    if sums.unclassified <= WORTH_A_WORD:
        return
    lost = share(sums.unclassified)
    if inventory.subnets:
        yield Note(
            Topic.CAUTION,
            f"{lost} of the traffic is unclassified: its subnets are not in the inventory.",
        )
        return
    told = f"{lost} of the traffic is unclassified: without the network's subnets"
    told += ", private addresses alone do not tell zones."
    if not fields.issuperset(TELLING):
        lacking = tuple(name for name in TELLING if name not in fields)
        told += (
            " A snapshot of the network does (flows inventory --save FILE, then --inventory FILE),"
            f" or a flow log with more fields: {create_flow_log_command(lacking)}"
        )
    yield Note(Topic.CAUTION, told)


def rules(sums: Totals) -> list[tuple[Rule, Amount]]:
    """What decided, by bytes."""
    return sorted(sums.by_rule.items(), key=lambda item: (-item[1].bytes, item[0]))


def spelled(category: Category) -> str:
    """A category as people read it in a sentence."""
    return SPELLED[category]


SPELLED = {
    Category.WITHIN_SUBNET: "within a subnet",
    Category.WITHIN_ZONE: "within a zone",
    Category.CROSS_ZONE: "across zones",
    Category.PEERING: "through peering",
    Category.TRANSIT: "through transit gateways and to offices",
    Category.AWS_SERVICE: "to and from AWS services",
    Category.INTERNET_OUT: "to the internet",
    Category.INTERNET_IN: "from the internet",
    Category.UNCLASSIFIED: "unclassified",
}
