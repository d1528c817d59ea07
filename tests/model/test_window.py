from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.errors import BadWindow
from bot.model.window import PERIODS, Window

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_window_is_kept_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    window = Window(datetime(2026, 11, 24, 13, tzinfo=berlin), NOON + timedelta(hours=1))
    assert window.start == NOON
    assert window.start.tzinfo is UTC


@pytest.mark.parametrize("end", [NOON, NOON - timedelta(seconds=1)])
def test_a_window_that_is_empty_or_backwards_is_refused(end: datetime) -> None:
    with pytest.raises(BadWindow, match="before it has begun"):
        Window(NOON, end)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(BadWindow, match="zone"):
        Window(datetime(2026, 11, 24, 12), NOON)


@pytest.mark.parametrize(
    ("length", "period"),
    [
        (timedelta(minutes=15), "1m"),
        (timedelta(hours=2), "1m"),
        (timedelta(hours=2, seconds=1), "5m"),
        (timedelta(hours=24), "15m"),
        (timedelta(days=7), "3h"),
        (timedelta(days=900), "1d"),
    ],
)
def test_the_period_is_the_shortest_that_gives_few_enough_bins(
    length: timedelta, period: str
) -> None:
    assert Window.last(length, NOON).period().text == period


@given(
    start=st.integers(0, 2_000_000_000),
    length=st.integers(1, 40 * 86400),
    period=st.sampled_from(PERIODS),
)
def test_bins_cover_the_window_and_nothing_else(
    start: int, length: int, period: tuple[int, str]
) -> None:
    window = Window(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(start + length, UTC))
    chosen = window.period() if length / period[0] > 500 else window.period(500)
    bins = window.bins(chosen)
    step = timedelta(seconds=chosen.seconds)
    assert bins[0] <= window.start < bins[0] + step
    assert bins[-1] < window.end <= bins[-1] + step
    assert all(int(at.timestamp()) % chosen.seconds == 0 for at in bins)
    assert all(later - earlier == step for earlier, later in itertools.pairwise(bins))


@pytest.mark.parametrize(
    ("hours", "others", "left"),
    [
        ((0, 4), (5, 6), (0, 4)),
        ((0, 4), (3, 6), (0, 3)),
        ((0, 9), (3, 6), (0, 3)),  # what is before comes first
        ((3, 9), (3, 6), (6, 9)),
        ((5, 9), (3, 6), (6, 9)),
        ((4, 5), (3, 6), None),
        ((3, 6), (3, 6), None),
    ],
)
def test_a_window_without_another(
    hours: tuple[int, int], others: tuple[int, int], left: tuple[int, int] | None
) -> None:
    def window(first: int, last: int) -> Window:
        return Window(NOON + timedelta(hours=first), NOON + timedelta(hours=last))

    found = window(*hours).without(window(*others))
    assert found == (window(*left) if left else None)
