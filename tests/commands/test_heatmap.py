from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.model.answer import Answer
from bot.model.chart import Heatmap
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.records import NOW, Record, flow

# Every 50 minutes over twelve days up to the moment of asking, a Friday at 15:00 UTC.
AGO = tuple(range(5, 12 * 1440, 50))
RECORDS: list[Record] = [
    flow("10.0.1.10:40001", "10.0.3.5:5432", bytes=100 + n, packets=1 + n % 7, at=55 - n)
    for n in AGO
] + [flow("203.0.113.9:50000", "10.0.3.5:22", "REJECT", bytes=40, at=-60 * 30)]


def chart_of(answer: Answer) -> Heatmap:
    (chart,) = answer.charts
    assert isinstance(chart, Heatmap)
    return chart


def plainly(records: list[Record], days: int, zone: str, name: str) -> dict[tuple[int, int], float]:
    """Means by hour of the week, counted minute by minute."""
    sums: defaultdict[tuple[int, int], float] = defaultdict(float)
    minutes: defaultdict[tuple[int, int], int] = defaultdict(int)
    first = min(int(str(record["start"])) for record in records)
    hour = datetime.fromtimestamp(first, ZoneInfo(zone)).replace(minute=0, second=0)
    start = NOW - timedelta(days=days)
    if first - start.timestamp() >= 3600:
        start = hour.astimezone(UTC)

    def cell(at: datetime) -> tuple[int, int]:
        local = at.astimezone(ZoneInfo(zone))
        return local.weekday(), local.hour

    at = start
    while at < NOW:
        minutes[cell(at)] += 1
        at += timedelta(minutes=1)
    for record in records:
        at = datetime.fromtimestamp(int(str(record["start"])), UTC)
        if record["action"] == "ACCEPT" and start <= at < NOW:
            sums[cell(at)] += 1 if name == "flows" else float(str(record[name]))
    return {place: sums[place] * 60 / minutes[place] for place in minutes}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu"])
@pytest.mark.parametrize(("name", "days"), [("bytes", 7), ("packets", 12), ("bytes", 30)])
def test_means_by_hour_of_the_week(ask: Ask, zone: str, name: str, days: int) -> None:
    chart = chart_of(ask(f"heatmap {name} {days}d", *RECORDS, zone=zone))
    expected = plainly(RECORDS, days, zone, name)
    for day, row in enumerate(chart.values):
        for hour, value in enumerate(row):
            if (day, hour) in expected:
                assert value == pytest.approx(expected[day, hour])
            else:
                assert value is None


def test_the_headline_and_the_tables(ask: Ask) -> None:
    records = [
        flow("10.0.1.10:40001", "10.0.3.5:443", bytes=9_000_000, at=-60),  # Friday, 13:05 UTC
        flow("10.0.1.10:40001", "10.0.3.5:443", bytes=1_000_000, at=-120),
        flow("10.0.1.10:40001", "10.0.3.5:443", bytes=500_000, at=-180),
    ]
    answer = ask("heatmap 24h", *records, zone="Europe/Berlin")
    assert answer.headline == (
        "Most bytes come on Friday, 14:00–15:00: 9.00 MB an hour;"
        " least on Friday, 15:00–16:00: 0 B."
    )
    assert answer.tables[1].rows[:2] == (("Friday", "14", 9_000_000), ("Friday", "13", 1_000_000))
    assert answer.tables[0].rows == (("Friday", 10_500_000, 2_625_000, "14", 9_000_000, 14_400),)


def test_only_what_is_asked_for(ask: Ask) -> None:
    days = ask("heatmap rejects 3d", *RECORDS).tables[0].rows
    assert {day: total for day, total, *_ in days if total} == {"Thursday": 1}
    assert ask("heatmap flows port 22 3d").headline.startswith("Most flows come on Thursday, 08")
    assert "No flows" in ask("heatmap flows of 10.9.9.9 3d").headline


def test_nothing(ask: Ask) -> None:
    answer = ask("heatmap rejects", RECORDS[0])
    assert answer.headline == "No rejected flows in this window."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("heatmap rejects 30d",))


def test_hostile_records(ask: Ask) -> None:
    answer = ask("heatmap flows 1d", flow("x\"]|y':1", "<!here>:2", at=30), RECORDS[0])
    assert "an hour" in answer.headline


@pytest.mark.parametrize("line", ["heatmap byte", "heatmap of x\"'", "heatmap 500d"])
def test_wrong_words(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, *RECORDS[:1])


def test_a_log_without_bytes(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "bytes"]
    with pytest.raises(MissingFields, match="bytes"):
        ask("heatmap", *RECORDS[:1], fields=fields)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("heatmap packets", *RECORDS)
    assert answer.next == ("trend packets 7d", "top-talkers 7d")
    for line in answer.next:
        assert ask(line).headline


def test_a_long_window_has_no_more_bins_than_a_query_may_return(ask: Ask) -> None:
    answer = ask("heatmap flows 300d", *RECORDS, zone="Asia/Kathmandu")
    assert sum(int(str(row[1])) for row in answer.tables[0].rows) == len(RECORDS)
    assert "bin(1h)" in answer.queries[0].text
