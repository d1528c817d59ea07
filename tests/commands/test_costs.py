"""`costs`, over made records of the demo's network and sums in plain Python."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.model.answer import Answer, Topic
from bot.model.chart import Bars
from bot.model.errors import MissingFields
from bot.model.fields import DEFAULT_FORMAT
from bot.model.published import Tier
from bot.model.table import Kind
from bot.network.prices import US_EAST_1
from tests.commands.conftest import Ask
from tests.commands.known import INTERFACES, S3, known
from tests.commands.records import Record, flow

MB = 10**6
APP_A, APP_B, DB_B, NAT = "10.20.10.21", "10.20.11.21", "10.20.21.30", "10.20.0.5"
HOUR_OF_MONTH = 730  # a window of an hour fits so often into a month


def rows(answer: Answer, title: str) -> list[tuple[object, ...]]:
    return [row for table in answer.tables if table.title == title for row in table.rows]


def seen(source: str, target: str, size: int, *at: str) -> list[Record]:
    return [
        flow(f"{source}:40000", f"{target}:443", bytes=size, interface_id=INTERFACES[end])
        for end in at
    ]


def through_nat(host: str, other: str, size: int) -> list[Record]:
    """A download as a VPC records it: at the host, and at the gateway on both of its sides."""
    return [
        *seen(other, host, size, host),
        *seen(other, NAT, size, NAT),
        *seen(NAT, host, size, NAT),
    ]


RECORDS = [
    *seen(APP_A, DB_B, 300 * MB, APP_A, DB_B),  # across zones
    *seen(APP_A, "10.20.10.22", 900 * MB, APP_A),  # free
    *through_nat(APP_B, S3, 400 * MB),  # through the gateway in zone a
    *through_nat(APP_A, "198.51.100.7", 100 * MB),
    *seen(APP_A, "198.51.100.7", 2_000 * MB, APP_A),  # out, by the same gateway
    *seen(S3, APP_A, 5_000 * MB, APP_A),  # its route table has an endpoint
]


def test_every_item_against_prices_written_by_hand(ask: Ask) -> None:
    answer = ask("costs 1h", *RECORDS, network=known())
    month = {row[0]: row[3] for row in rows(answer, "By item")}
    bytes_ = {row[0]: row[1] for row in rows(answer, "By item")}
    out = 2.0 * HOUR_OF_MONTH  # GB
    assert bytes_ == {
        "across zones": 300 * MB,
        "across zones to gateways": 400 * MB,
        "NAT gateway processing": 2_500 * MB,
        "out to the internet": 2_000 * MB,
    }
    assert month == {
        "across zones": pytest.approx(0.3 * 0.02 * HOUR_OF_MONTH),
        "across zones to gateways": pytest.approx(0.4 * 0.02 * HOUR_OF_MONTH),
        "NAT gateway processing": pytest.approx(2.5 * 0.045 * HOUR_OF_MONTH),
        "out to the internet": pytest.approx((out - 100) * 0.09),
    }
    for row in rows(answer, "By item"):
        assert row[2] == pytest.approx(float(str(row[3])) / HOUR_OF_MONTH)


def test_s3_through_the_nat_gateway_against_endpoints(ask: Ask) -> None:
    answer = ask("costs 1h", *RECORDS, network=known())
    (row,) = rows(answer, "Through a NAT gateway, against an endpoint")
    by_nat = 0.4 * (0.045 + 0.02) * HOUR_OF_MONTH
    by_interface = 0.4 * HOUR_OF_MONTH * 0.01 + 0.01 * 730
    even = 0.01 * 730 / (0.045 + 0.02 - 0.01)
    assert row[:2] == ("S3", 400 * MB)
    assert row[2:] == pytest.approx((by_nat, 0.0, by_interface, round(even * 1e9)))
    (where,) = rows(answer, "Where an endpoint is missing")
    assert where[0] == "app-b"
    assert str(where[1]).startswith("rtb-")
    assert where[4] == pytest.approx(by_nat)
    assert f"${by_nat:.2f} of it is S3 through a NAT gateway" in answer.headline


def test_all_is_said_to_be_an_estimate_with_its_date(ask: Ask) -> None:
    answer = ask("costs 1h", *RECORDS, network=known())
    assert answer.headline.startswith("An estimated $")
    cautions = " ".join(note.text for note in answer.notes if note.topic is Topic.CAUTION)
    assert "estimates: list prices of us-east-1 as of 2026-" in cautions
    assert "1 h is a short window" in cautions
    facts = answer.facts["costs"]
    assert facts["estimate"] is True
    assert facts["saved_by_gateway_endpoint"] == {"S3": pytest.approx(18.98)}
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert chart.kind is Kind.MONEY
    drawn = sum(value or 0 for series in chart.series for value in series.values)
    assert drawn == pytest.approx(sum(float(str(row[3])) for row in rows(answer, "By item")))


def test_without_an_inventory_what_is_not_known_is_not_called_free(ask: Ask) -> None:
    answer = ask("costs 1h", *RECORDS)
    assert "what goes across zones is not known" in answer.headline
    assert "across zones" not in [row[0] for row in rows(answer, "By item")]
    assert any("flows inventory --save FILE" in note.text for note in answer.notes)


def test_what_is_free_is_said(ask: Ask) -> None:
    answer = ask("costs 1h", *seen(APP_A, "10.20.10.22", MB, APP_A), network=known())
    assert answer.headline == "Nothing of the traffic is charged by the GB."
    assert answer.charts == ()


def test_nothing_moved(ask: Ask) -> None:
    answer = ask("costs 1h", flow("198.51.100.7:1", "10.20.10.21:22", "REJECT"))
    assert "cost nothing" in answer.headline
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("costs 24h",))


def test_a_log_without_bytes(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "bytes"]
    with pytest.raises(MissingFields, match="create-flow-logs"):
        ask("costs", *RECORDS, fields=fields)


def test_hostile_addresses_cost_nothing(ask: Ask) -> None:
    odd = flow("10.20.10.21:1", "10.20.10.22:2") | {"dstaddr": "'\"|limit"}
    assert ask("costs 1h", odd, network=known()).headline.startswith("Nothing of the traffic")


def test_prices_of_the_settings_are_used(ask: Ask) -> None:
    ours = replace(US_EAST_1, egress=(Tier(None, 1.0),), dated=date(2026, 11, 1))
    sent = flow("10.0.1.5:40000", "198.51.100.7:443", bytes=10**9)
    answer = ask("costs 1h", sent, prices={"us-east-1": ours})
    assert "$730.00 out to the internet" in answer.headline
    assert "as of 2026-11-01" in answer.notes[0].text
