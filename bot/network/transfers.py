"""Transfers that stand out: bins in which a host sent far more than it usually does.

Robust statistics, because the transfer that is looked for is itself among the values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

ENOUGH = 8  # bins with traffic, from which a host has a usual amount
UNUSUAL = 8.0  # robust z-score
NOTABLE = 10_000_000  # bytes in a bin, below which nothing is unusual
LARGE = 500_000_000  # bytes in a bin of a host without a usual amount
DIVERSE = 20  # destinations in a bin, below which their number is not unusual
DESTINATIONS = "far more destinations than usual"

Bins = dict[str, dict[datetime, tuple[int, int]]]  # by host and start: bytes, destinations


@dataclass(frozen=True, slots=True)
class Transfer:
    """One bin of a host that stands out. `score` is None where there is no usual amount."""

    client: str
    at: datetime
    sent: float
    usual: float
    score: float | None
    destinations: float
    usual_destinations: float
    why: str


def transfers(bins: Bins) -> list[Transfer]:
    """The bin of each host that stands out most, if one does; the largest first."""
    found = [_transfer(client, values) for client, values in bins.items()]
    return sorted((one for one in found if one), key=lambda one: (-one.sent, one.client))


def _transfer(client: str, bins: dict[datetime, tuple[int, int]]) -> Transfer | None:
    at = max(bins, key=lambda at: (bins[at][0], at))
    sent = [float(value) for value, _ in bins.values()]
    reached = [float(number) for _, number in bins.values()]
    usual, usual_reached = median(sent), median(reached)
    if len(bins) < ENOUGH:
        why = "large, and no usual amount to compare with" if max(sent) >= LARGE else ""
        score = None
    else:
        score = robust_z(max(sent), sent, NOTABLE / 10)
        why = "far more than usual" if score >= UNUSUAL and max(sent) >= NOTABLE else ""
        if not why and max(reached) >= DIVERSE and robust_z(max(reached), reached, 1) >= UNUSUAL:
            at = max(bins, key=lambda at: (bins[at][1], at))
            score = robust_z(max(reached), reached, 1)
            why = DESTINATIONS
    if not why:
        return None
    return Transfer(client, at, bins[at][0], usual, score, bins[at][1], usual_reached, why)


def robust_z(value: float, values: Sequence[float], least: float) -> float:
    """How many robust deviations a value is above the median.

    The deviation is 1.4826 times the median absolute one, and at least a tenth of the median and
    `least`: where values hardly vary, a small step is no surprise.
    """
    middle = median(values)
    spread = 1.4826 * median(abs(one - middle) for one in values)
    return (value - middle) / max(spread, middle / 10, least)
