"""The rules by which records are counted: which are replies, and which sighting of a flow counts.

A flow inside the VPC is recorded at every interface it passes: at the client's, at the server's,
and at a NAT gateway's twice. Summed as they are, its bytes double or triple.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from bot.insights.quoting import fill, pipeline
from bot.model.query import Row
from bot.network.ports import EPHEMERAL_FROM, SERVICE_PORTS
from bot.network.ranges import Range, within

Pair = tuple[str, str]  # source and target
BYTES = "totalBytes"  # what queries call the sum that `busiest` chooses by

# True for a record that a server sent back: it comes from a service's port and goes to one that a
# client was handed. Peers that use one port on both sides (500, 7946 …) are no replies.
REPLY = fill(
    "dstPort >= 1024 and srcPort != dstPort and (srcPort < 1024 or srcPort in {ports})",
    ports=SERVICE_PORTS,
)

# The same where nothing says which port is the server's: a port below those that clients get is
# taken for one too. Right for every service with a fixed port, known by name or not.
ANSWER = f"({REPLY}) or (srcPort < {EPHEMERAL_FROM} and dstPort >= {EPHEMERAL_FROM})"

# What queries read that follow records between two ends, each way, at every interface.
ENDS = ("srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "action", "interfaceId")

# True for a port that a client was handed, of a record that a server sent to it.
TO_CLIENT = fill("dstPort >= 1024 and dstPort not in {ports}", ports=SERVICE_PORTS)


def legs(reply: str) -> str:
    """A stage that tells requests from replies (`leg`), and names the server's `port`."""
    return (
        f'fields if({reply}, "reply", "request") as leg\n'
        '| fields if(leg = "reply", srcPort, dstPort) as port'
    )


def both_ways(one: Range, other: Range, ports: tuple[int, ...] = ()) -> str:
    """Stages that keep what two ends sent each other, with any of the ports on either side."""
    there = f"{within('srcAddr', one)} and {within('dstAddr', other)}"
    back = f"{within('srcAddr', other)} and {within('dstAddr', one)}"
    return pipeline(
        f"filter ({there}) or ({back})",
        fill("filter dstPort in {ports} or srcPort in {ports}", ports=ports) if ports else None,
    )


def busiest(rows: Iterable[Row], key: Sequence[str]) -> list[Row]:
    """Of the rows that agree in `key`, the one whose interface saw most bytes.

    Rows are grouped by `interfaceId` besides `key`; order is kept, and ties go to the smaller id.
    """
    chosen: dict[tuple[str, ...], Row] = {}
    for row in rows:
        same = tuple(row.text(name) for name in key)
        if same not in chosen or _rank(row) > _rank(chosen[same]):
            chosen[same] = row
    return list(chosen.values())


def passed_on(
    rows: Sequence[Row], through: Collection[str], is_inside: Callable[[str], bool]
) -> set[Pair]:
    """Pairs of addresses under which gateways `through` repeat what hosts behind them have as their
    own.

    What a gateway got for itself, scans for example, is not among them.
    """
    pairs = [(row.text("srcAddr"), row.text("dstAddr")) for row in rows]
    shared = {
        address
        for pair in pairs
        if not any(end in through for end in pair) and is_inside(pair[0]) != is_inside(pair[1])
        for address in pair
        if not is_inside(address)
    }
    found = set()
    for source, target in pairs:
        other = target if source in through else source if target in through else None
        if other is not None and (is_inside(other) or other in shared):
            found.add((source, target))
    return found


def _rank(row: Row) -> tuple[int, int, tuple[int, ...]]:
    smaller_first = tuple(-ord(letter) for letter in row.text("interfaceId"))
    return row.number(BYTES), row.number("records"), smaller_first
