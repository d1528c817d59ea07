"""Roads against a made network whose truth is known, and case by case."""

from __future__ import annotations

import gzip
from collections import Counter
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.inventory import Inventory, Subnet, Vpc
from bot.model.published import AwsRange
from bot.model.query import Row
from bot.network.aws_ranges import AwsRanges, packaged
from bot.network.roads import Category, Rule, Traced, Way, totals, trace
from bot.network.sightings import ALWAYS, grouping
from tests.network.world import Builder, Truth, World

FLOWS = 12_000
PUBLISHED = AwsRanges(
    [
        (ip_network("52.216.0.0/15"), AwsRange("S3", "us-east-1")),
        (ip_network("52.94.0.0/22"), AwsRange("DYNAMODB", "us-east-1")),
        (ip_network("54.88.0.0/16"), AwsRange("EC2", "us-east-1")),
    ],
    "today",
)


@pytest.fixture(scope="module")
def world() -> World:
    return Builder(seed=7).build(FLOWS)


def judged(traced: list[Traced], truths: list[set[Truth]]) -> Counter[str]:
    """How often a counted row's road is right, wrong or not told."""
    found: Counter[str] = Counter()
    for one, true in zip(traced, truths, strict=True):
        if not one.counted:
            continue
        road = one.road
        if road.category is Category.UNCLASSIFIED:
            found["unclassified"] += 1
        elif {road.category.value} != {t.category for t in true}:
            found["wrong"] += 1
        else:
            found["right"] += 1
            ways = {t.way for t in true}
            found["wrong way"] += road.way not in (None, Way.UNKNOWN) and road.way not in ways
            found["unknown way"] += road.way is Way.UNKNOWN
            found["wrong service"] += bool(road.service) and {road.service} != {
                t.service for t in true
            }
    return found


@pytest.mark.parametrize("full", [False, True], ids=["version 2", "full format"])
def test_with_the_inventory_no_road_is_wrong_and_none_unknown(world: World, full: bool) -> None:
    assert world.flows >= 10_000
    rows, truths = world.rows(full=full)
    traced = trace(rows, world.inventory, ranges=PUBLISHED)
    found = judged(traced, truths)
    assert found["right"] > 2_000
    assert found["wrong"] == 0
    assert (found["wrong way"], found["wrong service"], found["unknown way"]) == (0, 0, 0)
    assert totals(traced).unclassified <= 0.02
    assert found["unclassified"] <= 0.02 * found["right"]


@pytest.mark.parametrize("full", [False, True], ids=["version 2", "full format"])
def test_every_flow_counts_once(world: World, full: bool) -> None:
    rows, _ = world.rows(full=full)
    found = totals(trace(rows, world.inventory, ranges=PUBLISHED))
    assert {c.value: a.bytes for c, a in found.by_category.items() if a.bytes} == world.truth
    assert found.logged == sum(record.bytes for record in world.records)


@pytest.mark.parametrize("full", [False, True], ids=["version 2", "full format"])
def test_what_crosses_zones_on_the_way_is_told(world: World, full: bool) -> None:
    rows, truths = world.rows(full=full)
    traced = trace(rows, world.inventory, ranges=PUBLISHED)
    own = [
        (t, true)
        for t, true in zip(traced, truths, strict=True)
        if t.counted
        and t.seen.at
        not in {n for g in world.inventory.nat_gateways.values() for n in g.interfaces}
    ]
    assert [t for t, true in own if {t.road.crosses} != {x.crosses for x in true}] == []


def test_the_full_format_needs_no_inventory_to_be_right(world: World) -> None:
    rows, truths = world.rows(full=True)
    found = judged(trace(rows, ranges=PUBLISHED), truths)
    assert found["wrong"] == 0
    assert found["wrong way"] == 0
    assert found["unclassified"] < 0.3 * found["right"]  # overlapping VPCs, unlogged ends


def test_version_2_without_an_inventory_tells_little_but_nothing_wrong(world: World) -> None:
    rows, truths = world.rows(full=False)
    found = judged(trace(rows, ranges=PUBLISHED), truths)
    assert found["wrong"] == 0
    assert found["right"] > 500


def row(at: str, source: str, target: str, size: int = 100, **more: str) -> Row:
    sums = {"totalBytes": str(size), "totalPackets": "1", "records": "1"}
    return Row({"interfaceId": at, "srcAddr": source, "dstAddr": target, **sums, **more})


def road_of(*rows: Row, inventory: Inventory | None = None) -> tuple[Category, Way | None, Rule]:
    """The road of the first row."""
    road = trace(rows, inventory, ranges=PUBLISHED)[0].road
    return road.category, road.way, road.rule


@pytest.mark.parametrize(
    ("path", "target", "category", "way"),
    [
        ("1", "203.0.113.5", Category.INTERNET_OUT, Way.NAT_GATEWAY),
        ("1", "52.216.0.9", Category.AWS_SERVICE, Way.NAT_GATEWAY),
        ("2", "203.0.113.5", Category.INTERNET_OUT, Way.INTERNET_GATEWAY),
        ("2", "52.216.0.9", Category.AWS_SERVICE, Way.UNKNOWN),  # the gateway's or the endpoint's
        ("3", "10.77.0.5", Category.TRANSIT, Way.TRANSIT_GATEWAY),
        ("3", "203.0.113.5", Category.TRANSIT, Way.TRANSIT_GATEWAY),
        ("4", "10.77.0.5", Category.PEERING, None),
        ("5", "10.77.0.5", Category.PEERING, None),
        ("7", "52.216.0.9", Category.AWS_SERVICE, Way.GATEWAY_ENDPOINT),
        ("7", "203.0.113.5", Category.AWS_SERVICE, Way.GATEWAY_ENDPOINT),
        ("8", "203.0.113.5", Category.INTERNET_OUT, Way.INTERNET_GATEWAY),
        ("8", "54.88.0.5", Category.INTERNET_OUT, Way.INTERNET_GATEWAY),  # somebody's host on EC2
    ],
)
def test_the_path_in_the_record_decides(
    path: str, target: str, category: Category, way: Way | None
) -> None:
    out = row("eni-1", "10.0.0.5", target, trafficPath=path, flowDirection="egress")
    assert road_of(out)[:2] == (category, way)


def test_the_way_back_is_the_way_out() -> None:
    back = row("eni-1", "203.0.113.5", "10.0.0.5", flowDirection="ingress", trafficPath="-")
    out = row("eni-1", "10.0.0.5", "203.0.113.5", flowDirection="egress", trafficPath="8")
    assert road_of(back, out)[:2] == (Category.INTERNET_IN, Way.INTERNET_GATEWAY)


@pytest.mark.parametrize(
    ("service", "target", "category", "rule"),
    [
        ("S3", "203.0.113.5", Category.AWS_SERVICE, Rule.RECORDED_SERVICE),
        ("-", "52.216.0.9", Category.INTERNET_OUT, Rule.RECORDED_SERVICE),
        ("EC2", "52.216.0.9", Category.INTERNET_OUT, Rule.RECORDED_SERVICE),
        ("AMAZON", "203.0.113.5", Category.AWS_SERVICE, Rule.RECORDED_SERVICE),
        (None, "52.216.0.9", Category.AWS_SERVICE, Rule.PUBLISHED),
        (None, "203.0.113.5", Category.INTERNET_OUT, Rule.PRIVATE),
    ],
)
def test_the_service_in_the_record_comes_before_the_published_ranges(
    service: str | None, target: str, category: Category, rule: Rule
) -> None:
    more = {} if service is None else {"pktDstAwsService": service, "pktSrcAwsService": "-"}
    found = road_of(row("eni-1", "10.0.0.5", target, **more))
    assert (found[0], found[2]) == (category, rule)


@pytest.mark.parametrize(
    "target", ["224.0.0.251", "255.255.255.255", "169.254.169.253", "ff02::1", "nonsense", "-"]
)
def test_what_never_leaves_a_link_or_is_no_address_is_unclassified(target: str) -> None:
    assert road_of(row("eni-1", "10.0.0.5", target))[0] is Category.UNCLASSIFIED


def test_the_next_hop_tells_the_zone_of_an_end_that_nobody_else_knows() -> None:
    hop = {
        "vpcId": "vpc-1",
        "subnetId": "subnet-1",
        "azId": "use1-az1",
        "flowDirection": "egress",
        "nextHopVpcId": "vpc-1",
        "nextHopSubnetId": "subnet-2",
        "nextHopAzId": "use1-az2",
        "nextHopInterfaceType": "interface",
    }
    out = row("eni-1", "10.0.0.5", "10.0.1.9", **hop)
    assert road_of(out)[::2] == (Category.CROSS_ZONE, Rule.NEXT_HOP)
    nat = {**hop, "nextHopInterfaceType": "nat_gateway"}
    assert road_of(row("eni-1", "10.0.0.5", "203.0.113.5", **nat))[1] is Way.NAT_GATEWAY
    transit = {**hop, "nextHopInterfaceType": "transit_gateway"}
    assert road_of(row("eni-1", "10.0.0.5", "10.9.1.9", **transit))[0] is Category.TRANSIT


def known_vpc(**more: object) -> Inventory:
    subnets = [
        Subnet("subnet-1", "vpc-1", (ip_network("10.0.0.0/24"),), "use1-az1"),
        Subnet("subnet-2", "vpc-1", (ip_network("10.0.1.0/24"),), "use1-az2"),
    ]
    return Inventory(
        subnets={s.id: s for s in subnets},
        vpcs={"vpc-1": Vpc("vpc-1", (ip_network("10.0.0.0/16"),))},
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("target", "category", "rule"),
    [
        ("10.0.0.9", Category.WITHIN_SUBNET, Rule.SUBNETS),
        ("10.0.1.9", Category.CROSS_ZONE, Rule.SUBNETS),
        ("10.0.9.9", Category.UNCLASSIFIED, Rule.NOTHING),  # of the VPC, in no subnet that is left
        ("172.16.0.9", Category.TRANSIT, Rule.VPCS),
        ("203.0.113.9", Category.INTERNET_OUT, Rule.PRIVATE),
    ],
)
def test_subnets_alone_tell_where_an_address_is(
    target: str, category: Category, rule: Rule
) -> None:
    """Without the interfaces, routes and peerings: permissions that were not given."""
    found = road_of(row("eni-1", "10.0.0.5", target), inventory=known_vpc())
    assert (found[0], found[2]) == (category, rule)


def test_without_anything_private_pairs_are_not_guessed_at() -> None:
    assert road_of(row("eni-1", "10.0.0.5", "10.0.0.6"))[0] is Category.UNCLASSIFIED


def test_ranges_of_ours_are_not_the_internet() -> None:
    own = (ip_network("203.0.113.0/24"),)
    traced = trace([row("eni-1", "10.0.0.5", "203.0.113.9")], inside=own)
    assert traced[0].road.category is Category.UNCLASSIFIED


def test_a_load_balancers_two_connections_both_count() -> None:
    rows = [
        row("eni-alb", "203.0.113.9", "10.0.0.5", 1000),
        row("eni-alb", "10.0.0.5", "10.0.1.9", 1000),
        row("eni-app", "10.0.0.5", "10.0.1.9", 1000),
        row("eni-app", "10.0.1.9", "10.0.0.5", 500),
        row("eni-alb", "10.0.1.9", "10.0.0.5", 500),
        row("eni-alb", "10.0.0.5", "203.0.113.9", 500),
        row("eni-app", "10.0.1.9", "10.0.1.77", 1),
    ]
    traced = trace(rows, known_vpc())
    assert [t.counted for t in traced] == [True, True, False, True, False, True, True]


def test_a_nat_gateway_counts_what_no_host_behind_it_recorded() -> None:
    rows = [
        row("eni-nat", "10.0.1.9", "10.0.0.5", 700, interfaceType="nat_gateway"),
        row("eni-nat", "10.0.0.5", "203.0.113.9", 700, interfaceType="nat_gateway"),
    ]
    traced = trace(rows, known_vpc())
    assert [t.counted for t in traced] == [False, True]
    assert traced[1].road.category is Category.INTERNET_OUT
    assert traced[1].road.way is Way.NAT_GATEWAY


def test_only_the_fields_a_log_has_are_grouped_by() -> None:
    assert grouping(frozenset({"srcAddr", "azId", "bytes"})) == (*ALWAYS, "azId")


def test_nothing_in_nothing_out() -> None:
    assert trace([]) == []
    assert totals([]).unclassified == 0.0


WORDS = st.sampled_from(
    ["10.0.0.5", "10.0.0.6", "10.0.1.9", "203.0.113.9", "52.216.0.9", "2001:db8::1", "-", "", "x;y"]
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"interfaceId": st.sampled_from(["eni-1", "eni-2", "eni-3", "-"])}
            | dict.fromkeys(("srcAddr", "dstAddr"), WORDS),
            optional=dict.fromkeys(("pktSrcAddr", "pktDstAddr", "vpcId", "azId"), WORDS)
            | {"trafficPath": st.sampled_from(["1", "4", "8", "99", "-"])}
            | {"flowDirection": st.sampled_from(["ingress", "egress", "-"])}
            | {"interfaceType": st.sampled_from(["nat_gateway", "transit_gateway", "interface"])},
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_whatever_is_logged_is_counted_or_seen_again_and_in_one_category(
    found: list[dict[str, str]], with_inventory: bool
) -> None:
    rows = [Row({**values, "totalBytes": str(2**n)}) for n, values in enumerate(found)]
    traced = trace(rows, known_vpc() if with_inventory else None, ranges=PUBLISHED)
    sums = totals(traced)
    assert sums.logged == sum(row.number("totalBytes") for row in rows)
    assert sum(amount.bytes for amount in sums.by_category.values()) == sums.counted.bytes
    assert sum(amount.bytes for amount in sums.by_rule.values()) == sums.counted.bytes


REAL = Path(__file__).parents[2] / ".." / "shared" / "data" / "real-eks-v2"


@pytest.fixture(scope="module")
def real() -> list[Row]:
    if not REAL.is_dir():
        pytest.skip(f"{REAL} is not there")
    sums: dict[tuple[str, str, str], list[int]] = {}
    for path in sorted(REAL.rglob("*.gz")):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            words = line.split()[1:]
            if words[-1] == "OK":
                found = sums.setdefault((words[2], words[3], words[4]), [0, 0])
                found[0] += int(words[9])
                found[1] += 1
    return [
        Row(
            {
                "interfaceId": at,
                "srcAddr": source,
                "dstAddr": target,
                "totalBytes": str(size),
                "totalPackets": "0",
                "records": str(records),
            }
        )
        for (at, source, target), (size, records) in sums.items()
    ]


def test_real_downloads_that_three_interfaces_saw_count_once(real: list[Row]) -> None:
    """No inventory: whose interfaces are, and which is a NAT gateway's, the records tell."""
    traced = trace(real, ranges=packaged())
    services = [t for t in traced if t.counted and t.road.category is Category.AWS_SERVICE]
    down = {t.seen.source: t for t in services if t.seen.bytes > 10**7}
    assert len(down) >= 5
    assert {t.road.service for t in down.values()} == {"S3"}
    ways: Counter[Way | None] = Counter()
    for one in down.values():
        ways[one.road.way] += one.seen.bytes
    assert set(ways) <= {Way.NAT_GATEWAY, Way.UNKNOWN}  # SKIPDATA left holes at the gateway
    assert ways[Way.NAT_GATEWAY] > 9 * ways[Way.UNKNOWN]
    for address, one in down.items():
        seen = [t for t in traced if t.seen.source == address]
        counted = [t for t in seen if t.counted]
        assert {t.seen.at for t in counted} == {one.seen.at}, "the node, not the gateway"
        assert one.target.inside


def test_of_the_real_bytes_the_gateways_inner_side_is_never_counted(real: list[Row]) -> None:
    traced = trace(real, ranges=packaged())
    sizes: Counter[str] = Counter()
    for t in traced:
        sizes[t.seen.at] += t.seen.bytes
    gateway = sizes.most_common(1)[0][0]
    own = next(t.source.address for t in traced if t.source.interface == gateway)
    inner = [t for t in traced if t.seen.at == gateway and t.source.inside and t.target.inside]
    assert inner
    assert not any(t.counted for t in inner)
    found = totals(traced)
    assert found.logged == sum(sizes.values())
    outside = [t for t in traced if not (t.source.inside and t.target.inside)]
    nodes = sum(t.seen.bytes for t in outside if own not in t.seen.ends)
    counted = sum(t.seen.bytes for t in outside if t.counted)
    assert nodes <= counted < nodes * 1.01, "what the nodes saw, and scans of the gateway itself"
