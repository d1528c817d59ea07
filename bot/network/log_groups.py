"""How long the log groups of flow logs keep records, where CloudWatch Logs may be asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from bot.network.clients import open_client
from bot.network.documents import LOG_GROUPS, Documents

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

MOST = 50  # log groups that are asked about; each is a call
_ARN = re.compile(r"arn:[^:]+:logs:[^:]*:[^:]*:log-group:(?P<name>[^:*]+)(:\*)?")
_NAME = re.compile(r"[-._/#A-Za-z0-9]{1,512}")  # by the API's model


def open_logs(region: str | None) -> CloudWatchLogsClient:
    """A client for a Region, or for the one that AWS's own settings name. Raises `EngineError`."""
    client: CloudWatchLogsClient = open_client("logs", region, connect=3, read=10, attempts=3)
    return client


def group_name(destination: str) -> str:
    """The log group that a flow log's destination means; empty for a bucket or a stream."""
    arn = _ARN.fullmatch(destination)
    if arn is not None:
        return arn["name"]
    return destination if _NAME.fullmatch(destination) else ""


def with_log_groups(documents: Documents, logs: CloudWatchLogsClient) -> Documents:
    """The documents and, where flow logs go to log groups, what CloudWatch Logs says of these.

    Best effort: nothing is added when the question may not be asked, or cannot be.
    """
    flow_logs = documents.get("describe-flow-logs", {}).get("FlowLogs", ())
    found = (
        group_name(str(i.get("LogGroupName") or i.get("LogDestination", ""))) for i in flow_logs
    )
    names = [name for name in dict.fromkeys(found) if name]
    if not names:
        return documents
    groups = _described(names[:MOST], logs)
    if groups is None:
        return documents
    return {**documents, LOG_GROUPS.file: {LOG_GROUPS.key: groups}}


def _described(names: Iterable[str], logs: CloudWatchLogsClient) -> list[Mapping[str, Any]] | None:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    groups: list[Mapping[str, Any]] = []
    try:
        for name in names:
            # The group itself comes first of those whose names begin with its name.
            page = logs.describe_log_groups(logGroupNamePrefix=name, limit=1)
            groups += [dict(g) for g in page.get("logGroups", ()) if g.get("logGroupName") == name]
    except (ClientError, BotoCoreError):
        return None
    return groups
