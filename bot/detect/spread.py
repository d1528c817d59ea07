"""How noisy a series is: the size of its count noise, and how far its level wanders.

Both are weighed on a grid by how well each value foretold the buckets so far, forgetting slowly.
"""

from __future__ import annotations

import numpy as np

from bot.detect.counts import log_likelihood
from bot.detect.grids import BACKGROUNDS, DAY, WANDERS
from bot.detect.level import CLIP, MEMORY, Expected
from bot.detect.state import Floats, State

FORGETTING = 21 * DAY
SETTLED = DAY  # before a day has passed, wandering cannot be told from the time of day
USUAL_WANDER = 0.19
USUAL_SIZE = 10.0

_BACKGROUND_PRIOR = -0.2 * np.log(BACKGROUNDS / USUAL_SIZE)[:, None] ** 2
_WANDER_PRIOR = -0.5 * (np.log(WANDERS / USUAL_WANDER)[:, None] / 0.4) ** 2


def begin(state: State) -> None:
    state["backgrounds"] = _BACKGROUND_PRIOR
    state["wanders"] = _WANDER_PRIOR
    state["wander_mean"] = 0.0
    state["wander_variance"] = WANDERS[:, None] ** 2


def scatter(state: State) -> Floats:
    """1/r, averaged over what r may be."""
    return np.asarray(_average(state["backgrounds"], 1.0 / BACKGROUNDS))


def wander_variance(state: State) -> Floats:
    """The variance of the log level's wandering, averaged over what it may be."""
    return np.asarray(_average(state["wanders"], WANDERS**2))


def learn(state: State, expected: Expected, values: Floats, passed: Floats, weight: Floats) -> None:
    """Weigh every hypothesis by this bucket; `weight` 0 is not at all, 1 in full."""
    rate, doubt = expected.rate, np.expm1(expected.variance)
    x = np.minimum(values, rate * (1.0 + CLIP * np.sqrt(expected.relative_variance)))
    keep = np.exp(-passed / FORGETTING)
    sizes = 1.0 / (1.0 / BACKGROUNDS[:, None] + doubt)
    _weigh(state["backgrounds"], keep, 0.0, weight * log_likelihood(x, rate, sizes))
    told = weight * (state["age"] >= SETTLED) * _wander_likelihood(state, expected, x, passed)
    _weigh(state["wanders"], keep, _WANDER_PRIOR, told)


def _wander_likelihood(state: State, expected: Expected, x: Floats, passed: Floats) -> Floats:
    """Track the wandering once for each size it may have, and say how likely x was under each."""
    mean, variance = state["wander_mean"], state["wander_variance"]
    keep = np.exp(-passed / MEMORY)
    mean *= keep
    variance[...] = variance * keep**2 + WANDERS[:, None] ** 2 * (1.0 - keep**2)
    rate = expected.season * np.exp(mean + variance / 2.0)
    doubt = np.expm1(variance)
    likelihood = log_likelihood(x, rate, 1.0 / (expected.scatter + doubt))
    spread = 1.0 / rate + expected.scatter * (1.0 + doubt) + doubt
    gain = variance / spread
    mean += gain * np.minimum(x / rate - 1.0, CLIP * np.sqrt(spread))
    variance *= 1.0 - gain
    return likelihood


def _weigh(weights: Floats, keep: Floats, prior: Floats | float, told: Floats) -> None:
    weights[...] = keep * weights + (1.0 - keep) * prior + told
    weights -= weights.max(axis=0)


def _average(weights: Floats, values: Floats) -> Floats:
    shares = np.exp(weights)
    return np.asarray(values @ shares / shares.sum(axis=0))
