from __future__ import annotations

from bot.model.query import Row
from bot.network.counting import BYTES, busiest, passed_on
from bot.network.ranges import is_inside


def row(source: str, interface: str, total: int, records: int = 1) -> Row:
    return Row(
        {"srcAddr": source, "interfaceId": interface, BYTES: str(total), "records": str(records)}
    )


def test_the_interface_that_saw_most_bytes_counts() -> None:
    low, high = row("10.0.0.1", "eni-a", 5), row("10.0.0.1", "eni-b", 9)
    other = row("10.0.0.2", "eni-a", 1)
    assert busiest([low, other, high], ["srcAddr"]) == [high, other]


def test_ties_go_to_more_records_then_to_the_smaller_id() -> None:
    few, many = row("10.0.0.1", "eni-a", 5), row("10.0.0.1", "eni-b", 5, records=2)
    assert busiest([few, many], ["srcAddr"]) == [many]
    first, second = row("10.0.0.1", "eni-a", 5), row("10.0.0.1", "eni-b", 5)
    assert busiest([first, second], ["srcAddr"]) == [first]
    assert busiest([second, first], ["srcAddr"]) == [first]


def test_a_missing_value_is_a_value_of_its_own() -> None:
    rows = [Row({"srcAddr": "10.0.0.1", BYTES: "1"}), Row({BYTES: "2"})]
    assert busiest(rows, ["srcAddr"]) == rows


GATEWAY, HOST, WEB, SCANNER = "10.0.0.5", "10.0.1.1", "198.51.100.7", "203.0.113.9"


def test_what_a_gateway_repeats_is_no_traffic_of_its_own() -> None:
    ends = [(WEB, GATEWAY), (GATEWAY, HOST), (WEB, HOST), (SCANNER, GATEWAY), (HOST, "10.0.1.2")]
    rows = [Row({"srcAddr": source, "dstAddr": target}) for source, target in ends]
    assert passed_on(rows, {GATEWAY}, is_inside) == {(WEB, GATEWAY), (GATEWAY, HOST)}
    assert passed_on(rows, frozenset(), is_inside) == set()
