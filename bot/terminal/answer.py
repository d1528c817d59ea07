"""An Answer as people read it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import reduce
from operator import add
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from bot.model.answer import Answer, Note, Topic
from bot.model.chart import Bars
from bot.model.query import Statistics
from bot.model.table import Column, Kind, Table
from bot.model.writing import many, reading, span, written
from bot.terminal.grid import Grid
from bot.terminal.sketch import ASCII, UNICODE, sketch
from bot.terminal.text import safe, say, terminal, whole

__all__ = ["show", "terminal"]

PIPED_ROOM = 100  # cells within which a pipe counts as wide enough for detail columns
WHYS_SHOWN = 5  # lines that ask why; --json has them all
MOST_ROWS = 25  # of a table on a terminal: more would push the headline out of sight
_TO_THE_RIGHT = {Kind.COUNT, Kind.BYTES, Kind.SHARE, Kind.SECONDS, Kind.PORT, Kind.MONEY}


def show(answer: Answer, console: Console, files: Mapping[int, Path]) -> None:
    """Print the answer; `files` are the PNGs that were written, by the number of their chart.

    Cautions follow the headline at once, other notes the tables. Timelines are sketched in the
    terminal always, for no table shows their shape; bars only when no picture of them was written.
    No cell of a table is cut: columns wrap on a terminal and are as wide as they need to be in a
    pipe. A terminal gets the first rows of a long table, a pipe all of them.
    """
    say(console, safe(answer.headline), "bold")
    if answer.queries:
        say(console, span(answer.question.window, answer.question.zone), "dim")
    for note in _ordered(answer.notes, caution=True):
        say(console, f"! {safe(note.text)}", "yellow")
    _show_charts(answer, console, files)
    for table in answer.tables:
        console.print()
        _show_table(table, console, answer.question.zone)
    console.print()
    for note in _ordered(answer.notes, caution=False):
        say(console, safe(note.text), "dim")
    _show_queries(answer, console)
    for path in files.values():
        whole(console, f"Chart: {safe(str(path))}")
    lines = dict.fromkeys((*answer.next, *answer.why[:WHYS_SHOWN]))
    if lines:
        say(console, "Ask next:")
    for line in lines:
        whole(console, f"  {safe(line)}", "cyan")
    console.print()


def _ordered(notes: tuple[Note, ...], *, caution: bool) -> list[Note]:
    topics = list(Topic)
    wanted = [note for note in notes if (note.topic is Topic.CAUTION) is caution]
    return sorted(wanted, key=lambda note: topics.index(note.topic))


def _show_charts(answer: Answer, console: Console, files: Mapping[int, Path]) -> None:
    blocks = UNICODE if console.encoding.lower().startswith("utf") else ASCII
    for number, chart in enumerate(answer.charts):
        if isinstance(chart, Bars) and number in files:
            continue
        console.print()
        if chart.title and chart.title != answer.headline:
            say(console, safe(chart.title), "bold")
        for line in sketch(chart, answer.question.zone, console.width, blocks):
            console.print(line, soft_wrap=not console.is_terminal)


def _show_table(table: Table, console: Console, zone: ZoneInfo) -> None:
    say(console, safe(table.title), "bold")
    if not table.rows:
        say(console, "no rows", "dim")
        return
    shown = replace(table, rows=table.rows[:MOST_ROWS]) if console.is_terminal else table
    brief = [n for n, column in enumerate(table.columns) if not column.detail]
    every = list(range(len(table.columns)))
    made = _grid(shown, every, zone)
    room = console.width if console.is_terminal else PIPED_ROOM
    hidden = 0
    if brief and made.width > room:
        hidden = len(every) - len(brief)
        made = _grid(shown, brief, zone)
    made.put(console)
    if told := "; ".join(_left_off(table.left_off, len(table.rows) - len(shown.rows), hidden)):
        say(console, told, "dim")


def _left_off(unknown: int, rows: int, columns: int) -> Iterator[str]:
    """What is not shown: rows that are not in the answer, and what --json has of it."""
    more = [many(rows, "more row")] if rows else []
    more += [many(columns, "more column")] if columns else []
    if more:
        yield f"{' and '.join(more)} with --json"
    if unknown:
        yield f"{many(unknown, 'row')} left out of the answer"


def _grid(table: Table, places: list[int], zone: ZoneInfo) -> Grid:
    columns: list[Column] = [table.columns[n] for n in places]
    return Grid(
        [column.title for column in columns],
        [
            [written(row[n], column.kind, zone) for n, column in zip(places, columns, strict=True)]
            for row in table.rows
        ],
        [column.kind in _TO_THE_RIGHT for column in columns],
    )


def _show_queries(answer: Answer, console: Console) -> None:
    """What the answer cost, and where its queries can be opened."""
    if not answer.queries:
        return
    total = reduce(add, (run.statistics for run in answer.queries), Statistics())
    engines = dict.fromkeys(run.engine for run in answer.queries)
    queries = many(len(answer.queries), "query", "queries")
    say(console, f"{queries}  ·  {reading(total, *map(safe, engines))}", "dim")
    for link in dict.fromkeys(run.link for run in answer.queries if run.link):
        whole(console, f"Open in CloudWatch: {safe(link)}", "dim")
