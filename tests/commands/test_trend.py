from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.model.answer import Answer, Question
from bot.model.chart import Level, Timeline, Tone
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from bot.model.window import Window
from bot.network.trends import earlier_window
from tests.commands.conftest import Ask
from tests.commands.known import INTERFACES, S3, known
from tests.commands.records import flow

RECORDS = [
    *(
        flow(f"10.0.1.{n}:40001", "10.0.3.5:5432", bytes=100 * n, packets=n, at=n)
        for n in range(1, 10)
    ),
    flow("10.0.3.5:5432", "10.0.1.1:40001", bytes=1, packets=1, at=30),
    flow("203.0.113.9:50000", "10.0.3.5:22", "REJECT", bytes=40, packets=1, at=31),
]


def parts(answer: Answer) -> dict[object, object]:
    return {row[0]: row[1] for row in answer.tables[0].rows}


@pytest.mark.parametrize(
    ("line", "total"),
    [
        ("trend", 4501),
        ("trend bytes", 4501),
        ("trend packets 1h", 46),
        ("trend flows", 11),
        ("trend rejects", 1),
        ("trend flows port 5432", 10),
        ("trend flows of 10.0.1.1", 2),
        ("trend flows of 10.0.1.0/30", 4),
    ],
)
def test_measures(ask: Ask, line: str, total: int) -> None:
    assert parts(ask(line, *RECORDS)) == {"all": total}


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("action", {"ACCEPT": 10, "REJECT": 1, "all": 11}),
        ("port", {"5432": 10, "22": 1, "all": 11}),  # the reply is under its server's port
        ("protocol", {"6": 11, "all": 11}),
        ("target", {"10.0.3.5": 10, "10.0.1.1": 1, "all": 11}),
        ("family", {"IPv4": 11, "all": 11}),
    ],
)
def test_splits_add_up(ask: Ask, split: str, expected: dict[str, int]) -> None:
    assert parts(ask(f"trend flows by {split}", *RECORDS)) == expected


def test_what_is_not_drawn_is_one_more_part(ask: Ask) -> None:
    found = parts(ask("trend bytes by source", *RECORDS))
    assert list(found) == ["10.0.1.9", "10.0.1.8", "10.0.1.7", "10.0.1.6", "others", "all"]
    assert found["others"] == 100 + 200 + 300 + 400 + 500 + 1
    assert found["all"] == 4501


def test_the_chart_has_zeros_and_the_headline_its_peak(ask: Ask) -> None:
    answer = ask("trend bytes", *RECORDS, zone="Europe/Berlin")
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    (series,) = chart.panels[0].series
    assert series.values[5:9] == (0, 100, 200, 300)
    assert answer.headline == (
        "4.50 kB in all; at most 900 B in 1 min, at 2026-11-20 15:14; p95 605 B."
    )


def test_ports_are_named(ask: Ask) -> None:
    (chart,) = ask("trend flows by port", *RECORDS).charts
    assert isinstance(chart, Timeline)
    assert [s.name for s in chart.panels[0].series] == ["5432 (postgres)", "22 (ssh)"]


def test_p95_is_a_labelled_line(ask: Ask) -> None:
    (chart,) = ask("trend bytes", *RECORDS).charts
    assert isinstance(chart, Timeline)
    assert chart.panels[0].levels == (Level(605.0, "p95 605 B"),)


def test_hosts_inside_each_at_the_interface_that_saw_most(ask: Ask) -> None:
    again = flow(
        "10.0.1.9:40001", "10.0.3.5:5432", bytes=800, packets=8, at=9, interface_id="eni-0b"
    )
    answer = ask("trend bytes by host", *RECORDS, again)
    assert parts(answer) == {
        "10.0.3.5": 4501,
        "10.0.1.9": 900,
        "10.0.1.8": 800,
        "10.0.1.7": 700,
        "all": 5301,
    }
    assert [row[-1] for row in answer.tables[0].rows] == [None, None, None, None, 1]
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    assert [panel.stacked for panel in chart.panels] == [False, True]
    assert "so they do not add up" in answer.notes[0].text


def test_families(ask: Ask) -> None:
    six = flow("2001:db8::1:40001", "2001:db8::2:443", bytes=77)
    assert parts(ask("trend by family", *RECORDS, six)) == {"IPv4": 4501, "IPv6": 77, "all": 4578}


def test_hosts_of_rejects_count_as_logged(ask: Ask) -> None:
    refused = [
        flow("10.0.1.1:50000", f"10.0.3.{n}:5432", "REJECT", interface_id=f"eni-{n}")
        for n in (5, 6)
    ]
    assert parts(ask("trend rejects by host", *refused)) == {
        "10.0.1.1": 2, "10.0.3.5": 1, "10.0.3.6": 1, "all": 2,
    }  # fmt: skip


APP, NEAR, FAR, NAT = "10.20.10.21", "10.20.10.22", "10.20.11.21", "10.20.0.5"
ROADS = [
    flow(f"{source}:40001", f"{target}:{port}", bytes=size, packets=size // 10, at=at,
         interface_id=INTERFACES[seen])
    for source, target, port, size, at, seen in (
        (APP, NEAR, 80, 100, 1, APP),
        (APP, NEAR, 80, 100, 1, NEAR),
        (APP, FAR, 80, 1000, 20, APP),
        (FAR, S3, 443, 50, 20, FAR),
    )
]  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("bytes", {"within-subnet": 100, "cross-zone": 1000, "aws-service": 50, "all": 1150}),
        ("packets", {"within-subnet": 10, "cross-zone": 100, "aws-service": 5, "all": 115}),
        ("flows", {"within-subnet": 1, "cross-zone": 1, "aws-service": 1, "all": 3}),
    ],
)
def test_categories_count_each_flow_once(ask: Ask, measure: str, expected: dict[str, int]) -> None:
    answer = ask(f"trend {measure} by category", *ROADS, network=known())
    assert parts(answer) == expected
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    lines = {one.name: one.values for one in chart.panels[0].series}
    assert sum(lines["cross-zone"]) == lines["cross-zone"][5]  # 14:25, in steps of 5 min
    assert "count once: at the sender's" in answer.notes[0].text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("trend rejects by category", "what was rejected took no road"),
        ("trend bytes by category port 80", "a part of it does not tell"),
        ("trend by category of 10.0.0.1", "a part of it does not tell"),
        ("trend 1h vs 14:30..14:45", "no earlier than the window itself"),
        ("trend vs", "'vs' needs earlier"),
        ("trend vs soon", "'soon' is no window"),
    ],
)
def test_questions_that_make_no_sense(ask: Ask, line: str, said: str) -> None:
    with pytest.raises(BadLine, match=said):
        ask(line, *ROADS)


DAY = 24 * 60  # minutes
BEFORE = [flow("10.0.1.1:40001", "10.0.3.5:5432", bytes=2250, at=2 - DAY)]


@pytest.mark.parametrize("words", ["vs yesterday", "vs 24h", "vs 2026-11-19 14:00..15:00"])
def test_the_same_stretch_of_an_earlier_day(ask: Ask, words: str) -> None:
    answer = ask(f"trend bytes 1h {words}", *RECORDS, *BEFORE)
    assert answer.headline == (
        "4.50 kB in all, 100 % more than the day before (2.25 kB);"
        " at most 900 B in 1 min, at 2026-11-20 14:14; p95 605 B."
    )
    assert parts(answer) == {"all": 4501, "the day before": 2250}
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    (panel,) = chart.panels
    assert [(one.name, one.tone) for one in panel.series] == [
        ("the day before", Tone.NOISE),
        ("this window", Tone.PLAIN),
    ]
    assert panel.series[0].values[7] == 2250  # 14:07, a day later
    assert "2026-11-19 14:00–15:00 UTC (1 h)" in answer.notes[1].text


def test_a_whole_day_against_yesterday_is_the_day_before_it(ask: Ask) -> None:
    answer = ask("trend bytes 24h vs yesterday", *RECORDS, *BEFORE)
    assert "2026-11-18 15:00–2026-11-19 15:00 UTC (1 d)" in answer.notes[1].text


def test_across_a_change_of_the_clock_the_hour_of_the_day_is_kept(ask: Ask) -> None:
    """Clocks in Berlin went back on 25 October."""
    line = "trend bytes 2026-10-26 14:00..15:00 vs 2026-10-24"
    answer = ask(line, *RECORDS, zone="Europe/Berlin")
    assert answer.headline == "No bytes in this window."
    found = Question(
        "trend", line, Window(at(10, 26, 13), at(10, 26, 14)), ZoneInfo("Europe/Berlin"),
        at(11, 1, 0), {"earlier": Window(at(10, 23, 22), at(10, 24, 22))},
    )  # fmt: skip
    assert earlier_window(found) == Window(at(10, 24, 12), at(10, 24, 13))


def at(month: int, day: int, hour: int) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (2250, "as much as the day before (2.25 kB)"),
        (3000, "25 % less than the day before (3.00 kB)"),
        (1800, "25 % more than the day before (1.80 kB)"),
        (500, "4.5 times as much as the day before (500 B)"),
    ],
)
def test_changes(ask: Ask, size: int, said: str) -> None:
    now = flow("10.0.1.1:40001", "10.0.3.5:5432", bytes=2250)
    answer = ask("trend vs yesterday", now, BEFORE[0] | {"bytes": size})
    assert f"2.25 kB in all, {said};" in answer.headline


def test_nothing_is_logged_of_the_earlier_window(ask: Ask) -> None:
    answer = ask("trend by port vs last week", *RECORDS)
    assert "4.50 kB in all, of the week before nothing is logged;" in answer.headline
    assert list(parts(answer)) == ["5432", "all"]
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    assert [panel.title for panel in chart.panels] == ["By port"]


def test_none_now_and_some_before(ask: Ask) -> None:
    refused = flow("10.0.1.1:40001", "10.0.3.5:5432", "REJECT", at=-DAY)
    answer = ask("trend rejects vs yesterday", refused)
    assert answer.headline == "0 rejected flows in all, 100 % less than the day before (1)."


def test_nothing(ask: Ask) -> None:
    answer = ask("trend rejects by port", RECORDS[0])
    assert answer.headline == "No rejected flows in this window."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("trend rejects 24h",))


def test_hostile_records(ask: Ask) -> None:
    answer = ask("trend flows by source", flow("x\"]|y':1", "10.0.3.5:5432"), *RECORDS[:1])
    assert parts(answer)["all"] == 2


@pytest.mark.parametrize("line", ["trend byte", "trend by colour", "trend bytes by"])
def test_wrong_words(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, *RECORDS)


def test_a_log_without_packets(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "packets"]
    with pytest.raises(MissingFields, match="packets"):
        ask("trend", *RECORDS, fields=fields)


@pytest.mark.parametrize("split", ["category", "host", "interface"])
def test_a_log_without_interfaces(ask: Ask, split: str) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "interface-id"]
    with pytest.raises(MissingFields, match=f"trend by {split} needs .*: interfaceId"):
        ask(f"trend by {split}", *RECORDS, fields=fields)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("trend bytes", *RECORDS)
    assert answer.next == (
        "trend bytes by action 1h",
        "trend bytes 1h vs yesterday",
        "top-talkers 1h",
    )
    for line in answer.next:
        assert ask(line).headline
