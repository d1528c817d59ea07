"""Made series of rejects with known incidents, by a model that is not the detector's.

A day has office hours with soft edges, a weekend is a share of a weekday, the level sways on sines
of several hours, and counts are drawn from a Poisson whose rate is itself drawn for each bucket.
Blips of a bucket are part of it; incidents are bursts, plateaus and climbs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP = 300
DAY = 86_400
START = 1_780_272_000  # Monday, 2026-06-01T00:00:00Z
PER_DAY = DAY // STEP
LEARNING_DAYS = 7
KINDS = ("burst", "plateau", "climb")
RECOVERY = 12  # buckets after an incident in which an alert is not held against anyone


@dataclass(frozen=True)
class Incident:
    kind: str
    first: int
    last: int


@dataclass(frozen=True)
class Series:
    """Counts by bucket, NaN where the bucket is missing."""

    values: NDArray[np.float64]
    incidents: tuple[Incident, ...]

    def times(self) -> NDArray[np.int64]:
        return START + STEP * np.arange(len(self.values))

    def quiet(self) -> NDArray[np.bool_]:
        """Buckets in which an alert is false."""
        quiet = np.ones(len(self.values), dtype=bool)
        quiet[: LEARNING_DAYS * PER_DAY] = False
        for incident in self.incidents:
            quiet[incident.first : incident.last + RECOVERY + 1] = False
        return quiet


def background(
    random: np.random.Generator, days: int, level: float, evenness: float = 20.0
) -> NDArray[np.float64]:
    """The rate of each bucket, before chance; `evenness` large is a smooth series."""
    bucket = np.arange(days * PER_DAY)
    hour = bucket % PER_DAY * 24 / PER_DAY
    opening, length = random.uniform(6, 10), random.uniform(7, 11)
    office = 1 / (1 + np.exp(-(hour - opening))) / (1 + np.exp(hour - opening - length))
    rate = level * (1 + random.uniform(0, 1.2) * office)
    rate *= np.where(bucket // PER_DAY % 7 >= 5, random.uniform(0.5, 1.0), 1.0)
    for hours in (5, 9, 31):
        turn = 2 * np.pi * bucket * STEP / 3600 / hours / random.uniform(0.8, 1.2)
        rate *= np.exp(random.uniform(0.03, 0.12) * np.sin(turn + random.uniform(0, 7)))
    return np.asarray(rate * random.gamma(evenness, 1 / evenness, len(rate)))


def made(seed: int, level: float, days: int = 21, evenness: float = 20.0) -> Series:
    """A series with an incident every three days after the first week; level in counts a bucket."""
    random = np.random.default_rng([seed, int(level * 10)])
    rate = background(random, days, level, evenness)
    incidents = []
    for day in range(LEARNING_DAYS, days - 2, 3):
        first = day * PER_DAY + int(random.integers(PER_DAY))
        incidents.append(
            _incident(random, rate, first, str(random.choice(["burst", "plateau", "climb"])))
        )
    blips = random.random(len(rate)) < 1 / PER_DAY
    values = random.poisson(rate + blips * random.uniform(0.2, 0.8, len(rate)) * rate).astype(float)
    values[random.random(len(rate)) < 0.004] = np.nan
    return Series(values, tuple(incidents))


def _incident(
    random: np.random.Generator, rate: NDArray[np.float64], first: int, kind: str
) -> Incident:
    length, times = {
        "burst": (int(random.integers(2, 8)), random.uniform(5, 30)),
        "plateau": (int(random.integers(60, 200)), random.uniform(3, 8)),
        "climb": (int(random.integers(60, 150)), random.uniform(5, 9)),
    }[kind]
    stretch = slice(first, first + length)
    shape = np.linspace(0, 1, length) if kind == "climb" else np.ones(length)
    rate[stretch] = np.maximum(rate[stretch] * times**shape, rate[stretch] + 12 * shape)
    return Incident(kind, first, first + length - 1)
