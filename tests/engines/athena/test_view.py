# ruff: noqa: S608

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pytest

from bot.engines.athena.tables import FORMAT, Table
from bot.engines.athena.translating import ready
from bot.engines.athena.view import View, view
from bot.insights.parser import parse
from bot.model.errors import BadSource, NotSupported
from bot.model.query import Query
from bot.model.window import Window
from tests.engines.athena.stand_in import MACROS, as_duckdb

WINDOW = Window(datetime(2026, 11, 20, 14, tzinfo=UTC), datetime(2026, 11, 20, 15, tzinfo=UTC))
START = int(WINDOW.start.timestamp())


def table(*columns: str, keys: str = "date:date", form: str = "") -> Table:
    def named(text: str) -> dict[str, str]:
        return dict(zip(("Name", "Type"), text.split(":"), strict=True))

    said = {
        "Name": "flows",
        "Columns": [named(each) for each in columns],
        "PartitionKeys": [named(keys)] if keys else [],
        "Parameters": {FORMAT: form} if form else {},
    }
    return Table.of("logs", said)


def sql(text: str, over: View) -> str:
    return ready(parse(text), over, Query(text, WINDOW), WINDOW.end).sql


def rows(text: str, over: View, create: str, *inserts: str) -> list[tuple[object, ...]]:
    """What the statement gives in DuckDB, over a table with these rows."""
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA logs")
    for macro in MACROS:
        connection.execute(f"CREATE MACRO {macro}")
    connection.execute(f'CREATE TABLE logs.flows ({create}, date DATE, "$path" VARCHAR)')
    for insert in inserts:
        connection.execute(f"INSERT INTO logs.flows VALUES ({insert}, '2026-11-20', 's3://b/k')")
    return connection.execute(as_duckdb(sql(text, over))).fetchall()


def test_fields_are_found_however_the_table_spells_them() -> None:
    names = "srcaddr:string dst_addr:string pktsrcaddr:string flow_direction:string start:bigint"
    found = table(*names.split(), "my_new_field:int").fields
    assert set(found) == {
        "srcAddr",
        "dstAddr",
        "pktSrcAddr",
        "flowDirection",
        "start",
        "myNewField",
    }


def test_numbers_and_texts_are_read_as_the_table_declares_them() -> None:
    over = view(table("start:int", "bytes:string", "account_id:bigint", "what:int"), WINDOW, "x")
    create = "start INTEGER, bytes VARCHAR, account_id BIGINT, what INTEGER"
    found = rows(
        "filter bytes > 5 or not isPresent(bytes) or bytes = '-' | sort bytes asc"
        " | display bytes, accountId, what + 1",
        over,
        create,
        f"{START}, '7', 123456789012, 1",
        f"{START}, '-', NULL, NULL",
        f"{START}, '4', 1, 1",
        f"{START}, 'x', 1, NULL",
    )
    shown = [row[:3] for row in found]
    assert ("7", "123456789012", "2") in shown
    assert ("-", "-", None) in shown
    assert not any(row[0] == "4" for row in shown)


def test_records_are_chosen_by_their_start_exactly() -> None:
    over = view(table("start:bigint"), WINDOW, "x")
    starts = [START - 1, START, START + 3599, START + 3600]
    found = rows("sort start asc | display start", over, "start BIGINT", *map(str, starts))
    assert [row[0] for row in found] == [str(START), str(START + 3599)]


def test_a_window_between_two_seconds_takes_whole_ones() -> None:
    moments = (WINDOW.start.replace(microsecond=1), WINDOW.start.replace(second=2, microsecond=1))
    over = view(table("start:bigint"), Window(*moments), "x")
    found = rows(
        "sort start asc | display start", over, "start BIGINT", *(str(START + n) for n in range(4))
    )
    assert [row[0] for row in found] == [str(START + 1), str(START + 2)]


def test_the_line_is_put_together_where_the_table_says_its_format() -> None:
    over = view(
        table("srcaddr:string", "bytes:bigint", "start:bigint", form="srcaddr bytes start"),
        WINDOW,
        "x",
    )
    create = "srcaddr VARCHAR, bytes BIGINT, start BIGINT"
    found = rows("fields @message, @logStream, @log", over, create, f"'10.0.0.5', NULL, {START}")
    assert found == [(f"10.0.0.5 - {START}", "s3://b/k", "x", None)]


@pytest.mark.parametrize("form", ["", "srcaddr start", "srcaddr nowhere bytes start"])
def test_the_line_is_refused_where_it_cannot_be(form: str) -> None:
    over = view(table("srcaddr:string", "start:bigint", form=form), WINDOW, "x")
    if form == "srcaddr start":
        assert "flows_message" in sql("fields @message", over)
        return
    for text in (
        "fields @message",
        'filter @message like "x" | stats count(*)',
        "filter start > 1",
    ):
        with pytest.raises(NotSupported, match="whole format of its records"):
            sql(text, over)


def test_columns_that_cannot_be_read_are_told() -> None:
    over = view(
        table("start:bigint", "odd:double", "flows_x:string", "srcaddr:string", "src_addr:int"),
        WINDOW,
        "x",
    )
    assert set(over.relation.fields) == {
        "@timestamp",
        "@message",
        "@logStream",
        "@log",
        "@ptr",
        "start",
        "srcAddr",
    }
    assert over.notes == (
        "3 columns of flows cannot be read as a field: odd (double), flows_x (string),"
        " src_addr (int).",
    )


@pytest.mark.parametrize(
    ("keys", "said"), [("", "no partitions"), ("region:string", "no partition key")]
)
def test_reading_the_whole_table_is_told(keys: str, said: str) -> None:
    (note,) = view(table("start:bigint", keys=keys), WINDOW, "x").notes
    assert said in note
    assert "reads the whole table" in note


def test_a_table_without_start_is_refused() -> None:
    with pytest.raises(BadSource, match="no whole number called start"):
        view(table("srcaddr:string"), WINDOW, "x")


def test_hostile_names_stay_names() -> None:
    over = view(table('a"; DROP TABLE x --:string', "start:bigint"), WINDOW, "it's")
    text = "fields @log | stats count(*) as n by @log"
    made = sql(text, over)
    assert "'it''s'" in made
    assert '"a""; DROP TABLE x --"' in made
