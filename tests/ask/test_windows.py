"""Words that name a stretch of time, each against two instants written out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ask.windows import window_in
from bot.model.errors import BadLine
from bot.model.window import Window
from bot.model.writing import window_words

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 15, 45, tzinfo=UTC)  # 16:45 in Berlin


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read(words: str, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> tuple[str, str] | None:
    window = window_in(words, now, zone)
    if window is None:
        return None
    return f"{window.start:%Y-%m-%d %H:%M:%S}", f"{window.end:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("words", "start"),
    [
        ("30s", "2026-11-20 15:44:30"),
        ("15m", "2026-11-20 15:30:00"),
        ("15min", "2026-11-20 15:30:00"),
        ("90 min", "2026-11-20 14:15:00"),
        ("1h", "2026-11-20 14:45:00"),
        ("1H", "2026-11-20 14:45:00"),
        ("24h", "2026-11-19 15:45:00"),
        ("7d", "2026-11-13 15:45:00"),
        ("2w", "2026-11-06 15:45:00"),
        ("last 1h", "2026-11-20 14:45:00"),
        ("past 2 hours", "2026-11-20 13:45:00"),
        ("last hour", "2026-11-20 14:45:00"),
        ("last day", "2026-11-19 15:45:00"),
        ("today", "2026-11-19 23:00:00"),
        ("2026-11-20", "2026-11-19 23:00:00"),
        ("since 14:00", "2026-11-20 13:00:00"),
        ("since 9:00", "2026-11-20 08:00:00"),
        ("since 18:00", "2026-11-19 17:00:00"),  # not yet today: yesterday's
        ("since yesterday", "2026-11-18 23:00:00"),
        ("since yesterday 14:00", "2026-11-19 13:00:00"),
        ("since 2026-11-20", "2026-11-19 23:00:00"),
        ("since 2026-11-20T14:00:00Z", "2026-11-20 14:00:00"),
        ("since 14:00Z", "2026-11-20 14:00:00"),
    ],
)
def test_windows_until_now(words: str, start: str) -> None:
    assert read(words) == (start, "2026-11-20 15:45:00")


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("yesterday", "2026-11-18 23:00:00", "2026-11-19 23:00:00"),
        ("2026-11-18", "2026-11-17 23:00:00", "2026-11-18 23:00:00"),
        ("14:00..15:30", "2026-11-20 13:00:00", "2026-11-20 14:30:00"),
        ("14:00 .. 15:30", "2026-11-20 13:00:00", "2026-11-20 14:30:00"),
        ("14:00…15:30", "2026-11-20 13:00:00", "2026-11-20 14:30:00"),
        ("14:00-15:30", "2026-11-20 13:00:00", "2026-11-20 14:30:00"),
        ("14:00–15:30", "2026-11-20 13:00:00", "2026-11-20 14:30:00"),
        ("from 14:00 to 15:30", "2026-11-20 13:00:00", "2026-11-20 14:30:00"),
        ("between 14:00 and 15:30", "2026-11-20 13:00:00", "2026-11-20 14:30:00"),
        ("yesterday 14:00..15:30", "2026-11-19 13:00:00", "2026-11-19 14:30:00"),
        ("yesterday 23:00..today 01:00", "2026-11-19 22:00:00", "2026-11-20 00:00:00"),
        ("23:00..01:00", "2026-11-19 22:00:00", "2026-11-20 00:00:00"),
        ("18:00..19:00", "2026-11-19 17:00:00", "2026-11-19 18:00:00"),
        ("2026-11-19 22:00..24:00", "2026-11-19 21:00:00", "2026-11-19 23:00:00"),
        ("2026-11-18 14:00..15:30", "2026-11-18 13:00:00", "2026-11-18 14:30:00"),
        ("2026-11-18 14:00:10..15:30:20", "2026-11-18 13:00:10", "2026-11-18 14:30:20"),
        ("2026-11-18 14:00..2026-11-19 02:00", "2026-11-18 13:00:00", "2026-11-19 01:00:00"),
        ("2026-11-17..2026-11-18", "2026-11-16 23:00:00", "2026-11-18 23:00:00"),
        ("2026-11-18T14:00Z..2026-11-18T15:30Z", "2026-11-18 14:00:00", "2026-11-18 15:30:00"),
        ("2026-11-18T14:00Z..15:30", "2026-11-18 14:00:00", "2026-11-18 15:30:00"),
        ("2026-11-18T14:00+05:30..15:30", "2026-11-18 08:30:00", "2026-11-18 10:00:00"),
        ("2026-11-20 14:00..23:00", "2026-11-20 13:00:00", "2026-11-20 15:45:00"),  # ends now
    ],
)
def test_stretches(words: str, start: str, end: str) -> None:
    assert read(words) == (start, end)


@pytest.mark.parametrize(
    "words",
    ["", "5432", "postgres", "22 d", "on", "since", "last", "10.0.0.1", "1", "1x", "8000..8010"],
)
def test_what_is_no_window(words: str) -> None:
    assert window_in(words, NOW, BERLIN) is None


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("0m", "'0m'"),
        ("999999999w", "400 days"),
        ("401d", "400 days"),
        ("2020-01-01..2026-01-01", "400 days"),
        ("2026-11-18 15:30..14:00", "before it has begun"),
        ("2027-01-01", "future"),
        ("since 2026-11-21", "future"),
        ("2026-13-01", "'2026-13-01'"),
        ("2026-02-30", "'2026-02-30'"),
        ("25:00..26:00", "'25:00'"),
        ("14:61..15:00", "'14:61'"),
        ("14:00..tea", "'tea'"),
        ("since tea", "since tea"),
        ("9999-12-31", "9999-12-31"),
        ("0001-01-01..2026-11-20", "0001-01-01"),
        ("2026-11-18 14:00+99:00..15:00", "14:00+99:00"),
    ],
)
def test_refusals_name_the_words(words: str, named: str) -> None:
    with pytest.raises(BadLine) as refusal:
        window_in(words, NOW, BERLIN)
    assert named in str(refusal.value)


class TestWhenTheClocksChange:
    """Berlin: 2026-03-29 02:00 → 03:00, 2026-10-25 03:00 → 02:00."""

    spring = datetime(2026, 4, 1, 12, tzinfo=UTC)
    autumn = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def test_days_have_23_and_25_hours(self) -> None:
        short = window_in("2026-03-29", self.spring, BERLIN)
        long = window_in("2026-10-25", self.autumn, BERLIN)
        assert short is not None
        assert long is not None
        assert (short.seconds, long.seconds) == (23 * 3600, 25 * 3600)

    def test_lengths_are_exact(self) -> None:
        now = datetime(2026, 3, 29, 12, tzinfo=UTC)
        assert read("24h", now) == ("2026-03-28 12:00:00", "2026-03-29 12:00:00")

    def test_a_time_that_never_happens_is_when_the_clocks_jumped(self) -> None:
        expected = ("2026-03-29 01:00:00", "2026-03-29 01:30:00")
        assert read("2026-03-29 02:30..03:30", self.spring) == expected
        expected = ("2026-03-29 00:30:00", "2026-03-29 01:00:00")
        assert read("2026-03-29 01:30..02:30", self.spring) == expected

    def test_a_time_that_happens_twice_is_covered_whole(self) -> None:
        expected = ("2026-10-25 00:30:00", "2026-10-25 03:00:00")
        assert read("2026-10-25 02:30..04:00", self.autumn) == expected
        expected = ("2026-10-24 23:00:00", "2026-10-25 01:30:00")
        assert read("2026-10-25 01:00..02:30", self.autumn) == expected

    def test_an_offset_says_which_of_the_two(self) -> None:
        expected = ("2026-10-25 01:30:00", "2026-10-25 02:00:00")
        assert read("2026-10-25 02:30+01:00..03:00", self.autumn) == expected

    def test_a_day_that_begins_at_one(self) -> None:
        beirut = ZoneInfo("Asia/Beirut")  # 2026-03-29 00:00 → 01:00
        expected = ("2026-03-28 22:00:00", "2026-03-29 21:00:00")
        assert read("2026-03-29", self.spring, beirut) == expected

    def test_yesterday_after_a_short_day(self) -> None:
        now = datetime(2026, 3, 30, 8, tzinfo=UTC)
        assert read("yesterday", now) == ("2026-03-28 23:00:00", "2026-03-29 22:00:00")


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_but_never_fails(text: str) -> None:
    window, said = None, ""
    try:
        window = window_in(text, NOW, BERLIN)
    except BadLine as refusal:
        said = str(refusal)
    assert window is None or window.end <= NOW
    assert "\n" not in said


@given(
    st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 1), timezones=st.just(UTC)),
    st.integers(60, 86400 * 30),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]),
)
def test_the_words_of_a_window_ask_about_it_again(start: datetime, seconds: int, name: str) -> None:
    now, zone = datetime(2027, 1, 1, tzinfo=UTC), ZoneInfo(name)
    start = start.replace(microsecond=0)
    window = Window(start, start + timedelta(seconds=seconds))
    assert window_in(window_words(window, now, zone), now, zone) == window


@pytest.mark.parametrize(
    ("minutes", "words"), [(15, "15m"), (60, "1h"), (1440, "24h"), (2880, "2d")]
)
def test_the_words_of_a_window_that_ends_now(minutes: int, words: str) -> None:
    window = Window.last(timedelta(minutes=minutes), NOW)
    assert window_words(window, NOW, BERLIN) == words
    assert window_in(words, NOW, BERLIN) == window
