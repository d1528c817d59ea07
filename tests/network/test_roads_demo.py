"""A day of the demo, against the truth its generator knows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from bot.demo import network
from bot.demo.documents import documents
from bot.demo.draw import Amount, Draw
from bot.demo.log import LAST_SECOND, Conversation, DayLog, Leg, split
from bot.demo.traffic import PARTS
from bot.model.inventory import Inventory
from bot.model.query import Row
from bot.network.aws_ranges import packaged
from bot.network.documents import inventory
from bot.network.roads import Category, Rule, Traced, Way, totals, trace

DAY = date(2026, 11, 20)
SUBNET_OF = {host.address: host.subnet for host in network.HOSTS}


class KnowingLog(DayLog):
    """A day's log that also sums what really went from whom to whom."""

    def __init__(self, day: date) -> None:
        super().__init__(day)
        self.truth: Counter[tuple[str, str]] = Counter()

    def talk(
        self, talk: Conversation, first: int, last: int, sent: Amount, replied: Amount
    ) -> None:
        super().talk(talk, first, last, sent, replied)
        self._know(talk.requests[0], first, last, sent)
        self._know(talk.replies[-1], first, last, replied)

    def pass_by(self, legs: tuple[Leg, ...], first: int, last: int, amount: Amount) -> None:  # type: ignore[override]
        super().pass_by(legs, first, last, amount)
        self._know(legs[0], first, last, amount)

    def refuse(self, legs: tuple[Leg, ...], first: int, last: int, amount: Amount) -> None:
        super().refuse(legs, first, last, amount)
        self._know(legs[0], first, last, amount)

    def _know(self, leg: Leg, first: int, last: int, amount: Amount) -> None:
        source, target, *_ = leg.text.split()
        pieces = split(first, min(last, LAST_SECOND), amount)
        self.truth[source, target] += sum(size for *_, size in pieces)


def true_category(source: str, target: str) -> str:
    """Plain, and told by the demo's own network alone."""
    here, there = SUBNET_OF.get(source), SUBNET_OF.get(target)
    if here and there:
        if here is there:
            return "within-subnet"
        return "within-zone" if here.zone == there.zone else "cross-zone"
    if {source, target} & set(network.S3):
        return "aws-service"
    return "internet-out" if here else "internet-in"


@pytest.fixture(scope="module")
def log() -> KnowingLog:
    log = KnowingLog(DAY)
    for part in PARTS:
        part(log, DAY, Draw(DAY, part.__name__))
    return log


@pytest.fixture(scope="module")
def rows(log: KnowingLog) -> list[Row]:
    sums: dict[tuple[str, str, str], list[int]] = {}
    for line in (line for slot in log.slots for line in slot):
        at, source, target, packets, size = (line.split()[n] for n in (2, 3, 4, 8, 9))
        found = sums.setdefault((at, source, target), [0, 0, 0])
        found[0] += int(size)
        found[1] += int(packets)
        found[2] += 1
    return [
        Row(
            {
                "interfaceId": at,
                "srcAddr": source,
                "dstAddr": target,
                "totalBytes": str(size),
                "totalPackets": str(packets),
                "records": str(records),
            }
        )
        for (at, source, target), (size, packets, records) in sums.items()
    ]


@pytest.fixture(scope="module")
def known() -> Inventory:
    return inventory({name.removesuffix(".json"): d for name, d in documents().items()})


def by_category(truth: Counter[tuple[str, str]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for (source, target), size in truth.items():
        sums[true_category(source, target)] += size
    return dict(sums)


def found_categories(traced: list[Traced]) -> dict[str, int]:
    found = totals(traced).by_category.items()
    return {category.value: amount.bytes for category, amount in found if amount.bytes}


def test_every_categorys_bytes_are_the_demos_own(
    log: KnowingLog, rows: list[Row], known: Inventory
) -> None:
    traced = trace(rows, known, ranges=packaged())
    assert found_categories(traced) == by_category(log.truth)


def test_counted_and_seen_again_are_all_that_was_logged(
    log: KnowingLog, rows: list[Row], known: Inventory
) -> None:
    found = totals(trace(rows, known, ranges=packaged()))
    assert found.logged == sum(row.number("totalBytes") for row in rows)
    assert found.counted.bytes == sum(log.truth.values())
    assert found.again.bytes > found.counted.bytes * 0.9


def test_what_counts_is_each_flow_and_nothing_else(
    log: KnowingLog, rows: list[Row], known: Inventory
) -> None:
    counted: Counter[tuple[str, str]] = Counter()
    for one in trace(rows, known, ranges=packaged()):
        if one.counted:
            counted[one.seen.source, one.seen.target] += one.seen.bytes
    assert counted == +log.truth


def test_s3_is_reached_by_two_roads_and_by_one_into_another_zone(
    rows: list[Row], known: Inventory
) -> None:
    traced = [t for t in trace(rows, known, ranges=packaged()) if t.counted and t.road.service]
    assert {t.road.service for t in traced} == {"S3"}
    assert {t.road.region for t in traced} == {"us-east-1"}
    ways = {(t.source.subnet or t.target.subnet, t.road.way, t.road.crosses) for t in traced}
    assert ways == {
        (network.APP_A.id, Way.GATEWAY_ENDPOINT, False),
        (network.APP_B.id, Way.NAT_GATEWAY, True),
        (network.DATA_A.id, Way.NAT_GATEWAY, False),
        (network.DATA_B.id, Way.NAT_GATEWAY, True),
    }


def test_visitors_come_by_the_internet_gateway_and_payments_leave_by_nat(
    rows: list[Row], known: Inventory
) -> None:
    traced = [t for t in trace(rows, known, ranges=packaged()) if t.counted]
    visits = [t for t in traced if t.seen.source.startswith("203.0.113.")]
    assert {(t.road.category, t.road.way) for t in visits} == {
        (Category.INTERNET_IN, Way.INTERNET_GATEWAY)
    }
    payments = [t for t in traced if t.seen.target == network.PAYMENTS]
    assert {(t.road.category, t.road.way) for t in payments} == {
        (Category.INTERNET_OUT, Way.NAT_GATEWAY)
    }


def test_scans_of_the_nat_gateways_own_address_count_for_nobody_else_saw_them(
    rows: list[Row], known: Inventory
) -> None:
    scans = [
        t
        for t in trace(rows, known, ranges=packaged())
        if t.seen.at == network.NAT.interface_id and t.seen.source.startswith("198.51.100.")
    ]
    assert len(scans) > 100
    assert {(t.counted, t.road.way) for t in scans} == {(True, Way.INTERNET_GATEWAY)}


def test_without_prefix_lists_the_endpoints_route_table_still_tells(
    rows: list[Row], known: Inventory
) -> None:
    poorer = replace(known, prefix_lists={})
    ways = {
        (t.source.subnet, t.road.way)
        for t in trace(rows, poorer, ranges=packaged())
        if t.counted and t.road.service and t.source.subnet == network.APP_A.id
    }
    assert ways == {(network.APP_A.id, Way.GATEWAY_ENDPOINT)}


def test_without_an_inventory_flows_still_count_once_and_nothing_is_invented(
    log: KnowingLog, rows: list[Row]
) -> None:
    traced = trace(rows, ranges=packaged())
    found = totals(traced)
    truth = by_category(log.truth)
    assert found.counted.bytes == sum(log.truth.values())
    got = found_categories(traced)
    inside = sum(truth[name] for name in ("within-subnet", "within-zone", "cross-zone"))
    assert got == {
        "unclassified": inside,  # the zones cannot be known
        "aws-service": truth["aws-service"],
        "internet-out": truth["internet-out"],
        "internet-in": truth["internet-in"],
    }
    assert found.by_rule[Rule.NOTHING].bytes == inside


def test_without_published_ranges_the_prefix_list_of_the_endpoint_tells_s3(
    rows: list[Row], known: Inventory
) -> None:
    traced = [t for t in trace(rows, known) if t.counted and t.road.service]
    assert {t.road.way for t in traced} == {Way.GATEWAY_ENDPOINT}
    assert {t.road.rule for t in traced} == {Rule.ROUTES}
