"""Peaks that come back at the same time of day: a backup, a nightly scan, a job by the clock.

They are too narrow for the harmonics of `level.py`. Of each quarter of an hour of the day is kept
how high a short alert rose the last two times; what both had is expected the next time.
"""

from __future__ import annotations

import numpy as np

from bot.detect.grids import DAY, HOUR, SLOTS
from bot.detect.state import Bools, Floats, State

SLOT = DAY / SLOTS
HIGHEST = 10.0  # of the log rate
SHORT = HOUR  # an incident that has been open for longer is no peak
AGAIN = 0.5  # share of a peak's usual height at which it has come again


def expect(state: State, time: float) -> Floats:
    """By how much the log rate is usually higher at this time of day than the forecast says."""
    number = time // SLOT
    slot = int(number % SLOTS)
    last, before = state["peaks"][slot], state["peaks_before"][slot]
    entered = number > state["slot"]
    state["usual"] = np.where(entered, np.minimum(last, before), state["usual"])
    before[entered] = last[entered]
    last[entered] = 0.0
    state["slot"] = number
    return state["usual"].copy()


def learn(state: State, time: float, values: Floats, rate: Floats, alert: Bools) -> None:
    """Note how high this bucket rose over the `rate` without habits, if it is part of a peak."""
    height = np.clip(np.log((values + 1.0) / (rate + 1.0)), 0.0, HIGHEST)
    again = (state["usual"] > 0.0) & (height >= AGAIN * state["usual"])
    peak = (alert | again) & (state["open"] <= SHORT)
    last = state["peaks"][int(time // SLOT % SLOTS)]
    np.maximum(last, height * peak, out=last)
