from __future__ import annotations

import csv as csv_format
from io import StringIO

import pytest
from rich.console import Console

from bot.model.query import Result, Row, Statistics
from bot.terminal.rows import csv, document, remarks, show
from tests.terminal.answers import result


def one(value: str) -> Result:
    return Result(("a",), (Row({"a": value}),), Statistics())


def shown(what: Result, width: int = 80) -> str:
    console = Console(file=StringIO(), width=width)
    show(what, console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_json_has_the_shape_of_get_query_results() -> None:
    made = document(result())
    assert made["results"][2] == [
        {"field": "srcAddr", "value": "10.0.2.7"},
        {"field": "name", "value": "@cmd"},
    ]
    assert made["statistics"] == {
        "recordsMatched": 3,
        "recordsScanned": 98_765,
        "bytesScanned": 12_345_678,
    }
    assert made["status"] == "Complete"


@pytest.mark.parametrize(
    "value", ["=1+1", "+SUM(A1)", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "--", "-x", "+", "=", "-1e"]
)
def test_what_a_spreadsheet_would_run_is_disarmed(value: str) -> None:
    (_, row) = csv_format.reader(StringIO(csv(one(value)), newline=""))
    assert row == [f"'{value}".replace("\r", "\n")]


@pytest.mark.parametrize(
    "value", ["-5", "+5", "-1.5", "1e9", "-2.5E-3", "-", "", "a=b", "10.0.1.5", "a,b", 'say "x"']
)
def test_harmless_values_stay_as_they_are(value: str) -> None:
    (_, row) = csv_format.reader(StringIO(csv(one(value)), newline=""))
    assert row == [value]


def test_csv_names_its_columns_and_leaves_missing_values_empty() -> None:
    head, *rows = csv_format.reader(StringIO(csv(result()), newline=""))
    assert head == ["srcAddr", "n", "name"]
    assert rows[2] == ["10.0.2.7", "", "'@cmd"]
    assert rows[1][2] == 'a\tb \ufffd[31mred, "quoted"\nnext'


def test_column_names_are_disarmed_too() -> None:
    assert csv(Result(("=cmd()",), (), Statistics())) == "'=cmd()\n"


def test_fields_of_insights_keep_their_names() -> None:
    assert csv(Result(("@timestamp", "@SUM(A1)"), (), Statistics())) == "@timestamp,'@SUM(A1)\n"


def test_columns_are_aligned_and_numbers_to_the_right() -> None:
    lines = shown(result()).splitlines()
    assert lines[:3] == [
        "srcAddr      n  name",
        "10.0.1.5  1240  =HYPERLINK(1)",
        '-           -5  a b red, "quoted" next',
    ]


def test_wide_rows_are_not_cut() -> None:
    wide = Result(("a", "b"), (Row({"a": "x" * 150 + "END", "b": "y" * 150}),), Statistics())
    text = shown(wide).replace("\n", "")
    assert "x" * 150 + "END" in text
    assert "y" * 150 in text


def test_no_rows_are_told_with_what_was_read() -> None:
    empty = Result((), (), Statistics(0, 1200, 5000, 0.2))
    assert (
        shown(empty)
        == "no rows  ·  0 of 1\u2009200 records matched  ·  5.00 kB scanned  ·  0.2 s\n"
    )


def test_the_pointer_of_a_record_is_for_programs_only() -> None:
    found = Result(("a", "@ptr"), (Row({"a": "x", "@ptr": "file:2"}),), Statistics())
    assert csv(found) == "a\nx\n"
    assert "file:2" not in shown(found)
    assert document(found)["results"] == [
        [{"field": "a", "value": "x"}, {"field": "@ptr", "value": "file:2"}]
    ]
    assert csv(Result(("@ptr",), (Row({"@ptr": "file:2"}),), Statistics())) == "@ptr\nfile:2\n"


def test_damage_and_truncation_are_told() -> None:
    assert list(remarks(result())) == [
        "! the limit cut the rows off at 3",
        "! torn.log.gz is damaged after line 7",
    ]
    assert list(remarks(one("1"))) == []
