"""Who changed the demo's rules, as `aws cloudtrail lookup-events` prints it.

Every day the same two changes of one rule: the mistake, and its mending.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from bot.demo import network, rules
from bot.demo.story import mistake

Item = dict[str, Any]
ROLE = "terraform-apply"
EVENT = "ModifySecurityGroupRules"


def events(start: datetime, end: datetime) -> Iterator[Item]:
    """What was changed from `start` to `end`, oldest first."""
    for number in range((end.date() - start.date()).days + 1):
        yield from (
            event for at, event in _of(start.date() + timedelta(days=number)) if start <= at <= end
        )


def _of(day: date) -> Iterator[tuple[datetime, Item]]:
    broken = mistake(day)
    yield broken.start, _event(broken.start, rules.BROKEN_RULE)
    yield broken.end, _event(broken.end, rules.ZONE_B_RULE)


def _event(at: datetime, rule: rules.Rule) -> Item:
    identity = sha256(f"{at:%Y-%m-%dT%H:%M}".encode()).hexdigest()
    name = "-".join((identity[:8], identity[8:12], identity[12:16], identity[16:20]))
    group = rules.group_id("db")
    return {
        "EventId": f"{name}-{identity[20:32]}",
        "EventName": EVENT,
        "ReadOnly": "false",
        "EventTime": at.isoformat(),
        "EventSource": "ec2.amazonaws.com",
        "Username": "release",
        "Resources": [{"ResourceType": "AWS::EC2::SecurityGroup", "ResourceName": group}],
        "CloudTrailEvent": json.dumps(_record(at, rule)),
    }


def _record(at: datetime, rule: rules.Rule) -> Item:
    account = network.ACCOUNT
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{account}:assumed-role/{ROLE}/release",
            "accountId": account,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "arn": f"arn:aws:iam::{account}:role/{ROLE}",
                    "accountId": account,
                    "userName": ROLE,
                }
            },
        },
        "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "ec2.amazonaws.com",
        "eventName": EVENT,
        "awsRegion": network.REGION,
        "requestParameters": {
            f"{EVENT}Request": {
                "GroupId": rules.group_id("db"),
                "SecurityGroupRule": {
                    "SecurityGroupRuleId": rule.id,
                    "SecurityGroupRule": {
                        "IpProtocol": "tcp",
                        "FromPort": rule.ports[0],
                        "ToPort": rule.ports[1],
                        "CidrIpv4": rule.peer,
                        "Description": rule.description,
                    },
                    "tag": 1,
                },
            }
        },
        "responseElements": {f"{EVENT}Response": {"return": True}},
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
    }
