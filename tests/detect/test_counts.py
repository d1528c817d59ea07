from __future__ import annotations

import math

import numpy as np
import pytest

from bot.detect.counts import deviance_root, log_likelihood, log_ratio, log_rising


def exact(x: int, mean: float, size: float) -> float:
    return (
        math.lgamma(x + size)
        - math.lgamma(size)
        + size * math.log(size / (size + mean))
        + x * math.log(mean / (size + mean))
    )


@pytest.mark.parametrize("x", [0, 1, 7, 300, 250_000])
@pytest.mark.parametrize("size", [0.6, 3.0, 40.0, 9_000.0])
def test_the_rising_factorial_is_the_one_of_gamma(x: int, size: float) -> None:
    found = float(log_rising(np.array([float(x)]), np.array([size]))[0])
    assert found == pytest.approx(math.lgamma(x + size) - math.lgamma(size), abs=2e-4, rel=1e-9)


@pytest.mark.parametrize(("x", "mean", "size"), [(0, 0.1, 3.0), (12, 4.0, 9.0), (900, 700.0, 30.0)])
def test_the_likelihood_is_the_negative_binomial_s(x: int, mean: float, size: float) -> None:
    found = log_likelihood(np.array([float(x)]), np.array([mean]), np.array([size]))
    assert float(found[0]) == pytest.approx(exact(x, mean, size), abs=2e-4)


def test_probabilities_add_up_to_one() -> None:
    x = np.arange(400.0)
    factorial = np.array([math.lgamma(n + 1) for n in x])
    mean, size = np.full_like(x, 20.0), np.full_like(x, 5.0)
    assert np.exp(log_likelihood(x, mean, size) - factorial).sum() == pytest.approx(1, abs=1e-4)


def test_the_ratio_needs_no_gamma_and_agrees_with_the_likelihoods() -> None:
    x, mean, size = (
        np.array([0.0, 9.0, 80.0]),
        np.array([2.0, 3.0, 30.0]),
        np.array([4.0, 9.0, 2.0]),
    )
    difference = log_likelihood(x, 3 * mean, size) - log_likelihood(x, mean, size)
    assert log_ratio(x, 3 * mean, mean, size) == pytest.approx(difference, abs=1e-6)


def test_surprise_is_nought_at_the_mean_and_signed_beside_it() -> None:
    mean, size = np.full(3, 50.0), np.full(3, 10.0)
    below, at, above = deviance_root(np.array([20.0, 50.0, 120.0]), mean, size)
    assert below < -1
    assert at == 0
    assert above > 1
