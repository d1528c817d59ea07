"""Sudden rises, found within a bucket or two.

For every size of surge the odds are kept that one has begun, against a background in which small
and middling bursts of a bucket or two are part of life (Shiryaev and Roberts' recursion). A burst
that is merely improbable is therefore no alert; one that no usual burst explains is.
"""

from __future__ import annotations

import numpy as np

from bot.detect.counts import log_likelihood, log_ratio
from bot.detect.grids import MULTIPLES, SOURCES, SURGES
from bot.detect.level import Expected
from bot.detect.state import Bools, Floats, State

LIMIT = 9.6  # log odds of an alert
STAYS = 0.8  # chance that a surge goes on for another bucket
ACTIVE = 0.7  # share of its time in which a noisy source is active
FEW = 0.7  # log odds more where the rate is low: chance alone makes fewer surges there
LEAST = 13.0  # counts by which a surge at least exceeds the background
SMALL = 2.5 / 288  # chance a bucket that a small burst begins: 0.3 to 1 times the rate and 1 to 2
GOES_ON = 0.33  # chance that it takes a second bucket
MIDDLING = 1.0 / 3250  # chance a bucket of a middling burst: 1 to 1.5 times the rate, and 6
LARGEST = 1e12

_TIMES = np.array([surge.times for surge in MULTIPLES])[:, None]
_COUNTS = np.array([surge.counts for surge in SOURCES])[:, None]
_SIGMAS = np.array([surge.sigmas for surge in SOURCES])[:, None]
_PRIOR = np.full((len(SURGES), 1), 1.0 / len(SURGES))
_SMALL = np.array([0.5, 0.95])[:, None]
_MIDDLING = np.array([1.15, 1.55])[:, None]


def weigh(state: State, expected: Expected, values: Floats, wander_variance: Floats) -> Floats:
    """Take in one bucket; the log odds that a surge is on."""
    rate, size = expected.rate, expected.size
    sigma = np.sqrt(rate + rate * rate * (expected.scatter + wander_variance))
    extra = np.vstack(
        [
            np.zeros_like(rate),
            _SMALL * (rate + 1.3),
            _MIDDLING * rate + 6.0,
            np.maximum(_COUNTS, _SIGMAS * sigma),
        ]
    )
    likelihood = _with_extra(values, extra, rate, size)
    added = likelihood[1:] - likelihood[0]
    usual = _background(state, added[:2], added[2:4])
    surges = np.vstack(
        [
            log_ratio(values, np.maximum(_TIMES * rate, rate + LEAST), rate, size),
            np.logaddexp(added[4:] + np.log(ACTIVE), np.log(1.0 - ACTIVE)),
        ]
    )
    odds = (state["surges"] * STAYS + _PRIOR) * np.exp(np.clip(surges - usual, -30, 60))
    state["surges"] = np.minimum(odds, LARGEST)
    return np.asarray(np.log(state["surges"].sum(axis=0) + 1e-9) + FEW * np.exp(-rate / 2.0))


def _with_extra(values: Floats, extra: Floats, rate: Floats, size: Floats) -> Floats:
    """The likelihood when `extra` counts come besides, which are themselves plain Poisson."""
    mean = rate + extra
    return log_likelihood(values, mean, np.minimum(size * (mean / rate) ** 2, 1e6))


def _background(state: State, small: Floats, middling: Floats) -> Floats:
    """The log likelihood of a background with its bursts, relative to one without."""
    chance = SMALL + GOES_ON * state["burst"]
    burst = np.logaddexp(*small) - np.log(2.0) + np.log(chance)
    larger = np.logaddexp(*middling) - np.log(2.0) + np.log(MIDDLING)
    usual = np.logaddexp(np.logaddexp(burst, larger), np.log1p(-chance - MIDDLING))
    state["burst"] = np.exp(burst - usual)
    return np.asarray(usual)


def clear(state: State, which: Bools) -> None:
    state["surges"][:, which] = 0.0
