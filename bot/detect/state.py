"""What is remembered of a series: one column of numbers, under three kilobytes.

Every row of `State.rows` is one quantity, every column one series, so that ten thousand series are
updated by the same few array operations as one.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.detect.grids import BACKGROUNDS, FEATURES, SLOTS, SLOW, SURGES, WANDERS
from bot.model.errors import FlowsError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_ROWS: dict[str, int] = {
    "time": 1,  # of the last known bucket, epoch seconds
    "seen": 1,  # known buckets so far
    "age": 1,  # seconds from the first known bucket to the last
    "unit": 1,  # size of one event; 1 for counts
    "mean": FEATURES,  # level.py: log rate as a sum of features
    "covariance": FEATURES * FEATURES,
    "strain": 1,  # how one-sided the surprises of the last hours were
    "backgrounds": len(BACKGROUNDS),  # spread.py: log weight of each size of the count noise
    "wanders": len(WANDERS),  # spread.py: log weight of each size of the level's wandering
    "wander_mean": len(WANDERS),
    "wander_variance": len(WANDERS),
    "surges": len(SURGES),  # sharp.py: odds of each surge against the background
    "burst": 1,  # probability that the last bucket was a harmless burst
    "climbs": SLOW,  # slow.py: log odds, height and expected surprise of each climb
    "climb_height": SLOW,
    "climb_surprise": SLOW,
    "tracked": 3,  # slow.py: the filter's mean, variance and gain
    "peaks": SLOTS,  # habits.py: height of the last alert at each time of day, over the forecast
    "peaks_before": SLOTS,  # and of the one before
    "slot": 1,  # quarters of an hour since the epoch, of the last known bucket
    "usual": 1,  # height that is usual in this quarter
    "open": 1,  # seconds since the first alert of what is going on; 0 when calm
    "calm": 1,  # calm buckets in a row while open
}
_LENGTH = sum(_ROWS.values())
_HEADER = struct.Struct("<4sHH")
_MAGIC = b"flsp"
_VERSION = 1


class BadState(FlowsError):
    """Bytes that are not a detector's state, or are of another version."""


class State:
    """The rows of `count` series. `state["mean"]` is a view: writing to it changes the state."""

    __slots__ = ("rows",)

    def __init__(self, rows: Floats) -> None:
        self.rows = rows

    @property
    def count(self) -> int:
        return int(self.rows.shape[1])

    def __getitem__(self, name: str) -> Floats:
        """The rows under `name`: one-dimensional when it is a single row."""
        start, length = _PLACES[name]
        return self.rows[start] if length == 1 else self.rows[start : start + length]

    def __setitem__(self, name: str, value: Floats | float) -> None:
        self[name][...] = value

    def to_bytes(self) -> tuple[bytes, ...]:
        """Each series by itself, to be stored and read again by `from_bytes`."""
        header = _HEADER.pack(_MAGIC, _VERSION, _LENGTH)
        columns = np.ascontiguousarray(self.rows.T, dtype="<f8")
        return tuple(header + column.tobytes() for column in columns)

    @classmethod
    def from_bytes(cls, parts: Sequence[bytes]) -> State:
        """The series that `to_bytes` wrote, in the order given. Raises `BadState`."""
        return cls(np.array([_column(part) for part in parts]).reshape(-1, _LENGTH).T.copy())

    @classmethod
    def blank(cls, count: int) -> State:
        return cls(np.zeros((_LENGTH, count)))


def _column(part: bytes) -> Floats:
    if len(part) < _HEADER.size or part[:4] != _MAGIC:
        raise BadState("these bytes are not a detector's state", hint="Learn from history again.")
    _, version, length = _HEADER.unpack_from(part)
    if (version, length) != (_VERSION, _LENGTH) or len(part) != _HEADER.size + 8 * length:
        raise BadState(
            f"the detector's state is of version {version}, this program's of {_VERSION}",
            hint="Learn from history again.",
        )
    return np.frombuffer(part, dtype="<f8", offset=_HEADER.size)


def _places() -> dict[str, tuple[int, int]]:
    places, start = {}, 0
    for name, length in _ROWS.items():
        places[name] = (start, length)
        start += length
    return places


_PLACES = _places()
