"""Where a snapshot of the network comes from: describe-… documents in a folder or in one file.

A folder holds what `aws ec2 describe-…` printed, one file an operation. A file holds the same
documents under their operations' names, with the time they were taken. boto3's answers are the same
documents, so every snapshot is read by one path.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from bot.model.errors import BadSource
from bot.model.inventory import Inventory
from bot.model.prefixes import Range
from bot.model.times import moment
from bot.network import described
from bot.network.controls import KEYS, controls
from bot.network.described import Item

T = TypeVar("T")
LARGEST_FILE = 512 * 1024 * 1024  # bytes; ten thousand interfaces are about 20 MB
TAKEN = "taken"
PREFIX_LIST_FILE = "get-managed-prefix-list-entries-"
EVENTS_FILE = "lookup-events"  # what `aws cloudtrail lookup-events` prints


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: its file's name, the key its items stand under, what is poorer without it."""

    file: str
    key: str
    poorer: str
    service: str = "ec2"

    @property
    def action(self) -> str:
        """The IAM action, ec2:DescribeSubnets."""
        return f"{self.service}:" + "".join(word.capitalize() for word in self.file.split("-"))


OPERATIONS = (
    Operation("describe-network-interfaces", "NetworkInterfaces", "addresses have no names"),
    Operation("describe-instances", "Reservations", "instances have no names"),
    Operation("describe-subnets", "Subnets", "zones and subnets are unknown"),
    Operation("describe-vpcs", "Vpcs", "what is inside is guessed from private ranges"),
    Operation("describe-security-groups", "SecurityGroups", "rejects are not explained by groups"),
    Operation("describe-security-group-rules", "SecurityGroupRules", "rules have no ids"),
    Operation("describe-network-acls", "NetworkAcls", "rejects are not explained by NACLs"),
    Operation("describe-route-tables", "RouteTables", "roads to services are less certain"),
    Operation("describe-nat-gateways", "NatGateways", "traffic through NAT is not told apart"),
    Operation("describe-vpc-endpoints", "VpcEndpoints", "traffic through endpoints is not named"),
    Operation(
        "describe-vpc-peering-connections", "VpcPeeringConnections", "peering is not told apart"
    ),
    Operation("describe-managed-prefix-lists", "PrefixLists", "prefix lists have no names"),
    Operation("describe-prefix-lists", "PrefixLists", "AWS's own prefix lists are unknown"),
    Operation("describe-flow-logs", "FlowLogs", "coverage of the logs is unknown"),
)
LOG_GROUPS = Operation(
    "describe-log-groups", "logGroups", "how long log groups keep records is unknown", "logs"
)
BY_FILE = {operation.file: operation for operation in (*OPERATIONS, LOG_GROUPS)}

Documents = Mapping[str, Mapping[str, Any]]  # by the name of the operation's file


def read_inventory(path: Path) -> Inventory:
    """The snapshot at a path. Raises `BadSource` that names the file and what is wrong in it."""
    return inventory(read_documents(path), where=str(path))


def read_documents(path: Path) -> Documents:
    """The documents of a snapshot at a path. Raises `BadSource`."""
    if not path.exists():
        raise BadSource("no inventory there", where=str(path))
    documents = _folder(path) if path.is_dir() else _document(path)
    if not any(name in BY_FILE for name in documents):
        raise BadSource(
            "no describe-… document in the inventory",
            where=str(path),
            hint="Save one as describe-network-interfaces.json, or run flows inventory --save.",
        )
    return documents


def events(documents: Documents) -> list[Item] | None:
    """What CloudTrail recorded, where the documents have it. Raises `BadSource`."""
    if EVENTS_FILE not in documents:
        return None
    found: object = documents[EVENTS_FILE]
    listed = found.get("Events") if isinstance(found, Mapping) else None
    if not isinstance(listed, list):
        raise BadSource(
            "not what aws cloudtrail lookup-events prints: Events is no list", where=EVENTS_FILE
        )
    return listed


def inventory(documents: Documents, where: str = "EC2") -> Inventory:
    """The inventory that documents describe. Raises `BadSource` where they are not EC2's."""
    rules = _items(documents, "describe-security-group-rules")

    def read(name: str, build: Callable[[Item], T]) -> list[T]:
        return [_built(build, item, name, where) for item in _items(documents, name)]

    subnets = read("describe-subnets", described.subnet)
    zone_ids = {subnet.zone_name: subnet.zone_id for subnet in subnets}
    reservations = read("describe-instances", lambda item: list(described.instances(item)))
    instances = [instance for reservation in reservations for instance in reservation]
    return Inventory(
        taken=_taken(documents),
        interfaces=_by_id(
            read("describe-network-interfaces", lambda item: described.interface(item, zone_ids))
        ),
        subnets=_by_id(subnets),
        vpcs=_by_id(read("describe-vpcs", described.vpc)),
        instances=_by_id(instances),
        groups=_by_id(read("describe-security-groups", lambda item: described.group(item, rules))),
        nacls=_by_id(read("describe-network-acls", described.nacl)),
        route_tables=_by_id(read("describe-route-tables", described.route_table)),
        nat_gateways=_by_id(read("describe-nat-gateways", described.nat_gateway)),
        endpoints=_by_id(read("describe-vpc-endpoints", described.endpoint)),
        peerings=_by_id(read("describe-vpc-peering-connections", described.peering)),
        prefix_lists=_prefix_lists(documents),
        flow_logs=_by_id(read("describe-flow-logs", described.flow_log)),
        log_groups=_by_id(read(LOG_GROUPS.file, described.log_group)),
        controls=_built(controls, documents, "controls", where),
        missing=_missing(documents),
    )


def _missing(documents: Documents) -> dict[str, str]:
    """What was not read, and what is poorer for it; log groups matter where flow logs go there."""
    flow_logs = _items(documents, "describe-flow-logs")
    wanted = (*OPERATIONS, *((LOG_GROUPS,) if any(map(_to_log_group, flow_logs)) else ()))
    return {one.action: one.poorer for one in wanted if one.file not in documents}


def _to_log_group(item: Item) -> bool:
    kind = item.get("LogDestinationType", "cloud-watch-logs")
    return kind == "cloud-watch-logs" and bool(item.get("LogGroupName"))


def save(documents: Documents, taken: datetime, path: Path) -> None:
    """Write a snapshot as one file that `read_inventory` reads. Raises `BadSource`."""
    text = json.dumps({TAKEN: taken.isoformat(), **documents}, default=str, indent=1)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise BadSource(f"cannot save the inventory: {error.strerror}", where=str(path)) from None


def _folder(path: Path) -> dict[str, Mapping[str, Any]]:
    names = [*BY_FILE, *KEYS, f"{PREFIX_LIST_FILE}*", EVENTS_FILE]
    files = sorted(file for name in names for file in path.glob(f"{name}.json"))
    return {file.stem: _document(file) for file in files}


def _document(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BadSource("too large for an inventory", where=str(path))
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadSource(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, RecursionError) as error:
        raise BadSource(f"not JSON: {error}", where=str(path)) from None
    if not isinstance(document, dict):
        raise BadSource("not what aws ec2 prints: no JSON object", where=str(path))
    return document


def _items(documents: Documents, name: str) -> list[Item]:
    document: object = documents.get(name, {})
    items = document.get(BY_FILE[name].key, []) if isinstance(document, Mapping) else None
    if not isinstance(items, list):
        raise BadSource(f"not what EC2 answers: {BY_FILE[name].key} is no list", where=name)
    return items


def _built(build: Callable[[Item], T], item: Item, name: str, where: str) -> T:
    try:
        return build(item)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        what = f"missing {error}" if isinstance(error, KeyError) else str(error)
        raise BadSource(f"not what EC2 answers: {what}", where=f"{where}, {name}") from None


def _by_id(things: Iterable[Any]) -> dict[str, Any]:
    return {thing.id: thing for thing in things}


def _prefix_lists(documents: Documents) -> dict[str, tuple[Range, ...]]:
    lists = {
        str(item.get("PrefixListId")): described.ranges(*item.get("Cidrs", ()))
        for item in _items(documents, "describe-prefix-lists")
    }
    for name, document in documents.items():
        if name.startswith(PREFIX_LIST_FILE):
            blocks = [entry.get("Cidr") for entry in document.get("Entries", ())]
            lists[name.removeprefix(PREFIX_LIST_FILE)] = described.ranges(*blocks)
    return lists


def _taken(documents: Mapping[str, Any]) -> datetime | None:
    taken = documents.get(TAKEN)
    return moment(taken) if isinstance(taken, str) else None
