from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from bot.network.documents import inventory, read_inventory
from bot.network.log_groups import group_name, with_log_groups
from bot.network.snapshots import poorer

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

FLOWS = {"LogDestinationType": "cloud-watch-logs", "LogGroupName": "/vpc/flows"}
DENIED = "how long log groups keep records is unknown"


def documents(*flow_logs: dict[str, Any]) -> dict[str, dict[str, Any]]:
    items = [{"FlowLogId": f"fl-{n}", **item} for n, item in enumerate(flow_logs)]
    return {"describe-flow-logs": {"FlowLogs": items}}


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudWatchLogsClient]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.client("logs", region_name="us-east-1")


@pytest.mark.parametrize(
    ("destination", "name"),
    [
        ("/vpc/flows", "/vpc/flows"),
        ("arn:aws:logs:us-east-1:123456789012:log-group:/vpc/flows", "/vpc/flows"),
        ("arn:aws:logs:us-east-1:123456789012:log-group:/vpc/flows:*", "/vpc/flows"),
        ("arn:aws:s3:::bucket/AWSLogs/", ""),
        ("arn:aws:firehose:us-east-1:123456789012:deliverystream/flows", ""),
        ("None", "None"),
        ("", ""),
        ("a b", ""),
    ],
)
def test_where_flow_logs_go(destination: str, name: str) -> None:
    assert group_name(destination) == name


def test_retention_is_read_of_the_groups_that_flow_logs_go_to(logs: CloudWatchLogsClient) -> None:
    for name in ("/vpc/flows", "/vpc/flows-of-others", "/lambda"):
        logs.create_log_group(logGroupName=name)
    logs.put_retention_policy(logGroupName="/vpc/flows", retentionInDays=90)
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/lambda:*"
    bucket = {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::bucket"}
    found = inventory(
        with_log_groups(documents(FLOWS, FLOWS, {"LogDestination": arn}, bucket), logs)
    )
    assert {g.id: g.retention for g in found.log_groups.values()} == {
        "/vpc/flows": 90,
        "/lambda": None,
    }
    assert "logs:DescribeLogGroups" not in found.missing


def test_a_group_that_is_gone_is_not_taken_for_another(logs: CloudWatchLogsClient) -> None:
    logs.create_log_group(logGroupName="/vpc/flows-of-others")
    assert inventory(with_log_groups(documents(FLOWS), logs)).log_groups == {}


def test_without_the_permission_the_snapshot_is_poorer_and_says_so() -> None:
    client = boto3.client(
        "logs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubber:
        stubber.add_client_error("describe_log_groups", "AccessDeniedException", "no", 400)
        found = inventory(with_log_groups(documents(FLOWS), client))
    assert found.missing["logs:DescribeLogGroups"] == DENIED
    assert DENIED in poorer(found)[0].text


def test_logs_in_buckets_need_no_log_groups(logs: CloudWatchLogsClient) -> None:
    bucket = {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::bucket"}
    found = inventory(with_log_groups(documents(bucket), logs))
    assert "logs:DescribeLogGroups" not in found.missing


def test_what_is_stored_makes_no_other_network(logs: CloudWatchLogsClient) -> None:
    groups = [{"logGroups": [{"logGroupName": "a", "storedBytes": n}]} for n in (1, 2)]
    one, other = (inventory({**documents(FLOWS), "describe-log-groups": g}) for g in groups)
    assert one == other
    assert other.log_groups["a"].stored == 2


def test_a_folder_may_have_what_the_command_line_printed(tmp_path: Path) -> None:
    group = {"logGroupName": "/vpc/flows", "retentionInDays": 7}
    (tmp_path / "describe-log-groups.json").write_text(json.dumps({"logGroups": [group]}))
    (tmp_path / "describe-flow-logs.json").write_text(
        json.dumps(documents(FLOWS)["describe-flow-logs"])
    )
    assert read_inventory(tmp_path).log_groups["/vpc/flows"].retention == 7
