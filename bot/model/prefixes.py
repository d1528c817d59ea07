"""Longest-prefix look-up in sorted ranges: microseconds, however many there are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Generic, TypeVar

T = TypeVar("T")
Range = IPv4Network | IPv6Network


class Prefixes(Generic[T]):
    """Values by address range. Several values may stand under one range; order is kept."""

    def __init__(self, pairs: Iterable[tuple[Range, T]]) -> None:
        self._by_version: dict[int, _Nested[T]] = {
            version: _Nested([(r, v) for r, v in listed if r.version == version])
            for listed in [list(pairs)]
            for version in (4, 6)
        }

    def all_at(self, address: str) -> tuple[T, ...]:
        """The values of the longest range that holds the address; empty when none does."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return ()
        return self._by_version[parsed.version].at(int(parsed))

    def only_at(self, address: str) -> T | None:
        """The value at the address when the longest range has exactly one."""
        found = self.all_at(address)
        return found[0] if len(found) == 1 else None


class _Nested(Generic[T]):
    """Ranges of one address family, cut into pieces that do not overlap."""

    def __init__(self, pairs: list[tuple[Range, T]]) -> None:
        values: dict[tuple[int, int], tuple[T, ...]] = {}
        for network, value in pairs:
            key = (int(network.network_address), int(network.broadcast_address))
            values[key] = (*values.get(key, ()), value)
        self._starts: list[int] = []
        self._values: list[tuple[T, ...]] = []
        open_ranges: list[tuple[int, tuple[T, ...]]] = []
        # Outer ranges come before the ranges inside them: prefixes nest, they never half overlap.
        for (first, last), found in sorted(
            values.items(), key=lambda item: (item[0][0], -item[0][1])
        ):
            self._close(open_ranges, first)
            open_ranges.append((last, found))
            self._piece(first, found)
        self._close(open_ranges, None)

    def _close(self, open_ranges: list[tuple[int, tuple[T, ...]]], until: int | None) -> None:
        while open_ranges and (until is None or open_ranges[-1][0] < until):
            last, _ = open_ranges.pop()
            self._piece(last + 1, open_ranges[-1][1] if open_ranges else ())

    def _piece(self, start: int, values: tuple[T, ...]) -> None:
        if self._starts and self._starts[-1] == start:
            self._values[-1] = values
        else:
            self._starts.append(start)
            self._values.append(values)

    def at(self, address: int) -> tuple[T, ...]:
        index = bisect_right(self._starts, address) - 1
        return self._values[index] if index >= 0 else ()
