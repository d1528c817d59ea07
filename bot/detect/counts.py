"""The negative binomial, as far as likelihoods need it. Vectorised; no SciPy at run time."""

from __future__ import annotations

import numpy as np

from bot.detect.state import Floats


def log_rising(x: Floats, size: Floats) -> Floats:
    """log Γ(x + size) − log Γ(size), by Stirling's series after four steps up; error below 1e-5."""
    total = x + size
    above, below = total + 4.0, size + 4.0
    steps = (total / size) * ((total + 1.0) / (size + 1.0))
    steps *= ((total + 2.0) / (size + 2.0)) * ((total + 3.0) / (size + 3.0))
    stirling = (above - 0.5) * np.log(above) - (below - 0.5) * np.log(below) - x
    return np.asarray(stirling + (1.0 / above - 1.0 / below) / 12.0 - np.log(steps))


def log_likelihood(x: Floats, mean: Floats, size: Floats) -> Floats:
    """log P(x) up to log x!, which every hypothesis about the same x shares."""
    share = np.log1p(mean / size)
    return np.asarray(log_rising(x, size) - size * share + x * (np.log(mean / size) - share))


def log_ratio(x: Floats, higher: Floats, mean: Floats, size: Floats) -> Floats:
    """log P(x | higher) − log P(x | mean), both of the same size: no log Γ is needed."""
    return np.asarray(
        x * np.log(higher / mean) - (x + size) * np.log1p((higher - mean) / (size + mean))
    )


def deviance_root(x: Floats, mean: Floats, size: Floats) -> Floats:
    """How surprising x is, in standard deviations of a normal: the signed root of the deviance."""
    fit = x * np.log(np.maximum(x, 1e-9) / mean) - (x + size) * np.log((x + size) / (mean + size))
    return np.asarray(np.sign(x - mean) * np.sqrt(np.maximum(2.0 * fit, 0.0)))
