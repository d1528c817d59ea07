"""Traffic or rejects over time: whole or split, alone or against an earlier window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import quantiles

from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Level, Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadLine
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period
from bot.model.writing import duration, share, span, wider_words, window_words, written
from bot.network import over_time
from bot.network.needs import require
from bot.network.once import RULE
from bot.network.ports import described, protocol
from bot.network.trends import (
    ACCEPTED,
    ALL,
    CATEGORY,
    FIELDS,
    HOST,
    MEASURES,
    OTHERS,
    Earlier,
    Line,
    Measure,
    Trend,
    earlier_window,
    period_of,
    read,
)

BY_INTERFACE = (CATEGORY, HOST, "interface")
TONES = {"ACCEPT": Tone.ACCEPTED, "REJECT": Tone.REJECTED}
COLUMNS = ("total", "Total"), ("median", "Median"), ("p95", "p95"), ("peak", "Peak")


def answer(question: Question, logs: Logs) -> Answer:
    name, split = question.word("measure") or "bytes", question.word("by")
    measure, earlier = MEASURES[name], earlier_window(question)
    if split in BY_INTERFACE:
        require(("interfaceId",), logs.fields, f"trend by {split}")
    if split == CATEGORY:
        measure = _of_roads(question, name)
    period = period_of(question)
    trend = read(question, logs, measure, earlier)
    if not any(trend.total) and not (trend.earlier and any(trend.earlier.total)):
        return Answer(
            question,
            f"No {measure.unit} in this window.",
            next=(f"trend {name} {wider_words(question.window)}",),
        )
    return Answer(
        question,
        _headline(question, measure, trend, period),
        tables=(_table(measure, trend, split, period),),
        charts=(_chart(question, measure, trend),),
        notes=tuple(_notes(question, split, trend)),
        next=_next(question, name, split),
    )


def _of_roads(question: Question, name: str) -> Measure:
    """The measure of what has a road. Raises `BadLine` where that is not what was asked for."""
    if name == "rejects":
        raise BadLine("what was rejected took no road", hint="Try trend rejects by port.")
    if question.ports("port") or question.network("host"):
        raise BadLine(
            "categories are of all traffic: a part of it does not tell which sighting counts",
            hint="Leave port and of out, or ask by port.",
        )
    unit = "accepted flows" if name == "flows" else MEASURES[name].unit
    return Measure(MEASURES[name].aggregate, MEASURES[name].kind, unit, ACCEPTED)


def _headline(question: Question, measure: Measure, trend: Trend, period: Period) -> str:
    total, bins = trend.total, question.window.bins(period)
    whole = _amount(question, measure, sum(total))
    text = f"{whole} in all"
    if trend.earlier:
        text += f", {_change(question, measure, sum(total), trend.earlier)}"
    if not any(total):
        return f"{text}."
    _, _, p95, most = _measures(total)
    return (
        f"{text}; at most {written(most, measure.kind, question.zone)} in"
        f" {duration(period.seconds)}, at {_peak_time(question, total, bins)};"
        f" p95 {written(p95, measure.kind, question.zone)}."
    )


def _amount(question: Question, measure: Measure, value: float) -> str:
    unit = "" if measure.kind is Kind.BYTES else f" {measure.unit}"
    return f"{written(value, measure.kind, question.zone)}{unit}"


def _change(question: Question, measure: Measure, now: float, earlier: Earlier) -> str:
    """How much more or less than in the earlier window."""
    if not earlier.recorded:
        return f"of {earlier.name} nothing is logged"
    before = written(earlier.sum, measure.kind, question.zone)
    if not earlier.sum:
        return f"none {earlier.name}"
    change = now / earlier.sum - 1
    if abs(change) < 0.005:
        return f"as much as {earlier.name} ({before})"
    if change >= 2:
        return f"{now / earlier.sum:.1f} times as much as {earlier.name} ({before})"
    return f"{share(abs(change))} {'more' if change > 0 else 'less'} than {earlier.name} ({before})"


def _peak_time(question: Question, total: Line, bins: Sequence[datetime]) -> str:
    return f"{bins[total.index(max(total))].astimezone(question.zone):%Y-%m-%d %H:%M}"


def _measures(line: Line) -> tuple[float, float, float, float]:
    """Total, median, p95 and peak of a line's bins; p95 by linear interpolation."""
    if len(line) < 2:
        return sum(line), line[0], line[0], line[0]
    percent = quantiles(line, n=100, method="inclusive")
    return sum(line), percent[49], percent[94], max(line)


def _table(measure: Measure, trend: Trend, split: str | None, period: Period) -> Table:
    whole, adding_up = sum(trend.total), {ALL, *(trend.parts if split != HOST else ())}
    lines = {**trend.parts, ALL: trend.total}
    if trend.earlier and trend.earlier.recorded:
        lines[trend.earlier.name] = trend.earlier.total
    rows: list[tuple[Value, ...]] = [
        (
            name,
            *(round(value) for value in _measures(line)),
            sum(line) / whole if whole and name in adding_up else None,
        )
        for name, line in lines.items()
    ]
    return Table(
        f"{measure.unit.capitalize()} in bins of {duration(period.seconds)}",
        (
            Column(
                "part", "Part", Kind.ADDRESS if split in ("source", "target", HOST) else Kind.TEXT
            ),
            *(Column(name, title, measure.kind) for name, title in COLUMNS),
            Column("share", "Share", Kind.SHARE),
        ),
        tuple(rows),
    )


def _chart(question: Question, measure: Measure, trend: Trend) -> Timeline:
    period, split = period_of(question), question.word("by")
    bins = question.window.bins(period)
    if any(trend.total):
        peak = written(max(trend.total), measure.kind, question.zone)
        title = f"Most {measure.unit} at {_peak_time(question, trend.total, bins)}: {peak}"
    else:
        title = f"No {measure.unit} in this window"
    if trend.earlier:
        change = _change(question, measure, sum(trend.total), trend.earlier)
        title = f"{_amount(question, measure, sum(trend.total))}: {change}"
    return Timeline(title, bins, period.seconds, tuple(_panels(question, measure, trend, split)))


def _panels(
    question: Question, measure: Measure, trend: Trend, split: str | None
) -> Iterator[Panel]:
    p95 = _measures(trend.total)[2]
    levels = (Level(p95, f"p95 {written(p95, measure.kind, question.zone)}"),)
    parts = tuple(
        Series(_spelled(split, name), line, TONES.get(name, _tone(name)))
        for name, line in trend.parts.items()
    )
    own = Series("this window", trend.total)
    if parts and split == HOST:
        yield Panel("By host", parts, measure.kind, measure.unit, stacked=False)
    elif parts:
        shown = () if trend.earlier else levels
        yield Panel(f"By {split}", parts, measure.kind, measure.unit, levels=shown)
    if trend.earlier and trend.earlier.recorded:
        before = Series(trend.earlier.name, trend.earlier.total, Tone.NOISE)
        yield Panel("All", (before, own), measure.kind, measure.unit, stacked=False, levels=levels)
    elif not parts or split == HOST:
        whole = Series(ALL, trend.total)
        yield Panel("All", (whole,), measure.kind, measure.unit, levels=levels)


def _tone(name: str) -> Tone:
    return Tone.NOISE if name == OTHERS else over_time.tone(name)


def _spelled(split: str | None, name: str) -> str:
    if split == "port" and name.isdecimal():
        return described(int(name))
    if split == "protocol" and name.isdecimal():
        return protocol(int(name))
    return name


BINS = "Median, p95 and peak are over the chart's bins."


def _notes(question: Question, split: str | None, trend: Trend) -> Iterator[Note]:
    if split == CATEGORY:
        text = f"Accepted traffic; {RULE}. {over_time.METHOD}"
    else:
        text = (
            "Counted as logged: a flow inside the VPC is in it once for each interface that"
            " recorded it."
        )
    if split == HOST:
        text += (
            " Hosts are those inside, but NAT gateways; bytes and packets of each count at the"
            " interface that saw most of them. A flow is in the lines of both its ends, so they do"
            " not add up."
        )
    yield Note(Topic.METHOD, f"{text} {BINS}")
    if trend.earlier:
        yield Note(
            Topic.METHOD,
            f"Compared with {span(trend.earlier.window, question.zone)}, the same stretch"
            f" {trend.earlier.name}.",
        )


def _next(question: Question, name: str, split: str | None) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    other = "action" if split is None else "port" if split != "port" else "source"
    compared = () if question.other_window("earlier") else (f"trend {name} {window} vs yesterday",)
    return f"trend {name} by {other} {window}", *compared, f"top-talkers {window}"


COMMAND = Command(
    name="trend",
    summary="bytes, packets, flows or rejects over time, whole or split, against an earlier window",
    answer=answer,
    arguments=(
        Argument("measure", Takes.CHOICE, "what to count; bytes", choices=tuple(MEASURES)),
        Argument("by", Takes.CHOICE, "what to split by", "by", choices=(*FIELDS, HOST, CATEGORY)),
        Argument("port", Takes.PORTS, "only this port, a number or a name", "port"),
        Argument("host", Takes.NETWORK, "only to or from this address or range", "of"),
        Argument("earlier", Takes.WINDOW, "the same stretch yesterday, or last week", "vs"),
    ),
    needs=("srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "bytes", "packets", "action"),
    examples=(
        "trend",
        "trend rejects by port 24h",
        "trend bytes by source today",
        "trend bytes by category 24h",
        "trend flows by host 6h",
        "trend rejects 2h vs yesterday",
    ),
)
