"""What the next day is likely to bring, by the same hours of the days before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from bot.insights.quoting import pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period, Window
from bot.model.writing import many, share, window_words, written
from bot.network.trends import MEASURES, Measure, base_of, line, whole

HOUR = Period(3600, "1h")
DAY = 24  # hours
ENOUGH = 2 * DAY  # hours with records, below which nothing is foretold

COLUMNS = ("likely", "Likely"), ("lowest", "Lowest so far"), ("highest", "Highest so far")


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour to come: the median of the same hour on the days before, and their range."""

    at: datetime
    likely: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Forecast:
    """Whole hours that were, and those to come. `miss` is how far off it would have been."""

    past: Sequence[tuple[datetime, float]]
    hours: Sequence[Hour]
    miss: float | None

    @property
    def sum(self) -> float:
        return sum(hour.likely for hour in self.hours)


def answer(question: Question, logs: Logs) -> Answer:
    name = question.word("measure") or "bytes"
    measure = MEASURES[name]
    bins = question.window.bins(HOUR)
    recorded, found = logs.query(RECORDED, whole(base_of(question, measure), measure, HOUR))
    values = dict(zip(bins, line(found.rows, bins), strict=True))
    past = _past(question.window, values, {row.moment("at") for row in recorded.rows})
    window = window_words(question.window, question.now, question.zone)
    if len(past) < ENOUGH:
        return Answer(
            question,
            f"{many(len(past), 'whole hour')} with records foretell nothing: it takes two days.",
            next=(f"forecast {name} 14d", f"trend {name} {window}"),
        )
    forecast = Forecast(past, foretold(past, question), missed(past, question))
    return Answer(
        question,
        _headline(question, measure, forecast),
        tables=(_table(measure, forecast),),
        charts=(_chart(question, measure, forecast),),
        notes=(Note(Topic.METHOD, METHOD),),
        next=(f"trend {name} 24h vs yesterday", f"heatmap {name} {window}"),
    )


RECORDED = pipeline("stats count(*) as records by bin(1h) as at", "sort at asc", "limit 10000")
METHOD = (
    "Each hour to come is the median of the same hour, in your zone, on the days of the window;"
    " lowest and highest are of those days. Neither growth nor weekends are foreseen. Counted as"
    " logged: a flow inside the VPC is in it once for each interface that recorded it."
)


def _past(
    window: Window, values: dict[datetime, float], recorded: set[datetime | None]
) -> list[tuple[datetime, float]]:
    """Hours that lie wholly in the window and of which there are records."""
    hour = timedelta(hours=1)
    return [
        (at, value)
        for at, value in values.items()
        if at in recorded and at >= window.start and at + hour <= window.end
    ]


def foretold(past: Sequence[tuple[datetime, float]], question: Question) -> list[Hour]:
    """The day after the last hour; hours of the clock that were never seen are left out."""
    by_hour: dict[int, list[float]] = {}
    for at, value in past:
        by_hour.setdefault(at.astimezone(question.zone).hour, []).append(value)
    hours = []
    for n in range(1, DAY + 1):
        at = past[-1][0] + timedelta(hours=n)
        seen = by_hour.get(at.astimezone(question.zone).hour)
        if seen:
            hours.append(Hour(at, median(seen), min(seen), max(seen)))
    return hours


def missed(past: Sequence[tuple[datetime, float]], question: Question) -> float | None:
    """By how much of its sum the last day would have been foretold wrongly, hour by hour.

    None where the days before it are too few, or nothing was in it.
    """
    before, last = past[:-DAY], dict(past[-DAY:])
    if len(before) < DAY or not sum(last.values()):
        return None
    told = {hour.at: hour.likely for hour in foretold(before, question)}
    wrong = sum(abs(value - told[at]) for at, value in last.items() if at in told)
    return wrong / sum(last.values())


def _headline(question: Question, measure: Measure, forecast: Forecast) -> str:
    unit = "" if measure.kind is Kind.BYTES else f" {measure.unit}"
    most = max(forecast.hours, key=lambda hour: hour.likely)
    text = (
        f"The next {many(len(forecast.hours), 'hour')} are likely to bring"
        f" {written(forecast.sum, measure.kind, question.zone)}{unit}, most at"
        f" {most.at.astimezone(question.zone):%H:%M}"
        f" ({written(most.likely, measure.kind, question.zone)} in an hour)"
    )
    if forecast.miss is None:
        return f"{text}; how sure that is cannot be told yet."
    return f"{text}; of the last day it would have missed {share(forecast.miss)}."


def _table(measure: Measure, forecast: Forecast) -> Table:
    rows: list[tuple[Value, ...]] = [
        (hour.at, round(hour.likely), round(hour.lowest), round(hour.highest))
        for hour in forecast.hours
    ]
    return Table(
        "The hours to come",
        (
            Column("at", "From", Kind.TIME),
            *(Column(name, title, measure.kind) for name, title in COLUMNS),
        ),
        tuple(rows),
    )


def _chart(question: Question, measure: Measure, forecast: Forecast) -> Timeline:
    """The last two days that were, and the day to come."""
    past = forecast.past[-2 * DAY :]
    count, rest = len(past), len(forecast.hours)
    told = {
        "highest": (Tone.NOISE, [hour.highest for hour in forecast.hours]),
        "lowest": (Tone.NOISE, [hour.lowest for hour in forecast.hours]),
        "likely": (Tone.ACCEPTED, [hour.likely for hour in forecast.hours]),
    }
    series = (
        Series("so far", (*(value for _, value in past), *(None,) * rest)),
        *(Series(name, (*(None,) * count, *values), tone) for name, (tone, values) in told.items()),
    )
    times = (*(at for at, _ in past), *(hour.at for hour in forecast.hours))
    title = _headline(question, measure, forecast).partition(",")[0]
    panel = Panel("By hour", series, measure.kind, measure.unit, stacked=False)
    return Timeline(title, times, HOUR.seconds, (panel,))


COMMAND = Command(
    name="forecast",
    summary="what the next day is likely to bring, by the same hours of the days before",
    answer=answer,
    arguments=(
        Argument("measure", Takes.CHOICE, "what to count; bytes", choices=tuple(MEASURES)),
        Argument("port", Takes.PORTS, "only this port, a number or a name", "port"),
        Argument("host", Takes.NETWORK, "only to or from this address or range", "of"),
    ),
    needs=("srcAddr", "dstAddr", "srcPort", "dstPort", "bytes", "packets", "action"),
    length=timedelta(days=14),
    examples=("forecast 3d", "forecast rejects 3d"),
)
