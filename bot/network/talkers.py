"""Who moved how much: sums by host, pair or thing over traced traffic, each flow once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.insights.quoting import pipeline
from bot.model.answer import Question
from bot.model.command import Logs
from bot.network.belonging import Things
from bot.network.following import MOST, SUMS, Followed
from bot.network.roads import Amount, Traced, totals, trace
from bot.network.sightings import RECORDS, grouping

BYTES, PACKETS, FLOWS, REJECTS = "bytes", "packets", "flows", "rejects"
Ends = Callable[[Traced], tuple[Things, Things]]  # what the sender and the receiver belong to


@dataclass
class Talker:
    """One thing: what went out of it, came into it and stayed within."""

    key: str
    sent: Amount = field(default_factory=Amount)
    received: Amount = field(default_factory=Amount)
    within: Amount = field(default_factory=Amount)
    peers: set[str] = field(default_factory=set)

    def moved(self, measure: str) -> int:
        return sum(amount_of(part, measure) for part in (self.sent, self.received, self.within))


def amount_of(amount: Amount, measure: str) -> int:
    return {BYTES: amount.bytes, PACKETS: amount.packets}.get(measure, amount.records)


def rejected(question: Question, logs: Logs) -> Followed:
    """What was rejected, as logged: a flow is rejected at one place."""
    (result,) = logs.query(
        pipeline(
            'filter action = "REJECT"',
            f"stats {SUMS} by {', '.join(grouping(logs.fields))}",
            f"sort {RECORDS} desc",
            f"limit {MOST}",
        )
    )
    found = trace(result.rows, logs.inventory, inside=question.inside)
    counted = [one._replace(counted=True) for one in found]
    return Followed(counted, totals(counted).counted, "")


def talkers(traced: Iterable[Traced], ends: Ends, measure: str) -> list[Talker]:
    """Every thing that is at an end of counted traffic, the largest first.

    What goes from a thing to the same one stays within it, and is in its sum once.
    """
    found: dict[str, Talker] = {}
    for one in traced:
        if not one.counted:
            continue
        sources, targets = map(set, ends(one))
        for key in sources | targets:
            talker = found.setdefault(key, Talker(key))
            if key in sources and key in targets:
                talker.within.add(one.seen)
            elif key in sources:
                talker.sent.add(one.seen)
                talker.peers.add(one.target.address)
            else:
                talker.received.add(one.seen)
                talker.peers.add(one.source.address)
    return ranked(found.values(), measure)


def hosts(one: Traced) -> tuple[Things, Things]:
    return (one.source.address,), (one.target.address,)


def pairs(traced: Iterable[Traced], measure: str) -> list[Talker]:
    """Both directions between two addresses as one; `sent` is what the busier sender sent.

    The key is both addresses, that sender's first, parted by a space.
    """
    both: dict[frozenset[str], dict[str, Amount]] = {}
    for one in traced:
        if one.counted:
            ends = frozenset((one.source.address, one.target.address))
            way = both.setdefault(ends, {}).setdefault(one.source.address, Amount())
            way.add(one.seen)
    return ranked((_pair(ends, ways, measure) for ends, ways in both.items()), measure)


def _pair(ends: frozenset[str], ways: dict[str, Amount], measure: str) -> Talker:
    first = min(ways, key=lambda address: (-amount_of(ways[address], measure), address))
    other = next(iter(ends - {first}), first)
    back = ways.get(other, Amount()) if other != first else Amount()
    return Talker(f"{first} {other}", ways[first], back)


def ranked(found: Iterable[Talker], measure: str) -> list[Talker]:
    return sorted(found, key=lambda talker: (-talker.moved(measure), talker.key))
