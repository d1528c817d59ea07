"""Which queries can be answered from records that were summed up before.

Such a query filters and groups by a few fields, by bins of whole five minutes, and asks of a group
nothing but how many records it has and what their numbers add up to. Every record of a rollup
stands for all those that agree in these fields, so that filters and keys see what they would have
seen record by record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.insights import nodes, periods
from bot.insights.aggregates import aggregate

SLOT = 300  # seconds of a bin that rollups can tell apart
SUMS = frozenset({"bytes", "packets"})
_BIN = "bin"
# Fields with few values, which together make few groups.
_FEW = frozenset(
    """
    accountId action azId encryptionStatus flowDirection logStatus pktDstAwsService
    pktSrcAwsService protocol region rejectReason subnetId tcpFlags trafficPath type version vpcId
    """.split()
)
# Fields with so many that two of them make almost as many groups as there are records.
_MANY = frozenset(
    "dstAddr dstPort instanceId interfaceId pktDstAddr pktSrcAddr srcAddr srcPort".split()
)


@dataclass(frozen=True, slots=True)
class Rollup:
    """Fields to group records by, in order of their names, and those whose sums are asked for.

    With `slots`, records are told apart by the five minutes that they started in, too.
    """

    keys: tuple[str, ...]
    sums: frozenset[str]
    slots: bool


def rollup(pipeline: nodes.Pipeline) -> Rollup | None:
    """The smallest rollup that a query can be answered from; None when it needs the records."""
    read: list[nodes.Node] = []
    for command in pipeline.commands:
        if isinstance(command, nodes.Stats):
            return _of_stats(command, read)
        if not isinstance(command, nodes.Filter):
            return None
        read.append(command.condition)
    return None


def _of_stats(command: nodes.Stats, read: list[nodes.Node]) -> Rollup | None:
    summed = [_summed(item.expression) for item in command.aggregates]
    keys, slots = _looked_at([*read, *(item.expression for item in command.keys)])
    if command.offset or keys is None or None in summed or not keys <= _FEW | _MANY:
        return None
    if len(keys & _MANY) + slots > 1:
        return None
    return Rollup(tuple(sorted(keys)), frozenset().union(*filter(None, summed)), slots)


def _looked_at(expressions: list[nodes.Node]) -> tuple[set[str] | None, bool]:
    """The fields that rows are told apart by, and whether bins are; None when something else is."""
    keys: set[str] = set()
    slots = False
    for node in _below(expressions):
        if isinstance(node, nodes.Name):
            keys.add(node.name)
        elif isinstance(node, nodes.Call) and node.function.name.lower() == _BIN:
            slots = True
            if not _whole_slots(node):
                return None, slots
        elif isinstance(node, nodes.Call) and aggregate(node.function.name):
            return None, slots
    return keys, slots


def _whole_slots(call: nodes.Call) -> bool:
    period = call.arguments[0] if call.arguments else None
    length = periods.length(period) if isinstance(period, nodes.Period) else None
    if length is None:
        return False
    return length.microseconds is None or length.microseconds % (SLOT * 1_000_000) == 0


def _summed(expression: nodes.Node) -> frozenset[str] | None:
    """The fields that an aggregation sums; None when it does more than sum and count records."""
    found: set[str] = set()
    inside: set[int] = set()
    for node in _below([expression]):
        if isinstance(node, nodes.Name) and id(node) not in inside:
            return None
        if isinstance(node, nodes.Call) and aggregate(node.function.name):
            name = node.function.name.lower()
            fields = [each.name for each in node.arguments if isinstance(each, nodes.Name)]
            if name == "sum" and len(node.arguments) == 1 and set(fields) & SUMS:
                found.update(fields)
                inside.add(id(node.arguments[0]))
            elif name != "count" or node.arguments:
                return None
        elif isinstance(node, nodes.Call) and node.function.name.lower() == _BIN:
            return None
    return frozenset(found)


def _below(expressions: list[nodes.Node]) -> Iterator[nodes.Node]:
    """Every node of some expressions, parents first, without the names of functions."""
    functions: set[int] = set()
    for expression in expressions:
        for node, _ in nodes.walk(expression):
            if isinstance(node, nodes.Call):
                functions.add(id(node.function))
            if id(node) not in functions:
                yield node
