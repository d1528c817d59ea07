from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from bot.engines.cloudwatch.engine import CloudWatchEngine
from bot.engines.cloudwatch.retry import Backoff
from bot.engines.engine import Watch
from bot.model.query import Progress, Query
from bot.model.window import Window

REGION = "eu-central-1"
GROUP = "/vpc/flows"
START = datetime(2026, 11, 20, 14, tzinfo=UTC)
QUERY_ID = "12ab3456-12ab-123a-789e-1234567890ab"
DEFAULT_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport}"
    " ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
)


def client(service: str, **arguments: Any) -> Any:
    """A boto3 client that does not retry, as the engine's own."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 1})
    credentials = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(service, region_name=REGION, config=config, **credentials, **arguments)


@dataclass
class Clock:
    """Seconds that pass only when somebody waits."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class Waiting(Watch):
    """A watch whose waits take no real time. `meanwhile` runs in each, told its number from 1."""

    def __init__(self, clock: Clock, meanwhile: Callable[[int], None] = lambda _: None) -> None:
        self.told: list[Progress] = []
        super().__init__(self.told.append)
        self.waits: list[float] = []
        self._clock = clock
        self._meanwhile = meanwhile

    def wait(self, seconds: float) -> None:
        self._clock.now += seconds
        self.waits.append(seconds)
        self._meanwhile(len(self.waits))
        self.check()


@dataclass
class Aws:
    """Stubbed clients, which fail a test that calls them otherwise than it says."""

    clock: Clock = field(default_factory=Clock)
    logs: Any = field(default_factory=lambda: client("logs"))
    ec2: Any = field(default_factory=lambda: client("ec2"))

    def __post_init__(self) -> None:
        self.logs_stub = Stubber(self.logs)
        self.ec2_stub = Stubber(self.ec2)

    def engine(self, *groups: str, **arguments: Any) -> CloudWatchEngine:
        return CloudWatchEngine(
            REGION,
            groups or (GROUP,),
            logs=lambda: self.logs,
            ec2=lambda: self.ec2,
            clock=self.clock,
            backoff=Backoff(lambda: 1.0),
            **arguments,
        )

    def watch(self, meanwhile: Callable[[int], None] = lambda _: None) -> Waiting:
        return Waiting(self.clock, meanwhile)

    def flow_logs(self, *formats: str, group: str = GROUP, **other: Any) -> None:
        """Expect DescribeFlowLogs; answer with a flow log for each format."""
        items = [
            {
                "FlowLogId": f"fl-{number}",
                "LogGroupName": group,
                "LogFormat": text,
                "TrafficType": "ALL",
                "MaxAggregationInterval": 60,
                "DeliverLogsStatus": "SUCCESS",
            }
            | other
            for number, text in enumerate(formats, 1)
        ]
        self.ec2_stub.add_response("describe_flow_logs", {"FlowLogs": items})

    def found(self, *names: str, group: str = GROUP) -> None:
        """Expect GetLogGroupFields; answer with these names."""
        found = [{"name": name, "percent": 100} for name in ("@message", "@timestamp", *names)]
        expected = {"logGroupIdentifier": group}
        self.logs_stub.add_response("get_log_group_fields", {"logGroupFields": found}, expected)

    def start(self, text: str, *, limit: int = 10_000, **expected: Any) -> None:
        expected = {
            "logGroupNames": [GROUP],
            "startTime": int(START.timestamp()),
            "endTime": int(START.timestamp()) + 3599,
            "queryString": text,
            "limit": limit,
        } | expected
        self.logs_stub.add_response("start_query", {"queryId": QUERY_ID}, expected)

    def results(self, status: str, *rows: dict[str, str], token: str = "", **more: Any) -> None:
        """Expect GetQueryResults, with `token` when that is given."""
        cells = [[{"field": k, "value": v} for k, v in row.items()] for row in rows]
        response = {"status": status, "results": cells} | more
        expected = {"queryId": QUERY_ID} | ({"nextToken": token} if token else {})
        self.logs_stub.add_response("get_query_results", response, expected)

    def stop(self) -> None:
        self.logs_stub.add_response("stop_query", {"success": True}, {"queryId": QUERY_ID})

    def logs_error(self, operation: str, code: str, message: str = "", **more: Any) -> None:
        status = more.pop("status", 400)
        self.logs_stub.add_client_error(operation, code, message, status, modeled_fields=more)

    def ec2_error(self, code: str, message: str = "", status: int = 403) -> None:
        self.ec2_stub.add_client_error("describe_flow_logs", code, message, status)


@pytest.fixture
def aws() -> Iterator[Aws]:
    """Every call that a test expects must have been made when it ends."""
    aws = Aws()
    with aws.logs_stub, aws.ec2_stub:
        yield aws
        aws.logs_stub.assert_no_pending_responses()
        aws.ec2_stub.assert_no_pending_responses()


def asked(text: str, *, hours: float = 1, limit: int = 10_000) -> Query:
    return Query(text, Window(START, START + timedelta(hours=hours)), limit)
