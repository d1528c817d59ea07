"""What a bucket is expected to hold: level × time of day × weekend × wandering, all learnt.

The log of the rate is a sum of features whose weights are tracked by an extended Kalman filter
with the negative binomial's information. The wandering is an Ornstein–Uhlenbeck process, so any
distance between two buckets is as good as any other, and a missing bucket is simply a longer one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bot.detect.grids import DAY, FEATURES, HOUR
from bot.detect.state import Bools, Floats, State

MEMORY = 4.1 * HOUR  # time constant of the wandering
CLIP = 3.0  # standard deviations beyond which a bucket teaches no more
DRIFT = 0.005**2 / 300.0  # variance a second of the level's random walk
LARGEST_STEP = 1.5  # of the log rate, by one bucket
LOWEST_LEVEL = -12.0  # log of the rate of a series that is always zero
STRAINED = 1.0  # mean surprise, in standard deviations over hours, that loosens the level
LOOSENING = 0.01 / 300.0

_WANDERING, _LEVEL, _WEEKEND = 0, 1, 6
_MEANS = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.2)
_VARIANCES = (0.043, 1.0, 0.09, 0.09, 0.03, 0.03, 0.1)


@dataclass(frozen=True, slots=True)
class Expected:
    """The forecast of one bucket. Variances are of the log rate."""

    rate: Floats
    variance: Floats
    season: Floats  # the rate without its present wandering
    season_variance: Floats
    features: Floats
    cross: Floats  # covariance of each weight with the log rate
    scatter: Floats  # 1/r: variance of the count noise relative to the squared mean

    @property
    def relative_variance(self) -> Floats:
        """Of a count, relative to the squared rate."""
        return np.asarray(
            1.0 / self.rate + self.scatter * np.exp(self.variance) + np.expm1(self.variance)
        )

    @property
    def size(self) -> Floats:
        """The negative binomial's r with the forecast's own doubt in it."""
        return np.asarray(1.0 / np.maximum(self.scatter + np.expm1(self.variance), 1e-5))

    def raised(self, height: Floats) -> Expected:
        """The same with a log rate that is higher by `height`."""
        factor = np.exp(height)
        return replace(self, rate=self.rate * factor, season=self.season * factor)


def begin(state: State, values: Floats) -> None:
    """Set the level of series that have not been seen before by their first value."""
    state["mean"] = np.array(_MEANS)[:, None]
    state["mean"][_LEVEL] = np.log(values + 0.5)
    _covariance(state)[...] = np.diag(_VARIANCES)[:, :, None]


def features(time: float) -> Floats:
    """The features at a moment: UTC time of day in two harmonics, and whether it is a weekend."""
    angle = 2.0 * np.pi * (time % DAY) / DAY
    weekend = (time // DAY + 3) % 7 >= 5
    waves = [np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)]
    return np.array([1.0, 1.0, *waves, float(weekend)])


def expect(
    state: State, time: float, passed: Floats, wander_variance: Floats, scatter: Floats
) -> Expected:
    """Move the weights `passed` seconds on, to `time`, and forecast the bucket there."""
    mean, covariance = state["mean"], _covariance(state)
    keep = np.exp(-passed / MEMORY)
    mean[_WANDERING] *= keep
    covariance[_WANDERING] *= keep
    covariance[:, _WANDERING] *= keep
    covariance[_WANDERING, _WANDERING] += wander_variance * (1.0 - keep * keep)
    strained = np.abs(state["strain"]) > STRAINED
    covariance[_LEVEL, _LEVEL] += (DRIFT + LOOSENING * strained) * np.minimum(passed, DAY)
    now = features(time)
    still = now.copy()
    still[_WANDERING] = 0.0
    cross = _times(now, covariance)
    variance = np.maximum(now @ cross, 1e-9)
    season = still @ mean
    return Expected(
        rate=np.exp(np.minimum(season + mean[_WANDERING] + variance / 2.0, 60.0)),
        variance=variance,
        season=np.exp(np.minimum(season, 60.0)),
        season_variance=np.maximum(still @ _times(still, covariance), 0.0),
        features=now,
        cross=cross,
        scatter=scatter,
    )


def learn(state: State, expected: Expected, values: Floats, weight: Floats) -> None:
    """Correct the weights by what the bucket held; `weight` 0 is not at all, 1 in full."""
    spread = expected.relative_variance
    surprise = np.minimum(values / expected.rate - 1.0, CLIP * np.sqrt(spread))
    limit = LARGEST_STEP * spread / expected.variance
    gain = expected.cross * (weight / spread)
    state["mean"] += gain * np.clip(surprise, -limit, limit)
    np.maximum(state["mean"][_LEVEL], LOWEST_LEVEL, out=state["mean"][_LEVEL])
    _covariance(state)[...] -= gain[:, None] * expected.cross[None]


def feel_strain(state: State, expected: Expected, values: Floats, share: Floats) -> None:
    """Remember the mean surprise; `share` is the weight of this bucket in it."""
    root = np.sqrt(expected.relative_variance)
    surprise = np.clip((values / expected.rate - 1.0) / root, -CLIP, CLIP)
    state["strain"] += share * (surprise - state["strain"])


def loosen(state: State, which: Bools) -> None:
    """Forget what the level was, because the new one has lasted."""
    _covariance(state)[_LEVEL, _LEVEL, which] += 1.0


def rescale(state: State, factor: Floats) -> None:
    """Tell the level that one event is `factor` times what it was."""
    state["mean"][_LEVEL] -= np.log(factor)


def wandering(state: State) -> Floats:
    return np.asarray(state["mean"][_WANDERING])


def level(state: State) -> Floats:
    return np.asarray(np.exp(state["mean"][_LEVEL]))


def _times(weights: Floats, covariance: Floats) -> Floats:
    """The covariance of every weight with the sum that `weights` make."""
    flat = covariance.reshape(FEATURES, -1)
    return np.asarray((weights @ flat).reshape(FEATURES, -1))


def _covariance(state: State) -> Floats:
    return state["covariance"].reshape(FEATURES, FEATURES, state.count)
