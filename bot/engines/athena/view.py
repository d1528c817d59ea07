"""The records of a table as a relation that queries run over."""

# ruff: noqa: S608  (every name and value is quoted here; nothing comes from a query)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.engines.athena.partitions import pruned
from bot.engines.athena.tables import Column, Table
from bot.insights import addresses
from bot.insights.relation import Relation, Source, Stored
from bot.model.errors import BadSource
from bot.model.writing import many

if TYPE_CHECKING:
    from bot.engines.athena.typed import Kind
    from bot.model.window import Window

_TIME, _MESSAGE, _PATH, _LOG, _POINTER = (
    "flows_time",
    "flows_message",
    "flows_path",
    "flows_log",
    "flows_pointer",
)
_NO_MESSAGE = (
    "the table does not say the whole format of its records, so @message cannot be put together:"
    " name the fields, or make the table with flows athena ddl"
)
_ADDRESSES = ("srcAddr", "dstAddr", "pktSrcAddr", "pktDstAddr")
_DIGITS = "[0-9]{1,18}"


@dataclass(frozen=True, slots=True)
class View:
    """`kinds` are the kinds of the table's columns; `refused` says of names why they cannot be
    read, `notes` what an answer over the table must say."""

    relation: Relation
    kinds: Mapping[str, Kind]
    refused: Mapping[str, str]
    notes: tuple[str, ...] = ()


def view(table: Table, window: Window, log: str) -> View:
    """Records that started within the window; `log` is what `@log` says.

    The relation is in DuckDB's spelling, as the translation around it will be. Raises `BadSource`
    for a table without the field `start`.
    """
    if "start" not in table.fields:
        raise BadSource(
            f"the table {table.name} has no whole number called start, so no window can be read",
            hint="flows athena ddl prints the definition of a table that can.",
        )
    parts = pruned(table, window)
    fields = {name: _field(column) for name, column in table.fields.items()}
    message = {"@message": Source(f'"{_MESSAGE}"', Stored.TEXT)}
    fixed = {
        "@timestamp": Source(f'"{_TIME}"', Stored.TIME),
        **message,
        "@logStream": Source(f'"{_PATH}"', Stored.TEXT),
        "@log": Source(f'"{_LOG}"', Stored.TEXT),
        "@ptr": Source(f'"{_POINTER}"', Stored.TEXT),
    }
    return View(
        Relation(_sql(table, window, log, parts.condition), {**fixed, **fields}),
        _kinds(table, parts.dates),
        {} if table.record else {_MESSAGE: _NO_MESSAGE},
        tuple(_notes(table, parts.condition)),
    )


def _sql(table: Table, window: Window, log: str, condition: str | None) -> str:
    start = _value(table.fields["start"])
    columns = [f"{_value(each)} AS {_alias(each)}" for each in table.fields.values()]
    columns += [
        f"{addresses.v4_number(_value(each))} AS {_number(each)}"
        for each in table.fields.values()
        if each.field in _ADDRESSES
    ]
    columns += [
        f'epoch_ms({start} * 1000) AS "{_TIME}"',
        f'"$path" AS "{_PATH}"',
        f'{_text(log)} AS "{_LOG}"',
        f'CAST(NULL AS VARCHAR) AS "{_POINTER}"',
    ]
    if table.record:
        columns.append(f'{_line(table.record)} AS "{_MESSAGE}"')
    first, last = _ceiling(window.start), _ceiling(window.end)
    conditions = [f"{start} >= {first}", f"{start} < {last}", *([condition] if condition else [])]
    place = f"{_name(table.database)}.{_name(table.name)}"
    return f"(SELECT {', '.join(columns)} FROM {place} WHERE {' AND '.join(conditions)})"


def _value(column: Column) -> str:
    """A column as a relation has its field: a whole number, or a text with `-` in it."""
    name = _name(column.name)
    if column.is_number and column.is_text:
        return f"CASE WHEN regexp_full_match({name}, '{_DIGITS}') THEN CAST({name} AS BIGINT) END"
    if column.is_integer and not column.is_number:
        return f"coalesce(CAST({name} AS VARCHAR), '-')"
    return f"CAST({name} AS {'BIGINT' if column.is_number else 'VARCHAR'})"


def _alias(column: Column) -> str:
    """Its name in the relation, which is no column's of the table."""
    return _name(f"field_{column.name}")


def _number(column: Column) -> str:
    """The number of the IPv4 address in a column: ranges of it are short to write."""
    return _name(f"flows_ipv4_{column.name}")


def _line(columns: tuple[Column, ...]) -> str:
    """The record's line, written again."""
    values = [_value(each) for each in columns]
    texts = [
        f"coalesce(CAST({value} AS VARCHAR), '-')" if each.is_number else value
        for each, value in zip(columns, values, strict=True)
    ]
    return " || ' ' || ".join(texts)


def _field(column: Column) -> Source:
    stored = Stored.NUMBER if column.is_number else Stored.TEXT
    ipv4 = _number(column) if column.field in _ADDRESSES else None
    return Source(_alias(column), stored, ipv4=ipv4)


def _kinds(table: Table, dates: frozenset[str]) -> dict[str, Kind]:
    from bot.engines.athena.typed import Kind  # noqa: PLC0415 - sqlglot takes 0.2 s

    columns = {
        each.name: Kind.INTEGER if each.is_integer else Kind.TEXT for each in table.fields.values()
    }
    keys = {
        name: Kind.DATE if name in dates else Kind.INTEGER if "int" in kind else Kind.TEXT
        for name, kind in table.keys.items()
    }
    return {**columns, **keys, "$path": Kind.TEXT}


def _notes(table: Table, condition: str | None) -> list[str]:
    notes = []
    if condition is None:
        what = "no partition key that tells days" if table.keys else "no partitions"
        notes.append(
            f"{table.name} has {what}: every query reads the whole table, and costs accordingly."
        )
    if table.unread:
        names = ", ".join(f"{each.name} ({each.type})" for each in table.unread)
        columns = many(len(table.unread), "column")
        notes.append(f"{columns} of {table.name} cannot be read as a field: {names}.")
    return notes


def _ceiling(moment: datetime) -> int:
    """Whole seconds since 1970, rounded up: exact for both ends of a half-open window."""
    return int(moment.replace(microsecond=0).timestamp()) + (moment.microsecond > 0)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
