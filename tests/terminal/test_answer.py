from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.model.table import Column, Kind, Table
from bot.terminal.answer import show
from tests.terminal.answers import HOSTILE, full, helped, hostile
from tests.terminal.recording import FILES, piped, screen


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_line_fits_the_terminal(width: int) -> None:
    answer = replace(full(), queries=())  # addresses of the console stay in one piece, whatever
    for line in screen(answer, width).splitlines():
        assert cell_len(line.rstrip()) <= width, line


def test_nothing_of_a_table_is_cut_on_a_narrow_terminal() -> None:
    long = "arn:aws:ecs:eu-central-1:123456789012:service/" + "payments-" * 20 + "END"
    table = Table("T", (Column("a", "A"), Column("n", "N", Kind.COUNT)), ((long, 12345),))
    shown = screen(replace(full(), tables=(table,), charts=()), 80)
    cells = [line.split("  ")[0] for line in shown.splitlines()]
    assert long in "".join(cells)
    assert "12\u2009345" in shown


def test_nothing_is_wrapped_in_a_pipe() -> None:
    lines = piped(hostile(), {}).splitlines()
    assert any(line.startswith("x" * 300 + "END") for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_values_neither_format_nor_obey() -> None:
    console = Console(file=StringIO(), width=80, force_terminal=True, color_system="truecolor")
    show(hostile(), console, {})
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[bold]x[/bold]" in written
    assert "[link=file:///etc]" in written
    assert ":smile:" in written
    assert "\x1b[31mred" not in written
    assert "\x1b]" not in written  # neither titles nor links
    assert not {"\x07", "\x9b", "\r", "\u202e"} & set(written)
    assert "\x1b]0" in HOSTILE


def test_cautions_come_before_the_figures_and_other_notes_after_in_order() -> None:
    shown = piped(full())
    parts = [
        "were rejected",
        "2026-11-20 14:00–15:00 CET (1 h)",
        "! 3 damaged lines",
        "Top sources",
        "Logs of 3 interfaces.",
        "The newest record",
        "A flow is rejected when",
        "2 queries",
        "Chart: out/rejects.png",
        "Ask next:",
        "  rejects 7d",
    ]
    places = [shown.index(part) for part in parts]
    assert places == sorted(places)


def test_details_are_shown_where_there_is_room_and_counted_where_not() -> None:
    assert "eni-0a1b2c3d" not in screen(full(), 80)
    assert "2 more columns with --json" in screen(full(), 80)
    assert "eni-0a1b2c3d" in screen(full(), 200)
    assert "more columns" not in screen(full(), 200)


def test_a_table_of_details_only_is_shown_whole() -> None:
    table = Table("T", (Column("a", "A", detail=True),), (("x" * 120,),))
    shown = screen(replace(full(), tables=(table,), charts=()), 80)
    assert shown.count("x") >= 120


def test_rows_left_off_are_told() -> None:
    assert "31 rows left out of the answer" in piped(full())


def test_a_long_table_ends_early_on_a_terminal_and_not_in_a_pipe() -> None:
    table = Table("T", (Column("a", "A"),), tuple((f"row-{n}",) for n in range(60)))
    answer = replace(full(), tables=(table,))
    shown = screen(answer, 80)
    assert "row-24\n" in shown
    assert "row-25" not in shown
    assert "35 more rows with --json" in shown
    assert "row-59" in piped(answer)
    assert "more row" not in piped(answer)


def test_numbers_stand_to_the_right() -> None:
    lines = piped(full()).splitlines()
    head = next(line for line in lines if line.startswith("Source"))
    end = head.index("Flows") + len("Flows")
    for value in ("1\u2009240", "3"):
        assert any(line[:end].endswith(f" {value}") for line in lines if line.startswith("10.0."))


def test_bars_are_sketched_only_when_no_picture_of_them_was_written() -> None:
    assert "Who was rejected" in piped(full(), {})
    assert "Who was rejected" in piped(full(), FILES)
    written = {0: FILES[0], 1: FILES[0].with_name("rejects-2.png")}
    assert "Who was rejected" not in piped(full(), written)
    assert "Rejects rose at 14:30" in piped(full(), written)
    assert "Chart: out/rejects-2.png" in piped(full(), written)


def test_a_title_that_is_the_headline_is_not_said_twice() -> None:
    answer = full()
    same = replace(answer, charts=(replace(answer.charts[0], title=answer.headline),))
    assert piped(same).count(answer.headline) == 1


def test_help_has_neither_window_nor_cost() -> None:
    shown = piped(helped(), {})
    assert "2026" not in shown
    assert "scanned" not in shown


def test_a_console_without_unicode_gets_ascii_charts() -> None:
    from io import BytesIO, TextIOWrapper  # noqa: PLC0415

    raw = BytesIO()
    console = Console(file=TextIOWrapper(raw, encoding="ascii", errors="replace"), width=100)
    show(full(), console, {})
    console.file.flush()
    assert b"########" in raw.getvalue()
    assert b"inside to inside  ____" in raw.getvalue()
