"""When a digest is due, over the nights in which clocks jump."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.schedule.due import USEFUL, due_moments, latest_due, next_due, previous_due

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # jumps by half an hour
ALL = "1234567"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_wall_clock_decides_on_both_sides_of_the_change() -> None:
    moments = list(due_moments("08:30", ALL, BERLIN, utc("2026-03-27"), utc("2026-03-31")))
    assert [f"{one:%d %H:%M}" for one in moments] == [
        "27 07:30",
        "28 07:30",
        "29 06:30",
        "30 06:30",
    ]


def test_a_time_that_is_jumped_over_still_comes_once() -> None:
    moments = list(due_moments("02:30", ALL, BERLIN, utc("2026-03-28T12:00"), utc("2026-03-30")))
    assert moments == [utc("2026-03-29T01:30")]


def test_a_time_that_comes_twice_comes_once() -> None:
    moments = list(
        due_moments("02:30", ALL, BERLIN, utc("2026-10-24T12:00"), utc("2026-10-25T12:00"))
    )
    assert moments == [utc("2026-10-25T00:30")]


@pytest.mark.parametrize(
    ("at", "night", "expected"),
    [
        ("02:15", "2026-10-03", "2026-10-03T15:45"),  # jumped over: it is 02:45 then
        ("02:45", "2026-10-03", "2026-10-03T15:45"),
        ("01:45", "2026-04-04", "2026-04-04T14:45"),  # comes twice: the first
        ("02:15", "2026-04-04", "2026-04-04T15:45"),
    ],
)
def test_a_zone_that_changes_by_half_an_hour(at: str, night: str, expected: str) -> None:
    start = utc(f"{night}T12:00")
    moments = list(due_moments(at, ALL, LORD_HOWE, start, start + timedelta(hours=12)))
    assert moments == [utc(expected)]


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC)),
    st.sampled_from([BERLIN, NEW_YORK, LORD_HOWE, ZoneInfo("UTC")]),
    st.integers(0, 23),
    st.integers(0, 59),
)
def test_every_local_day_has_exactly_one(
    start: datetime, zone: ZoneInfo, hour: int, minute: int
) -> None:
    moments = list(
        due_moments(f"{hour:02}:{minute:02}", ALL, zone, start, start + timedelta(days=20))
    )
    days = [one.astimezone(zone).date() for one in moments]
    assert len(days) == len(set(days))
    assert (max(days) - min(days)).days == len(days) - 1
    assert len(moments) in (19, 20, 21)


def test_weekdays_only() -> None:
    moments = list(due_moments("08:30", "12345", BERLIN, utc("2026-11-20"), utc("2026-11-24")))
    assert [one.isoweekday() for one in moments] == [5, 1]


def test_one_that_was_missed_is_caught_up_once_while_it_is_useful() -> None:
    last = utc("2026-11-23T07:30")
    assert latest_due("08:30", ALL, BERLIN, after=last, now=utc("2026-11-24T07:29")) is None
    due = utc("2026-11-24T07:30")
    assert latest_due("08:30", ALL, BERLIN, after=last, now=due) == due
    assert latest_due("08:30", ALL, BERLIN, after=last, now=due + USEFUL) == due
    assert latest_due("08:30", ALL, BERLIN, after=due, now=due + USEFUL) is None


def test_of_several_that_were_missed_only_the_latest_is_sent() -> None:
    last = utc("2026-11-10T07:30")
    assert latest_due("08:30", ALL, BERLIN, after=last, now=utc("2026-11-24T08:00")) == utc(
        "2026-11-24T07:30"
    )
    assert latest_due("08:30", ALL, BERLIN, after=last, now=utc("2026-11-24T14:00")) is None


@pytest.mark.parametrize(
    ("days", "expected"),
    [(ALL, "2026-11-25T07:30"), ("5", "2026-11-27T07:30"), ("2", "2026-12-01T07:30")],
)
def test_the_next_one(days: str, expected: str) -> None:
    assert next_due("08:30", days, BERLIN, utc("2026-11-24T07:30")) == utc(expected)


def test_the_one_before() -> None:
    assert previous_due("08:30", "12345", BERLIN, utc("2026-11-23T07:30")) == utc(
        "2026-11-20T07:30"
    )
