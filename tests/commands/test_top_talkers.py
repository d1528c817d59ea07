from __future__ import annotations

from ipaddress import ip_network

import pytest

from bot.model.answer import Answer
from bot.model.chart import Bars
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.records import flow

RECORDS = [
    flow("10.0.1.10:40001", "10.0.3.5:5432", bytes=100),
    flow("10.0.3.5:5432", "10.0.1.10:40001", bytes=900),
    flow("10.0.3.5:5432", "10.0.1.10:40001", bytes=900, interface_id="eni-0b"),
    flow("10.0.1.10:40002", "198.51.100.7:443", bytes=500),
    flow("10.0.1.11:40002", "198.51.100.8:443", bytes=50),
    flow("203.0.113.9:5000", "10.0.1.10:22", "REJECT", bytes=9_999),
]


def rows(answer: Answer, title: str) -> list[tuple[object, ...]]:
    return [row for table in answer.tables if table.title == title for row in table.rows]


def test_inside_and_outside_apart_each_flow_once(ask: Ask) -> None:
    answer = ask("top-talkers", *RECORDS)
    assert rows(answer, "Inside") == [
        ("10.0.1.10", 1500, 600, 900, 1500 / 1550, 2, 30),
        ("10.0.3.5", 1000, 900, 100, 1000 / 1550, 1, 20),
        ("10.0.1.11", 50, 50, 0, 50 / 1550, 1, 10),
    ]
    assert [row[0] for row in rows(answer, "Outside")] == ["198.51.100.7", "198.51.100.8"]
    assert answer.headline == (
        "10.0.1.10 moved most inside: 1.50 kB (97 % of the traffic);"
        " 198.51.100.7 moved most outside: 500 B (32 % of the traffic)."
    )
    assert "As logged, it is 5 records and 2.45 kB." in answer.notes[0].text


@pytest.mark.parametrize(("side", "title"), [("internal", "Inside"), ("external", "Outside")])
def test_one_side(ask: Ask, side: str, title: str) -> None:
    answer = ask(f"top-talkers {side} 1h", *RECORDS)
    assert [table.title for table in answer.tables] == [title]
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert list(chart.labels) == [row[0] for row in rows(answer, title)]


def test_ranges_that_are_ours_are_inside(ask: Ask) -> None:
    answer = ask("top-talkers", *RECORDS, inside=(ip_network("198.51.100.0/24"),))
    assert [table.title for table in answer.tables] == ["Inside"]


def test_nothing_moved(ask: Ask) -> None:
    answer = ask("top-talkers", RECORDS[-1])
    assert answer.headline == "No host moved anything."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("top-talkers 24h",))


def test_a_log_without_bytes(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "bytes"]
    with pytest.raises(MissingFields, match="bytes"):
        ask("top-talkers", *RECORDS, fields=fields)


def test_a_wrong_side(ask: Ask) -> None:
    with pytest.raises(BadLine, match="internl"):
        ask("top-talkers internl", *RECORDS)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("top-talkers", *RECORDS)
    assert answer.next == ("top-talkers external 1h", "rejects 1h")
    for line in answer.next:
        assert ask(line).headline
