"""What the traffic costs by the GB, and what of it need not be: estimates, by the month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Command, Logs
from bot.model.inventory import Inventory
from bot.model.table import Column, Kind, Table, Value
from bot.model.writing import count, duration, money, size, wider_words, window_words
from bot.network.costs import Cost, Detour, Item, Pace, charged, costs, detours, pace, region_of
from bot.network.following import NEEDS, Followed, follow, notes
from bot.network.roads import Category, Way

LISTED = 15
HOUR, DAY = 3600, 86400

COLUMNS = (
    Column("item", "Charged for"),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("window", "Estimate, window", Kind.MONEY),
    Column("month", "Estimate, a month", Kind.MONEY),
    Column("share", "Share", Kind.SHARE),
)
DETOUR_COLUMNS = (
    Column("service", "Service"),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("by_nat", "By NAT, a month", Kind.MONEY),
    Column("by_gateway_endpoint", "By gateway endpoint", Kind.MONEY),
    Column("by_interface_endpoint", "By interface endpoint", Kind.MONEY),
    Column("break_even", "Interface endpoint pays from, a month", Kind.BYTES),
)
ROUTE_COLUMNS = (
    Column("subnet", "Subnet"),
    Column("route_table", "Route table without it"),
    Column("service", "Service"),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("saved", "Would save, a month", Kind.MONEY),
)
PAYER_COLUMNS = (
    Column("host", "Host", Kind.ADDRESS),
    Column("item", "Charged for"),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("month", "Estimate, a month", Kind.MONEY),
)


def answer(question: Question, logs: Logs) -> Answer:
    found = follow(question, logs)
    if not found.logged.bytes:
        return Answer(
            question,
            "No traffic was let through in this window, so it cost nothing.",
            next=(f"costs {wider_words(question.window)}",),
        )
    at, region = pace(question.window, logs.inventory, logs.prices), region_of(logs.inventory)
    listed = costs(found.counted, at, region)
    avoidable = detours(found.counted, at)
    return Answer(
        question,
        _headline(listed, avoidable, found, logs.inventory),
        tables=tuple(_tables(listed, avoidable, found, at, logs.inventory)),
        charts=(_chart(listed, avoidable),) if listed else (),
        notes=(*_notes(at, region, found), *notes(found, logs)),
        next=_next(question, listed, avoidable),
        facts={"costs": _facts(listed, avoidable, at)},
    )


def _headline(
    listed: Sequence[Cost], avoidable: Sequence[Detour], found: Followed, inventory: Inventory
) -> str:
    if not listed:
        return f"Nothing of the traffic is charged by the GB{_unknown(found, inventory)}."
    dearest = sorted(listed, key=lambda cost: -cost.month)
    dearest = [cost for cost in dearest if cost.month] or dearest
    parts = ", ".join(f"{money(cost.month)} {cost.item}" for cost in dearest[:3])
    whole = sum(cost.month for cost in listed)
    text = f"An estimated {money(whole)} a month at this pace: {parts}"
    text += _unknown(found, inventory)
    saved = sum(detour.saving.saved for detour in avoidable)
    if avoidable:
        names = " and ".join(_called(detour.service) for detour in avoidable)
        text += f"; {money(saved)} of it is {names} through a NAT gateway,"
        text += " which a gateway endpoint carries for nothing"
    return f"{text}."


def _unknown(found: Followed, inventory: Inventory) -> str:
    known = found.totals.by_category
    near = (Category.WITHIN_SUBNET, Category.WITHIN_ZONE, Category.CROSS_ZONE)
    if known[Category.UNCLASSIFIED].bytes and not any(known[c].bytes for c in near):
        return "; what goes across zones is not known"
    return "" if inventory.route_tables else "; the roads out are not known for certain"


def _called(service: str) -> str:
    return {"DYNAMODB": "DynamoDB"}.get(service, service)


def _tables(
    listed: Sequence[Cost],
    avoidable: Sequence[Detour],
    found: Followed,
    at: Pace,
    inventory: Inventory,
) -> Iterator[Table]:
    whole = sum(cost.month for cost in listed)
    if not listed:
        return
    yield Table(
        "By item",
        COLUMNS,
        tuple(
            (c.item.value, c.bytes, c.window, c.month, c.month / whole if whole else 0.0)
            for c in listed
        ),
    )
    if avoidable:
        rows = tuple(_detour_row(detour) for detour in avoidable)
        yield Table("Through a NAT gateway, against an endpoint", DETOUR_COLUMNS, rows)
        yield _routes(avoidable, inventory)
    yield _payers(listed, found, region_of(inventory))


def _detour_row(detour: Detour) -> tuple[Value, ...]:
    saving = detour.saving
    even = saving.break_even_gb
    return (
        _called(detour.service),
        detour.bytes,
        saving.by_nat,
        saving.by_gateway_endpoint,
        saving.by_interface_endpoint,
        None if even is None else round(even * 1e9),
    )


def _routes(avoidable: Sequence[Detour], inventory: Inventory) -> Table:
    """The subnets that took the detour, with the route table an endpoint would go into."""
    moved: Counter[tuple[str, str]] = Counter()
    for detour in avoidable:
        for one in detour.flows:
            own = one.source if one.source.inside else one.target
            moved[own.subnet, detour.service] += one.seen.bytes
    saved = {detour.service: detour.saving.saved / detour.bytes for detour in avoidable}
    rows: list[tuple[Value, ...]] = []
    for (subnet_id, service), bytes_ in moved.most_common(LISTED):
        subnet = inventory.subnets.get(subnet_id)
        rows.append(
            (
                (subnet.name or subnet.id) if subnet else subnet_id or "not known",
                _route_table(subnet_id, inventory) or "not known",
                _called(service),
                bytes_,
                saved[service] * bytes_,
            )
        )
    return Table(
        "Where an endpoint is missing", ROUTE_COLUMNS, tuple(rows), left_off=len(moved) - len(rows)
    )


def _route_table(subnet_id: str, inventory: Inventory) -> str:
    subnet = inventory.subnets.get(subnet_id)
    for table in inventory.route_tables.values():
        if subnet_id in table.subnets:
            return table.id
    vpc = subnet.vpc_id if subnet else None
    return next((t.id for t in inventory.route_tables.values() if t.main and t.vpc_id == vpc), "")


def _payers(listed: Sequence[Cost], found: Followed, region: str) -> Table:
    """Hosts of ours by what their traffic is charged; between two of them the sender's."""
    moved: Counter[tuple[str, Item]] = Counter()
    for one in found.counted:
        own = one.source if one.source.inside else one.target
        for item in charged(one, region):
            moved[own.address, item] += one.seen.bytes
    per_byte = {cost.item: cost.month / cost.bytes for cost in listed}
    ranked = sorted(
        ((per_byte[item] * bytes_, host, item, bytes_) for (host, item), bytes_ in moved.items()),
        reverse=True,
    )
    rows = tuple((host, item.value, bytes_, dollars) for dollars, host, item, bytes_ in ranked)
    return Table("Whose traffic it is", PAYER_COLUMNS, rows[:LISTED], left_off=len(rows[LISTED:]))


def _chart(listed: Sequence[Cost], avoidable: Sequence[Detour]) -> Bars:
    """Items by the month; what gateway endpoints would save stands out in NAT processing."""
    saved: dict[Item, float] = {}
    for cost in listed:
        share = sum(_part(detour, cost.item) for detour in avoidable)
        saved[cost.item] = cost.month * share / cost.bytes
    whole = sum(cost.month for cost in listed)
    spared = sum(saved.values())
    title = f"An estimated {money(whole)} a month"
    if spared:
        title += f", {money(spared)} of it for want of a gateway endpoint"
    rest = Series("charged", tuple(c.month - saved[c.item] for c in listed), Tone.PLAIN)
    avoid = Series(
        "a gateway endpoint would save", tuple(saved[c.item] for c in listed), Tone.ALARMING
    )
    series = (rest, avoid) if spared else (rest,)
    labels = tuple(cost.item.value for cost in listed)
    return Bars(title, labels, series, Kind.MONEY, "US dollars a month, estimated from list prices")


def _part(detour: Detour, item: Item) -> int:
    """Bytes of the detour that are charged as the item."""
    if item is Item.NAT:
        return detour.bytes
    if item is Item.CROSS_TO_GATEWAY:
        return sum(one.seen.bytes for one in detour.flows if one.road.crosses)
    return 0


def _notes(at: Pace, region: str, found: Followed) -> Iterator[Note]:
    yield Note(Topic.CAUTION, at.prices.note() + _foreign(at, region))
    yield Note(
        Topic.METHOD,
        f"A month is {count(730)} hours at the pace of this window"
        f" ({duration(at.window.seconds)}); data out to the internet goes through the month's"
        " tiers, and the window gets its part. Between zones both sides are charged. Hours of NAT"
        " gateways and endpoints are not in the figures, for they stay whatever the traffic.",
    )
    if at.window.seconds < DAY:
        yield Note(
            Topic.CAUTION,
            f"{duration(at.window.seconds)} is a short window for a month's estimate: a whole day"
            " or week has its peaks and nights in it.",
        )
    unpriced = [
        f"{size(amount.bytes)} {name}"
        for category, name in (
            (Category.PEERING, "through peering"),
            (Category.TRANSIT, "through transit gateways"),
        )
        if (amount := found.totals.by_category[category]).bytes
    ]
    if unpriced:
        text = " and ".join(unpriced)
        yield Note(Topic.CAUTION, f"Not priced here: {text}.")
    unknown = sum(one.seen.bytes for one in found.counted if one.road.way is Way.UNKNOWN)
    if unknown:
        yield Note(
            Topic.CAUTION,
            f"Of {size(unknown)} it is not known whether a NAT gateway was on the way: route tables"
            " (in the inventory) or traffic-path (in the log's format) tell.",
        )


def _foreign(at: Pace, region: str) -> str:
    return f" They stand in for {region}." if region and region != at.prices.region else ""


def _facts(listed: Sequence[Cost], avoidable: Sequence[Detour], at: Pace) -> Mapping[str, object]:
    """The figures for programs, in US dollars a month."""
    return {
        "estimate": True,
        "currency": "USD",
        "prices": {"region": at.prices.region, "dated": at.prices.dated.isoformat()},
        "month": {cost.item.value: round(cost.month, 4) for cost in listed},
        "saved_by_gateway_endpoint": {
            detour.service: round(detour.saving.saved, 4) for detour in avoidable
        },
    }


def _next(
    question: Question, listed: Sequence[Cost], avoidable: Sequence[Detour]
) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    items = {cost.item for cost in listed}
    lines = [f"traffic {window}"]
    lines += [f"services {window}"] if avoidable else []
    lines += [f"nat {window}"] if Item.NAT in items else []
    lines += [f"matrix zone {window}"] if Item.CROSS_ZONE in items else []
    return tuple(lines)


COMMAND = Command(
    name="costs",
    summary="what traffic costs by the GB (an estimate), and what a gateway endpoint would save",
    answer=answer,
    needs=NEEDS,
    examples=("costs 24h", "costs 7d"),
)
