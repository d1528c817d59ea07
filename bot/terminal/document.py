"""An Answer as one JSON document, for programs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.charts.words import alt_text
from bot.model.answer import Answer, Argument, QueryRun
from bot.model.chart import Bars, Chart, Dashboard, Heatmap, Series, Timeline
from bot.model.table import Table, Value
from bot.model.window import Window

Json = dict[str, Any]


def document(answer: Answer, files: Mapping[int, Path]) -> Json:
    """The answer with nothing left out and nothing formatted.

    Times are ISO 8601 in UTC with a Z, bytes are whole numbers of bytes, shares fractions, what is
    missing is null. A table's rows are lists, in the order of its `columns`, whose `name` is stable
    and whose `kind` says what the values are. `files` are the PNGs that were written, by the number
    of their chart; `file` is null where there is none.
    """
    question = answer.question
    return {
        "command": question.command,
        "question": _text(question.line),
        "arguments": {name: _argument(value) for name, value in question.arguments.items()},
        "window": _window(question.window),
        "zone": question.zone.key,
        "asked": _moment(question.now),
        "headline": _text(answer.headline),
        "tables": [_table(table) for table in answer.tables],
        "charts": [
            _chart(chart, question.zone, files.get(n)) for n, chart in enumerate(answer.charts)
        ],
        "notes": [{"topic": note.topic.value, "text": _text(note.text)} for note in answer.notes],
        "queries": [_query(run) for run in answer.queries],
        "next": [_text(line) for line in answer.next],
        "why": [_text(line) for line in answer.why],
        **answer.facts,
    }


def _window(window: Window) -> Json:
    return {"start": _moment(window.start), "end": _moment(window.end)}


def _table(table: Table) -> Json:
    return {
        "title": _text(table.title),
        "columns": [
            {"name": column.name, "title": column.title, "kind": column.kind.value}
            for column in table.columns
        ],
        "rows": [[_value(value) for value in row] for row in table.rows],
        "left_off": table.left_off,
    }


def _chart(chart: Chart, zone: ZoneInfo, file: Path | None) -> Json:
    """What all charts have in common, and then what each has of its own."""
    if isinstance(chart, Dashboard):
        kind = "dashboard"
        own: Json = {"charts": [_chart(one, zone, None) for one in chart.charts]}
    elif isinstance(chart, Bars):
        kind, own = "bars", _bars(chart)
    elif isinstance(chart, Heatmap):
        kind, own = "heatmap", _heatmap(chart)
    else:
        kind, own = "timeline", _timeline(chart)
    return {
        "kind": kind,
        "title": _text(chart.title),
        "file": None if file is None else _text(str(file)),
        "alt": _text(alt_text(chart, zone)),
        **own,
    }


def _bars(chart: Bars) -> Json:
    return {
        "unit": _text(chart.unit),
        "value_kind": chart.kind.value,
        "labels": [_text(label) for label in chart.labels],
        "series": _series(chart.series),
        "rest": _text(chart.rest),
    }


def _heatmap(chart: Heatmap) -> Json:
    """`values` hold one list a row, with one value a column."""
    return {
        "unit": _text(chart.unit),
        "value_kind": chart.kind.value,
        "rows": [_text(name) for name in chart.rows],
        "columns": [_text(name) for name in chart.columns],
        "values": [[_value(value) for value in row] for row in chart.values],
    }


def _timeline(chart: Timeline) -> Json:
    """Series of all panels in one list; `panel` is the number of the one each belongs to."""
    return {
        "times": [_moment(at) for at in chart.times],
        "bin_seconds": chart.bin_seconds,
        "panels": [
            {
                "title": _text(panel.title),
                "unit": _text(panel.unit),
                "value_kind": panel.kind.value,
                "stacked": panel.stacked,
            }
            for panel in chart.panels
        ],
        "series": [
            {"panel": n, **one}
            for n, panel in enumerate(chart.panels)
            for one in _series(panel.series)
        ],
        "marks": [{"at": _moment(mark.at), "label": _text(mark.label)} for mark in chart.marks],
    }


def _series(series: Sequence[Series]) -> list[Json]:
    return [
        {
            "name": _text(one.name),
            "tone": one.tone.value,
            "values": [_value(value) for value in one.values],
        }
        for one in series
    ]


def _query(run: QueryRun) -> Json:
    return {
        "text": _text(run.text),
        "engine": run.engine,
        "records_matched": run.statistics.records_matched,
        "records_scanned": run.statistics.records_scanned,
        "bytes_scanned": run.statistics.bytes_scanned,
        "seconds": round(run.statistics.seconds, 3),
        "link": run.link,
    }


def _argument(value: Argument) -> str | int | list[int] | Json:
    if isinstance(value, Window):
        return _window(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, IPv4Network | IPv6Network):
        single = value.prefixlen == value.max_prefixlen
        return str(value.network_address if single else value)
    return _text(value) if isinstance(value, str) else value


def _value(value: Value) -> str | int | float | None:
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None  # JSON has no word for it
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return _text(value) if isinstance(value, str) else value


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _text(text: str) -> str:
    """Half a character, as bytes on a command line can leave behind, cannot be written in UTF-8."""
    return text.encode("utf-8", "replace").decode()
