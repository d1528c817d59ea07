"""Where names, peaks and marks are put so that they do not lie over one another."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.charts.panel import clear_of, spread
from bot.charts.timeline import packed


def test_names_with_room_stay_where_they_want_to_be() -> None:
    assert spread([10, 50, 90], 11, 0, 100) == [10, 50, 90]


@pytest.mark.parametrize(
    "wanted", [[50, 50, 50], [99, 99, 99, 99], [0, 0, 0, 0], [-20, 140, 50], [30, 20, 10]]
)
def test_names_are_apart_and_on_the_page(wanted: list[float]) -> None:
    places = spread(wanted, 11, 5, 95)
    ordered = sorted(places)
    assert all(after - before >= 11 for before, after in pairwise(ordered))
    assert ordered[0] >= 5
    assert ordered[-1] <= 95


def test_equal_series_are_named_in_the_order_of_their_stack() -> None:
    """The first series lies at the bottom, so its name is the lowest on the page."""
    bottom, middle, top = spread([50, 50, 50], 11, 0, 100)
    assert bottom > middle > top


def test_a_peak_is_named_beside_a_line_and_not_across_it() -> None:
    assert clear_of([], 50, 20, 0, 100) == 50
    assert clear_of([45], 50, 20, 0, 100) == 68
    assert clear_of([55], 50, 20, 0, 100) == 32
    assert clear_of([], 5, 20, 0, 100) == 20
    assert clear_of([], 99, 20, 0, 100) == 80


def test_a_peak_among_too_many_lines_stays_within_the_plot() -> None:
    assert clear_of([10, 30, 50, 70, 90], 50, 20, 0, 100) == 50


def test_marks_that_meet_take_rows_of_their_own() -> None:
    assert packed([(10, 60), (50, 90), (95, 120)], (0, 5)) == [0, 1, 0]
    assert packed([(10, 60)], (0, 40)) == [1]
    assert packed([], (0, 40)) == []
