"""A network and a service that misbehave: microburst in front of moto, over real connections.

moto runs no query, so nothing here is about meaning. Each test looks at which faults fired: a fault
that never fired would prove nothing.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from bot.engines.cloudwatch.engine import CloudWatchEngine
from bot.model.errors import AccessDenied, BadQuery, EngineError, Throttled

from .conftest import DEFAULT_FORMAT, GROUP, Aws, asked, client

TEXT = "stats count(*) by srcAddr"
READY = 60  # seconds until the proxy must listen


class Faults:
    """The proxy's control: which faults to fire, and which have fired."""

    def __init__(self, address: str) -> None:
        self.address = address

    def control(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"} if data else {}
        request = urllib.request.Request(  # noqa: S310 - our own proxy
            f"{self.address}/_microburst/{path}", data, headers, method=method
        )
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return json.loads(response.read() or b"null")

    def plan(self, *rules: dict[str, Any]) -> None:
        self.control("POST", "rules", [{"service": "logs"} | rule for rule in rules])

    def fired(self) -> list[tuple[str, str]]:
        return [(event["operation"], event["action"]) for event in self.control("GET", "fired")]


@pytest.fixture(scope="module")
def proxy() -> Iterator[Faults]:
    """microburst in front of a moto with one flow log of the default format."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    upstream = "http://{}:{}".format(*server.get_host_and_port())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["-m", "microburst", "--upstream", upstream, "--host", "127.0.0.1", "--port"]
    with subprocess.Popen(
        [sys.executable, *command, str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            faults = Faults(f"http://127.0.0.1:{port}")
            _await(faults)
            _furnish(upstream)
            yield faults
        finally:
            process.terminate()
            server.stop()


def _await(faults: Faults) -> None:
    end = time.monotonic() + READY
    while True:
        try:
            faults.control("GET", "health")
            return
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _furnish(upstream: str) -> None:
    logs, ec2 = (client(service, endpoint_url=upstream) for service in ("logs", "ec2"))
    logs.create_log_group(logGroupName=GROUP)
    ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]],
        TrafficType="ALL",
        LogGroupName=GROUP,
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow-logs",
        LogFormat=DEFAULT_FORMAT,
        MaxAggregationInterval=60,
    )
    logs.close()
    ec2.close()


@pytest.fixture
def faults(proxy: Faults) -> Faults:
    """The proxy without any fault planned or fired."""
    proxy.plan()
    proxy.control("DELETE", "fired")
    return proxy


@pytest.fixture
def far(faults: Faults) -> Iterator[Aws]:
    """Real clients that talk through the proxy, on a clock that only waits move."""
    clients = {service: client(service, endpoint_url=faults.address) for service in ("logs", "ec2")}
    aws = Aws(**clients)
    yield aws
    for one in clients.values():
        one.close()


@pytest.fixture
def engine(far: Aws) -> CloudWatchEngine:
    return far.engine()


def test_without_faults_the_conversation_is_heard(
    faults: Faults, far: Aws, engine: CloudWatchEngine
) -> None:
    result = engine.run(asked(TEXT), far.watch())
    assert (result.rows, result.notes) == ((), ())
    assert faults.fired() == []


def test_a_bad_minute_is_lived_through(faults: Faults, far: Aws, engine: CloudWatchEngine) -> None:
    start, look = {"operation": "StartQuery"}, {"operation": "GetQueryResults"}
    faults.plan(
        start | {"times": 1, "error": {"code": "ThrottlingException", "message": "Rate exceeded"}},
        start | {"times": 1, "error": {"code": "ServiceUnavailableException", "status": 503}},
        look | {"times": 1, "reset": True},
        look | {"times": 1, "response": {"truncate_frac": 0.5}},
        look | {"times": 1, "response": {"abort_frac": 0.3}},
        look | {"times": 1, "latency": 30},
    )
    watch = far.watch()
    assert engine.run(asked(TEXT), watch).rows == ()
    assert faults.fired() == [
        ("StartQuery", "error:ThrottlingException"),
        ("StartQuery", "error:ServiceUnavailableException"),
        ("GetQueryResults", "reset"),
        ("GetQueryResults", "response:truncate"),
        ("GetQueryResults", "response:abort"),
        ("GetQueryResults", "latency:30ms"),
    ]
    assert watch.waits == [0.5, 1.0, 0.3, 0.5, 1.0, 2.0]


@pytest.mark.parametrize("code", ["ThrottlingException", "LimitExceededException"])
def test_every_attempt_is_one_call_and_there_are_five(
    faults: Faults, far: Aws, engine: CloudWatchEngine, code: str
) -> None:
    """botocore retries neither besides, which its standard mode would."""
    faults.plan({"operation": "StartQuery", "error": {"code": code, "message": "limit of [30]"}})
    with pytest.raises(Throttled):
        engine.run(asked(TEXT), far.watch())
    assert faults.fired() == [("StartQuery", f"error:{code}")] * 5


def test_a_service_that_stays_down_is_told(
    faults: Faults, far: Aws, engine: CloudWatchEngine
) -> None:
    faults.plan(
        {"operation": "GetQueryResults", "error": {"code": "InternalFailure", "status": 500}}
    )
    with pytest.raises(EngineError, match="out of order: logs:GetQueryResults"):
        engine.run(asked(TEXT), far.watch())
    assert faults.fired() == [("GetQueryResults", "error:InternalFailure")] * 5


def test_a_malformed_query_keeps_its_position_on_the_way(
    faults: Faults, far: Aws, engine: CloudWatchEngine
) -> None:
    where = {"startCharOffset": 6, "endCharOffset": 11}
    compiled = {"message": "unexpected symbol found count", "location": where}
    error = {
        "code": "MalformedQueryException",
        "message": "unexpected symbol found count at line 1 and position 6",
        "fields": {"queryCompileError": compiled},
    }
    faults.plan({"operation": "StartQuery", "error": error})
    with pytest.raises(BadQuery, match="unexpected symbol found count") as caught:
        engine.run(asked(TEXT), far.watch())
    assert (caught.value.start, caught.value.end) == (6, 11)
    assert faults.fired() == [("StartQuery", "error:MalformedQueryException")]


def test_expired_credentials_are_not_tried_again(
    faults: Faults, far: Aws, engine: CloudWatchEngine
) -> None:
    faults.plan({"operation": "StartQuery", "error": {"code": "ExpiredTokenException"}})
    with pytest.raises(AccessDenied, match="have expired"):
        engine.run(asked(TEXT), far.watch())
    assert faults.fired() == [("StartQuery", "error:ExpiredTokenException")]


def test_ec2_may_refuse_and_there_is_still_an_answer(
    faults: Faults, far: Aws, engine: CloudWatchEngine
) -> None:
    denied = {"code": "UnauthorizedOperation", "status": 403, "message": "not authorized"}
    faults.plan(
        {"service": "ec2", "operation": "DescribeFlowLogs", "error": denied},
        {"operation": "GetLogGroupFields", "error": {"code": "AccessDeniedException"}},
    )
    notes = engine.run(asked(TEXT), far.watch()).notes
    assert "ec2:DescribeFlowLogs is not allowed" in notes[0]
    assert faults.fired() == [
        ("DescribeFlowLogs", "error:UnauthorizedOperation"),
        ("GetLogGroupFields", "error:AccessDeniedException"),
    ]
