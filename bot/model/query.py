"""A query and what comes back from an engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.model.window import Window

DEFAULT_LIMIT = 10_000  # rows, when neither the text nor the caller says; AWS's own default
LARGEST_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Query:
    """Insights text over a window. `limit` caps the rows besides any `limit` in the text."""

    text: str
    window: Window
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True)
class Row(Mapping[str, str]):
    """One row as AWS returns it: every value a string, missing values absent."""

    values_by_field: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.values_by_field[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_field)

    def __len__(self) -> int:
        return len(self.values_by_field)

    def text(self, key: str, default: str = "-") -> str:
        return self.values_by_field.get(key, default)

    def number(self, key: str, default: int = 0) -> int:
        """The whole number under `key`; `default` where it is missing or is no number."""
        try:
            return int(float(self.values_by_field[key]))
        except (KeyError, ValueError, OverflowError):
            return default

    def moment(self, key: str) -> datetime | None:
        """The moment under `key`: epoch milliseconds, or a time as Insights prints it."""
        text = self.values_by_field.get(key, "")
        try:
            if text[4:5] == "-":
                return datetime.fromisoformat(text).replace(tzinfo=UTC)
            return datetime.fromtimestamp(float(text) / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return None


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a query read. Bytes are bytes of log text, seconds are wall time."""

    records_matched: int = 0
    records_scanned: int = 0
    bytes_scanned: int = 0
    seconds: float = 0.0

    def __add__(self, other: Statistics) -> Statistics:
        return Statistics(
            self.records_matched + other.records_matched,
            self.records_scanned + other.records_scanned,
            self.bytes_scanned + other.bytes_scanned,
            self.seconds + other.seconds,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """Rows of a query, in order. `columns` is the union of their fields, in display order.

    `notes` are what the engine has to say about the data it read: layouts, damage, doubts.
    `text` is the text that ran, when the engine had to change it (a `parse` put in front).
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    statistics: Statistics
    notes: tuple[str, ...] = ()
    text: str | None = None
    truncated: bool = False  # the limit cut rows off


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running query has come."""

    statistics: Statistics = field(default_factory=Statistics)
    status: str = "Running"
