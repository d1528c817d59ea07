"""NAT gateways, told by their traffic: whatever they pass on is recorded three times.

A packet from outside to a host behind a gateway is written as outside → gateway, as gateway → host,
and, at the host's own interface, as outside → host. Only the last says whose traffic it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from bot.model.query import Row
from bot.network.counting import BYTES

ALIKE = 0.02  # by how much what comes in and what goes out may differ
SHARED = 0.5  # of what a gateway gets from outside, by bytes, is from peers that hosts have too

Pair = tuple[str, str]


def repetition(rows: Sequence[Row], is_inside: Callable[[str], bool]) -> tuple[set[str], set[Pair]]:
    """Gateways among the addresses of pairs, and the pairs that repeat what passed through them."""
    through = gateways(rows, is_inside)
    return through, passed_on(rows, through, is_inside)


def gateways(rows: Sequence[Row], is_inside: Callable[[str], bool]) -> set[str]:
    """Inside addresses that pass on what they get, both ways, from peers that other hosts have too.

    Rows are of pairs, each counted once. A load balancer passes on as well, but no host behind it
    is recorded with the balancer's clients.
    """
    moved: dict[str, Counter[Pair]] = defaultdict(Counter)
    for row in rows:
        source, target = _pair(row)
        if is_inside(source):
            moved[source]["to", _side(target, is_inside)] += row.number(BYTES)
        if is_inside(target):
            moved[target]["from", _side(source, is_inside)] += row.number(BYTES)
    return {
        address
        for address, bytes_ in moved.items()
        if _alike(bytes_["from", "outside"], bytes_["to", "inside"])
        and _alike(bytes_["from", "inside"], bytes_["to", "outside"])
        and _shares_peers(address, rows, is_inside)
    }


def passed_on(
    rows: Sequence[Row], through: set[str], is_inside: Callable[[str], bool]
) -> set[Pair]:
    """Pairs that repeat what hosts behind the gateways have under their own addresses.

    What a gateway got for itself, scans for example, is not among them.
    """
    if not through:
        return set()
    shared = _peers((row for row in rows if not through & set(_pair(row))), is_inside)
    found = set()
    for source, target in map(_pair, rows):
        other = target if source in through else source if target in through else None
        if other is not None and (is_inside(other) or other in shared):
            found.add((source, target))
    return found


def _pair(row: Row) -> Pair:
    return row.text("srcAddr"), row.text("dstAddr")


def _side(address: str, is_inside: Callable[[str], bool]) -> str:
    return "inside" if is_inside(address) else "outside"


def _alike(one: int, other: int) -> bool:
    return min(one, other) > 0 and abs(one - other) <= ALIKE * max(one, other)


def _peers(rows: Iterable[Row], is_inside: Callable[[str], bool]) -> set[str]:
    """Outside addresses that inside ones talk to."""
    pairs = [pair for row in rows if is_inside((pair := _pair(row))[0]) != is_inside(pair[1])]
    return {address for pair in pairs for address in pair if not is_inside(address)}


def _shares_peers(address: str, rows: Sequence[Row], is_inside: Callable[[str], bool]) -> bool:
    others = _peers((row for row in rows if address not in _pair(row)), is_inside)
    got = [row for row in rows if row.text("dstAddr") == address]
    outside = [row for row in got if not is_inside(row.text("srcAddr"))]
    total = sum(row.number(BYTES) for row in outside)
    shared = sum(row.number(BYTES) for row in outside if row.text("srcAddr") in others)
    return shared >= SHARED * total
