from __future__ import annotations

import pytest

from bot.charts.scale import steps, tick
from bot.model.table import Kind


@pytest.mark.parametrize(
    ("top", "kind", "expected"),
    [
        (450, Kind.COUNT, (0, 200, 400)),
        (1, Kind.COUNT, (0, 1)),
        (2.4, Kind.COUNT, (0, 1, 2)),
        (4.4e9, Kind.BYTES, (0, 2e9, 4e9)),
        (480, Kind.SECONDS, (0, 300)),
        (100 * 3600, Kind.SECONDS, (0, 2 * 86400, 4 * 86400)),
        (0.24, Kind.SHARE, (0, 0.1, 0.2)),
        (1.0, Kind.SHARE, (0, 0.5, 1.0)),
    ],
)
def test_steps_are_round_and_begin_at_zero(
    top: float, kind: Kind, expected: tuple[float, ...]
) -> None:
    assert steps(top, kind, 3) == pytest.approx(expected)


@pytest.mark.parametrize("kind", [Kind.COUNT, Kind.BYTES, Kind.SECONDS, Kind.SHARE])
@pytest.mark.parametrize("top", [1e-9, 0.3, 1, 7, 99.9, 1e4, 86400, 3.3e8, 1e18])
def test_steps_are_few_and_within_the_axis(top: float, kind: Kind) -> None:
    found = steps(top, kind, 4)
    assert 1 <= len(found) <= 5
    assert found[0] == 0
    assert found[-1] <= top * (1 + 1e-6)


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0, Kind.BYTES, "0 B"),
        (2e6, Kind.BYTES, "2 MB"),
        (1.5e6, Kind.BYTES, "1.5 MB"),
        (200e3, Kind.BYTES, "200 kB"),
        (5000, Kind.COUNT, "5\u2009000"),
        (20000, Kind.COUNT, "20 k"),
        (0.5, Kind.SHARE, "50 %"),
        (300, Kind.SECONDS, "5 min"),
        (0, Kind.SECONDS, "0 s"),
    ],
)
def test_ticks_are_short(value: float, kind: Kind, text: str) -> None:
    assert tick(value, kind) == text
