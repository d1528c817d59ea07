from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.engines.cloudwatch.records import DEFAULT, FlowLog, Records, plain
from bot.engines.cloudwatch.sent import Sent
from bot.model.errors import NotSupported
from bot.model.window import Window

from .conftest import DEFAULT_FORMAT, GROUP, START

HOUR = Window(START, START + timedelta(hours=1))
SHORT = ("srcAddr", "dstAddr", "tcpFlags", "start")


def custom(*layout: str, group: str = GROUP, **other: Any) -> FlowLog:
    return FlowLog("fl-1", group, layout or SHORT, seconds=60, **other)


def known(*logs: FlowLog, **other: Any) -> Records:
    return Records((GROUP,), logs, **other)


def told(records: Records, sent: Sent = Sent("")) -> list[str]:  # noqa: B008
    return list(records.notes(HOUR, sent))


def test_a_flow_log_is_read_out_of_its_description() -> None:
    created = datetime(2026, 11, 1, tzinfo=UTC)
    item = {
        "FlowLogId": "fl-1",
        "LogGroupName": GROUP,
        "LogFormat": "${version} ${pkt-srcaddr} ${some-new-field}",
        "TrafficType": "REJECT",
        "MaxAggregationInterval": 60,
        "DeliverLogsStatus": "FAILED",
        "DeliverLogsErrorMessage": "Access error",
        "CreationTime": created,
    }
    assert FlowLog.of(item) == FlowLog(
        "fl-1",
        GROUP,
        ("version", "pktSrcAddr", "someNewField"),
        "REJECT",
        60,
        created,
        "Access error",
    )
    assert FlowLog.of({"LogFormat": DEFAULT_FORMAT}).layout == DEFAULT
    assert FlowLog.of({}).layout == DEFAULT


def test_fields_come_from_the_formats_first_then_from_what_aws_finds() -> None:
    assert known(custom()).fields() == set(SHORT)
    assert known(found={GROUP: frozenset({"srcAddr", "startTime"})}).fields() == {
        "srcAddr",
        "start",
    }
    assert known().fields() == frozenset()
    assert known(formats_known=False).fields() == set(DEFAULT)
    assert known(formats_known=False, found={GROUP: frozenset({"azId"})}).fields() == {"azId"}


def test_fields_of_several_groups_are_put_together() -> None:
    records = Records(
        (GROUP, "b"), (custom(),), found={GROUP: frozenset({"x"}), "b": frozenset({"y"})}
    )
    assert records.fields() == {*SHORT, "y"}


def test_what_aws_finds_by_itself_is_not_parsed() -> None:
    text = "filter tcpFlags = 2 | stats count(*) by srcAddr"
    everything = known(custom(), found={GROUP: frozenset(SHORT)})
    assert everything.sent(text) == Sent(text)
    some = known(custom(), found={GROUP: frozenset({"srcAddr"})})
    assert some.sent(text).defined == {"tcpFlags"}
    nothing = known(custom())
    assert nothing.sent(text).defined == {"tcpFlags", "srcAddr"}


def test_the_default_format_is_never_parsed_for_its_own_names() -> None:
    text = "filter dstPort = 443 and startTime > 0 | stats sum(bytes) by srcAddr"
    plain_log = FlowLog("fl-1", GROUP, DEFAULT)
    assert known(plain_log).sent(text) == Sent(text)
    assert known().sent(text) == Sent(text)


def test_a_name_of_a_time_that_aws_does_not_use_is_parsed() -> None:
    found = {GROUP: frozenset({"srcAddr", "dstAddr", "tcpFlags", "startTime"})}
    sent = known(custom(), found=found).sent("stats max(start) as newest")
    assert sent.text.startswith('parse @message "* * * *" as skip1, skip2, skip3, start\n| ')


def test_system_fields_unknown_names_and_what_the_query_parses_itself_are_left_alone() -> None:
    for text in (
        "fields @timestamp, @message, @ptr",
        "filter azId = 'x'",
        'parse @message "* *" as srcAddr, rest | filter srcAddr = "10.0.0.5"',
    ):
        assert known(custom()).sent(text) == Sent(text)


def test_what_only_aws_understands_goes_as_it_is() -> None:
    for text in ("pattern @message", "filter srcAddr in (SOURCE 'x')", "%%"):
        assert known(custom()).sent(text) == Sent(text)


def test_a_group_nobody_knows_counts_as_of_the_default_format() -> None:
    longer = (*DEFAULT, "tcpFlags")
    records = Records((GROUP, "unknown"), (custom(*longer),))
    assert records.sent("filter tcpFlags = 2").added.count("*") == len(longer)
    shorter = Records((GROUP, "unknown"), (custom("srcAddr", "tcpFlags"),))
    with pytest.raises(NotSupported, match="formats differ"):
        shorter.sent("filter tcpFlags = 2")


def test_two_formats_in_a_group_are_told() -> None:
    notes = told(known(custom(), custom(*SHORT, "action")))
    assert notes == [f"{GROUP} holds records of 2 flow logs in different formats."]
    assert told(known(custom(), custom())) == []


def test_logs_of_half_the_traffic_are_told() -> None:
    assert "REJECT only: accepted traffic is not in it" in told(known(custom(traffic="REJECT")))[0]
    assert "ACCEPT only: rejected traffic is not in it" in told(known(custom(traffic="ACCEPT")))[0]
    assert told(known(custom(traffic="REJECT"), custom(traffic="ACCEPT"))) == []


def test_traffic_that_is_recorded_twice_is_told() -> None:
    def watching(resource: str, traffic: str) -> FlowLog:
        return custom(resource=resource, traffic=traffic)

    twice = f"{GROUP}: vpc-1 has several flow logs, so its traffic is counted several times."
    assert told(known(watching("vpc-1", "ALL"), watching("vpc-1", "REJECT"))) == [twice]
    assert told(known(watching("vpc-1", "ALL"), watching("vpc-2", "ALL"))) == []
    assert told(known(watching("vpc-1", "ACCEPT"), watching("vpc-1", "REJECT"))) == []


def test_coarse_records_and_failing_delivery_are_told() -> None:
    log = FlowLog("fl-9", GROUP, DEFAULT, seconds=600, trouble="Access error")
    coarse, failing = told(known(log))
    assert "one record covers up to 10 min" in coarse
    assert failing == f"{GROUP}: AWS fails to deliver the records of fl-9 (Access error)."


def test_records_older_than_the_flow_log_whose_format_is_used_are_warned_of() -> None:
    younger = custom(created=START + timedelta(minutes=5))
    parsed = Sent("x", 0, "parse")
    assert "fl-1 exists since 2026-11-20 14:05 UTC" in told(known(younger), parsed)[0]
    assert told(known(younger)) == []
    assert told(known(custom(created=START)), parsed) == []


def test_a_group_given_as_arn_has_its_plain_name() -> None:
    assert plain("arn:aws:logs:eu-central-1:123456789012:log-group:/a/b") == "/a/b"
    assert plain("/a/b") == "/a/b"
