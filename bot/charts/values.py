"""Sums and peaks of series, where any value may be unknown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.model.chart import Bars, Heatmap, Panel, Series, Tone
from bot.model.table import Kind
from bot.model.writing import count

ADDITIVE = frozenset({Kind.COUNT, Kind.BYTES, Kind.MONEY})


@dataclass(frozen=True, slots=True)
class Peak:
    """The largest value of a run, and which bin it is in."""

    place: int
    value: float


@dataclass(frozen=True, slots=True)
class Hottest:
    """The largest value of a heat map, and which cell it is in."""

    row: int
    column: int
    value: float


def known(value: float | None) -> float | None:
    """The value; None where it is no finite number."""
    return value if value is not None and math.isfinite(value) else None


def total(values: Iterable[float | None]) -> float | None:
    """The sum of what is known; None when nothing is."""
    numbers = [number for number in map(known, values) if number is not None]
    return math.fsum(numbers) if numbers else None


def sums(series: Sequence[Series]) -> tuple[float | None, ...]:
    """The series added up, bin by bin (or bar by bar)."""
    return tuple(total(values) for values in zip(*(one.values for one in series), strict=True))


def envelope(panel: Panel) -> tuple[float | None, ...]:
    """How high the panel reaches in each bin: the sum of stacked series, the largest of others."""
    if panel.stacked:
        return sums(panel.series)
    return tuple(
        max((number for number in map(known, values) if number is not None), default=None)
        for values in zip(*(one.values for one in panel.series), strict=True)
    )


def peak(values: Sequence[float | None]) -> Peak | None:
    """The first of the largest values; None when nothing is known."""
    numbers = [
        (number, -n) for n, value in enumerate(values) if (number := known(value)) is not None
    ]
    if not numbers:
        return None
    value, place = max(numbers)
    return Peak(-place, value)


def ranked(chart: Bars) -> list[int]:
    """The places of the bars, the largest first; equal ones as they came, unknown ones last.

    Raises ValueError when a series has not one value for each label.
    """
    if any(len(one.values) != len(chart.labels) for one in chart.series):
        raise ValueError("every series needs one value for each label")
    heights = [-1.0 if height is None else height for height in sums(chart.series)]
    return sorted(range(len(heights)), key=lambda n: -heights[n])


def hottest(chart: Heatmap) -> Hottest | None:
    """The largest value, the first among equals; None when nothing is known.

    Raises ValueError when the values are not as many as the rows and columns say.
    """
    shape = [len(chart.columns)] * len(chart.rows)
    if [len(row) for row in chart.values] != shape:
        raise ValueError("a heat map needs one value for each row and column")
    cells = [
        (number, -n, -m)
        for n, row in enumerate(chart.values)
        for m, value in enumerate(row)
        if (number := known(value)) is not None
    ]
    if not cells:
        return None
    value, row_, column = max(cells)
    return Hottest(-row_, -column, value)


def warmth(value: float, largest: float) -> float:
    """How warm a cell is, from 0 to 1: the root of its share, so that one peak hides nothing."""
    return math.sqrt(max(0.0, value) / largest) if largest > 0 else 0.0


def folded(panel: Panel, most: int) -> tuple[Panel, int]:
    """The panel with at most `most` series, and how many series are not in it.

    The smallest of stacked series are added up under one name, so that the sum stays right; of
    lines, which cannot be added, the lowest are left out.
    """
    if len(panel.series) <= most:
        return panel, 0
    room = most - 1 if panel.stacked else most
    ranked = sorted(panel.series, key=lambda one: -(total(one.values) or 0))
    kept = [one for one in panel.series if one in ranked[:room]][:room]
    others = [one for one in panel.series if one not in kept]
    if not panel.stacked:
        return replace(panel, series=tuple(kept)), len(others)
    rest = Series(f"{count(len(others))} others", sums(others), Tone.NOISE)
    return replace(panel, series=(*kept, rest)), 0
