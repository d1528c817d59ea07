"""The rows of a query: as an aligned table, as GetQueryResults returns them, as CSV."""

from __future__ import annotations

import csv as csv_format
import re
from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING, Any

from bot.model.query import Result
from bot.model.writing import many, reading
from bot.terminal.text import safe, say, terminal

if TYPE_CHECKING:
    from rich.console import Console

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # what a terminal might obey
_LINE_END = re.compile(r"\r\n?")  # csv quotes a lone return only where lines end in one
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MISSING = "-"
_FIELD = re.compile(r"@\w+")  # Insights' own fields, whose names must stay as they are
_POINTER = "@ptr"


def show(result: Result, console: Console | None = None) -> None:
    """Print the rows under their columns; numbers to the right, nothing cut. Then what was read."""
    from bot.terminal.grid import Grid  # noqa: PLC0415  (rich is slow to import)

    console = console or terminal()
    if result.rows:
        columns = _columns(result)
        cells = [[row.text(name, "") for name in columns] for row in result.rows]
        right = [_numeric(column) for column in zip(*cells, strict=True)]
        Grid(columns, cells, right).put(console)
    told = many(len(result.rows), "row") if result.rows else "no rows"
    say(console, f"{told}  ·  {reading(result.statistics)}", "dim")
    for note in remarks(result):
        say(console, note, "yellow")


def remarks(result: Result) -> Iterator[str]:
    """What to know about the rows that is not in them, a line each."""
    if result.truncated:
        yield f"! the limit cut the rows off at {len(result.rows)}"
    for note in result.notes:
        yield f"! {safe(note)}"


def document(result: Result) -> dict[str, Any]:
    """The shape of GetQueryResults: rows as lists of fields, every value a string."""
    return {
        "results": [
            [{"field": name, "value": row[name]} for name in result.columns if name in row]
            for row in result.rows
        ],
        "statistics": {
            "recordsMatched": result.statistics.records_matched,
            "recordsScanned": result.statistics.records_scanned,
            "bytesScanned": result.statistics.bytes_scanned,
        },
        "status": "Complete",
    }


def csv(result: Result) -> str:
    """RFC 4180 with a header and line feeds; missing values are empty.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front. Numbers and a
    flow log's lone `-` are no formulas. Control characters other than tabs and line feeds are
    replaced.
    """
    text = StringIO()
    writer = csv_format.writer(text, lineterminator="\n")
    columns = _columns(result)
    writer.writerow([name if _FIELD.fullmatch(name) else _cell(name) for name in columns])
    for row in result.rows:
        writer.writerow([_cell(row.text(name, "")) for name in columns])
    return text.getvalue()


def _columns(result: Result) -> tuple[str, ...]:
    """The columns people see; the record's pointer comes unasked and is for programs."""
    return tuple(name for name in result.columns if name != _POINTER) or result.columns


def _cell(value: str) -> str:
    if value.startswith(_FORMULA) and value != _MISSING and not _NUMBER.fullmatch(value):
        value = f"'{value}"
    return _CONTROL.sub("\ufffd", _LINE_END.sub("\n", value))


def _numeric(values: tuple[str, ...]) -> bool:
    return all(not value or value == _MISSING or _NUMBER.fullmatch(value) for value in values)
