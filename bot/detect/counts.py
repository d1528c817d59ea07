"""The negative binomial, as far as likelihoods need it. Vectorised; no SciPy at run time."""

from __future__ import annotations

import numpy as np

from bot.detect.state import Floats

_HALF_LOG_TAU = 0.9189385332046727


def log_gamma(x: Floats) -> Floats:
    """log Γ(x) for x > 0, by Stirling's series after four steps up; error below 1e-6."""
    y = x + 4.0
    stirling = (y - 0.5) * np.log(y) - y + _HALF_LOG_TAU + 1.0 / (12.0 * y)
    return np.asarray(stirling - np.log(x * (x + 1.0) * (x + 2.0) * (x + 3.0)))


def log_likelihood(x: Floats, mean: Floats, size: Floats) -> Floats:
    """log P(x) up to log x!, which every hypothesis about the same x shares."""
    log_total = np.log(size + mean)
    return np.asarray(
        log_gamma(x + size)
        - log_gamma(size)
        + size * (np.log(size) - log_total)
        + x * (np.log(mean) - log_total)
    )


def log_ratio(x: Floats, higher: Floats, mean: Floats, size: Floats) -> Floats:
    """log P(x | higher) − log P(x | mean), both of the same size: no log Γ is needed."""
    return np.asarray(
        x * np.log(higher / mean) - (x + size) * np.log1p((higher - mean) / (size + mean))
    )


def deviance_root(x: Floats, mean: Floats, size: Floats) -> Floats:
    """How surprising x is, in standard deviations of a normal: the signed root of the deviance."""
    fit = x * np.log(np.maximum(x, 1e-9) / mean) - (x + size) * np.log((x + size) / (mean + size))
    return np.asarray(np.sign(x - mean) * np.sqrt(np.maximum(2.0 * fit, 0.0)))
