from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from bot.engines.cloudwatch.lookups import Lookups
from bot.engines.cloudwatch.records import DEFAULT
from bot.engines.cloudwatch.retry import Backoff
from bot.engines.engine import Watch
from bot.model.errors import NoSuchLogGroup, TimedOut

from .conftest import DEFAULT_FORMAT, GROUP, REGION, Aws, client

CUSTOM = "${version} ${srcaddr} ${dstaddr} ${tcp-flags} ${log-status}"
MANY = "Rate exceeded"


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """Clients of moto's CloudWatch Logs and EC2."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield client("logs"), client("ec2")


def lookups(logs: Any, ec2: Any, *groups: str, clock: Any = lambda: 0.0) -> Lookups:
    return Lookups(
        REGION,
        groups or (GROUP,),
        logs=lambda: logs,
        ec2=lambda: ec2,
        clock=clock,
        backoff=Backoff(lambda: 1.0),
    )


def stubbed(aws: Aws, *groups: str) -> Lookups:
    return lookups(aws.logs, aws.ec2, *groups, clock=aws.clock)


def flow_log(logs: Any, ec2: Any, group: str, log_format: str) -> None:
    logs.create_log_group(logGroupName=group)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[vpc],
        TrafficType="REJECT",
        LogGroupName=group,
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow-logs",
        LogFormat=log_format,
        MaxAggregationInterval=60,
    )
    assert made["Unsuccessful"] == []


def test_a_custom_format_is_read_from_ec2(real: tuple[Any, Any]) -> None:
    flow_log(*real, GROUP, CUSTOM)
    flow_log(*real, "/someone/elses", "${version}")
    logs, ec2 = real
    (found,) = lookups(logs, ec2)._flow_logs(lookups(logs, ec2).latest())
    assert found.layout == ("version", "srcAddr", "dstAddr", "tcpFlags", "logStatus")
    assert (found.traffic, found.seconds, found.trouble) == ("REJECT", 60, "")
    assert found.created is not None


def test_the_default_format_needs_one_look_up(aws: Aws) -> None:
    aws.flow_logs(DEFAULT_FORMAT)
    records = stubbed(aws).records(Watch())
    assert records.layouts(GROUP) == (DEFAULT,)
    assert records.doubts == ()


def test_a_custom_format_is_held_against_what_aws_finds(aws: Aws) -> None:
    aws.flow_logs(CUSTOM)
    aws.found("srcAddr", "tcpFlags")
    records = stubbed(aws).records(Watch())
    assert records.found == {GROUP: {"srcAddr", "tcpFlags"}}
    assert "dstAddr" in records.fields()


def test_a_group_given_as_arn_is_looked_up_by_name_and_looked_into_by_arn(aws: Aws) -> None:
    arn = f"arn:aws:logs:{REGION}:123456789012:log-group:{GROUP}"
    aws.ec2_stub.add_response(
        "describe_flow_logs",
        {"FlowLogs": []},
        {"Filters": [{"Name": "log-group-name", "Values": [GROUP]}]},
    )
    aws.found("srcAddr", group=arn)
    assert stubbed(aws, arn).records(Watch()).fields() == {"srcAddr"}


def test_pages_of_flow_logs_are_followed(aws: Aws) -> None:
    item = {"LogGroupName": GROUP, "LogFormat": DEFAULT_FORMAT}
    aws.ec2_stub.add_response("describe_flow_logs", {"FlowLogs": [item], "NextToken": "more"})
    aws.ec2_stub.add_response("describe_flow_logs", {"FlowLogs": [item]})
    assert len(stubbed(aws).records(Watch()).flow_logs) == 2


def test_what_was_found_is_kept_for_a_while(aws: Aws) -> None:
    aws.flow_logs(DEFAULT_FORMAT)
    found = stubbed(aws)
    first = found.records(Watch())
    aws.clock.now += 599
    assert found.records(Watch()) is first
    assert found.latest() is first
    aws.clock.now += 1
    aws.flow_logs(CUSTOM)
    aws.found()
    assert found.records(Watch()).layouts(GROUP) != (DEFAULT,)


def test_without_permission_the_default_format_is_assumed_and_that_is_said(aws: Aws) -> None:
    aws.ec2_error("UnauthorizedOperation", "You are not authorized to perform this operation.")
    aws.logs_error("get_log_group_fields", "AccessDeniedException")
    found = stubbed(aws)
    records = found.records(Watch())
    assert records.fields() == set(DEFAULT)
    assert records.doubts == (
        "The records' format is not known, the default is assumed:"
        " ec2:DescribeFlowLogs is not allowed.",
        f"Which fields AWS finds in {GROUP} is not known: logs:GetLogGroupFields is not allowed.",
    )
    aws.clock.now += 59
    assert found.records(Watch()) is records


def test_a_look_up_that_failed_is_made_again_sooner(aws: Aws) -> None:
    aws.ec2_error("UnauthorizedOperation")
    aws.logs_error("get_log_group_fields", "AccessDeniedException")
    found = stubbed(aws)
    found.records(Watch())
    aws.clock.now += 60
    aws.flow_logs(DEFAULT_FORMAT)
    assert found.records(Watch()).layouts(GROUP) == (DEFAULT,)


def test_a_look_up_is_tried_twice(aws: Aws) -> None:
    aws.ec2_error("RequestLimitExceeded", MANY, 503)
    aws.flow_logs(DEFAULT_FORMAT)
    watch = aws.watch()
    assert stubbed(aws).records(watch).doubts == ()
    assert watch.waits == [0.5]


def test_who_has_no_time_left_gets_no_poorer_answer_instead(aws: Aws) -> None:
    class Late:
        def wait(self, _: float) -> None:
            raise TimedOut("too late")

    aws.ec2_error("RequestLimitExceeded", MANY, 503)
    found = stubbed(aws)
    with pytest.raises(TimedOut):
        found.records(Late())
    aws.flow_logs(DEFAULT_FORMAT)
    assert found.records(Watch()).formats_known


def test_a_name_aws_turned_out_to_have_is_remembered(aws: Aws) -> None:
    aws.flow_logs(CUSTOM)
    aws.found()
    found = stubbed(aws)
    found.records(Watch())
    assert found.found_after_all("tcpFlags").found == {GROUP: {"tcpFlags"}}
    assert found.records(Watch()).found == {GROUP: {"tcpFlags"}}


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("vpc/flows", "Did you mean /vpc/flows?"),
        ("/vpc/flow", "Did you mean /vpc/flows or /vpc/flows-old?"),
        ("nothing-like-it", "Check"),
    ],
)
def test_names_that_come_close_are_offered(real: tuple[Any, Any], asked: str, hint: str) -> None:
    for name in ("/vpc/flows", "/vpc/flows-old", "/aws/lambda/thumbnails"):
        real[0].create_log_group(logGroupName=name)
    error = lookups(*real, asked).with_names(NoSuchLogGroup("none", hint="Check"), Watch())
    assert error.hint == hint


def test_an_account_without_groups_is_told(real: tuple[Any, Any]) -> None:
    error = lookups(*real).with_names(NoSuchLogGroup("none"), Watch())
    assert error.hint == "There is no log group at all: check the Region and the account."


def test_names_that_may_not_be_looked_up_change_nothing(aws: Aws) -> None:
    aws.logs_error("describe_log_groups", "AccessDeniedException")
    error = stubbed(aws).with_names(NoSuchLogGroup("none", hint="Check"), Watch())
    assert error.hint == "Check"
