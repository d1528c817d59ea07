"""The vertical axis: from zero, in round steps, written as people read values."""

from __future__ import annotations

import math
import re
from zoneinfo import ZoneInfo

from bot.model.table import Kind
from bot.model.writing import duration, short_count, written

_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_DAY = 86400
_UTC = ZoneInfo("UTC")


def steps(top: float, kind: Kind, most: int) -> tuple[float, ...]:
    """Round values from 0 up to `top`, `most` or fewer besides the zero."""
    step = _step(top / most, kind)
    return tuple(n * step for n in range(int(top / step + 1e-9) + 1))


def tick(value: float, kind: Kind) -> str:
    """A round value in few characters: 500, 1.5 M, 2 MB, 50 %."""
    if kind is Kind.COUNT and value >= 10_000:
        text = short_count(value)
    elif kind is Kind.SECONDS:
        text = duration(value)
    else:
        text = written(value, kind, _UTC)
    return re.sub(r"(\d)\.(\d*?)0+(?=\D|$)", _without_zeros, text)


def _without_zeros(found: re.Match[str]) -> str:
    return f"{found[1]}.{found[2]}" if found[2] else found[1]


def _step(least: float, kind: Kind) -> float:
    if kind is Kind.SECONDS and 0.5 < least <= _SECONDS[-1]:
        return next(step for step in _SECONDS if step >= least)
    unit = _DAY if kind is Kind.SECONDS and least > _SECONDS[-1] else 1
    power: float = 10 ** math.floor(math.log10(least / unit))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= least / unit * (1 - 1e-9)) * unit
    return max(1, step) if kind is Kind.COUNT else step
