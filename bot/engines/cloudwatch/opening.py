"""From `cloudwatch://REGION/LOG-GROUP[,LOG-GROUP…]` to an engine."""

from __future__ import annotations

import re
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from bot.engines.cloudwatch.engine import TIMEOUT, CloudWatchEngine
from bot.engines.cloudwatch.reject_metric import MetricData
from bot.model.errors import BadSource

if TYPE_CHECKING:
    from boto3 import Session
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_logs import CloudWatchLogsClient

SCHEME = "cloudwatch://"
MOST_GROUPS = 50  # of one StartQuery
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}")
_GROUP = re.compile(r"[-._/#A-Za-z0-9]{1,512}")  # by the API's model
_ARN = re.compile(r"arn:aws[a-z-]*:logs:([a-z0-9-]+):\d{12}:log-group:([-._/#A-Za-z0-9]{1,512})")
_EXAMPLE = "Write cloudwatch://eu-central-1/vpc-flow-logs, or two slashes when the name has one:"
_EXAMPLES = f"{_EXAMPLE} cloudwatch://eu-central-1//aws/vpc/flow-logs; commas part several groups."


def open_cloudwatch(source: str, *, timeout: float = TIMEOUT) -> CloudWatchEngine:
    """The engine for a source. Raises `BadSource`. AWS is not spoken to before the first query.

    `timeout` is in seconds.
    """
    region, log_groups = parsed(source)
    clients = Clients(region)
    return CloudWatchEngine(
        region,
        log_groups,
        logs=clients.logs,
        ec2=clients.ec2,
        data=clients.cloudwatch,
        source=source,
        timeout=timeout,
        on_close=clients.close,
    )


def parsed(source: str) -> tuple[str, tuple[str, ...]]:
    """Region and log groups of a source, each group a name or an ARN. Raises `BadSource`."""
    region, slash, rest = source.removeprefix(SCHEME).partition("/")
    if not source.startswith(SCHEME) or not slash:
        raise _bad(source, "is not a CloudWatch source")
    if not _REGION.fullmatch(region):
        raise _bad(source, f"has no Region: {region!r} is none")
    groups = [_group(source, region, part.strip()) for part in rest.split(",")]
    several = tuple(dict.fromkeys(groups))
    if len(several) > MOST_GROUPS:
        raise _bad(source, f"has {len(several)} log groups; a query takes at most {MOST_GROUPS}")
    return region, several


def _group(source: str, region: str, text: str) -> str:
    """One log group. The console shows ARNs with `:*` at their end, which queries do not take."""
    if not text.startswith("arn:"):
        if not _GROUP.fullmatch(text):
            raise _bad(source, f"has a log group {text!r}, which is no name of one")
        return text
    text = text.removesuffix(":*")
    arn = _ARN.fullmatch(text)
    if arn is None:
        raise _bad(source, f"has {text!r}, which is not the ARN of a log group")
    if arn[1] != region:
        raise _bad(source, f"is in {region}, but one of its log groups in {arn[1]}")
    return text


def _bad(source: str, what: str) -> BadSource:
    return BadSource(f"the source {source[:200]} {what}", hint=_EXAMPLES)


class Clients:
    """boto3 clients of one Region, made when they are first used. Safe for threads."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._lock = threading.Lock()
        self._made: dict[str, Any] = {}

    def logs(self) -> CloudWatchLogsClient:
        client: CloudWatchLogsClient = self._client("logs")
        return client

    def ec2(self) -> EC2Client:
        client: EC2Client = self._client("ec2")
        return client

    def cloudwatch(self) -> MetricData:
        client: MetricData = self._client("cloudwatch")
        return client

    def close(self) -> None:
        """Close their connections; they may be used again."""
        with self._lock:
            for client in self._made.values():
                client.close()

    def _client(self, service: Literal["logs", "ec2", "cloudwatch"]) -> Any:
        with self._lock:
            if service not in self._made:
                self._made[service] = self._new(service)
            return self._made[service]

    def _new(self, service: Literal["logs", "ec2", "cloudwatch"]) -> Any:
        from botocore.config import Config  # noqa: PLC0415

        config = Config(
            connect_timeout=5,
            read_timeout=30,
            # One attempt: botocore would retry LimitExceededException unseen, and could not be
            # stopped while it waits. `calls.make` retries.
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=25,
            tcp_keepalive=True,
            user_agent_extra="flows-bot",
        )
        return self._session.client(service, region_name=self._region, config=config)

    @cached_property
    def _session(self) -> Session:
        """One session for both: credentials are looked for once."""
        import boto3  # noqa: PLC0415 - takes 0.3 s

        return boto3.Session()
