"""Messages as JSON and back, as they wait in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from bot.model.message import Message
from bot.model.table import Kind, Table, Value

_SHAPE = TypeAdapter(Message)  # takes far longer to make than to use


def packed(message: Message) -> dict[str, Any]:
    """A message as JSON takes it."""
    return dict(_SHAPE.dump_python(message, mode="json"))


def unpacked(stored: Mapping[str, Any]) -> Message:
    """The message that was packed."""
    message = _SHAPE.validate_python(dict(stored))
    return replace(message, tables=tuple(_with_times(table) for table in message.tables))


def _with_times(table: Table) -> Table:
    """JSON has no times: those of a table's cells come back as text."""
    timed = [column.kind is Kind.TIME for column in table.columns]
    return replace(
        table,
        rows=tuple(
            tuple(
                _time(value) if is_time else value
                for value, is_time in zip(row, timed, strict=True)
            )
            for row in table.rows
        ),
    )


def _time(value: Value) -> Value:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
