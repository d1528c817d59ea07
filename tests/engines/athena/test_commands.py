"""Every command, asked of files on disk and of the same records as a table of Athena."""

# ruff: noqa: S608

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from bot.ask.asker import Asker
from bot.demo.days import Demo
from bot.demo.story import QUESTIONS, moment_of_asking
from bot.engines.athena.tables import FORMAT, Table
from bot.engines.athena.translating import ready
from bot.engines.athena.view import view
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.insights.parser import parse
from bot.model.answer import Answer
from bot.model.fields import BY_LOG, DEFAULT_FORMAT
from bot.model.query import LARGEST_LIMIT, Query, Result, Row, Statistics
from bot.model.window import Window
from commands import shelf
from tests.commands.known import known
from tests.engines.athena.stand_in import MACROS, as_duckdb, shown

UNRECORDED = ("ecs", "unencrypted")  # need fields that the demo's default format lacks
UNCERTAIN = ("query",)  # raw records of the same second may come in any order
DAYS = 3  # that are made; lines that ask about more are left out
LINES = [
    example
    for command in shelf()
    for example in command.examples[:1]
    if command.length is None or command.length < timedelta(days=DAYS)
    if command.name not in UNRECORDED + UNCERTAIN and not re.search(r"\b\d+d\b", example)
]
TYPES = {log: "bigint" if BY_LOG[log].number else "string" for log in DEFAULT_FORMAT}
DUCKDB = {"bigint": "BIGINT", "string": "VARCHAR"}
TABLE = Table.of(
    "logs",
    {
        "Name": "flows",
        "Columns": [{"Name": log.replace("-", "_"), "Type": kind} for log, kind in TYPES.items()],
        "PartitionKeys": [{"Name": "day", "Type": "date"}],
        "Parameters": {FORMAT: " ".join(DEFAULT_FORMAT)},
    },
)


@dataclass
class Standing:
    """An engine that has DuckDB run what Athena would be sent."""

    connection: duckdb.DuckDBPyConnection
    name: str = "Athena"
    source: str = "demo"

    def fields(self, window: Window, watch: Watch) -> frozenset[str]:
        return frozenset(TABLE.fields)

    def run(self, query: Query, watch: Watch) -> Result:
        made = ready(
            parse(query.text), view(TABLE, query.window, "demo"), query, moment_of_asking()
        )
        found = self.connection.cursor().execute(as_duckdb(made.sql)).fetchall()
        rows = tuple(Row(shown(made, row)) for row in found)
        truncated = len(rows) >= min(query.limit, LARGEST_LIMIT)
        return Result(made.columns, rows, Statistics(), made.notes, truncated=truncated)

    def link(self, query: Query) -> str | None:
        return None

    def close(self) -> None:
        self.connection.close()


def loaded(folder: Path) -> duckdb.DuckDBPyConnection:
    """The files' records in a table, `-` in numbers missing as Athena's reader has it."""
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("CREATE SCHEMA logs")
    for macro in MACROS:
        connection.execute(f"CREATE MACRO {macro}")
    files = f"read_csv('{folder}/**/*.gz', delim = ' ', all_varchar = true, filename = true)"
    connection.execute(f"CREATE TEMP TABLE read AS SELECT * FROM {files}")
    columns = [
        f'TRY_CAST("{log}" AS {DUCKDB[kind]}) AS "{log.replace("-", "_")}"'
        for log, kind in TYPES.items()
    ]
    day = "make_timestamp(start::BIGINT * 1000000)::DATE AS day"
    connection.execute(
        f'CREATE TABLE logs.flows AS SELECT {", ".join(columns)}, {day}, filename AS "$path"'
        " FROM read"
    )
    return connection


@dataclass(frozen=True)
class Askers:
    local: Asker
    athena: Asker


@pytest.fixture(scope="module")
def askers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Askers]:
    folder = tmp_path_factory.mktemp("demo")
    demo = Demo(folder)
    demo.ensure(Window.last(timedelta(days=DAYS - 1), moment_of_asking()))
    for file in folder.rglob("*.log.gz"):
        if not re.search(r"T\d\d(00|15|30|45)Z_", file.name):
            file.unlink()  # a third of the records is enough, and three times as fast
    with (
        closing(LocalEngine(folder, source="demo")) as local,
        closing(Standing(loaded(folder))) as athena,
    ):
        yield Askers(
            *(
                Asker(engine, shelf(), clock=moment_of_asking, network=known())
                for engine in (local, athena)
            )
        )


def ask(asker: Asker, line: str) -> Answer:
    return asker.ask(line, zone=ZoneInfo("Europe/Berlin"), watch=Watch())


@pytest.mark.parametrize("line", dict.fromkeys((*LINES, *QUESTIONS)))
def test_both_answer_the_same(askers: Askers, line: str) -> None:
    local, athena = ask(askers.local, line), ask(askers.athena, line)
    assert athena.headline == local.headline
    assert athena.tables == local.tables
    assert athena.charts == local.charts
    assert athena.facts == local.facts
