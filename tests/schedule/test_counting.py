from __future__ import annotations

from datetime import timedelta

from bot.engines.engine import Watch
from bot.insights.parser import parse
from bot.model.query import Query, Row
from bot.model.window import Window
from bot.network.ranges import is_inside
from bot.schedule.counting import BUCKET, KEPT, REST, TEXT, Count, Dimension, buckets, count
from tests.schedule.network import APP, BALANCER, DB, START, Network


def counted(network: Network) -> dict[tuple[str, str, str], Count]:
    window = Window(START, START + BUCKET)
    rows = network.run(Query(TEXT, window), Watch()).rows
    found = count(rows, is_inside)
    assert list(found) == [START]
    return {(one.dimension, one.name, one.action): one for one in found[START].counts}


def test_the_query_is_one_that_insights_takes() -> None:
    assert parse(TEXT)


def test_every_flow_counts_in_every_dimension_it_has() -> None:
    found = counted(Network())
    assert found["all", "", "ACCEPT"].records == 80
    assert found["origin", "internet", "REJECT"].records == 20
    assert found["origin", "inside", "ACCEPT"].bytes == 20_000
    assert found["port", "5432", "ACCEPT"].records == 20
    assert found["client", f"5432 {APP}", "ACCEPT"].records == 10
    assert ("client", f"5432 {DB}", "ACCEPT") not in found, "a reply makes no client"


def test_a_door_is_where_the_internet_was_answered() -> None:
    found = counted(Network())
    assert found["door", f"{BALANCER} 443", "ACCEPT"].records == 30
    assert found["door", f"{BALANCER} 22", "REJECT"].records == 20
    assert ("door", f"{BALANCER} 22", "ACCEPT") not in found


def test_rejects_from_inside_are_known_by_target_port_and_pair() -> None:
    network = Network(more=lambda _: [("REJECT", APP, DB, 6379, "request", 7)])
    found = counted(network)
    assert found["inside target", DB, "REJECT"].records == 7
    assert found["inside port", "6379", "REJECT"].records == 7
    assert found["pair", f"{APP} {DB} 6379", "REJECT"].records == 7


def test_names_beyond_the_most_are_added_up_so_that_sums_stay_exact() -> None:
    scan = [("REJECT", f"198.51.100.{n}", BALANCER, 23, "request", 1) for n in range(100)]
    found = counted(Network(more=lambda _: scan))
    sources = [one for (d, _, a), one in found.items() if (d, a) == ("source", "REJECT")]
    assert len(sources) == KEPT[Dimension.SOURCE] + 1
    assert sum(one.records for one in sources) == 120
    assert found["source", REST, "REJECT"].records == 80


def test_what_aws_could_not_record_is_counted_apart() -> None:
    lost = {"at": f"{START:%Y-%m-%d %H:%M:%S.000}", "action": "-", "logStatus": "SKIPDATA"}
    found = count([Row(lost | {"records": "3"}), Row(lost | {"logStatus": "NODATA"})], is_inside)
    assert found[START].records == 0
    assert [(one.name, one.records) for one in found[START].counts] == [("lost", 3)]


def test_only_whole_buckets() -> None:
    start = START + timedelta(minutes=1)
    assert list(buckets(start, START + timedelta(minutes=14))) == [START + BUCKET]
