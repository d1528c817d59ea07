"""What the translation to SQL must know about the records it will run over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Stored(StrEnum):
    """How an engine keeps a discovered field."""

    NUMBER = "number"  # BIGINT; NULL where the record has `-` (when the field is present)
    TEXT = "text"  # VARCHAR; `-` is kept as text
    TIME = "time"  # TIMESTAMP, UTC


@dataclass(frozen=True, slots=True)
class Source:
    """One field of the records. `sql` yields its value; `present` whether a record has it at all.

    Records of several formats can stand side by side: a field that a record's format lacks is
    missing (null in Insights), while `-` is text that is there. A NUMBER keeps both as NULL, so
    `present` is what tells them apart. `ipv4`, when given, yields the value as a 32-bit number
    where the text is a dotted IPv4 address without leading zeros, and NULL where it is not.
    """

    sql: str
    stored: Stored
    present: str = "true"
    ipv4: str | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A DuckDB table expression with its fields by Insights name.

    `fields` always has `@timestamp` (TIME), `@message`, `@logStream`, `@log` and `@ptr` (TEXT).
    The SQL of a field names columns of the expression without qualifying them. `tie`, when given,
    is SQL of a unique value that orders records of the same instant, so that answers repeat.
    `weight`, when given, is SQL of how many records a row stands for, and fields with numbers are
    their sums; only queries of `rollups.rollup` have a meaning then.
    `name` is what `SOURCE` may call the records, `size` how many bytes of log text a query over
    them reads; None where that is not known.
    """

    sql: str
    fields: Mapping[str, Source]
    tie: str | None = None
    weight: str | None = None
    name: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A table of `lookup` and `cidrlookup`: a DuckDB table expression whose columns are VARCHAR
    and have short names without meaning, such as c0.

    `columns` give the SQL of each column by its name, in order; `order` is SQL of a number that
    grows from row to row.
    """

    sql: str
    columns: Mapping[str, str]
    order: str
