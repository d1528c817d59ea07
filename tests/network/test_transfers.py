from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.network.transfers import DESTINATIONS, Bins, robust_z, transfers

START = datetime(2026, 11, 20, tzinfo=UTC)
MB = 1_000_000


def bins(*values: tuple[int, int]) -> dict[datetime, tuple[int, int]]:
    return {START + timedelta(minutes=n): value for n, value in enumerate(values)}


def steady(count: int) -> list[tuple[int, int]]:
    return [((4 + n % 3) * MB, 2) for n in range(count)]


def test_far_more_than_usual() -> None:
    (found,) = transfers({"10.0.1.1": bins(*steady(20), (90 * MB, 3))})
    assert (found.at, found.sent, found.usual) == (START + timedelta(minutes=20), 90 * MB, 5 * MB)
    assert found.score == pytest.approx((90 - 5) / 1.4826)
    assert (found.destinations, found.usual_destinations) == (3, 2)
    assert found.why == "far more than usual"


@pytest.mark.parametrize(
    "values",
    [
        steady(40),
        [*steady(20), (15 * MB, 2)],  # more, but not by far
        [(1000, 1)] * 20 + [(9 * MB, 1)],  # far more, but little
        [(200 * MB, 1)] * 3,  # no usual amount, and not large
        [(5 * MB, 2)] * 20 + [(5 * MB, 19)],  # few destinations
    ],
)
def test_nothing_stands_out(values: list[tuple[int, int]]) -> None:
    assert transfers({"10.0.1.1": bins(*values)}) == []


def test_a_large_one_without_a_usual_amount() -> None:
    (found,) = transfers({"10.0.1.1": bins((700 * MB, 1), (2 * MB, 1))})
    assert (found.score, found.why) == (None, "large, and no usual amount to compare with")


def test_far_more_destinations() -> None:
    (found,) = transfers({"10.0.1.1": bins(*steady(20), (1000, 40))})
    assert (found.why, found.destinations, found.sent) == (DESTINATIONS, 40, 1000)


def test_the_largest_comes_first() -> None:
    hosts: Bins = {
        f"10.0.1.{n}": bins(*steady(20), (size * MB, 1)) for n, size in enumerate((90, 300, 200))
    }
    assert [one.client for one in transfers(hosts)] == ["10.0.1.1", "10.0.1.2", "10.0.1.0"]


@pytest.mark.parametrize(
    ("value", "values", "least", "expected"),
    [
        (10, [1, 2, 3, 4, 5], 0, 7 / 1.4826),  # median 3, median deviation 1
        (10, [5, 5, 5], 0, 10),  # a tenth of the median
        (10, [0, 0, 0], 2, 5),
        (100, [1, 1, 1, 100], 0.5, 198),  # the peak itself moves little
    ],
)
def test_the_score_is_robust(
    value: float, values: list[float], least: float, expected: float
) -> None:
    assert robust_z(value, values, least) == pytest.approx(expected)
