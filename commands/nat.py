"""Who uses the NAT gateway, where to, both ways, and what that costs (an estimate)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Command, Logs
from bot.model.inventory import Inventory
from bot.model.table import Column, Kind, Table
from bot.model.writing import many, money, share, size, wider_words, window_words
from bot.network.costs import GATED, Cost, Item, Pace, pace
from bot.network.following import NEEDS, Followed, follow, notes
from bot.network.prices import HOURS_OF_A_MONTH
from bot.network.roads import Category, Traced, Way

LISTED = 25
DRAWN = 12
INTERNET = "the internet"

COLUMNS = (
    Column("host", "Host", Kind.ADDRESS),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("sent", "Sent", Kind.BYTES),
    Column("received", "Received", Kind.BYTES),
    Column("share", "Share", Kind.SHARE),
    Column("destinations", "Destinations", Kind.COUNT),
    Column("month", "Estimate, a month", Kind.MONEY),
)
TARGET_COLUMNS = (
    Column("destination", "Destination", Kind.ADDRESS),
    Column("service", "Service"),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("sent", "Sent to it", Kind.BYTES),
    Column("received", "Received", Kind.BYTES),
    Column("hosts", "Hosts", Kind.COUNT),
    Column("month", "Estimate, a month", Kind.MONEY),
)
GATEWAY_COLUMNS = (
    Column("gateway", "Gateway"),
    Column("interface", "Interface"),
    Column("sent", "It sent out", Kind.BYTES),
    Column("received", "It received", Kind.BYTES),
    Column("addresses", "Outside addresses", Kind.COUNT),
)


@dataclass(frozen=True, slots=True)
class Flow:
    """Bytes between a host behind a gateway and an outside address, one way."""

    host: str
    other: str
    service: str  # of AWS; empty for the rest of the internet
    bytes: int
    out: bool


@dataclass
class Use:
    """Both ways added up, with who is at the other end."""

    sent: int = 0
    received: int = 0
    others: set[str] = field(default_factory=set)

    @property
    def bytes(self) -> int:
        return self.sent + self.received


def answer(question: Question, logs: Logs) -> Answer:
    found = follow(question, logs)
    flows = [_flow(one) for one in found.counted if one.road.way is Way.NAT_GATEWAY]
    window = window_words(question.window, question.now, question.zone)
    if not any(flow.bytes for flow in flows):
        return Answer(
            question,
            _nothing(found, logs.inventory),
            notes=tuple(notes(found, logs)),
            next=(f"nat {wider_words(question.window)}", f"traffic {window}"),
        )
    at = pace(question.window, logs.inventory, logs.prices)
    cost = at.cost(Item.NAT, sum(flow.bytes for flow in flows))
    return Answer(
        question,
        _headline(flows, cost),
        tables=tuple(_tables(flows, found, cost, logs.inventory)),
        charts=(_chart(flows, cost),),
        notes=(*_notes(found, at, logs.inventory), *notes(found, logs)),
        next=(f"services {window}", f"costs {window}", f"host {_ranked(flows)[0][0]} {window}"),
    )


def _flow(one: Traced) -> Flow:
    out = one.source.inside
    host, other = (one.source, one.target) if out else (one.target, one.source)
    service = one.road.service if one.road.category is Category.AWS_SERVICE else ""
    return Flow(host.address, other.address, service, one.seen.bytes, out)


def _nothing(found: Followed, inventory: Inventory) -> str:
    if not found.logged.records:
        return "No traffic was let through in this window."
    if inventory.route_tables or not found.totals.counted.bytes:
        return "Nothing went through a NAT gateway in this window."
    return "No NAT gateway can be told from these records."


def _ranked(
    flows: Iterable[Flow], key: Callable[[Flow], str] = lambda flow: flow.host
) -> list[tuple[str, Use]]:
    """Use by host (or by another key), the largest first."""
    uses: dict[str, Use] = {}
    for flow in flows:
        use = uses.setdefault(key(flow), Use())
        use.sent += flow.bytes if flow.out else 0
        use.received += 0 if flow.out else flow.bytes
        use.others.add(flow.other if key(flow) == flow.host else flow.host)
    return sorted(uses.items(), key=lambda item: (-item[1].bytes, item[0]))


def _headline(flows: Sequence[Flow], cost: Cost) -> str:
    hosts = _ranked(flows)
    host, use = hosts[0]
    where, there = _ranked(flows, lambda flow: flow.service or INTERNET)[0]
    return (
        f"{many(len(hosts), 'host')} moved {size(cost.bytes)} through the NAT gateway, an estimated"
        f" {money(cost.month)} a month: {share(use.bytes / cost.bytes)} is by {host},"
        f" and {share(there.bytes / cost.bytes)} is with {where}."
    )


def _tables(
    flows: Sequence[Flow], found: Followed, cost: Cost, inventory: Inventory
) -> Iterator[Table]:
    per_byte = cost.month / cost.bytes
    hosts = _ranked(flows)
    rows = tuple(
        (
            host,
            use.bytes,
            use.sent,
            use.received,
            use.bytes / cost.bytes,
            len(use.others),
            use.bytes * per_byte,
        )
        for host, use in hosts[:LISTED]
    )
    yield Table("Who uses it", COLUMNS, rows, left_off=len(hosts) - len(rows))
    targets = _ranked(flows, lambda flow: flow.other)
    services = {flow.other: flow.service for flow in flows}
    listed = tuple(
        (
            address,
            services[address] or None,
            use.bytes,
            use.sent,
            use.received,
            len(use.others),
            use.bytes * per_byte,
        )
        for address, use in targets[:LISTED]
    )
    yield Table("Where to", TARGET_COLUMNS, listed, left_off=len(targets) - len(listed))
    if gateways := _gateways(found):
        yield _gateway_table(gateways, inventory)


def _gateways(found: Followed) -> dict[str, list[Flow]]:
    """What gateways recorded under their own address with the outside, by interface."""
    legs: dict[str, list[Flow]] = {}
    for one in found.traced:
        own = one.source if one.source.inside else one.target
        outside = one.source.inside != one.target.inside
        second = not one.counted and one.road.way is Way.NAT_GATEWAY
        if second and outside and own.interface == one.seen.at:
            legs.setdefault(one.seen.at, []).append(_flow(one))
    return legs


def _gateway_table(gateways: dict[str, list[Flow]], inventory: Inventory) -> Table:
    names = {
        interface: nat.name or nat.id
        for nat in inventory.nat_gateways.values()
        for interface in (*nat.interfaces, nat.id)
    }
    rows = tuple(
        (
            names.get(interface),
            interface,
            sum(flow.bytes for flow in legs if flow.out),
            sum(flow.bytes for flow in legs if not flow.out),
            len({flow.other for flow in legs}),
        )
        for interface, legs in sorted(gateways.items())
    )
    return Table("As the gateways themselves recorded it", GATEWAY_COLUMNS, rows)


def _chart(flows: Sequence[Flow], cost: Cost) -> Bars:
    """A bar a host, its parts by where to: what a gateway endpoint would carry stands out."""
    hosts = _ranked(flows)
    labels = tuple(host for host, _ in hosts[:DRAWN])
    moved: Counter[tuple[str, str]] = Counter()
    for flow in flows:
        moved[flow.host, flow.service or INTERNET] += flow.bytes
    parts = [name for name, _ in _ranked(flows, lambda flow: flow.service or INTERNET)]
    series = tuple(
        Series(
            name,
            tuple(moved[host, name] for host in labels),
            Tone.ALARMING if name in GATED else Tone.PLAIN,
        )
        for name in parts
    )
    host, use = hosts[0]
    rest = len(hosts) - len(labels)
    return Bars(
        f"{host} moves {share(use.bytes / cost.bytes)} of what goes through the NAT gateway",
        labels,
        series,
        Kind.BYTES,
        "bytes, both ways, with",
        f"and {rest} more" if rest else "",
    )


def _notes(found: Followed, at: Pace, inventory: Inventory) -> Iterator[Note]:
    yield Note(Topic.CAUTION, at.prices.note())
    standing = at.prices.nat_hour * HOURS_OF_A_MONTH
    number = len(inventory.nat_gateways)
    hours = f" The hours of {many(number, 'gateway')} cost {money(standing * number)} a month"
    yield Note(
        Topic.METHOD,
        f"Processing is ${at.prices.nat_gb:g} a GB whichever way it goes, at this window's pace."
        + (f"{hours} besides." if number else ""),
    )
    unknown = sum(one.seen.bytes for one in found.counted if one.road.way is Way.UNKNOWN)
    if unknown:
        yield Note(
            Topic.CAUTION,
            f"Of {size(unknown)} more it is not known whether a NAT gateway was on the way: route"
            " tables (flows inventory --save FILE, then --inventory FILE) tell.",
        )


COMMAND = Command(
    name="nat",
    summary="who uses the NAT gateway, where to, both ways, and what that costs",
    answer=answer,
    needs=NEEDS,
    examples=("nat", "nat 24h"),
)
