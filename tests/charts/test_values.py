from __future__ import annotations

import pytest

from bot.charts.values import Peak, envelope, folded, known, peak, ranked, sums, total
from bot.model.chart import Bars, Panel, Series, Tone


def test_what_is_no_number_is_unknown() -> None:
    assert [known(value) for value in (None, float("nan"), float("inf"), 0.0)] == [None] * 3 + [0.0]
    assert total([None, float("nan")]) is None
    assert total([None, 2.0]) == 2
    assert sums((Series("a", (1.0, None)), Series("b", (2.0, None)))) == (3, None)


def test_the_first_of_equal_peaks_counts() -> None:
    assert peak((1.0, None, 7.0, 7.0)) == Peak(2, 7)
    assert peak((None,)) is None


def test_a_panel_reaches_as_high_as_its_stack_or_its_highest_line() -> None:
    series = (Series("a", (1.0, None)), Series("b", (2.0, 5.0)))
    assert envelope(Panel("", series)) == (3, 5)
    assert envelope(Panel("", series, stacked=False)) == (2, 5)


def test_bars_are_ranked_whatever_their_order() -> None:
    bars = Bars("", ("a", "b", "c", "d"), (Series("s", (1.0, None, 9.0, 1.0)),))
    assert ranked(bars) == [2, 0, 3, 1]


def test_a_series_that_lacks_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="one value for each label"):
        ranked(Bars("", ("a", "b"), (Series("s", (1.0,)),)))


def test_folding_keeps_the_sum_and_the_order() -> None:
    series = tuple(Series(f"s{n}", (float(n), 1.0)) for n in (3, 9, 1, 7, 2))
    panel, left_out = folded(Panel("", series), 3)
    assert [one.name for one in panel.series] == ["s9", "s7", "3 others"]
    assert panel.series[-1].tone is Tone.NOISE
    assert sums(panel.series) == sums(series)
    assert left_out == 0


def test_lines_that_are_left_out_are_counted() -> None:
    series = tuple(Series(f"s{n}", (float(n),)) for n in range(5))
    panel, left_out = folded(Panel("", series, stacked=False), 3)
    assert [one.name for one in panel.series] == ["s2", "s3", "s4"]
    assert left_out == 2


def test_few_series_stay_as_they_are() -> None:
    panel = Panel("", (Series("a", (1.0,)),))
    assert folded(panel, 1) == (panel, 0)
