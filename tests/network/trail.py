"""CloudTrail's events for tests, in the shape that LookupEvents answers with."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

ROLE = {
    "type": "AssumedRole",
    "arn": "arn:aws:sts::123456789012:assumed-role/deploy/somebody@example.com",
    "accessKeyId": "ASIAEXAMPLEEXAMPLE00",
    "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "deploy"}},
}


def event(
    name: str,
    asked: dict[str, Any],
    at: datetime,
    *,
    identity: dict[str, Any] = ROLE,
    answered: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """An event of EC2; `more` goes into its record."""
    record = {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "requestParameters": asked,
        "responseElements": answered or {"_return": True},
    } | more
    return {
        "EventName": name,
        "EventTime": at,
        "Username": "somebody@example.com",
        "Resources": [],
        "CloudTrailEvent": json.dumps(record),
    }


def permission(port: int, cidr: str, **peers: Any) -> dict[str, Any]:
    """A rule of a security group as requests are recorded."""
    item: dict[str, Any] = {"ipProtocol": "tcp", "fromPort": port, "toPort": port}
    item |= {"groups": {}, "ipv6Ranges": {}, "prefixListIds": {}}
    item["ipRanges"] = {"items": [{"cidrIp": cidr}]} if cidr else {}
    return {"items": [item | peers]}
