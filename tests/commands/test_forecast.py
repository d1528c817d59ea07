"""`forecast`, over days that are alike and days that are not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.model.chart import Timeline
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.records import NOW, Record, flow

HOUR, DAY = 60, 24 * 60  # minutes


def days(*sizes: int) -> list[Record]:
    """A record in each hour of whole days up to NOW; `sizes` are of the days, the last one last.

    In the hour from 14:00 a record is ten times as large.
    """
    return [
        flow("10.0.1.1:40001", "10.0.3.5:5432", at=-DAY * back - HOUR * n,
             bytes=size * (10 if n == 0 else 1))
        for back, size in enumerate(reversed(sizes))
        for n in range(24)
    ]  # fmt: skip


def test_days_that_are_alike(ask: Ask) -> None:
    answer = ask("forecast 3d", *days(100, 100, 100))
    assert answer.headline == (
        "The next 24 hours are likely to bring 3.30 kB, most at 14:00 (1.00 kB in an hour);"
        " of the last day it would have missed 0 %."
    )
    (table,) = answer.tables
    assert table.rows[0] == (NOW, 100, 100, 100)
    assert table.rows[-1] == (NOW + timedelta(hours=23), 1000, 1000, 1000)
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    assert len(chart.times) == 72
    so_far, highest, lowest, likely = chart.panels[0].series
    assert so_far.values[47:49] == (1000, None)
    assert likely.values[47:49] == (None, 100)
    assert highest.values[-1] == lowest.values[-1] == 1000
    assert answer.next == ("trend bytes 24h vs yesterday", "heatmap bytes 3d")


def test_days_that_differ(ask: Ask) -> None:
    answer = ask("forecast 3d", *days(100, 300, 200))
    assert answer.tables[0].rows[0] == (NOW, 200, 100, 300)
    assert answer.headline.endswith("of the last day it would have missed 0 %.")


def test_a_day_that_came_as_a_surprise(ask: Ask) -> None:
    answer = ask("forecast 2d", *days(100, 200))
    assert answer.headline.endswith("of the last day it would have missed 50 %.")
    assert answer.tables[0].rows[0] == (NOW, 150, 100, 200)


def test_hours_are_those_of_the_asker(ask: Ask) -> None:
    answer = ask("forecast 2d", *days(100, 100), zone="Asia/Kolkata")
    assert "most at 19:30 (1.00 kB in an hour)" in answer.headline


def test_parts_of_it(ask: Ask) -> None:
    answer = ask("forecast flows 2d port 5432 of 10.0.1.1", *days(100, 100))
    assert "likely to bring 24 flows, most at 15:00 (1 in an hour)" in answer.headline


def test_too_little(ask: Ask) -> None:
    answer = ask("forecast 2d", *days(100))
    assert answer.headline == "24 whole hours with records foretell nothing: it takes two days."
    assert (answer.tables, answer.charts) == ((), ())
    assert answer.next == ("forecast bytes 14d", "trend bytes 2d")


def test_hours_that_begin_before_the_window_are_no_whole_ones(ask: Ask) -> None:
    answer = ask("forecast 2026-11-18 15:30..2026-11-20 14:30", *days(100, 100))
    assert answer.headline.startswith("46 whole hours with records")


def test_nothing_of_the_kind(ask: Ask) -> None:
    answer = ask("forecast rejects 2d", *days(100, 100))
    assert answer.headline == (
        "The next 24 hours are likely to bring 0 rejected flows, most at 15:00 (0 in an hour);"
        " how sure that is cannot be told yet."
    )


@pytest.mark.parametrize("line", ["forecast byte", "forecast bytes by port", "forecast of x.y"])
def test_wrong_words(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, *days(1))


def test_a_log_without_bytes(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "bytes"]
    with pytest.raises(MissingFields, match="bytes"):
        ask("forecast", *days(1), fields=fields)
