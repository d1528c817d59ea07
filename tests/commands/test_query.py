from __future__ import annotations

import pytest

from bot.model.chart import Timeline
from bot.model.errors import BadLine, BadQuery
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.records import flow

RECORDS = [
    flow("10.0.1.10:40001", "10.0.3.5:5432", bytes=100, at=1),
    flow("10.0.1.10:40001", "10.0.3.5:5432", bytes=30, at=11),
    flow("10.0.1.11:40001", "10.0.3.5:5432", bytes=7, at=11),
]


def test_rows_as_returned(ask: Ask) -> None:
    answer = ask("query stats sum(bytes) as total by srcAddr | sort total desc | limit 5", *RECORDS)
    (table,) = answer.tables
    assert [column.name for column in table.columns] == ["srcAddr", "total"]
    assert table.rows == (("10.0.1.10", "130"), ("10.0.1.11", "7"))
    assert answer.headline == "2 rows."
    assert answer.charts == ()


def test_a_window_stands_before_the_text(ask: Ask) -> None:
    text = "stats count(*) as records"
    assert ask(f"query 14:00..14:10 {text}", *RECORDS).tables[0].rows == (("1",),)


def test_a_bin_draws_a_timeline_with_gaps(ask: Ask) -> None:
    answer = ask(
        "query stats sum(bytes) as total by bin(5m) as at, srcAddr | sort at asc", *RECORDS
    )
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    assert chart.bin_seconds == 300
    names = [series.name for series in chart.panels[0].series]
    assert names == ["10.0.1.10", "10.0.1.11"]
    assert None in chart.panels[0].series[1].values


def test_raw_records_have_no_pointer(ask: Ask) -> None:
    (table,) = ask("query fields @timestamp, srcAddr | limit 2", *RECORDS).tables
    assert [column.name for column in table.columns] == ["@timestamp", "srcAddr"]


def test_no_rows(ask: Ask) -> None:
    answer = ask('query filter srcAddr = "192.0.2.1"', *RECORDS)
    assert answer.headline == "No rows."
    assert (answer.tables, answer.charts) == ((), ())


@pytest.mark.parametrize("text", ["filtr action", "stats cuont(*)", "'", "fields a |", "| | |"])
def test_nonsense_is_refused(ask: Ask, text: str) -> None:
    with pytest.raises(BadQuery):
        ask(f"query {text}", *RECORDS)


def test_no_text(ask: Ask) -> None:
    with pytest.raises(BadLine, match="query needs TEXT"):
        ask("query 1h", *RECORDS)


def test_fields_that_no_record_has_are_named_with_the_remedy(ask: Ask) -> None:
    answer = ask("query stats sum(bytes) as total by pktSrcAddr, trafficPath", *RECORDS)
    (note,) = [n for n in answer.notes if "do not record" in n.text]
    assert note.text.startswith("These logs do not record pktSrcAddr, trafficPath. ")
    assert "${log-status} ${pkt-srcaddr} ${traffic-path}'" in note.text


def test_fields_that_records_have_are_no_trouble(ask: Ask) -> None:
    records = [record | {"traffic-path": n} for n, record in enumerate(RECORDS)]
    fields = [*DEFAULT_FORMAT, "traffic-path"]
    answer = ask("query stats sum(bytes) as total by trafficPath", *records, fields=fields)
    assert not [n for n in answer.notes if "do not record" in n.text]
    assert len(answer.tables[0].rows) == 3
