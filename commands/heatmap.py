"""At which hours of the week traffic or rejects come: hour by weekday, in the asker's zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Heatmap
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period, Window
from bot.model.writing import window_words, written
from bot.network.ranges import within

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = tuple(f"{hour:02}" for hour in range(24))
LISTED = 10
MOST_BINS = 10_000

# Bins that fall into one local hour each, whatever a zone's distance from UTC.
HOUR, HALF, QUARTER = Period(3600, "1h"), Period(1800, "30m"), Period(900, "15m")

Cell = tuple[int, int]  # weekday from Monday, hour


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted: an aggregate over the records of a filter."""

    aggregate: str
    kind: Kind
    unit: str
    only: str


MEASURES = {
    "bytes": Measure("sum(bytes)", Kind.BYTES, "bytes", 'filter action = "ACCEPT"'),
    "packets": Measure("sum(packets)", Kind.COUNT, "packets", 'filter action = "ACCEPT"'),
    "flows": Measure("count(*)", Kind.COUNT, "flows", 'filter action in ["ACCEPT", "REJECT"]'),
    "rejects": Measure("count(*)", Kind.COUNT, "rejected flows", 'filter action = "REJECT"'),
}


@dataclass(frozen=True)
class Week:
    """Sums by hour of the week, and how many seconds of each hour the logs cover."""

    sums: Counter[Cell]
    covered: Counter[Cell]

    def rate(self, cell: Cell) -> float | None:
        """The mean in an hour; None for an hour of the week that was not recorded."""
        seconds = self.covered[cell]
        return self.sums[cell] * 3600 / seconds if seconds else None

    def ranked(self) -> list[tuple[Cell, float]]:
        """Hours that were recorded, the largest mean first."""
        rates = [(cell, rate) for cell in self.covered if (rate := self.rate(cell)) is not None]
        return sorted(rates, key=lambda item: (-item[1], item[0]))


def answer(question: Question, logs: Logs) -> Answer:
    name = question.word("measure") or "bytes"
    measure, period = MEASURES[name], _period(question.window, question.zone)
    counted, extent = logs.query(*texts(question, measure, period))
    week = _week(question, counted.rows, _start(question, extent.rows), period)
    window = window_words(question.window, question.now, question.zone)
    if not week.sums.total():
        return Answer(
            question,
            f"No {measure.unit} in this window.",
            next=(f"heatmap {name} 30d",) if window != "30d" else (f"trend {name} 90d",),
        )
    return Answer(
        question,
        _headline(question, measure, week),
        tables=tuple(_tables(measure, week)),
        charts=(_chart(question, measure, week),),
        notes=(Note(Topic.METHOD, METHOD),),
        next=(f"trend {name} {window}", f"top-talkers {window}"),
    )


METHOD = (
    "Each cell is the mean in an hour, over the hours of that weekday that the window and the logs"
    " cover, in the asker's time zone. Counted as logged: a flow inside the VPC is in it once for"
    " each interface that recorded it."
)


def texts(question: Question, measure: Measure, period: Period) -> tuple[str, str]:
    """Sums over time, and when the logs of the window begin."""
    ports, host = question.ports("port"), question.network("host")
    return (
        pipeline(
            measure.only,
            fill("filter dstPort in {ports} or srcPort in {ports}", ports=ports) if ports else None,
            f"filter {within('srcAddr', host)} or {within('dstAddr', host)}" if host else None,
            f"stats {measure.aggregate} as total by bin({period.text}) as at",
            "sort at asc",
            fill("limit {most}", most=MOST_BINS),
        ),
        "stats min(toMillis(@timestamp)) as firstSeen",
    )


def _period(window: Window, zone: ZoneInfo) -> Period:
    """The longest bins that begin with the zone's hours; whole hours where those are too many."""
    days = range(int(window.seconds // 86400) + 2)
    offsets = {(window.start + timedelta(days=n)).astimezone(zone).utcoffset() for n in days}
    seconds = [int(offset.total_seconds()) for offset in offsets if offset is not None]
    exact = (p for p in (HOUR, HALF, QUARTER) if all(n % p.seconds == 0 for n in seconds))
    period = next(exact, QUARTER)
    return period if window.seconds / period.seconds < MOST_BINS else HOUR


def _start(question: Question, rows: Sequence[Row]) -> datetime:
    """When the window's logs begin, to the hour; whole hours before were not recorded."""
    start = question.window.start
    first = next((moment for row in rows if (moment := row.moment("firstSeen"))), start)
    if first - start < timedelta(hours=1):
        return start
    local = first.astimezone(question.zone).replace(minute=0, second=0, microsecond=0)
    return local.astimezone(UTC)


def _week(question: Question, rows: Sequence[Row], start: datetime, period: Period) -> Week:
    window = question.window
    totals = {row.moment("at"): row.number("total") for row in rows}
    week = Week(Counter(), Counter())
    for at in window.bins(period):
        local = at.astimezone(question.zone)
        cell = local.weekday(), local.hour
        end = at + timedelta(seconds=period.seconds)
        seconds = (min(end, window.end) - max(at, start)).total_seconds()
        if seconds > 0:
            week.covered[cell] += round(seconds) or 1
            week.sums[cell] += totals.get(at, 0)
    return week


def _headline(question: Question, measure: Measure, week: Week) -> str:
    ranked = week.ranked()
    (most, rate), (least, low) = ranked[0], ranked[-1]
    busiest = _amount(rate, measure, question.zone)
    text = f"Most {measure.unit} come on {_hour(most)}: {busiest} an hour"
    if len(ranked) == 1:
        return f"{text}."
    return f"{text}; least on {_hour(least)}: {_amount(low, measure, question.zone)}."


def _hour(cell: Cell) -> str:
    weekday, hour = cell
    return f"{DAYS[weekday]}, {hour:02}:00–{hour + 1:02}:00"


def _amount(rate: float, measure: Measure, zone: ZoneInfo) -> str:
    return written(round(rate), measure.kind, zone)


def _tables(measure: Measure, week: Week) -> Iterator[Table]:
    unit = measure.unit.capitalize()
    yield Table(
        "By weekday",
        (
            Column("weekday", "Weekday"),
            Column("total", f"{unit} in all", measure.kind),
            Column("mean", "Mean an hour", measure.kind),
            Column("busiest", "Busiest hour"),
            Column("most", "Mean in it", measure.kind),
            Column("covered", "Recorded", Kind.SECONDS, detail=True),
        ),
        tuple(_day_rows(week)),
    )
    yield Table(
        "Busiest hours",
        (
            Column("weekday", "Weekday"),
            Column("hour", "Hour"),
            Column("mean", "Mean an hour", measure.kind),
        ),
        tuple(
            (DAYS[day], HOURS[hour], round(rate)) for (day, hour), rate in week.ranked()[:LISTED]
        ),
    )


def _day_rows(week: Week) -> Iterator[tuple[Value, ...]]:
    for day, name in enumerate(DAYS):
        hours = [(cell, rate) for cell, rate in week.ranked() if cell[0] == day]
        if not hours:
            continue
        total = sum(week.sums[cell] for cell, _ in hours)
        seconds = sum(week.covered[cell] for cell, _ in hours)
        (_, hour), most = hours[0]
        yield name, total, round(total * 3600 / seconds), HOURS[hour], round(most), seconds


def _chart(question: Question, measure: Measure, week: Week) -> Heatmap:
    (cell, rate), *_ = week.ranked()
    return Heatmap(
        f"Most {measure.unit} on {_hour(cell)}: {_amount(rate, measure, question.zone)} an hour",
        DAYS,
        HOURS,
        tuple(tuple(week.rate((day, hour)) for hour in range(24)) for day in range(7)),
        measure.kind,
        f"{measure.unit} in an hour, by hour of the day in {question.zone.key}",
    )


COMMAND = Command(
    name="heatmap",
    summary="at which hours of the week traffic or rejects come, in your time zone",
    answer=answer,
    arguments=(
        Argument("measure", Takes.CHOICE, "what to count; bytes", choices=tuple(MEASURES)),
        Argument("port", Takes.PORTS, "only this port, a number or a name", "port"),
        Argument("host", Takes.NETWORK, "only to or from this address or range", "of"),
    ),
    needs=("srcAddr", "dstAddr", "srcPort", "dstPort", "bytes", "packets", "action"),
    length=timedelta(days=7),
    examples=("heatmap", "heatmap rejects 3d", "heatmap flows port 5432 2d"),
)
