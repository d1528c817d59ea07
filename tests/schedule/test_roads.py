"""The road of each counted flow: every packet once, in one category, whatever its ports."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network

import pytest

from bot.model.inventory import Interface, Inventory, Subnet, Vpc
from bot.model.query import Result, Row, Statistics
from bot.network.ranges import is_inside
from bot.schedule.counting import BUCKET, Dimension, count, text
from bot.schedule.roads import roads
from tests.schedule.network import START

NEAR, FAR, OTHER = "10.0.1.5", "10.0.2.9", "10.0.1.6"
OUTSIDE = "203.0.113.7"


def inventory() -> Inventory:
    ranges = {n: ip_network(f"10.0.{n}.0/24") for n in (1, 2)}
    subnets = [Subnet(f"subnet-{n}", "vpc-1", (r,), f"use1-az{n}") for n, r in ranges.items()]
    places = {"eni-a": (NEAR, 1), "eni-b": (FAR, 2), "eni-c": (OTHER, 1)}
    return Inventory(
        interfaces={
            name: Interface(name, "vpc-1", f"subnet-{n}", f"use1-az{n}", (address,))
            for name, (address, n) in places.items()
        },
        subnets={one.id: one for one in subnets},
        vpcs={"vpc-1": Vpc("vpc-1", (ip_network("10.0.0.0/16"),))},
    )


def row(
    at: str, source: str, target: str, port: int = 5432, *, action: str = "ACCEPT", bucket: int = 0
) -> Row:
    moment = START + bucket * BUCKET
    return Row(
        {
            "at": f"{moment:%Y-%m-%d %H:%M:%S.000}",
            "action": action,
            "srcAddr": source,
            "dstAddr": target,
            "port": str(port),
            "leg": "request",
            "logStatus": "OK",
            "interfaceId": at,
            "records": "1",
            "totalPackets": "5",
            "totalBytes": "1000",
        }
    )


def result(*rows: Row) -> Result:
    return Result(tuple(rows[0]), rows, Statistics())


def test_both_ends_record_and_one_counts() -> None:
    both = result(row("eni-a", NEAR, FAR), row("eni-b", NEAR, FAR))
    road = roads(both, inventory(), None)
    assert [road(one) for one in both.rows] == ["cross-zone", None]


def test_ports_and_buckets_share_a_road_and_are_counted_each() -> None:
    rows = [row("eni-a", NEAR, OTHER, port, bucket=n) for port in (22, 5432) for n in (0, 1)]
    found = result(*rows, row("eni-a", NEAR, OUTSIDE, 443))
    counted = count(found.rows, is_inside, roads(found, inventory(), None))
    named = {
        at: {one.name: one.bytes for one in of.counts if one.dimension == Dimension.ROAD}
        for at, of in counted.items()
    }
    assert named == {
        START: {"within-subnet": 2000, "internet-out": 1000},
        START + BUCKET: {"within-subnet": 2000},
    }


def test_what_was_rejected_took_no_road() -> None:
    found = result(row("eni-a", NEAR, FAR, action="REJECT"), row("eni-a", NEAR, FAR, 443))
    counted = count(found.rows, is_inside, roads(found, inventory(), None))
    (total,) = [one for one in counted[START].counts if one.dimension == Dimension.ROAD]
    assert total.records == 1


def test_without_an_inventory_private_ranges_are_what_tells() -> None:
    found = result(row("eni-a", NEAR, OUTSIDE, 443), row("eni-z", OUTSIDE, "-", 0))
    road = roads(found, None, None)
    assert road(found.rows[0]) == "internet-out"
    assert road(found.rows[1]) == "unclassified"


@pytest.mark.parametrize(
    ("fields", "by"),
    [
        (frozenset(), "interfaceId"),
        (frozenset({"srcAddr", "dstAddr", "action"}), ""),
        (frozenset({"srcAddr", "interfaceId", "trafficPath"}), "interfaceId, trafficPath"),
    ],
)
def test_only_what_the_records_have_is_grouped_by(fields: frozenset[str], by: str) -> None:
    grouped = text(fields).splitlines()[1].partition("logStatus")[2]
    assert grouped.removeprefix(", ") == by
    assert timedelta(minutes=5) == BUCKET
