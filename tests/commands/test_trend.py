from __future__ import annotations

import pytest

from bot.model.answer import Answer
from bot.model.chart import Timeline
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
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


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("trend bytes", *RECORDS)
    assert answer.next == ("trend bytes by action 1h", "top-talkers 1h")
    for line in answer.next:
        assert ask(line).headline
