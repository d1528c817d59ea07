"""Chance that falls the same way everywhere.

Of Python's generator only `random()` under a whole-number seed is promised never to change, so
everything here is made of it, with arithmetic that has no rounding of its own to differ by.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from random import Random
from typing import TypeVar

from bot.demo.network import Host

T = TypeVar("T")
SEED = "flows demo"

Amount = tuple[int, int]  # packets, bytes


class Draw:
    """Draws that depend on SEED and `names` alone."""

    def __init__(self, *names: object) -> None:
        words = "|".join(map(str, (SEED, *names)))
        seed = int.from_bytes(sha256(words.encode()).digest(), "big")
        self._random = Random(seed).random  # noqa: S311  # a made-up network keeps no secrets

    def chance(self, probability: float) -> bool:
        return self._random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._random() * (high - low + 1))

    def mostly_low(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, small ones far more often."""
        drawn = self._random()
        return low + int(drawn * drawn * drawn * (high - low + 1))

    def one_of(self, things: Sequence[T]) -> T:
        return things[int(self._random() * len(things))]

    def some_of(self, things: Sequence[T], count: int) -> list[T]:
        """`count` different things, in the order drawn."""
        left = list(things)
        return [left.pop(int(self._random() * len(left))) for _ in range(count)]

    def about(self, mean: float) -> int:
        """How many of something happen, `mean` on average."""
        return int(mean * (0.5 + self._random()) + self._random())

    def amount(self, low: int, high: int, packet: int) -> Amount:
        """From `low` to `high` packets, mostly few, of about `packet` bytes each."""
        packets = self.mostly_low(low, high)
        return packets, packets * self.between(packet * 3 // 4, packet * 5 // 4)


class Ports:
    """The next ephemeral port of each host: upwards in small random steps, as systems do it."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._used: dict[str, int] = {}

    def next(self, host: Host) -> int:
        low, high = host.ports
        span = high - low + 1
        used = self._used.get(host.name)
        offset = self._draw.between(0, span - 1) if used is None else used
        self._used[host.name] = (offset + self._draw.between(1, 9)) % span
        return low + offset
