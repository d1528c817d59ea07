"""The moments and the questions of `flows demo`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.demo.days import days_of
from bot.demo.story import DEMO_DAY, mistake, moment_of_asking
from bot.model.window import Window


def test_the_mistake_is_within_the_two_hours_before_asking() -> None:
    asked, wrong = moment_of_asking(), mistake(DEMO_DAY)
    assert asked - timedelta(hours=2) < wrong.start < wrong.end < asked
    assert wrong.seconds == 68 * 60


@given(st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_any_last_24_hours_hold_as_much_of_a_mistake_as_one_day_does(now: datetime) -> None:
    window = Window.last(timedelta(hours=24), now)
    held = 0.0
    for day in days_of(window):
        wrong = mistake(day)
        overlap = min(wrong.end, window.end) - max(wrong.start, window.start)
        held += max(0.0, overlap.total_seconds())
    assert held == 68 * 60
