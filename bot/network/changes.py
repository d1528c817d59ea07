"""CloudTrail's events as changes of rules, one by one.

An event is what `aws cloudtrail lookup-events` prints and boto3 returns: a few fields, and all of
the record as JSON in `CloudTrailEvent`. Of that only what fits the pattern of an id, a range, a
port or a name is ever shown. Who made a change is the name of a role or a user, never a key, and
never a session, which people name after themselves.
Sources: CloudTrail's reference of records and of userIdentity; published records of these calls.
Routes are left out, for a route that is missing rejects nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.model.changes import Change, Changes
from bot.model.errors import FlowsError
from bot.model.times import moment
from bot.network.documents import Documents, events

Event = Mapping[str, Any]
LARGEST_RECORD = 1024 * 1024  # characters; CloudTrail's own limit for a record is 256 KB
MOST_ITEMS = 5  # rules of one change that are spelled out
PROTOCOLS = {"-1": "everything", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}

_ID = re.compile(r"(?:sg|sgr|acl|aclassoc|eni|i|pl)-[0-9A-Za-z-]{1,40}")
_RANGE = re.compile(r"[0-9A-Fa-f.:]{2,39}/[0-9]{1,3}")
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_WORD = re.compile(r"[\w-]{1,12}", re.ASCII)


def changes_in(events: Iterable[Event]) -> list[Change]:
    """Changes of rules among events, oldest first. What is no event is passed over."""
    found = [change for event in events if (change := change_of(event)) is not None]
    return sorted(set(found), key=lambda one: (one.at, one.resource, one.what))


def change_of(event: object) -> Change | None:
    """The change that an event tells of; None when it is of another kind, or was refused.

    Where its record cannot be read, the event still says what was changed and when.
    """
    if not isinstance(event, Mapping):
        return None
    record = _record(event.get("CloudTrailEvent"))
    name = str(record.get("eventName") or event.get("EventName"))
    kind = _KINDS.get(name)
    at = _moment(record.get("eventTime")) or _moment(event.get("EventTime"))
    if kind is None or at is None or record.get("errorCode"):
        return None
    asked, answered = _dict(record.get("requestParameters")), _dict(record.get("responseElements"))
    told = kind.tell(asked, answered) if record else Told(kind.otherwise)
    resource = _id(_inner(asked).get(kind.key)) or _listed(event, kind.prefix)
    if told is None or not resource:
        return None
    who = _who(_dict(record.get("userIdentity")))
    return Change(at, resource, told.what, who, name, told.rule, told.opens, told.closes)


class Recorded:
    """Changes out of events that are at hand: `events` gives those of a stretch, from and to."""

    def __init__(self, events: Callable[[datetime, datetime], Iterable[Event]]) -> None:
        self._events = events

    def changes(self, resources: Iterable[str], since: datetime, now: datetime) -> Changes:
        """Changes of some resources from `since` to `now`."""
        found = Changes(tuple(changes_in(self._events(since, now))))
        return Changes(tuple(one for one in found.of(resources, since) if one.at <= now))


def recorded(documents: Documents) -> Recorded | None:
    """The changes that came with a snapshot's documents. Raises `BadSource` for what is no list."""
    found = events(documents)
    return None if found is None else Recorded(lambda _, __: found)


@dataclass(frozen=True, slots=True)
class Told:
    """What one call did to rules, in words."""

    what: str
    rule: int | str | None = None
    opens: bool = True
    closes: bool = True


@dataclass(frozen=True, slots=True)
class _Kind:
    """One call of EC2: where its request names what it changes, and how it is told.

    `otherwise` is what is said where its record cannot be read.
    """

    key: str
    prefix: str
    tell: Callable[[Event, Event], Told | None]
    otherwise: str


def _permissions(way: str, *, added: bool) -> Callable[[Event, Event], Told]:
    verb = "was added" if added else "was removed"

    def tell(asked: Event, answered: Event) -> Told:
        rules = [_permission(one, way) for one in _items(asked.get("ipPermissions"))]
        ids = sorted({*_sgr_ids(asked), *_sgr_ids(answered)})
        rule = ids[0] if len(ids) == 1 else None
        spelled = f": {_joined(rules)}" if rules else ""
        return Told(f"{way} rule {verb}{spelled}", rule, opens=added, closes=not added)

    return tell


def _modified(asked: Event, _: Event) -> Told:
    """ModifySecurityGroupRules: the record nests the request, spelled as in the API."""
    updates = _items(_inner(asked).get("SecurityGroupRule"))
    rules = [_rule(_dict(one.get("SecurityGroupRule"))) for one in updates]
    if len(rules) != 1:
        return Told(f"rules were changed to {_joined(rules)}" if rules else "rules were changed")
    name = _id(updates[0].get("SecurityGroupRuleId"))
    return Told(f"rule changed to {rules[0]}", name or None)


def _entry(verb: str) -> Callable[[Event, Event], Told]:
    def tell(asked: Event, _: Event) -> Told:
        number = _number(asked.get("ruleNumber"))
        way = "outbound" if asked.get("egress") is True else "inbound"
        named = f"rule {number} ({way})" if number is not None else f"{way} rule"
        says = {"allow": "allows", "deny": "denies"}.get(str(asked.get("ruleAction")), "")
        if not says:
            return Told(f"{named} was {verb}", number)
        end = "to" if way == "outbound" else "from"
        where = _range(asked.get("cidrBlock")) or _range(asked.get("ipv6CidrBlock")) or "?"
        ports = _dict(asked.get("portRange"))
        what = _spelled(asked.get("aclProtocol"), ports.get("from"), ports.get("to"))
        new = verb == "added"
        return Told(
            f"{named} was {verb}: it {says} {what} {end} {where}",
            number,
            opens=not new or says == "allows",
            closes=not new or says == "denies",
        )

    return tell


def _associated(_: Event, __: Event) -> Told:
    return Told("became the NACL of another subnet")


def _groups(asked: Event, _: Event) -> Told | None:
    """The groups of an interface; other attributes of it say nothing of rules."""
    groups = [_id(one.get("groupId")) for one in _items(asked.get("groupSet"))]
    named = [name for name in groups if name]
    return Told(f"its groups became {_joined(named)}") if named else None


def _prefixes(_: Event, __: Event) -> Told:
    return Told("entries of the prefix list were changed")


_KINDS: Mapping[str, _Kind] = {
    "AuthorizeSecurityGroupIngress": _Kind(
        "groupId", "sg-", _permissions("inbound", added=True), "inbound rules were added"
    ),
    "AuthorizeSecurityGroupEgress": _Kind(
        "groupId", "sg-", _permissions("outbound", added=True), "outbound rules were added"
    ),
    "RevokeSecurityGroupIngress": _Kind(
        "groupId", "sg-", _permissions("inbound", added=False), "inbound rules were removed"
    ),
    "RevokeSecurityGroupEgress": _Kind(
        "groupId", "sg-", _permissions("outbound", added=False), "outbound rules were removed"
    ),
    "ModifySecurityGroupRules": _Kind("GroupId", "sg-", _modified, "rules were changed"),
    "CreateNetworkAclEntry": _Kind("networkAclId", "acl-", _entry("added"), "a rule was added"),
    "ReplaceNetworkAclEntry": _Kind(
        "networkAclId", "acl-", _entry("changed"), "a rule was changed"
    ),
    "DeleteNetworkAclEntry": _Kind("networkAclId", "acl-", _entry("removed"), "a rule was removed"),
    "ReplaceNetworkAclAssociation": _Kind(
        "networkAclId", "acl-", _associated, "became the NACL of another subnet"
    ),
    "ModifyNetworkInterfaceAttribute": _Kind(
        "networkInterfaceId", "eni-", _groups, "its groups may have been changed"
    ),
    "ModifyInstanceAttribute": _Kind(
        "instanceId", "i-", _groups, "its groups may have been changed"
    ),
    "ModifyManagedPrefixList": _Kind(
        "PrefixListId", "pl-", _prefixes, "entries of the prefix list were changed"
    ),
}
ASSOCIATED = "ReplaceNetworkAclAssociation"


def _permission(one: Event, way: str) -> str:
    what = _spelled(one.get("ipProtocol"), one.get("fromPort"), one.get("toPort"))
    peers = [
        *(_range(peer.get("cidrIp")) for peer in _items(one.get("ipRanges"))),
        *(_range(peer.get("cidrIpv6")) for peer in _items(one.get("ipv6Ranges"))),
        *(_id(peer.get("groupId")) for peer in _items(one.get("groups"))),
        *(_id(peer.get("prefixListId")) for peer in _items(one.get("prefixListIds"))),
    ]
    end = "from" if way == "inbound" else "to"
    named = _joined([peer for peer in peers if peer])
    return f"{what} {end} {named}" if named else what


def _rule(rule: Event) -> str:
    what = _spelled(rule.get("IpProtocol"), rule.get("FromPort"), rule.get("ToPort"))
    ranges = _range(rule.get("CidrIpv4")) or _range(rule.get("CidrIpv6"))
    peer = ranges or _id(rule.get("ReferencedGroupId")) or _id(rule.get("PrefixListId"))
    return f"{what} for {peer}" if peer else what


def _spelled(protocol: object, first: object, last: object) -> str:
    """`tcp 5432`, `udp 1024–65535`, `everything`."""
    text = str(protocol)
    name = PROTOCOLS.get(text, text if _WORD.fullmatch(text) else "?")
    low, high = _number(first), _number(last)
    if low is None or high is None or low < 0 or name == "everything":
        return name
    return f"{name} {low}" if low == high else f"{name} {low}–{high}"


def _who(identity: Event) -> str:
    """A role's or a user's name. Sessions are named by people, often for themselves: left out."""
    issuer = _dict(_dict(identity.get("sessionContext")).get("sessionIssuer"))
    name = issuer.get("userName") or identity.get("userName") or identity.get("invokedBy")
    if identity.get("type") == "Root":
        return "the account's root user"
    return name if isinstance(name, str) and _NAME.fullmatch(name) else ""


def _listed(event: Event, prefix: str) -> str:
    """The one resource of a kind that the event lists beside its record."""
    named = [_id(one.get("ResourceName")) for one in _items(event.get("Resources"))]
    found = {name for name in named if name.startswith(prefix)}
    return found.pop() if len(found) == 1 else ""


def _record(text: object) -> Event:
    if not isinstance(text, str) or len(text) > LARGEST_RECORD:
        return {}
    try:
        return _dict(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _inner(asked: Event) -> Event:
    """Newer calls are recorded with their request within: {"ModifySecurityGroupRulesRequest": …}"""
    inner = [value for key, value in asked.items() if str(key).endswith("Request")]
    return _dict(inner[0]) if len(inner) == 1 else asked


def _sgr_ids(record: Event) -> Iterator[str]:
    for key in ("securityGroupRuleSet", "revokedSecurityGroupRuleSet", "securityGroupRuleIds"):
        for one in _items(record.get(key)):
            for value in one.values():
                if (name := _id(value)).startswith("sgr-"):
                    yield name


def _items(value: object) -> list[Event]:
    """A list as records write it: {"items": […]}, a bare list, or one thing by itself."""
    inner = value.get("items", value) if isinstance(value, Mapping) else value
    listed = inner if isinstance(inner, list) else [inner]
    return [one for one in listed if isinstance(one, Mapping) and one]


def _joined(parts: list[str]) -> str:
    more = len(parts) - MOST_ITEMS
    return ", ".join(parts[:MOST_ITEMS]) + (f" and {more} more" if more > 0 else "")


def _dict(value: object) -> Event:
    return value if isinstance(value, Mapping) else {}


def _id(value: object) -> str:
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _range(value: object) -> str:
    return value if isinstance(value, str) and _RANGE.fullmatch(value) else ""


def _number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return int(text) if re.fullmatch(r"-?[0-9]{1,6}", text) else None


def _moment(value: object) -> datetime | None:
    """A time as records, boto3 and both versions of the AWS CLI write it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    try:
        return moment(str(value)) if isinstance(value, str | int | float) else None
    except FlowsError:
        return None
