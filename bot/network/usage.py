"""Which rules of security groups the accepted traffic of a window used.

The query groups so that nothing a rule can tell apart is lost: addresses outside stay only where a
rule names a range around them, and ports become the first port of a stretch in which all rules say
the same. Groups are stateful, so a rule is used by requests; what looks like a reply is kept apart,
for a request from a low port looks like one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache

from bot.insights.quoting import fill, pipeline
from bot.model.inventory import GroupRule, Inventory, SecurityGroup
from bot.model.prefixes import Range
from bot.model.query import Row
from bot.network.counting import ANSWER
from bot.network.ranges import PRIVATE, within
from bot.network.rules import Leg, rule_covers

MOST = 10_000  # rows
MOST_RANGES, MOST_STRETCHES = 40, 120  # that a query of 10 000 characters has room for
ELSEWHERE, ELSEWHERE_6 = "0.0.0.0", "::"  # noqa: S104  # outside every range that a rule names
WHOLE = (0, 65535)


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class Ruled:
    """One rule in its group."""

    group: SecurityGroup
    direction: Direction
    rule: GroupRule


@dataclass
class Use:
    """What used a rule: requests, and what may be requests or replies (`perhaps`)."""

    records: int = 0
    perhaps: int = 0
    last: datetime | None = None

    def add(self, row: Row, *, certain: bool) -> None:
        if not certain:
            self.perhaps += row.number("records")
            return
        self.records += row.number("records")
        seen = row.moment("lastSeen")
        if seen and (self.last is None or seen > self.last):
            self.last = seen


@dataclass
class Usage:
    """Use by rule. `strange` are records at interfaces that the inventory lacks."""

    uses: dict[int, Use] = field(default_factory=dict)  # by the place of the rule in `rules_of`
    strange: int = 0


def rules_of(inventory: Inventory) -> list[Ruled]:
    """Every rule of every group, groups by name."""
    groups = sorted(inventory.groups.values(), key=lambda group: (group.name, group.id))
    return [
        Ruled(group, direction, rule)
        for group in groups
        for direction, rules in (
            (Direction.INBOUND, group.inbound),
            (Direction.OUTBOUND, group.outbound),
        )
        for rule in rules
    ]


def text(inventory: Inventory) -> str:
    """Accepted traffic by interface, ends, protocol and stretch of ports."""
    rules = [ruled.rule for ruled in rules_of(inventory)]
    keep = _ranges(rules, inventory)
    return pipeline(
        'filter action = "ACCEPT"',
        f'fields if({ANSWER}, "reply", "request") as leg, {_stretch(rules)} as port,'
        f" {_folded('srcAddr', keep)} as source, {_folded('dstAddr', keep)} as target",
        "stats count(*) as records, max(toMillis(@timestamp)) as lastSeen"
        " by interfaceId, source, target, protocol, leg, port",
        "sort records desc",
        f"limit {MOST}",
    )


def usage(rows: Iterable[Row], rules: Sequence[Ruled], inventory: Inventory) -> Usage:
    """What the rows of `text` used. A flow that several rules let through used all of them."""
    by_group: dict[tuple[str, Direction], list[int]] = {}
    for place, ruled in enumerate(rules):
        by_group.setdefault((ruled.group.id, ruled.direction), []).append(place)

    @cache
    def covers(place: int, other: str, protocol: int, port: int) -> bool | None:
        return _covers(inventory, rules[place].rule, other, protocol, port)

    found = Usage({place: Use() for place in range(len(rules))})
    for row in rows:
        interface = inventory.interfaces.get(row.text("interfaceId"))
        if interface is None:
            found.strange += row.number("records")
            continue
        own = frozenset(interface.addresses)
        source, target = row.text("source"), row.text("target")
        for address, other, direction in (
            (target, source, Direction.INBOUND),
            (source, target, Direction.OUTBOUND),
        ):
            if address not in own:
                continue
            for group in interface.groups:
                for place in by_group.get((group, direction), ()):
                    says = covers(place, other, row.number("protocol"), row.number("port"))
                    if says is not False:
                        is_request = row.text("leg") == Leg.REQUEST
                        found.uses[place].add(row, certain=says is True and is_request)
    return found


def _covers(
    inventory: Inventory, rule: GroupRule, other: str, protocol: int, port: int
) -> bool | None:
    if other in (ELSEWHERE, ELSEWHERE_6) and (rule.peer.group_id or rule.peer.prefix_list_id):
        return False
    try:
        return rule_covers(inventory, rule, other, protocol, port)
    except ValueError:  # what is no address is in no range
        return False


def _ranges(rules: Iterable[GroupRule], inventory: Inventory) -> list[Range] | None:
    """Public ranges that tell peers apart; None when they are too many for a query."""
    found: set[Range] = {r for vpc in inventory.vpcs.values() for r in vpc.ranges}
    for rule in rules:
        found |= {rule.peer.range} if rule.peer.range else set()
        found |= set(inventory.prefix_lists.get(rule.peer.prefix_list_id or "", ()))
    narrow = [r for r in found if r.prefixlen and not _private(r)]
    narrow.sort(key=lambda r: (r.version, int(r.network_address), r.prefixlen))
    return narrow if len(narrow) <= MOST_RANGES else None


def _private(network: Range) -> bool:
    return any(
        network.version == wide.version and network.subnet_of(wide)  # type: ignore[arg-type]
        for wide in PRIVATE
    )


def _folded(field_name: str, keep: Sequence[Range] | None) -> str:
    """The address; outside of every range that counts, one that stands for all such."""
    if keep is None:
        return field_name
    kept = " or ".join(within(field_name, network) for network in (*PRIVATE, *keep))
    is_v6 = f"{field_name} like {{colon}}"
    template = f"if({kept}, {field_name}, if({is_v6}, {{six}}, {{four}}))"
    return fill(template, colon=":", six=ELSEWHERE_6, four=ELSEWHERE)


def _stretch(rules: Iterable[GroupRule]) -> str:
    """The first port of the stretch that a port is in."""
    starts = {0}
    for rule in rules:
        if rule.ports is not None and rule.ports != WHOLE:
            starts |= {rule.ports[0], rule.ports[1] + 1}
    listed = sorted(start for start in starts if 0 < start <= WHOLE[1])
    if len(listed) > MOST_STRETCHES:
        return "dstPort"
    parts = [f"if(dstPort >= {start}, {start}, 0)" for start in listed]
    return f"greatest(0, {', '.join(parts)})" if parts else "0 * dstPort"


def peers(ruled: Ruled, names: Mapping[str, SecurityGroup]) -> str:
    """The other end of a rule as people read it: a range, a group's name, a prefix list."""
    peer = ruled.rule.peer
    if peer.range is not None:
        return str(peer.range)
    if peer.group_id is not None:
        group = names.get(peer.group_id)
        return f"group {group.name}" if group and group.name else f"group {peer.group_id}"
    return peer.prefix_list_id or "anyone"
