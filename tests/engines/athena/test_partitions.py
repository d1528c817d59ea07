"""Which folders are read: never too few, whatever the layout."""

# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engines.athena.partitions import pruned
from bot.engines.athena.tables import Table
from bot.engines.local.naming import named_span
from bot.model.window import Window

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
HIVE = {"year": "string", "month": "string", "day": "string"}
PROJECTED = {"projection.enabled": "true", "projection.day.type": "date"}


def table(keys: Mapping[str, str], **parameters: str) -> Table:
    named = [{"Name": name, "Type": kind} for name, kind in keys.items()]
    return Table.of("logs", {"Name": "flows", "PartitionKeys": named, "Parameters": parameters})


def window(start: str, end: str) -> Window:
    return Window(*(datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (start, end)))


DAY = table({"day": "string"}, **PROJECTED, **{"projection.day.format": "yyyy/MM/dd"})
HOUR = table({"day": "string"}, **PROJECTED, **{"projection.day.format": "yyyy/MM/dd/HH"})
DATE = table({"date": "date"})
# Of each layout: the table, the folder of a moment, and the keys that Athena makes of it.
LAYOUTS = {
    "days": (DAY, "%Y/%m/%d/", {"day": "%Y/%m/%d"}),
    "hours": (HOUR, "%Y/%m/%d/%H/", {"day": "%Y/%m/%d/%H"}),
    "registered": (DATE, "%Y/%m/%d/", {"date": "%Y-%m-%d"}),
    "hive": (
        table(HIVE),
        "year=%Y/month=%m/day=%d/",
        {"year": "%Y", "month": "%m", "day": "%d"},
    ),
    "hive unpadded": (
        table(HIVE),
        "year=%Y/month=%m/day=%d/",
        {"year": "%Y", "month": "%-m", "day": "%-d"},
    ),
    "hive-hours": (
        table(HIVE | {"hour": "string", "region": "string"}),
        "year=%Y/month=%m/day=%d/hour=%H/",
        {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H"},
    ),
    "hive-hours in numbers": (
        table(dict.fromkeys((*HIVE, "hour"), "int")),
        "year=%Y/month=%m/day=%d/hour=%H/",
        {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H"},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=60, deadline=None)
@given(
    begin=st.integers(0, 500 * 24 * 60),
    minutes=st.integers(1, 5000),
    near=st.integers(-2 * 24 * 60, 6 * 24 * 60),
)
def test_every_folder_that_may_hold_records_is_read(
    layout: str, begin: int, minutes: int, near: int
) -> None:
    over, folder, keys = LAYOUTS[layout]
    start = EPOCH + timedelta(minutes=begin)
    asked = Window(start, start + timedelta(minutes=minutes))
    moment = start + timedelta(minutes=near)
    span = named_span(f"{moment:{folder}}x")
    assert span is not None
    read = holds(over, keys, moment, asked)
    if span.touches(asked):
        assert read
    elif abs(span.start - asked.end) > timedelta(days=1) < abs(asked.start - span.end):
        assert not read


CONNECTION = duckdb.connect()


def holds(over: Table, keys: Mapping[str, str], moment: datetime, asked: Window) -> bool:
    values = [
        f"CAST('{moment:{form}}' AS {_type(over, key)}) AS \"{key}\"" for key, form in keys.items()
    ]
    found = CONNECTION.execute(
        f"SELECT {pruned(over, asked).condition} FROM (SELECT {', '.join(values)})"
    )
    row = found.fetchone()
    return row is not None and row[0] is True


def _type(over: Table, key: str) -> str:
    return {"string": "VARCHAR", "date": "DATE", "int": "INTEGER"}[over.keys[key]]


@pytest.mark.parametrize(
    ("over", "condition"),
    [
        (DAY, "\"day\" BETWEEN '2026/11/19' AND '2026/11/20'"),
        (HOUR, "\"day\" BETWEEN '2026/11/19/23' AND '2026/11/20/02'"),
        (DATE, "\"date\" BETWEEN DATE '2026-11-19' AND DATE '2026-11-20'"),
        (
            table(HIVE),
            "((\"year\" IN ('2026') AND \"month\" IN ('11') AND \"day\" IN ('19', '20')))",
        ),
        (
            table(dict.fromkeys((*HIVE, "hour"), "int")),
            '(("year" IN (2026) AND "month" IN (11) AND "day" IN (19) AND "hour" IN (23))'
            ' OR ("year" IN (2026) AND "month" IN (11) AND "day" IN (20) AND "hour" IN (0, 1, 2)))',
        ),
    ],
)
def test_an_hour_past_midnight_reads_the_day_before(over: Table, condition: str) -> None:
    assert pruned(over, window("2026-11-20T00:00", "2026-11-20T01:00")).condition == condition


@pytest.mark.parametrize(
    "over",
    [
        table({}),
        table({"day": "string"}),  # registered by hand: nothing says how days are written
        table({"day": "string"}, **PROJECTED, **{"projection.day.format": "dd-MM-yyyy"}),
        table({"day": "string"}, **(PROJECTED | {"projection.enabled": "false"})),
        table({"region": "string", "year": "string"}),
    ],
)
def test_keys_that_tell_no_day_are_not_guessed(over: Table) -> None:
    assert pruned(over, window("2026-11-20T00:00", "2026-11-20T01:00")).condition is None


def test_a_name_cannot_end_its_quotation() -> None:
    odd = table({'d" OR 1=1 --': "date"})
    condition = pruned(odd, window("2026-11-20T00:00", "2026-11-20T01:00")).condition
    assert condition is not None
    assert condition.startswith('"d"" OR 1=1 --" BETWEEN')
