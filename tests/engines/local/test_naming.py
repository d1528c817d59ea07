from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.engines.local.naming import named_span, named_time
from bot.model.window import Window

SLOT = "AWSLogs/1/vpcflowlogs/x/2025/11/20/1_vpcflowlogs_x_fl-1_20251120T1400Z_a.log.gz"
TWO = datetime(2025, 11, 20, 14, tzinfo=UTC)


def touched(name: str, moment: datetime) -> bool:
    span = named_span(name)
    return span is None or span.touches(Window(moment, moment + timedelta(seconds=1)))


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(-17, False), (-16, True), (-15, True), (0, True), (5, True), (9.9, True), (10, False)],
)
def test_a_slot_holds_records_that_ended_in_it_and_began_up_to_an_interval_before(
    minutes: float, expected: bool
) -> None:
    assert touched(SLOT, TWO + timedelta(minutes=minutes)) is expected


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("2025/11/20/a.gz", [0, 23.9, -1.1], [-2, 24.2]),
        ("x/2025/11/20/14/a.gz", [14.5, 13.1], [12.5, 15.2]),
        ("year=2025/month=11/day=20/a.parquet", [0, 23.9], [-2, 24.2]),
        ("year=2025/month=11/day=20/hour=14/a.parquet", [14, 15], [12, 16]),
        ("year=2025/month=1/day=2/hour=3/a", [], [0]),
    ],
)
def test_folders_tell_days_and_hours(name: str, inside: list[float], outside: list[float]) -> None:
    day = datetime(2025, 11, 20, tzinfo=UTC)
    assert [touched(name, day + timedelta(hours=hour)) for hour in inside] == [True] * len(inside)
    assert [touched(name, day + timedelta(hours=hour)) for hour in outside] == [False] * len(
        outside
    )


@pytest.mark.parametrize(
    "name",
    [
        "a.gz",
        "2025/13/45/a.gz",
        "1_20251399T9999Z_a.gz",
        "2025/11/a.gz",
        "12025/11/20/a.gz",
        "year=2025/month=02/day=30/a",
        "2025/11/20/task/eni-0a-all/000000.gz",  # dated by the export, not by its records
    ],
)
def test_what_tells_no_time_is_never_left_out(name: str) -> None:
    assert named_span(name) is None


def test_a_slot_is_a_moment_too() -> None:
    assert named_time(SLOT) == TWO
    assert named_time("a_20251399T9999Z_a") is None
    assert named_time("a.gz") is None
