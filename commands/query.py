"""Insights text as it is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from math import gcd

from bot.insights.parser import parse
from bot.insights.source_fields import source_fields
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadQuery
from bot.model.fields import BY_NAME, create_flow_log_command
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period
from bot.model.writing import many

LISTED = 1000
DEFAULT = 2  # version of the fields of the default format
DRAWN = 6  # lines of a chart one can tell apart
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def answer(question: Question, logs: Logs) -> Answer:
    text = question.word("text") or ""
    doubtful = _doubtful(text)
    result, *counted = logs.query(text, *(_counts(doubtful),) if doubtful else ())
    columns = tuple(name for name in result.columns if name != "@ptr")
    return Answer(
        question,
        f"{many(len(result.rows), 'row')}." if result.rows else "No rows.",
        tables=(_table(result, columns),) if result.rows else (),
        charts=_charts(question, result.rows, columns),
        notes=tuple(_notes(doubtful, counted)),
    )


def _doubtful(text: str) -> tuple[str, ...]:
    """Fields that the text reads of records and the default format lacks."""
    try:
        read = source_fields(parse(text))
    except BadQuery:  # the engine says what is wrong, or knows better
        return ()
    known = (name for name in sorted(read) if name in BY_NAME)
    return tuple(name for name in known if BY_NAME[name].version > DEFAULT)


def _counts(fields: Sequence[str]) -> str:
    """In how many records each field is."""
    return f"stats count(*) as records, {', '.join(f'count({f}) as {f}Count' for f in fields)}"


def _notes(fields: Sequence[str], counted: Sequence[Result]) -> Iterator[Note]:
    """Which of the fields no record has, and the remedy."""
    rows = [row for result in counted for row in result.rows if row.number("records")]
    lacking = tuple(f for f in fields if rows and not any(row.number(f"{f}Count") for row in rows))
    if lacking:
        yield Note(
            Topic.CAUTION,
            f"These logs do not record {', '.join(lacking)}. A flow log's format cannot be changed,"
            f" but a second one can be made: {create_flow_log_command(lacking)}",
        )


def _table(result: Result, columns: Sequence[str]) -> Table:
    rows: list[tuple[Value, ...]] = [
        tuple(row.get(name) for name in columns) for row in result.rows[:LISTED]
    ]
    return Table(
        "Rows",
        tuple(Column(name, name, Kind.TEXT) for name in columns),
        tuple(rows),
        left_off=len(result.rows) - len(rows),
    )


def _charts(
    question: Question, rows: Sequence[Row], columns: Sequence[str]
) -> tuple[Timeline, ...]:
    """A timeline, when one column holds the starts of bins and another numbers."""
    times = [name for name in columns if _all(_TIME, rows, name) and name != "@timestamp"]
    numbers = [name for name in columns if _all(_NUMBER, rows, name)]
    if len(times) != 1 or not numbers:
        return ()
    keys = [name for name in columns if name not in (*times, *numbers)]
    moments = sorted({moment for row in rows if (moment := row.moment(times[0]))})
    step = gcd(*(int(moment.timestamp()) for moment in moments))
    if len(moments) < 2 or not step:
        return ()
    bins = question.window.bins(Period(step, ""))
    if len(bins) > 2000 or not set(moments) <= set(bins):
        return ()
    lines = _lines(rows, times[0], keys, numbers)
    series = tuple(
        Series(name, tuple(values.get(moment) for moment in bins)) for name, values in lines
    )
    title = f"{', '.join(numbers)} by {', '.join((*keys, times[0]))}"
    return (Timeline(title, bins, step, (Panel(title, series, stacked=False),)),)


def _lines(
    rows: Sequence[Row], time: str, keys: Sequence[str], numbers: Sequence[str]
) -> list[tuple[str, dict[datetime, float]]]:
    """Named lines, largest first: one a number, or one a group where the rows have groups."""
    lines: dict[str, dict[datetime, float]] = defaultdict(dict)
    for row in rows:
        moment = row.moment(time)
        for number in numbers[:1] if keys else numbers:
            if moment and number in row:
                name = ", ".join(row.text(key) for key in keys) or number
                lines[name][moment] = float(row[number])
    return sorted(lines.items(), key=lambda line: -sum(line[1].values()))[:DRAWN]


def _all(shape: re.Pattern[str], rows: Sequence[Row], name: str) -> bool:
    """Whether every row that has the column has such a value under it, and one does."""
    values = [row[name] for row in rows if name in row]
    return bool(values) and all(shape.fullmatch(value) for value in values)


COMMAND = Command(
    name="query",
    summary="run CloudWatch Logs Insights text as it is",
    answer=answer,
    arguments=(
        Argument("text", Takes.REST, "Insights text, to the end of the line", required=True),
    ),
    examples=(
        "query 1h stats sum(bytes) as total by srcAddr, dstAddr | sort total desc | limit 10",
        'query 24h filter action = "REJECT" | stats count(*) as rejects by bin(1h) as hour'
        " | sort hour asc",
    ),
)
