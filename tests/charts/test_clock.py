from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.charts import clock

BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def labels(start: str, hours: float, zone: ZoneInfo, most: int = 8) -> list[str]:
    begin = at(start)
    found = clock.ticks(begin, begin + timedelta(hours=hours), zone, most)
    return [" ".join(filter(None, (tick.label, tick.day))) for tick in found]


def test_a_quarter_of_an_hour_is_cut_in_minutes() -> None:
    assert labels("2026-11-20T13:15", 0.25, BERLIN) == [
        "14:16", "14:18", "14:20", "14:22", "14:24", "14:26", "14:28",
    ]  # fmt: skip


def test_ticks_are_round_in_the_persons_zone() -> None:
    assert labels("2026-11-20T00:00", 4, KATHMANDU, 4) == ["06:00", "07:00", "08:00", "09:00"]


def test_midnight_and_the_first_tick_name_their_day() -> None:
    assert labels("2026-11-19T19:00", 24, BERLIN, 4) == [
        "00:00 Fri 20 Nov",
        "06:00",
        "12:00",
        "18:00",
    ]
    assert labels("2026-11-19T10:00", 24, BERLIN, 4) == [
        "12:00 Thu 19 Nov", "18:00", "00:00 Fri 20 Nov", "06:00",
    ]  # fmt: skip


def test_neighbours_do_not_both_name_their_day() -> None:
    assert labels("2026-11-19T16:00", 24, BERLIN, 4)[:2] == ["18:00", "00:00 Fri 20 Nov"]


def test_a_week_has_its_seven_days() -> None:
    week = labels("2026-11-13T23:00", 7 * 24, BERLIN, 7)
    assert week == [
        "Sat 14 Nov", "Sun 15 Nov", "Mon 16 Nov", "Tue 17 Nov", "Wed 18 Nov", "Thu 19 Nov",
        "Fri 20 Nov",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "hours", [0.01, 0.1, 1, 5, 11, 25, 50, 24 * 9, 24 * 40, 24 * 365, 24 * 3000]
)
def test_there_are_never_more_ticks_than_wanted(hours: float) -> None:
    assert len(labels("2026-11-20T13:07", hours, BERLIN, 8)) <= 9


def test_the_repeated_hour_of_autumn_has_both_its_hours() -> None:
    assert labels("2026-10-24T23:00", 4, BERLIN) == [
        "01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30",
    ]  # fmt: skip
    assert labels("2026-10-24T22:00", 9, BERLIN, 5) == ["00:00", "02:00", "04:00", "06:00"]


def test_a_change_of_clocks_is_marked_where_it_is() -> None:
    (autumn,) = clock.shifts(at("2026-10-24T22:00"), at("2026-10-25T22:00"), BERLIN)
    assert (autumn.at, autumn.label) == (at("2026-10-25T01:00"), "clocks change: CEST → CET")
    (spring,) = clock.shifts(at("2026-03-28T23:00"), at("2026-03-29T22:00"), BERLIN)
    assert spring.at == at("2026-03-29T01:00")
    assert clock.shifts(at("2026-10-25T01:00"), at("2026-10-25T22:00"), BERLIN) == ()
    assert clock.shifts(at("2026-11-20T00:00"), at("2026-11-21T00:00"), BERLIN) == ()


@pytest.mark.parametrize(
    ("zone", "start", "named"),
    [
        ("Europe/Berlin", "2026-11-20T00:00", "Europe/Berlin (CET)"),
        ("Europe/Berlin", "2026-10-24T22:00", "Europe/Berlin (CEST → CET)"),
        ("UTC", "2026-11-20T00:00", "UTC"),
        ("America/Sao_Paulo", "2026-11-20T00:00", "America/Sao_Paulo (UTC-03)"),
    ],
)
def test_the_zone_is_named_with_what_clocks_say(zone: str, start: str, named: str) -> None:
    begin = at(start)
    assert clock.zone_name(begin, begin + timedelta(hours=12), ZoneInfo(zone)) == named


def test_an_end_at_midnight_crosses_none() -> None:
    start, end = at("2026-11-19T23:00"), at("2026-11-20T23:00")
    assert not clock.crosses_midnight(start, end, BERLIN)
    assert clock.crosses_midnight(start, end, ZoneInfo("UTC"))
