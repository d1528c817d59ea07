"""How busy the demo's service is: quiet at night, two peaks by day, fewer visitors at weekends."""

from __future__ import annotations

from datetime import date

# Of the busiest hour, in per cent, at each full hour UTC and at the next midnight.
_HOURS = (
    32, 26, 22, 20, 20, 24, 34, 50, 68, 82, 92, 96,
    90, 88, 92, 96, 100, 98, 92, 88, 80, 66, 50, 40, 32,
)  # fmt: skip
_SATURDAY = 5


def rhythm(day: date) -> tuple[float, ...]:
    """For each minute of the day, how busy it is: 1 is the busiest of a working day."""
    whole = 6000 if day.weekday() < _SATURDAY else 8600
    return tuple(
        (_HOURS[hour] * (60 - minute) + _HOURS[hour + 1] * minute) / whole
        for hour in range(24)
        for minute in range(60)
    )
