"""`nat`, over made records of the demo's network and sums in plain Python."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.model.answer import Answer, Topic
from bot.model.chart import Bars, Tone
from bot.model.errors import MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.known import INTERFACES, S3, known
from tests.commands.records import Record, flow

APP_A, APP_B, DB_B, NAT = "10.20.10.21", "10.20.11.21", "10.20.21.30", "10.20.0.5"
SITE, OTHER = "198.51.100.7", "198.51.100.8"
MOVED = [  # host, outside address, sent, received
    (APP_A, SITE, 1_000, 9_000),
    (APP_A, OTHER, 100, 0),
    (APP_B, SITE, 500, 4_500),
    (DB_B, S3, 70_000, 2_000),
]
TOTAL = sum(sent + received for *_, sent, received in MOVED)


def records() -> list[Record]:
    """At the host, and at the gateway on both of its sides; and what has no part in it."""
    found = [
        flow(f"{APP_A}:1", f"{S3}:443", bytes=10**6, interface_id=INTERFACES[APP_A]),  # endpoint
        flow(f"{APP_A}:1", f"{APP_B}:2", bytes=10**6, interface_id=INTERFACES[APP_A]),
        flow(f"{SITE}:1", "10.20.0.11:443", bytes=10**6, interface_id=INTERFACES["10.20.0.11"]),
    ]
    for host, other, sent, received in MOVED:
        for source, target, size in ((host, other, sent), (other, host, received)):
            ends = f"{source}:443", f"{target}:40000"
            found.append(flow(*ends, bytes=size, interface_id=INTERFACES[host]))
            for hidden in (host, other):  # the gateway's address stands for one of the ends
                leg = [end.replace(hidden, NAT) for end in ends]
                found.append(flow(*leg, bytes=size, interface_id=INTERFACES[NAT]))
    return found


def rows(answer: Answer, title: str) -> list[dict[str, object]]:
    (table,) = [table for table in answer.tables if table.title == title]
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


@pytest.mark.parametrize("title", ["Who uses it", "Where to"])
def test_both_ways_by_host_and_by_destination(ask: Ask, title: str) -> None:
    place, key = (0, "host") if title == "Who uses it" else (1, "destination")
    sent, received = Counter[str](), Counter[str]()
    for line in MOVED:
        sent[str(line[place])] += line[2]
        received[str(line[place])] += line[3]
    told = rows(ask("nat 1h", *records(), network=known()), title)
    assert {row[key]: row["sent"] for row in told} == sent
    assert {row[key]: row["received"] for row in told} == received
    assert sum(row["bytes"] for row in told) == TOTAL  # type: ignore[misc]
    dollars = sum(row["month"] for row in told)  # type: ignore[misc]
    assert dollars == pytest.approx(TOTAL / 1e9 * 0.045 * 730)


def test_the_headline_says_who_where_and_how_much(ask: Ask) -> None:
    answer = ask("nat 1h", *records(), network=known())
    assert answer.headline == (
        "3 hosts moved 87.1 kB through the NAT gateway, an estimated <$0.01 a month:"
        " 83 % is by db-b1 (10.20.21.30), and 83 % is with S3."
    )
    assert answer.next == ("services 1h", "costs 1h", "host 10.20.21.30 1h")


def test_the_gateways_own_records_agree(ask: Ask) -> None:
    (row,) = rows(
        ask("nat 1h", *records(), network=known()), "As the gateways themselves recorded it"
    )
    assert row["gateway"] == "nat-a"
    assert row["sent"] == sum(line[2] for line in MOVED)
    assert row["received"] == sum(line[3] for line in MOVED)


def test_what_a_gateway_endpoint_would_carry_stands_out(ask: Ask) -> None:
    (chart,) = ask("nat 1h", *records(), network=known()).charts
    assert isinstance(chart, Bars)
    alarming = {s.name: s.values for s in chart.series if s.tone is Tone.ALARMING}
    assert alarming == {"S3": (72_000, 0, 0)}


def test_without_an_inventory_a_gateway_is_told_by_its_traffic(ask: Ask) -> None:
    answer = ask("nat 1h", *records())
    # S3 got more than the gateway sent on, so whether the database's part went by it is not known.
    assert {row["host"] for row in rows(answer, "Who uses it")} == {APP_A, APP_B}
    cautions = [n.text for n in answer.notes if n.topic is Topic.CAUTION]
    assert any("flows inventory --save FILE" in text for text in cautions)


def test_nothing_went_through_one(ask: Ask) -> None:
    inner = flow(f"{APP_A}:1", f"{APP_B}:2", interface_id=INTERFACES[APP_A])
    answer = ask("nat 1h", inner, network=known())
    assert answer.headline == "Nothing went through a NAT gateway in this window."
    assert answer.next == ("nat 24h", "traffic 1h")


def test_without_an_inventory_none_is_not_the_same_as_unknown(ask: Ask) -> None:
    answer = ask("nat 1h", flow(f"{APP_A}:1", f"{APP_B}:2"))
    assert answer.headline == "No NAT gateway can be told from these records."


def test_a_log_without_interfaces(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "interface-id"]
    with pytest.raises(MissingFields, match="create-flow-logs"):
        ask("nat", *records(), fields=fields)


def test_hostile_addresses_are_no_users(ask: Ask) -> None:
    odd = flow(f"{APP_A}:1", "198.51.100.9:2") | {"srcaddr": '";drop'}
    assert ask("nat 1h", odd, network=known()).headline.startswith("Nothing went through")
