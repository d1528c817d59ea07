"""Tables as Slack's table block, and as fixed-width text where a message has one already."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.model.answer import Question
from bot.model.table import Column, Kind, Table, Value
from bot.model.writing import many, written
from bot.slack import limits
from bot.slack.blocks.text import Block, cut, escape, one_line, preformatted, section

# A choice: Slack takes 99 rows, but a long message buries the conversation.
ROWS_SHOWN = 20  # of the first table
FURTHER_ROWS_SHOWN = 8  # of each other
# A choice: wider lines break on most screens, and a broken table cannot be read.
WIDEST = 84  # characters of a line of fixed width
CELL = 200  # characters of one cell; the longest honest values (ARNs, console text) are shorter
_TO_THE_RIGHT = {Kind.COUNT, Kind.BYTES, Kind.SHARE, Kind.SECONDS, Kind.PORT, Kind.MONEY}


def table_block(table: Table, question: Question) -> list[Block]:
    """The table under its title, as a table block; what does not fit is counted below it."""
    shown = _room(table, ROWS_SHOWN)
    rows = _texts(shown, question)
    kept = _fitting(rows, limits.TABLE_CHARACTERS)
    block: Block = {
        "type": "table",
        "rows": [[_cell(text) for text in row] for row in rows[:kept]],
        "column_settings": [
            {"align": "right" if column.kind in _TO_THE_RIGHT else "left", "is_wrapped": False}
            for column in shown.columns
        ],
    }
    return [_title(table), block, *left_off(table, shown, kept - 1)]


def table_text(table: Table, question: Question) -> list[Block]:
    """The table under its title, in a fixed-width box; what does not fit is counted below it."""
    shown = _room(table, FURTHER_ROWS_SHOWN)
    while len(shown.columns) > 1 and _width(_texts(shown, question)) > WIDEST:
        shown = _narrower(shown)
    lines = _aligned(_texts(shown, question), shown.columns)
    kept = _fitting([[line, ""] for line in lines], limits.PREFORMATTED)
    return [_title(table), preformatted("\n".join(lines[:kept])), *left_off(table, shown, kept - 1)]


def left_off(table: Table, shown: Table, rows: int) -> list[Block]:
    """Small print about rows and columns that exist and are not shown; none when all are."""
    hidden = len(table.rows) - rows + table.left_off
    columns = len([c for c in table.columns if not c.detail]) - len(shown.columns)
    parts = [many(hidden, "more row")] if hidden else []
    parts += [many(columns, "more column")] if columns > 0 else []
    if not parts:
        return []
    text = f"{' and '.join(parts)} not shown"
    return [{"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}]


def _room(table: Table, most: int) -> Table:
    """The table without its details, cut to `most` rows and the columns that fit."""
    places = [n for n, column in enumerate(table.columns) if not column.detail]
    places = (places or list(range(len(table.columns))))[: limits.TABLE_COLUMNS]
    return replace(
        table,
        columns=tuple(table.columns[n] for n in places),
        rows=tuple(tuple(row[n] for n in places) for row in table.rows[:most]),
    )


def _narrower(table: Table) -> Table:
    """The table without its last column: what matters most stands first."""
    return replace(table, columns=table.columns[:-1], rows=tuple(row[:-1] for row in table.rows))


def _width(rows: list[list[str]]) -> int:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return sum(widths) + 2 * (len(widths) - 1)


def _texts(table: Table, question: Question) -> list[list[str]]:
    """Header and rows as people read them, one line a cell.

    Times are without a date where the window lies within one day: it is written above the table.
    """
    zone = question.zone
    start, end = (at.astimezone(zone).date() for at in (question.window.start, question.window.end))

    def text(value: Value, column: Column) -> str:
        if isinstance(value, datetime) and start == end == value.astimezone(zone).date():
            return f"{value.astimezone(zone):%H:%M:%S}"
        return _line(written(value, column.kind, zone))

    return [[_line(column.title) for column in table.columns]] + [
        [text(value, column) for value, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]


def _line(text: str) -> str:
    return cut(one_line(text), CELL) or "–"  # Slack refuses an empty cell


def _fitting(rows: list[list[str]], most: int) -> int:
    """How many rows, the header first, stay within `most` characters; at least the header."""
    total = 0
    for n, row in enumerate(rows):
        total += sum(len(text) for text in row) + len(row) - 1
        if total > most and n:
            return n
    return len(rows)


def _aligned(rows: list[list[str]], columns: tuple[Column, ...]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(columns))]
    right = [column.kind in _TO_THE_RIGHT for column in columns]
    rows = [[text.replace("\u2009", " ") for text in row] for row in rows]  # as wide as a digit
    return [
        "  ".join(
            text.rjust(width) if flush else text.ljust(width)
            for text, width, flush in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]


def _cell(text: str) -> Block:
    return {"type": "raw_text", "text": text}


def _title(table: Table) -> Block:
    return section(f"*{escape(cut(table.title, 300))}*")
