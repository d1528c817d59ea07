"""The detector of spikes: many series at once, one bucket after the other, no look-ahead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bot.detect import habits, level, sharp, slow, spread
from bot.detect.counts import deviance_root
from bot.detect.grids import DAY, HOUR
from bot.detect.state import Bools, Floats, State

ALERT = 1.0  # the score from which on a bucket is an alert
FEWEST = 48  # known buckets, and
YOUNGEST = DAY  # seconds of history, before a series may alert
CALM_BUCKETS = 2
CALM = 1.5  # standard deviations above the forecast that are still calm
NEW_NORMAL = 2 * DAY  # after so long a higher level is no longer news
DOUBT_ODDS = 5.0  # log odds of a surge at which a bucket teaches half
DOUBT_SCORE = 0.75
UNITS = 100.0  # a measured quantity (not whole numbers) is read in hundredths of its level
COUNTABLE = 1e9  # a series that reaches more is measured as well
LARGEST = 1e12  # units; beyond it sums lose their last digits
HIGHEST = 1e200  # of a value, whatever its unit
BLOCK = 1024  # series worked on at a time: what the processor's cache holds


@dataclass(frozen=True, slots=True)
class Reading:
    """What one bucket means, series by series.

    `score` is the evidence relative to the limit: an alert from 1 on, 0 while a series is still
    learning or its bucket is unknown. `open` is true from an alert until the series is calm.
    """

    score: Floats
    open: Bools

    @property
    def alert(self) -> Bools:
        return np.asarray(self.score >= ALERT)


class Detector:
    """Watches `count` series whose buckets arrive together. Keeps everything in `state`."""

    def __init__(self, count: int = 1, state: State | None = None) -> None:
        self.state = State.blank(count) if state is None else state

    def update(self, time: float, values: Sequence[float] | Floats) -> Reading:
        """Take in the buckets of `time` (epoch seconds, later than the last), one a series.

        NaN is unknown: such a series is left exactly as it was. A value below zero counts as zero.
        """
        given = np.asarray(values, dtype=np.float64)
        score = np.zeros(self.state.count)
        for start in range(0, self.state.count, BLOCK):
            block = slice(start, start + BLOCK)
            known = np.isfinite(given[block])
            rows = self.state.rows[:, block]
            part = State(rows if known.all() else rows[:, known])
            if part.count:
                score[block][known] = _observe(part, time, given[block][known])
            if not known.all():
                rows[:, known] = part.rows
        return Reading(score, self.state["open"] > 0.0)

    def learn(self, history: Iterable[tuple[float, Sequence[float] | Floats]]) -> None:
        """Take in past buckets, oldest first, so that the first live one finds a baseline."""
        for time, values in history:
            self.update(time, values)


def _observe(state: State, time: float, given: Floats) -> Floats:
    """One bucket of series that are all known; their scores."""
    given = np.clip(given, 0.0, HIGHEST)
    fresh = state["seen"] == 0
    if fresh.any():
        _begin(state, fresh, time, given)
    passed = np.maximum(time - state["time"], 0.0)
    _measure(state, given, passed)
    values = np.minimum(given / state["unit"], LARGEST)
    wander = spread.wander_variance(state)
    forecast = level.expect(state, time, passed, wander, spread.scatter(state))
    usual = habits.expect(state, time)
    expected = forecast.raised(usual)
    odds = sharp.weigh(state, expected, values, wander)
    climbing = slow.weigh(state, expected, values, passed, wander)
    score = np.maximum(np.maximum(odds / sharp.LIMIT, climbing), 0.0)
    score *= (state["seen"] >= FEWEST) & (state["age"] >= YOUNGEST)
    _follow(state, expected, values, passed, score >= ALERT)
    habits.learn(state, time, values, forecast.rate, score >= ALERT)
    weight = _trust(odds, score) * ((state["open"] == 0.0) & (usual == 0.0))
    spread.learn(state, expected, values, passed, weight)
    level.learn(state, expected, values, weight)
    level.feel_strain(state, expected, values, weight * np.minimum(passed / (12 * HOUR), 1.0))
    state["time"] = time
    state["seen"] += 1.0
    return np.asarray(score)


def _begin(state: State, fresh: Bools, time: float, given: Floats) -> None:
    part = State(state.rows[:, fresh])
    part["time"] = time
    part["unit"] = 1.0
    level.begin(part, given[fresh])
    spread.begin(part)
    slow.begin(part, spread.wander_variance(part))
    state.rows[:, fresh] = part.rows


def _measure(state: State, given: Floats, passed: Floats) -> None:
    """Grow older; choose the unit of series that turn out to be measured rather than counted."""
    young = state["age"] < YOUNGEST
    state["age"] += passed
    grown = young & (state["age"] >= YOUNGEST) & (state["unit"] != 1.0)
    measured = (given != np.floor(given)) | (given > COUNTABLE)
    found = young & (state["unit"] == 1.0) & measured
    if (found | grown).any():
        factor = np.where(found | grown, level.level(state) / UNITS, 1.0)
        level.rescale(state, factor)
        state["unit"] *= factor


def _follow(
    state: State, expected: level.Expected, values: Floats, passed: Floats, alert: Bools
) -> None:
    """Keep account of what is open, and start afresh once it is over or has become normal."""
    going = state["open"] > 0.0
    state["open"] += np.where(going | alert, np.maximum(passed, 1.0), 0.0)
    calm = deviance_root(values, expected.rate, expected.size) < CALM
    state["calm"] = np.where(calm & (going | alert), state["calm"] + 1.0, 0.0)
    normal = state["open"] > NEW_NORMAL
    over = (state["calm"] >= CALM_BUCKETS) | normal
    if over.any():
        state["open"][over] = 0.0
        state["calm"][over] = 0.0
        sharp.clear(state, over)
        slow.clear(state, over)
        level.loosen(state, normal)


def _trust(odds: Floats, score: Floats) -> Floats:
    """How far a bucket may teach: little when it may well belong to an incident."""
    surge = 1.0 / (1.0 + np.exp(np.clip(odds - DOUBT_ODDS, -30, 30)))
    return np.asarray(surge / (1.0 + np.exp(np.clip((score - DOUBT_SCORE) * 20.0, -30, 30))))
