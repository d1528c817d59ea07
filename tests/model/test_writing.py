from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.table import Kind, Value
from bot.model.window import Window
from bot.model.writing import (
    count,
    duration,
    many,
    share,
    short_count,
    size,
    span,
    wider_words,
    written,
)

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (12_345, "12.3 kB"),
        (123_456, "123 kB"),
        (999_600, "1.00 MB"),
        (45_600_000, "45.6 MB"),
        (7_000_000_000_000_000_000, "7000 PB"),
    ],
)
def test_sizes_have_three_digits(value: int, text: str) -> None:
    assert size(value) == text


@given(st.integers(0, 10**18))
def test_a_size_is_within_half_a_digit_of_its_value(value: int) -> None:
    number, unit = size(value).split(" ")
    step = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15}[unit]
    assert float(number) * step == pytest.approx(value, rel=0.0051)


def test_counts_part_thousands() -> None:
    assert count(1234567) == "1\u2009234\u2009567"
    assert short_count(950) == "950"
    assert short_count(1234) == "1.23 k"
    assert many(1, "client") == "1 client"
    assert many(0, "query", "queries") == "0 queries"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 %"), (0.0001, "<1 %"), (0.5, "50 %"), (0.9999, ">99 %"), (1, "100 %")],
)
def test_a_share_is_never_rounded_to_nothing_or_all(value: float, text: str) -> None:
    assert share(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.123, "0.12 s"),
        (45, "45 s"),
        (60, "1 min"),
        (5400, "1 h 30 min"),
        (7 * 86400, "7 d"),
        (90061, "1 d 1 h"),
    ],
)
def test_durations_show_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2026-11-20T13:00", "2026-11-20T14:30", "2026-11-20 14:00–15:30 CET (1 h 30 min)"),
        ("2026-11-19T23:00", "2026-11-20T23:00", "2026-11-20 00:00–24:00 CET (1 d)"),
        ("2026-10-24T22:00", "2026-10-25T23:00", "2026-10-25 00:00–24:00 CEST (1 d 1 h)"),
    ],
)
def test_a_window_is_written_in_the_askers_zone(start: str, end: str, text: str) -> None:
    window = Window(
        datetime.fromisoformat(start).replace(tzinfo=UTC),
        datetime.fromisoformat(end).replace(tzinfo=UTC),
    )
    assert span(window, BERLIN) == text


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, Kind.BYTES, "–"),
        (5432, Kind.PORT, "5432"),
        (5432, Kind.COUNT, "5\u2009432"),
        (1500, Kind.BYTES, "1.50 kB"),
        (0.25, Kind.SHARE, "25 %"),
        (90, Kind.SECONDS, "1 min 30 s"),
        ("10.0.0.5", Kind.ADDRESS, "10.0.0.5"),
        (datetime(2026, 11, 20, 13, tzinfo=UTC), Kind.TIME, "2026-11-20 14:00:00"),
    ],
)
def test_every_kind_is_written(value: Value, kind: Kind, text: str) -> None:
    assert written(value, kind, BERLIN) == text


@pytest.mark.parametrize(
    ("hours", "words"), [(1, "24h"), (24, "7d"), (7 * 24, "30d"), (30 * 24, "90d")]
)
def test_a_wider_window(hours: int, words: str) -> None:
    end = datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert wider_words(Window(end - timedelta(hours=hours), end)) == words


@pytest.mark.parametrize(
    ("dollars", "text"),
    [(0, "$0"), (0.001, "<$0.01"), (0.5, "$0.50"), (4.2, "$4.20"), (1234.5, "$1\u2009234")],
)
def test_money(dollars: float, text: str) -> None:
    assert written(dollars, Kind.MONEY, ZoneInfo("UTC")) == text
