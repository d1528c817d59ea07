"""Slow rises: a climb over hours, or a step too small to stand out in one bucket.

Each hypothesis says how surprised a tracker of the level would be from bucket to bucket if the rise
had begun; their log odds are summed as Page's CUSUM does. The tracker takes all it sees for the
usual wandering, so what wandering explains does not count.
"""

from __future__ import annotations

import numpy as np

from bot.detect.counts import log_ratio
from bot.detect.grids import CLIMB_PER_HOUR, HOUR, STEP
from bot.detect.level import CLIP, MEMORY, Expected, wandering
from bot.detect.state import Bools, Floats, State

LIMITS = np.array([5.75, 6.1, 8.25])[:, None]  # log odds of an alert, by hypothesis
HIGHEST = 1.6  # of the log rate: beyond it a climb is sharp enough to be found otherwise
USUAL = 0.8  # share of the wandering's variance that a rise may be taken for
LEAST = 1.3  # count a bucket by which a rise that is under way exceeds the background
UNDER_WAY = 0.6  # of the log rate
MOST = 2.4  # log odds that one bucket may add

_CLIMBS = len(CLIMB_PER_HOUR)


def begin(state: State, wander_variance: Floats) -> None:
    state["tracked"] = 0.0
    state["tracked"][1] = wander_variance


def weigh(
    state: State, expected: Expected, values: Floats, passed: Floats, wander_variance: Floats
) -> Floats:
    """Take in one bucket; the log odds of the likeliest slow rise, relative to its limit."""
    mean, variance, gain = state["tracked"]
    keep = np.exp(-passed / MEMORY)
    wander = USUAL * wander_variance + expected.season_variance
    mean *= keep
    variance[...] = variance * keep**2 + wander * (1.0 - keep**2)
    rate = expected.season * np.exp(np.minimum(mean + variance / 2.0, 60.0))
    scatter = expected.scatter + np.expm1(variance)
    spread = 1.0 / rate + scatter
    x = np.minimum(values, rate * (1.0 + CLIP * np.sqrt(spread)))
    height = _rise(state, keep, gain, passed)
    least = rate + LEAST * np.minimum(height / UNDER_WAY, 1.0)
    higher = np.maximum(rate * np.exp(state["climb_surprise"]), least)
    told = np.minimum(log_ratio(x, higher, rate, 1.0 / np.maximum(scatter, 1e-5)), MOST)
    state["climbs"] = np.maximum(state["climbs"], 0.0) + told
    gain[...] = variance / spread
    mean += gain * (x / rate - 1.0)
    variance *= 1.0 - gain
    return np.asarray((state["climbs"] / LIMITS).max(axis=0))


def _rise(state: State, keep: Floats, gain: Floats, passed: Floats) -> Floats:
    """Let each rise go on, or begin anew where its odds are gone; the heights it is at now."""
    going = state["climbs"] > 0.0
    before = state["climb_height"] * going
    height = np.empty_like(before)
    slope = CLIMB_PER_HOUR[:, None] * np.minimum(passed, 6 * HOUR) / HOUR
    height[:_CLIMBS] = np.minimum(before[:_CLIMBS] + slope, HIGHEST)
    height[_CLIMBS:] = STEP[:, None]
    left = keep * (1.0 - gain) * state["climb_surprise"] * going
    state["climb_surprise"] = left + height - keep * before
    state["climb_height"] = height
    return height


def clear(state: State, which: Bools) -> None:
    state["climbs"][:, which] = 0.0
    state["tracked"][0, which] = wandering(state)[which]
