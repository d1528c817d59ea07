from __future__ import annotations

import pytest

from bot.engines.local.formats import DEFAULT, Headers
from bot.engines.local.layouts import CUSTOM, Columns, Layout, console_columns, look
from tests.engines.local.flowfiles import HEADER, RECORDS

DATED = f"2025-11-20T14:00:00.000Z {RECORDS[0]}"


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("", Layout.EMPTY),
        (" \n\n", Layout.EMPTY),
        (HEADER, Layout.DELIVERED),
        (f"\ufeff{HEADER}\r\n{RECORDS[0]}", Layout.DELIVERED),
        (f"# made by hand\n{HEADER}\n", Layout.DELIVERED),
        (RECORDS[0], Layout.BARE),
        (f"damage\n{RECORDS[9]}", Layout.BARE),
        (DATED, Layout.EXPORTED),
        (DATED.replace(".000Z", "Z"), Layout.EXPORTED),
        ("timestamp,message\n", Layout.CONSOLE),
        ('"@timestamp","@message"\n', Layout.CONSOLE),
        ("message\n", Layout.CONSOLE),
        ('{"message": ""}', Layout.EVENTS),
        ("\n [", Layout.EVENTS),
    ],
)
def test_layouts_are_told_from_how_they_begin(text: str, layout: Layout) -> None:
    assert look(text.encode(), Headers()).layout is layout


def test_records_without_a_header_are_in_the_default_format() -> None:
    assert look(RECORDS[0].encode(), Headers()).form == DEFAULT
    assert look(DATED.encode(), Headers()).form == DEFAULT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Dear reader,\nbytes and packets are fields.\n", "not flow logs"),
        ("2025-11-20T14:00:00Z INFO started\n", "not flow logs"),
        ("version srcaddr src-addr\n", "not flow logs"),
        ("a,b,c\n1,2,3\n", "not flow logs"),
        ("3 vpc-0123 eni-0123 192.0.2.1 192.0.2.2 ACCEPT OK\n", CUSTOM),
    ],
)
def test_what_is_not_read_is_told_why(text: str, why: str) -> None:
    seen = look(text.encode(), Headers())
    assert (seen.layout, seen.why) == (None, why)


def test_console_columns_may_stand_in_any_order() -> None:
    assert console_columns("message,timestamp") == Columns(0, 1)
    assert console_columns("@ptr, @message") == Columns(1, None)
    assert console_columns("version srcaddr") is None
