from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.engines.local.formats import DEFAULT, Format
from bot.engines.local.segments import Part
from bot.engines.local.view import Piece, relation
from bot.insights.relation import Stored
from bot.model.window import Window

AT = datetime(2025, 11, 20, 14, tzinfo=UTC)
WINDOW = Window(AT, AT + timedelta(hours=1))


def piece(form: Format = DEFAULT, *, exact: bool = True, inside: bool = False) -> Piece:
    return Piece(Part(form, Path("/kept/0.parquet"), 1, exact), inside=inside)


def test_fields_that_all_records_have_are_present() -> None:
    fields = relation([piece()], WINDOW, "logs").fields
    assert {fields[name].present for name in DEFAULT.names} == {"true"}
    assert fields["bytes"].stored is Stored.NUMBER
    assert fields["srcAddr"].stored is Stored.TEXT
    assert fields["@timestamp"].stored is Stored.TIME
    assert fields["srcAddr"].ipv4
    assert not fields["action"].ipv4


def test_fields_that_some_formats_lack_tell_where_they_are() -> None:
    other = Format(("srcAddr", "start", "tcpFlags"))
    fields = relation([piece(), piece(other)], WINDOW, "logs").fields
    assert fields["srcAddr"].present == "true"
    assert fields["tcpFlags"].present == '"@format" IN (1)'
    assert fields["bytes"].present == '"@format" IN (0)'


def test_only_what_may_be_outside_the_window_is_compared_with_it() -> None:
    assert ' WHERE "start" >= 1763647200 AND "start" < 1763650800' in (
        relation([piece()], WINDOW, "logs").sql
    )
    assert "WHERE" not in relation([piece(inside=True)], WINDOW, "logs").sql


def test_bounds_within_a_second_are_rounded_up() -> None:
    window = Window(AT + timedelta(microseconds=1), AT + timedelta(seconds=9, milliseconds=999))
    assert '"start" >= 1763647201 AND "start" < 1763647210' in (
        relation([piece()], window, "logs").sql
    )
    untimed = Format(("srcAddr", "bytes"))
    assert '"@time" >= 1763647200001 AND "@time" < 1763647209999' in (
        relation([piece(untimed)], window, "logs").sql
    )


def test_text_that_was_kept_goes_before_text_that_is_written_again() -> None:
    assert 'coalesce("@message", concat_ws' in relation([piece(exact=False)], WINDOW, "l").sql
    assert 'coalesce("@message", concat_ws' not in relation([piece()], WINDOW, "l").sql


def test_without_records_the_default_fields_are_there() -> None:
    fields = relation([], WINDOW, "logs").fields
    assert set(DEFAULT.names) < set(fields)
