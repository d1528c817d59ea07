"""`services`, over made records of the demo's network and sums in plain Python."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_network

import pytest

from bot.model.answer import Answer, Topic
from bot.model.chart import Bars
from bot.model.errors import MissingFields
from bot.model.fields import DEFAULT_FORMAT
from bot.model.published import AwsRange
from bot.network.aws_ranges import AwsRanges
from tests.commands.conftest import Ask
from tests.commands.known import INTERFACES, S3, known
from tests.commands.records import Record, flow

APP_A, APP_A2, APP_B, NAT = "10.20.10.21", "10.20.10.22", "10.20.11.21", "10.20.0.5"
WITH_ENDPOINT = {APP_A, APP_A2}  # their subnet's route table has one for S3
DYNAMODB = "52.94.0.1"
MOVED = [  # host, service's address, sent, received
    (APP_A, S3, 700, 100),
    (APP_A2, S3, 50, 0),
    (APP_B, S3, 2_000, 900),
    (APP_B, DYNAMODB, 30, 40),
]


def records() -> list[Record]:
    """As a VPC writes them: at the host, and for those behind the gateway at that too."""
    found = []
    for host, service, sent, received in MOVED:
        for source, target, size in ((host, service, sent), (service, host, received)):
            if not size:
                continue
            ends = f"{source}:443", f"{target}:40000"
            found.append(flow(*ends, bytes=size, interface_id=INTERFACES[host]))
            if host not in WITH_ENDPOINT:
                for hidden in (host, service):  # the gateway's address stands for one end
                    leg = [end.replace(hidden, NAT) for end in ends]
                    found.append(flow(*leg, bytes=size, interface_id=INTERFACES[NAT]))
    return found


def rows(answer: Answer, title: str) -> list[tuple[object, ...]]:
    return [row for table in answer.tables if table.title == title for row in table.rows]


def test_each_service_by_its_road_each_flow_once(ask: Ask) -> None:
    expected: Counter[tuple[str, str, str]] = Counter()
    for host, service, sent, received in MOVED:
        name = "S3" if service == S3 else "DynamoDB"
        gated = name == "S3" and host in WITH_ENDPOINT
        road = "gateway endpoint" if gated else "NAT gateway"
        expected[name, road, "sent"] += sent
        expected[name, road, "received"] += received
    answer = ask("services 1h", *records(), network=known())
    told = {}
    for service, _, road, bytes_, sent, received, *_ in rows(answer, "By service and road"):
        told[service, road, "sent"] = sent
        told[service, road, "received"] = received
        assert bytes_ == sent + received  # type: ignore[operator]
    assert told == expected
    assert answer.headline == (
        "2 AWS services moved 3.82 kB; S3 moved 3.75 kB: 77 % through a NAT gateway,"
        " 23 % through a gateway endpoint."
    )


def test_who_uses_them(ask: Ask) -> None:
    answer = ask("services 1h", *records(), network=known())
    told = {
        (row[0], row[2]): row[4] for row in rows(answer, "Who uses them")
    }  # host, service (after the host's name) → bytes
    assert told == {
        (APP_A, "S3"): 800,
        (APP_A2, "S3"): 50,
        (APP_B, "S3"): 2_900,
        (APP_B, "DynamoDB"): 70,
    }


def test_the_chart_shows_roads_by_service(ask: Ask) -> None:
    (chart,) = ask("services 1h", *records(), network=known()).charts
    assert isinstance(chart, Bars)
    assert chart.labels == ("S3", "DynamoDB")
    assert {s.name: s.values for s in chart.series} == {
        "NAT gateway": (2_900, 70),
        "gateway endpoint": (850, 0),
    }


def test_the_records_own_words_are_enough(ask: Ask) -> None:
    fields = [*DEFAULT_FORMAT, "flow-direction", "traffic-path", "pkt-src-aws-service"]
    fields.append("pkt-dst-aws-service")
    one = flow(
        f"{APP_A}:40000",
        "198.51.100.9:443",
        flow_direction="egress",
        traffic_path=7,
        pkt_src_aws_service="-",
        pkt_dst_aws_service="DYNAMODB",
    )
    answer = ask("services 1h", one, fields=fields)
    assert answer.headline == "DynamoDB moved 1.00 kB: 100 % through a gateway endpoint."


def test_without_an_inventory_the_road_is_not_guessed(ask: Ask) -> None:
    lone = flow(f"{APP_A}:40000", f"{S3}:443", interface_id="eni-0a")
    answer = ask("services 1h", lone)
    assert answer.headline == "S3 moved 1.00 kB: 100 % by a road that is not known."
    (said,) = [n.text for n in answer.notes if n.topic is Topic.CAUTION and "road" in n.text]
    assert "flows inventory --save FILE" in said
    assert "${traffic-path}" in said


def test_no_service_was_used(ask: Ask) -> None:
    answer = ask("services 1h", flow(f"{APP_A}:1", "198.51.100.9:443"), network=known())
    assert answer.headline == "No AWS service was used in this window."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("services 24h",))


def test_a_log_without_bytes(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "bytes"]
    with pytest.raises(MissingFields, match="create-flow-logs"):
        ask("services", *records(), fields=fields)


def test_a_service_with_a_hostile_name_is_text(ask: Ask) -> None:
    fields = [*DEFAULT_FORMAT, "pkt-dst-aws-service"]
    one = flow(f"{APP_A}:1", "198.51.100.9:443", pkt_dst_aws_service='<!channel>|`x`"')
    answer = ask("services 1h", one, fields=fields)
    assert rows(answer, "By service and road")[0][0] == '<!channel>|`x`"'


def test_ranges_of_the_settings_name_the_service(ask: Ask) -> None:
    listed = [(ip_network("198.51.100.0/24"), AwsRange("SQS", "eu-west-1"))]
    ranges = AwsRanges(listed, "2026-11-18-03-04-05")
    answer = ask("services", flow("10.0.1.5:40000", "198.51.100.7:443", bytes=900), ranges=ranges)
    assert answer.headline.startswith("SQS moved 900 B")
    assert any("published, as of 2026-11-18 (2 days ago)." in note.text for note in answer.notes)
