"""Rows under typed columns. Values are raw; whoever renders a table formats them by kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Value = str | int | float | datetime | None


class Kind(StrEnum):
    """What a column's values are, hence how they are written."""

    TEXT = "text"
    ADDRESS = "address"
    PORT = "port"
    COUNT = "count"  # whole number without a unit
    BYTES = "bytes"  # whole number of bytes; shown in powers of 1000
    SHARE = "share"  # fraction from 0 to 1
    TIME = "time"  # aware datetime, shown in the asker's zone
    SECONDS = "seconds"
    MONEY = "money"  # US dollars


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `name` is a stable key in JSON; `title` is what people read.

    A `detail` column is left out where room is short (Slack, terminal) and kept in JSON and CSV.
    """

    name: str
    title: str
    kind: Kind = Kind.TEXT
    detail: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table. `left_off` says how many further rows exist that are not in `rows`."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    left_off: int = 0

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"{self.title}: {len(row)} values under {len(self.columns)} columns"
                )
