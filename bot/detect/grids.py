"""The hypotheses that are weighed against each other, and how many there are of each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

DAY = 86_400.0
HOUR = 3_600.0

SLOTS = 96  # quarters of an hour in a day
FEATURES = 7  # of the log rate: wandering, level, two daily harmonics, weekend

# Sizes r of the negative binomial: a count of mean m has variance m + m²/r.
BACKGROUNDS = np.array([1.0, 2.0, 3.0, 4.5, 7.0, 11.0, 18.0, 30.0, 60.0, 150.0])

# Standard deviations of the log level's wandering about its daily course.
WANDERS = np.array([0.08, 0.12, 0.17, 0.23, 0.3, 0.4, 0.6])


class Surge(NamedTuple):
    """A sudden rise: to `times` the rate, or by `counts` or `sigmas`, whichever is more."""

    times: float = 1.0
    counts: float = 0.0
    sigmas: float = 0.0


MULTIPLES = tuple(Surge(times=times) for times in (2.5, 3.5, 5.0, 8.0, 14.0, 30.0))
SOURCES = tuple(Surge(counts=c, sigmas=s) for c, s in ((10, 4), (15, 6), (22, 9), (35, 13)))
SURGES = MULTIPLES + SOURCES

# Slow rises: by so much of the log rate in an hour, or at once and for hours.
CLIMB_PER_HOUR = np.array([0.12, 0.24])
STEP = np.log([2.5])
SLOW = len(CLIMB_PER_HOUR) + len(STEP)
