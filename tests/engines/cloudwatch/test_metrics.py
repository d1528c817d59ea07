"""Patterns by position, a dry run, and nothing made that was not confirmed."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.engines.cloudwatch.metrics import bytes_into, plan, rejects
from bot.engines.cloudwatch.records import DEFAULT
from bot.model.errors import AccessDenied, BadLine, BadSource, FlowsError, MissingFields
from bot.schedule.metric_orders import MetricOrders
from bot.schedule.orders import Order
from tests.engines.cloudwatch.conftest import DEFAULT_FORMAT, GROUP, START, Aws
from tests.schedule.network import Network

UTC = ZoneInfo("UTC")
RECORD = "2 123456789012 eni-0a1b 203.0.113.7 10.0.0.5 40000 22 6 9 4200 1 2 {action} OK"
REJECTS = (
    "[version, accountId, interfaceId, srcAddr, dstAddr, srcPort, dstPort, protocol, packets,"
    ' bytes, start, end, action="REJECT", logStatus]'
)


def order(line: str) -> Order:
    words = tuple(line.split())[1:]
    now = START + timedelta(hours=1)
    return Order(line, words, "U1", "C1", UTC, now)


def test_a_pattern_names_every_field_in_its_place() -> None:
    made = rejects(GROUP, DEFAULT)
    assert made.pattern == REJECTS
    assert made.value == "1"


def test_bytes_into_an_interface_by_another_format() -> None:
    layout = ("action", "dstPort", "dstAddr", "interfaceId", "protocol", "bytes")
    made = bytes_into(GROUP, layout, interface="eni-0a1b", address="10.0.0.5", port=22)
    assert made.pattern == (
        '[action="ACCEPT", dstPort="22", dstAddr="10.0.0.5", interfaceId="eni-0a1b",'
        ' protocol="6", bytes]'
    )
    assert made.value == "$bytes"


def test_what_the_records_lack_is_named() -> None:
    with pytest.raises(MissingFields) as caught:
        bytes_into(GROUP, ("action", "bytes"), interface="eni-1", address="10.0.0.5", port=22)
    assert "dstPort" in caught.value.fields


@pytest.mark.parametrize("value", ['" || true', "a b", "", "x]"])
def test_a_value_cannot_leave_its_place(value: str) -> None:
    with pytest.raises(BadLine):
        plan(GROUP, ("action",), "n", {"action": value})


def shown(aws: Aws, line: str, matches: list[dict[str, object]]) -> str:
    """Give the line, and expect a dry run; what is said."""
    aws.flow_logs(DEFAULT_FORMAT)
    messages = [RECORD.format(action=action) for action in ("REJECT", "ACCEPT")]
    end = int((START + timedelta(minutes=55)).timestamp())
    aws.start(
        "fields @message | sort @timestamp desc | limit 50",
        startTime=end - 900,
        endTime=end - 1,
    )
    aws.results("Complete", *[{"@message": text} for text in messages])
    expected = {"filterPattern": REJECTS, "logEventMessages": messages}
    if "bytes" in line:
        expected.pop("filterPattern")
    aws.logs_stub.add_response(
        "test_metric_filter",
        {"matches": matches},
        expected if "bytes" not in line else None,
    )
    answer = MetricOrders(aws.engine()).obey(order(line), aws.watch())
    return f"{answer.headline} {answer.notes[0].text}"


def test_it_is_shown_with_a_dry_run_and_made_when_confirmed(aws: Aws) -> None:
    line = "metric create rejects"
    said = shown(aws, line, [{"eventNumber": 1, "eventMessage": "…", "extractedValues": {}}])
    assert "Nothing is made yet. Of the latest 2 records it would match 1: 1." in said
    token = rejects(GROUP, DEFAULT).token
    assert said.endswith(f"{line} confirm {token}")
    aws.flow_logs(DEFAULT_FORMAT)
    aws.logs_stub.add_response(
        "put_metric_filter",
        {},
        {
            "logGroupName": GROUP,
            "filterName": "flows-rejects",
            "filterPattern": REJECTS,
            "metricTransformations": [
                {
                    "metricName": "rejects",
                    "metricNamespace": "Flows",
                    "metricValue": "1",
                    "defaultValue": 0,
                }
            ],
        },
    )
    made = MetricOrders(aws.engine()).obey(order(f"{line} confirm {token}"), aws.watch())
    assert made.headline.startswith("Metric Flows/rejects counts new records of /vpc/flows")


def test_bytes_are_added_up(aws: Aws) -> None:
    line = "metric create bytes ssh into eni-0a1b 10.0.0.5"
    values = [{"extractedValues": {"$bytes": "4200"}}, {"extractedValues": {"$bytes": "800"}}]
    assert "it would match 2: 5.00 kB." in shown(aws, line, values)


@pytest.mark.parametrize(
    "line",
    [
        "metric create rejects confirm 00000000",
        "metric create",
        "metric create bytes ssh into everything 10.0.0.5",
        "metric create rejects in /other",
    ],
)
def test_what_is_not_meant_is_not_made(aws: Aws, line: str) -> None:
    aws.flow_logs(DEFAULT_FORMAT)
    with pytest.raises(BadLine):
        MetricOrders(aws.engine()).obey(order(line), aws.watch())


def test_two_formats_fit_no_pattern(aws: Aws) -> None:
    aws.flow_logs(DEFAULT_FORMAT, "${action} ${bytes}")
    aws.found("action")
    with pytest.raises(BadSource, match="2 formats"):
        MetricOrders(aws.engine()).obey(order("metric create rejects"), aws.watch())


def test_a_missing_permission_is_named(aws: Aws) -> None:
    aws.flow_logs(DEFAULT_FORMAT)
    aws.logs_error("put_metric_filter", "AccessDeniedException", "not authorized")
    token = rejects(GROUP, DEFAULT).token
    with pytest.raises(AccessDenied, match="PutMetricFilter"):
        MetricOrders(aws.engine()).obey(
            order(f"metric create rejects confirm {token}"), aws.watch()
        )


def test_other_logs_have_no_metric_filters() -> None:
    with pytest.raises(FlowsError, match="CloudWatch's"):
        MetricOrders(Network()).obey(order("metric create rejects"), Aws().watch())
