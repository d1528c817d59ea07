"""A real DuckDB table of flow-log records, as an engine offers them to the language."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import duckdb

from bot.insights.nodes import Pipeline
from bot.insights.parser import parse
from bot.insights.relation import LookupTable, Relation, Source, Stored
from bot.insights.sql import Translation, translate
from bot.model.fields import BY_NAME, DEFAULT_FORMAT, insights_name
from bot.model.query import Query
from bot.model.window import Window

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOW = Window(datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
# Of the custom format only some records have these: they are missing in the others.
CUSTOM = ("tcpFlags", "flowDirection", "pktDstAddr", "trafficPath")
NAMES = tuple(insights_name(log) for log in DEFAULT_FORMAT) + CUSTOM

PLAIN = {
    "version": "2",
    "accountId": "123456789012",
    "interfaceId": "eni-0a",
    "srcAddr": "10.0.1.5",
    "dstAddr": "10.0.2.7",
    "srcPort": "40000",
    "dstPort": "443",
    "protocol": "6",
    "packets": "10",
    "bytes": "1000",
    "start": "1772445600",  # 2026-03-02 10:00:00 UTC
    "end": "1772445660",
    "action": "ACCEPT",
    "logStatus": "OK",
}

Record = Mapping[str, str]
Rows = list[dict[str, str]]


def load(
    records: Sequence[Record], names: Sequence[str] = NAMES
) -> tuple[duckdb.DuckDBPyConnection, Relation]:
    """A table of records: a value each, `-` where a record says so, absent where its format does.

    Fewer `names` make a narrower table, over which a query is planned sooner.
    A text `when` is the event's time; without it the record's start is.
    """
    connection = duckdb.connect(config={"threads": 1})
    columns = ["n BIGINT", "stamp TIMESTAMP", "message VARCHAR"]
    fields = {
        "@timestamp": Source("stamp", Stored.TIME),
        "@message": Source("message", Stored.TEXT),
        "@logStream": Source("'eni-all'", Stored.TEXT),
        "@log": Source("'123456789012:flows'", Stored.TEXT),
        "@ptr": Source("'ptr-' || n", Stored.TEXT),
    }
    for name in names:
        number = BY_NAME[name].number
        columns.append(f'"{name}" {"BIGINT" if number else "VARCHAR"}')
        there = f'"has {name}"'
        columns += [f"{there} BOOLEAN"] if name in CUSTOM else []
        present = there if name in CUSTOM else "true"
        stored = Stored.NUMBER if number else Stored.TEXT
        # One address is kept as a number too, the other as text alone.
        ipv4 = f'"{name} as a number"' if name == "srcAddr" else None
        columns += [f"{ipv4} BIGINT"] if ipv4 else []
        fields[name] = Source(f'"{name}"', stored, present, ipv4)
    connection.execute(f"CREATE TABLE flows ({', '.join(columns)})")
    rows = [_row(n, record, names) for n, record in enumerate(records)]
    if rows:
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO flows VALUES ({marks})", rows)  # noqa: S608
    return connection, Relation("flows", fields, tie="n", name="flows/all", size=1234)


def load_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, LookupTable]:
    """The lookup tables of `tables/`."""
    found = {}
    for path in sorted((Path(__file__).parent / "tables").glob("*.csv")):
        header, *rows = csv.reader(path.read_text().splitlines())
        columns = {name: f'"c{n}"' for n, name in enumerate(header)}
        declared = ", ".join(f"{column} VARCHAR" for column in columns.values())
        connection.execute(f"CREATE TABLE {path.stem} (n BIGINT, {declared})")
        marks = ", ".join("?" * (len(header) + 1))
        numbered = [[n, *row] for n, row in enumerate(rows)]
        connection.executemany(f"INSERT INTO {path.stem} VALUES ({marks})", numbered)  # noqa: S608
        found[path.stem] = LookupTable(path.stem, columns, "n")
    return found


def message(record: Record) -> str:
    """The line as a log has it."""
    if "message" in record:
        return record["message"]
    return " ".join(record[name] for name in NAMES if name in record)


def stamp(record: Record) -> datetime:
    if "when" in record:
        return datetime.fromisoformat(record["when"]).astimezone(UTC)
    return datetime.fromtimestamp(int(record["start"]), UTC)


def _row(n: int, record: Record, names: Sequence[str]) -> list[object]:
    row: list[object] = [n, stamp(record).replace(tzinfo=None), message(record)]
    for name in names:
        value = record.get(name)
        is_none = value is None or (BY_NAME[name].number and value == "-")
        row += [None if is_none else value]
        row += [value is not None] if name in CUSTOM else []
        row += [_as_number(value)] if name == "srcAddr" else []
    return row


def _as_number(address: str | None) -> int | None:
    try:
        return int(IPv4Address(address or ""))
    except ValueError:
        return None


class Data:
    """Records in a table, to be queried."""

    def __init__(self, records: Sequence[Record], names: Sequence[str] = NAMES) -> None:
        self.connection, self.relation = load(records, names)
        self.tables = load_tables(self.connection)

    def translate(self, text: str, limit: int = 10_000) -> Translation:
        return self._translated(parse(text), limit)

    def _translated(self, pipeline: Pipeline, limit: int) -> Translation:
        query = Query(pipeline.text, WINDOW, limit)
        return translate(pipeline, self.relation, query, NOW, self.tables)

    def rows(self, text: str, limit: int = 10_000) -> Rows:
        """The rows of a query, missing values left out, `@ptr` too."""
        return self.rows_of(parse(text), limit)

    def rows_of(self, pipeline: Pipeline, limit: int = 10_000) -> Rows:
        translation = self._translated(pipeline, limit)
        found = self.connection.execute(translation.sql).fetchall()
        named = [dict(zip(translation.columns, row, strict=True)) for row in found]
        return [
            {name: value for name, value in row.items() if value is not None and name != "@ptr"}
            for row in named
        ]

    def matched(self, text: str) -> int:
        found = self.connection.execute(self.translate(text).matched).fetchone()
        assert found is not None
        return int(found[0])


def shared_records() -> list[dict[str, str]]:
    """The records that cases run over unless they bring their own."""
    lines = (Path(__file__).parent / "records.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines if line.strip()]
