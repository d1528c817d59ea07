"""Traffic or rejects over time, whole or split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles

from bot.insights.quoting import Unquotable, fill, literal, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period, Window
from bot.model.writing import duration, wider_words, window_words, written
from bot.network.counting import ANSWER, legs
from bot.network.ports import described, protocol
from bot.network.ranges import within

DRAWN = 4  # parts one can tell apart; the rest is one more


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted: an aggregate, over the records of a filter if there is one."""

    aggregate: str
    kind: Kind
    unit: str
    only: str | None = None


MEASURES = {
    "bytes": Measure("sum(bytes)", Kind.BYTES, "bytes", 'filter action = "ACCEPT"'),
    "packets": Measure("sum(packets)", Kind.COUNT, "packets", 'filter action = "ACCEPT"'),
    "flows": Measure("count(*)", Kind.COUNT, "flows", 'filter action in ["ACCEPT", "REJECT"]'),
    "rejects": Measure("count(*)", Kind.COUNT, "rejected flows", 'filter action = "REJECT"'),
}
FIELDS = {
    "action": "action",
    "port": "port",
    "protocol": "protocol",
    "source": "srcAddr",
    "target": "dstAddr",
    "interface": "interfaceId",
}
TONES = {"ACCEPT": Tone.ACCEPTED, "REJECT": Tone.REJECTED}
COLUMNS = ("total", "Total"), ("median", "Median"), ("p95", "p95"), ("peak", "Peak")

Line = tuple[float, ...]  # one value a bin


def answer(question: Question, logs: Logs) -> Answer:
    name = question.word("measure") or "bytes"
    measure, split = MEASURES[name], question.word("by")
    period = question.window.period()
    bins = question.window.bins(period)
    base = _base(question, measure, split)
    total, parts = _lines(logs, base, measure, split, question.window)
    if not any(total):
        return Answer(
            question,
            f"No {measure.unit} in this window.",
            next=(f"trend {name} {wider_words(question.window)}",),
        )
    return Answer(
        question,
        _headline(question, measure, total, bins, period),
        tables=(_table(measure, {**parts, "all": total}, period),),
        charts=(_chart(question, measure, parts or {"all": total}, total),),
        notes=(Note(Topic.METHOD, METHOD),),
        next=_next(question, name, split),
    )


METHOD = (
    "Counted as logged: a flow inside the VPC is in it once for each interface that recorded it."
    " Median, p95 and peak are over the chart's bins."
)


def _base(question: Question, measure: Measure, split: str | None) -> str:
    ports, host = question.ports("port"), question.network("host")
    return pipeline(
        measure.only,
        fill("filter dstPort in {ports} or srcPort in {ports}", ports=ports) if ports else None,
        f"filter {within('srcAddr', host)} or {within('dstAddr', host)}" if host else None,
        legs(ANSWER) if split == "port" else None,
    )


def _lines(
    logs: Logs,
    base: str,
    measure: Measure,
    split: str | None,
    window: Window,
) -> tuple[Line, dict[str, Line]]:
    """The whole over time, and its largest parts with what remains of it as the last."""
    period = window.period()
    bins = window.bins(period)
    whole = pipeline(
        base,
        f"stats {measure.aggregate} as total by bin({period.text}) as at",
        "sort at asc",
        "limit 10000",
    )
    if split is None:
        (rows,) = logs.query(whole)
        return _line(rows.rows, bins), {}
    field = FIELDS[split]
    largest = pipeline(
        base,
        f"stats {measure.aggregate} as total by {field}",
        "sort total desc",
        fill("limit {limit}", limit=DRAWN),
    )
    rows, found = logs.query(whole, largest)
    total = _line(rows.rows, bins)
    values = tuple(value for row in found.rows if _writable(value := row.text(field)))
    if not values:
        return total, {}
    parts = pipeline(
        base,
        fill(f"filter {field} in {{values}}", values=values),
        f"stats {measure.aggregate} as total by {field}, bin({period.text}) as at",
        "sort at asc",
        "limit 10000",
    )
    (each,) = logs.query(parts)
    lines = {
        value: _line([row for row in each.rows if row.text(field) == value], bins)
        for value in values
    }
    rest = tuple(t - sum(line[n] for line in lines.values()) for n, t in enumerate(total))
    return total, lines | ({"others": rest} if any(rest) else {})


def _writable(value: str) -> bool:
    """Whether a value from the logs can be asked about; one that cannot is among the others."""
    try:
        return bool(literal(value))
    except Unquotable:
        return False


def _line(rows: Sequence[Row], bins: Sequence[datetime]) -> Line:
    values = {row.moment("at"): row.number("total") for row in rows}
    return tuple(float(values.get(at, 0)) for at in bins)


def _headline(
    question: Question, measure: Measure, total: Line, bins: Sequence[datetime], period: Period
) -> str:
    whole, _, p95, peak = (written(v, measure.kind, question.zone) for v in _measures(total))
    unit = "" if measure.kind is Kind.BYTES else f" {measure.unit}"
    return (
        f"{whole}{unit} in all; at most {peak} in {duration(period.seconds)},"
        f" at {_peak_time(question, total, bins)}; p95 {p95}."
    )


def _peak_time(question: Question, total: Line, bins: Sequence[datetime]) -> str:
    return f"{bins[total.index(max(total))].astimezone(question.zone):%Y-%m-%d %H:%M}"


def _measures(line: Line) -> tuple[float, float, float, float]:
    """Total, median, p95 and peak of a line's bins; p95 by linear interpolation."""
    if len(line) < 2:
        return sum(line), line[0], line[0], line[0]
    percent = quantiles(line, n=100, method="inclusive")
    return sum(line), percent[49], percent[94], max(line)


def _table(measure: Measure, lines: dict[str, Line], period: Period) -> Table:
    whole = sum(lines["all"])
    rows: list[tuple[Value, ...]] = [
        (name, *(round(value) for value in _measures(line)), sum(line) / whole)
        for name, line in lines.items()
    ]
    return Table(
        f"{measure.unit.capitalize()} in bins of {duration(period.seconds)}",
        (
            Column("part", "Part"),
            *(Column(name, title, measure.kind) for name, title in COLUMNS),
            Column("share", "Share", Kind.SHARE),
        ),
        tuple(rows),
    )


def _chart(question: Question, measure: Measure, lines: dict[str, Line], total: Line) -> Timeline:
    period, split = question.window.period(), question.word("by")
    bins = question.window.bins(period)
    series = tuple(
        Series(_spelled(split, name), line, TONES.get(name, _tone(name)))
        for name, line in lines.items()
    )
    peak = written(max(total), measure.kind, question.zone)
    title = f"Most {measure.unit} at {_peak_time(question, total, bins)}: {peak}"
    panel = Panel(f"By {split}" if split else "All", series, measure.kind, measure.unit)
    return Timeline(title, bins, period.seconds, (panel,))


def _tone(name: str) -> Tone:
    return Tone.NOISE if name == "others" else Tone.PLAIN


def _spelled(split: str | None, name: str) -> str:
    if split == "port" and name.isdecimal():
        return described(int(name))
    if split == "protocol" and name.isdecimal():
        return protocol(int(name))
    return name


def _next(question: Question, name: str, split: str | None) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    other = "action" if split is None else "port" if split != "port" else "source"
    return f"trend {name} by {other} {window}", f"top-talkers {window}"


COMMAND = Command(
    name="trend",
    summary="bytes, packets, flows or rejects over time, whole or split",
    answer=answer,
    arguments=(
        Argument("measure", Takes.CHOICE, "what to count; bytes", choices=tuple(MEASURES)),
        Argument("by", Takes.CHOICE, "what to split by", "by", choices=tuple(FIELDS)),
        Argument("port", Takes.PORTS, "only this port, a number or a name", "port"),
        Argument("host", Takes.NETWORK, "only to or from this address or range", "of"),
    ),
    needs=("srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "bytes", "packets", "action"),
    examples=("trend", "trend rejects by port 24h", "trend bytes by source today"),
)
