"""The one table of flow-log fields: how the log spells each, how Insights does, what it holds.

Sources: the VPC guide's list of record fields (versions 2 to 10), third-party notes for version
11, and the Transit Gateway guide. A field that is not in the table is still read: it keeps the
camelCase of its own name and holds text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `log` as in a log format (`pkt-srcaddr`), `name` as in Insights (`pktSrcAddr`)."""

    log: str
    name: str
    version: int
    number: bool = False


def insights_name(log: str) -> str:
    """The Insights spelling of a field as a log, a Parquet file or an Athena table spells it.

    Hyphens and underscores part words; `srcaddr`, `dstaddr`, `srcport` and `dstport` are two words
    though they are written as one, also inside longer names. A name that is camelCase already is
    kept, as is one without any separator that the table does not know (`pktsrcaddr` it does).
    """
    known = _BARE.get(re.sub(r"[-_]", "", log).lower())
    if known is not None:
        return known
    first, *others = re.split(r"[-_]+", log.strip("-_ ")) or [log]
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def _rows(version: int, text: str, number: str = "") -> list[Field]:
    numbers = set(number.split())
    return [Field(log, _camel(log), version, log in numbers) for log in text.split()]


def _camel(log: str) -> str:
    first, *others = re.sub(r"(src|dst)(addr|port)", r"\1-\2", log).split("-")
    return first + "".join(word.capitalize() for word in others)


DEFAULT_FORMAT = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start"
    " end action log-status"
).split()

FIELDS: tuple[Field, ...] = tuple(
    _rows(2, " ".join(DEFAULT_FORMAT), "version srcport dstport protocol packets bytes start end")
    + _rows(
        3,
        "vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr",
        "tcp-flags",
    )
    + _rows(4, "region az-id sublocation-type sublocation-id")
    + _rows(
        5, "pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path", "traffic-path"
    )
    + _rows(
        6,  # Transit Gateway logs only
        "resource-type tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id"
        " tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni"
        " tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id packets-lost-no-route"
        " packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired",
        "packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded"
        " packets-lost-ttl-expired",
    )
    + _rows(
        7,
        "ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id"
        " ecs-container-id ecs-second-container-id ecs-service-name ecs-task-definition-arn"
        " ecs-task-arn ecs-task-id",
    )
    + _rows(8, "reject-reason")
    + _rows(9, "resource-id")
    + _rows(10, "encryption-status", "encryption-status")
    + _rows(
        11,  # spellings seen in announcements only, not in the guide
        "instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2 interface-type"
        " next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id"
        " next-hop-interface-type",
    )
)

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}
BY_LOG: dict[str, Field] = {field.log: field for field in FIELDS}
_BARE: dict[str, str] = {field.log.replace("-", ""): field.name for field in FIELDS} | {
    "starttime": "start",
    "endtime": "end",
}

# The guide calls them startTime and endTime, published queries start and end: one value, two names.
SYNONYMS: dict[str, str] = {"startTime": "start", "endTime": "end"}


def create_flow_log_command(fields: tuple[str, ...]) -> str:
    """The AWS CLI line that creates a flow log with the default fields and `fields` besides.

    A log's format cannot be changed after creation, so this makes a second log.
    """
    wanted = [BY_NAME[name].log for name in fields if name in BY_NAME]
    names = DEFAULT_FORMAT + [log for log in wanted if log not in DEFAULT_FORMAT]
    text = " ".join(f"${{{name}}}" for name in names)
    return (
        "aws ec2 create-flow-logs --resource-type VPC --resource-ids VPC-ID --traffic-type ALL"
        " --max-aggregation-interval 60 --log-group-name LOG-GROUP"
        f" --deliver-logs-permission-arn ROLE-ARN --log-format '{text}'"
    )
