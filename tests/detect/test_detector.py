from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.detect.detector import YOUNGEST, Detector
from bot.detect.state import State
from tests.detect.series import DAY, PER_DAY, START, STEP, background, made

Floats = NDArray[np.float64]


def scores(values: Floats, detector: Detector | None = None, first: int = 0) -> Floats:
    """The scores of one series, or of several as columns."""
    table = values if values.ndim == 2 else values[:, None]
    detector = detector or Detector(table.shape[1])
    found = [detector.update(START + STEP * (first + n), row).score for n, row in enumerate(table)]
    return np.array(found).reshape(values.shape)


def quiet_series(level: float, days: int = 8, seed: int = 1, evenness: float = 40.0) -> Floats:
    random = np.random.default_rng(seed)
    return random.poisson(background(random, days, level, evenness)).astype(float)


def test_a_thousandfold_of_series_is_judged_as_each_by_itself() -> None:
    columns = np.column_stack(
        [made(seed, level, days=4).values for seed in range(3) for level in (0.5, 8, 900)]
    )
    columns[700, 2] = 1e5
    together = scores(columns)
    for number in range(columns.shape[1]):
        assert together[:, number] == pytest.approx(scores(columns[:, number]), rel=1e-9, abs=1e-12)
    assert (together >= 1).any()


def test_more_series_than_are_worked_on_at_a_time() -> None:
    values = np.random.default_rng(3).poisson(9, (60, 2500)).astype(float)
    together = Detector(2500)
    alone = Detector(1)
    for n, row in enumerate(values):
        together.update(START + STEP * n, row)
        alone.update(START + STEP * n, row[2400:2401])
    assert together.state.rows[:, 2400] == pytest.approx(alone.state.rows[:, 0], rel=1e-9)


def test_what_comes_later_does_not_change_what_was_said() -> None:
    values = made(4, 30, days=10).values
    assert np.array_equal(scores(values)[:2500], scores(values[:2500]))


def test_a_restart_changes_nothing() -> None:
    values = made(6, 12, days=9).values
    cut = 2300
    before = Detector()
    first = scores(values[:cut], before)
    again = Detector(state=State.from_bytes(before.state.to_bytes()))
    assert np.array_equal(np.concatenate([first, scores(values[cut:], again, cut)]), scores(values))


def test_missing_buckets_are_unknown_whether_they_are_left_out_or_nan() -> None:
    values = quiet_series(20)
    values[1500:1560] = np.nan
    told, left_out = Detector(), Detector()
    for n, value in enumerate(values):
        told.update(START + STEP * n, [value])
        if not math.isnan(value):
            left_out.update(START + STEP * n, [value])
    assert np.array_equal(told.state.rows, left_out.state.rows)


def test_a_gap_teaches_nothing_and_zeros_do() -> None:
    gap, zeros = quiet_series(200), quiet_series(200)
    gap[1500:1800], zeros[1500:1800] = np.nan, 0
    assert scores(gap)[1800:].max() < 1 <= scores(zeros)[1800:].max()


@pytest.mark.parametrize("level", [0.3, 5, 100, 2000])
def test_a_surge_is_seen_in_its_first_bucket(level: float) -> None:
    values = quiet_series(level)
    values[2100:2104] += 12 * level + 40
    found = scores(values)
    assert found[2100] >= 1
    assert found[288:2100].max() < 1


@pytest.mark.parametrize("level", [0.3, 5, 100, 2000])
def test_a_burst_that_is_merely_significant_is_let_be(level: float) -> None:
    values = quiet_series(level, evenness=400)
    values[2100] += round(level) + 3
    values[2200:2202] += round(0.6 * level) + 1
    assert scores(values).max() < 1


def test_a_step_that_lasts_is_seen_and_becomes_the_new_normal() -> None:
    values = quiet_series(50, days=16)
    values[8 * PER_DAY :] *= 4
    found = scores(values)
    assert (found[8 * PER_DAY : 8 * PER_DAY + 6] >= 1).any()
    assert found[12 * PER_DAY :].max() < 1


def test_a_surge_above_the_new_normal_is_seen_again() -> None:
    values = quiet_series(50, days=16)
    values[8 * PER_DAY :] *= 4
    values[-20:-16] *= 6
    assert scores(values)[-20] >= 1


def test_a_climb_is_seen_before_it_is_at_its_top() -> None:
    values = quiet_series(80)
    values[2050:2140] *= np.exp(np.linspace(0, math.log(7), 90))
    assert (scores(values)[2050:2110] >= 1).any()


def test_a_peak_at_the_same_time_of_each_day_is_a_habit_from_the_third_on() -> None:
    values = quiet_series(20, days=14)
    for day in range(8, 14):
        values[day * PER_DAY + 50] += 400
    found = scores(values) >= 1
    assert [bool(found[day * PER_DAY + 50]) for day in range(8, 14)] == [True] * 2 + [False] * 4


def test_a_habit_hides_neither_a_higher_peak_nor_one_at_another_time() -> None:
    values = quiet_series(20, days=14)
    for day in range(8, 14):
        values[day * PER_DAY + 50] += 400
    values[13 * PER_DAY + 50] += 4000
    values[13 * PER_DAY + 150] += 400
    found = scores(values)
    assert found[13 * PER_DAY + 50] >= 1
    assert found[13 * PER_DAY + 150] >= 1


def test_it_says_when_all_is_calm_again() -> None:
    values = quiet_series(60)
    values[2100:2112] *= 8
    detector = Detector()
    opened = [bool(detector.update(START + STEP * n, [v]).open[0]) for n, v in enumerate(values)]
    assert all(opened[2100:2112])
    assert not any(opened[2118:])


def test_the_first_day_is_for_learning() -> None:
    values = quiet_series(5, days=1)
    values[200:204] += 500
    assert scores(values).max() == 0


def test_a_baseline_from_history_alerts_from_the_first_live_bucket() -> None:
    values = quiet_series(40)
    live = Detector()
    live.learn((START + STEP * n, [value]) for n, value in enumerate(values))
    assert live.update(START + STEP * len(values), [700.0]).alert.tolist() == [True]
    fresh = Detector()
    assert fresh.update(START + STEP * len(values), [700.0]).alert.tolist() == [False]


def test_series_may_join_later() -> None:
    values = np.column_stack([quiet_series(20), quiet_series(20, seed=2)])
    values[: 3 * PER_DAY, 1] = np.nan
    values[2100:2103, 1] += 300
    found = scores(values)
    assert (found[2100] >= 1).tolist() == [False, True]
    assert not found[: 3 * PER_DAY + int(YOUNGEST / STEP), 1].any()


def test_values_below_zero_count_as_zero() -> None:
    values = quiet_series(3)
    negative = np.where(values == 0, -5.0, values)
    assert np.array_equal(scores(values), scores(negative))


@pytest.mark.parametrize("unit", [1e-6, 0.37, 1234.567, 1e7])
def test_a_measured_quantity_is_judged_whatever_its_unit(unit: float) -> None:
    values = quiet_series(400, evenness=60) + 0.5
    values[2100:2104] *= 9
    found = scores(values * unit)
    assert found[2100] >= 1
    assert found[:2100].max() < 1


@pytest.mark.parametrize("step", [60, 900, 3600])
def test_buckets_may_have_another_length(step: int) -> None:
    random = np.random.default_rng(8)
    times = START + np.arange(0, 9 * DAY, step)
    values = random.poisson(60 * (1 + 0.5 * np.sin(2 * np.pi * times / DAY))).astype(float)
    surge = len(values) - 40
    values[surge : surge + 3] *= 9
    detector = Detector()
    found = [float(detector.update(t, [v]).score[0]) for t, v in zip(times, values, strict=True)]
    assert found[surge] >= 1
    assert max(found[:surge]) < 1


def test_times_may_be_uneven_and_gaps_long() -> None:
    random = np.random.default_rng(11)
    steps = random.choice([60, 300, 317, 900], 3000)
    steps[1500] = 90 * DAY
    times = START + np.cumsum(steps)
    values = random.poisson(40, len(times)).astype(float)
    values[2900:2903] *= 9

    def judged(end: int) -> list[float]:
        detector = Detector()
        rows = zip(times[:end], values[:end], strict=True)
        return [float(detector.update(t, [v]).score[0]) for t, v in rows]

    found = judged(3000)
    assert found[2900] >= 1
    assert max(found[:2900]) < 1
    assert judged(2000) == found[:2000]


@settings(deadline=None, max_examples=50)
@example([0.0, 7e305])
@given(
    st.lists(
        st.floats(allow_nan=True, allow_infinity=True)
        | st.integers(0, 10).map(float)
        | st.sampled_from([0.0, 1e-300, 1e300, -1.0, 1e12]),
        min_size=1,
        max_size=80,
    )
)
def test_no_series_whatever_makes_nonsense(values: list[float]) -> None:
    detector = Detector()
    for n, value in enumerate(values):
        reading = detector.update(START + 1800 * n, [value])
        assert np.isfinite(reading.score).all()
    assert np.isfinite(detector.state.rows).all()


def test_made_series_with_known_incidents_are_told_from_their_noise() -> None:
    series = [made(seed, level) for seed in range(8) for level in (0.7, 12, 300)]
    found = scores(np.column_stack([one.values for one in series])) >= 1
    seen = [
        found[incident.first : incident.last + 3, number].any()
        for number, one in enumerate(series)
        for incident in one.incidents
    ]
    false = sum(int((found[:, n] & one.quiet()).sum()) for n, one in enumerate(series))
    weeks = sum(one.quiet().sum() for one in series) / (7 * PER_DAY)
    assert len(seen) > 80
    assert np.mean(seen) >= 0.97
    assert false / weeks <= 0.15
