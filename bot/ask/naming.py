"""Names beside addresses in answers and messages, wherever the network is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Protocol

from bot.model.answer import Answer
from bot.model.chart import Bars, Chart, Dashboard, Heatmap, Panel, Timeline
from bot.model.message import Message
from bot.model.table import Column, Kind, Table, Value
from bot.network.names import Label


class Naming(Protocol):
    """Whatever says what an address is called."""

    def of(self, address: str) -> Label: ...

    def serving(self, address: str, port: int) -> Label: ...


_ADDRESS = re.compile(r"(?<![\w.:/])\d{1,3}(?:\.\d{1,3}){3}(?![\w:/]|\.\w)")


def named(answer: Answer, names: Naming) -> Answer:
    """The answer with a name beside every address that has one; unchanged where none has.

    Tables get a column of names after each of addresses, the headline and sentences in tables both,
    a chart's bars the name alone: the tables say which address that is.
    """
    return replace(
        answer,
        headline=_written(answer.headline, names),
        tables=tuple(_table(table, names) for table in answer.tables),
        charts=tuple(_chart(chart, names) for chart in answer.charts),
    )


def retold(message: Message, names: Naming) -> Message:
    """The same for a message that the bot writes by itself; its buttons stay as they are."""
    return replace(
        message,
        headline=_written(message.headline, names),
        lines=tuple(_written(line, names) for line in message.lines),
        tables=tuple(_table(table, names) for table in message.tables),
        charts=tuple(_chart(chart, names) for chart in message.charts),
        notes=tuple(_written(note, names) for note in message.notes),
    )


def name_of(address: str, names: Naming) -> str:
    """What an address is called, else whose it is; empty where only its number is known."""
    label = names.of(address)
    return label.team if label.name == address else label.name


def _name_and_team(address: str, names: Naming, port: Value = None) -> str:
    label = names.serving(address, port) if isinstance(port, int) else names.of(address)
    return " · ".join(part for part in (label.name, label.team) if part not in {"", address})


def _written(text: str, names: Naming) -> str:
    return _ADDRESS.sub(lambda found: _both(found[0], names), text)


def _both(address: str, names: Naming) -> str:
    name = name_of(address, names)
    return f"{name} ({address})" if name else address


def _table(table: Table, names: Naming) -> Table:
    columns: list[Column] = []
    values: list[list[Value]] = [[] for _ in table.rows]
    for number, column in enumerate(table.columns):
        columns.append(column)
        for row, into in zip(table.rows, values, strict=True):
            into.append(_sentence(row[number], column, names))
        if column.kind is not Kind.ADDRESS:
            continue
        port = _port_of(number, table.columns)
        found = [
            _name_and_team(str(row[number]), names, None if port is None else row[port])
            for row in table.rows
        ]
        if any(found):
            columns.append(Column(f"{column.name}_name", "Name", detail=column.detail))
            for name, into in zip(found, values, strict=True):
                into.append(name or None)
    return replace(table, columns=tuple(columns), rows=tuple(map(tuple, values)))


def _port_of(number: int, columns: Sequence[Column]) -> int | None:
    """The column of the port that the addresses in a column serve: it stands right after them."""
    after = number + 1
    is_port = after < len(columns) and columns[after].kind is Kind.PORT
    return after if is_port else None


def _sentence(value: Value, column: Column, names: Naming) -> Value:
    """A value; what is a sentence and no bare word gets names as the headline does."""
    if column.kind is Kind.TEXT and isinstance(value, str) and " " in value:
        return _written(value, names)
    return value


def _chart(chart: Chart, names: Naming) -> Chart:
    if isinstance(chart, Dashboard):
        parts = tuple(_part(one, names) for one in chart.charts)
        return replace(chart, title=_label(chart.title, names), charts=parts)
    return _part(chart, names)


def _part(chart: Bars | Heatmap | Timeline, names: Naming) -> Bars | Heatmap | Timeline:
    title = _label(chart.title, names)
    if isinstance(chart, Bars):
        return replace(chart, title=title, labels=_labels(chart.labels, names))
    if isinstance(chart, Heatmap):
        rows, columns = _labels(chart.rows, names), _labels(chart.columns, names)
        return replace(chart, title=title, rows=rows, columns=columns)
    return replace(chart, title=title, panels=tuple(_panel(panel, names) for panel in chart.panels))


def _panel(panel: Panel, names: Naming) -> Panel:
    labels = _labels(tuple(one.name for one in panel.series), names)
    series = zip(panel.series, labels, strict=True)
    renamed = tuple(replace(one, name=label) for one, label in series)
    return replace(panel, title=_label(panel.title, names), series=renamed)


def _labels(labels: tuple[str, ...], names: Naming) -> tuple[str, ...]:
    """Names for the addresses in labels; with the address where several would read the same."""
    found = [_label(label, names) for label in labels]
    return tuple(
        _label(label, names, " ".join) if found.count(name) > 1 else name
        for name, label in zip(found, labels, strict=True)
    )


def _label(label: str, names: Naming, put: Callable[[tuple[str, str]], str] = itemgetter(0)) -> str:
    """A label that is an address, or has some in it: `put` makes one of a name and an address."""

    def replaced(address: str) -> str:
        name = name_of(address, names)
        return put((name, address)) if name else address

    whole = replaced(label)  # an IPv6 address, too
    return whole if whole != label else _ADDRESS.sub(lambda found: replaced(found[0]), label)
