"""What the logs themselves are like over a window, told as notes beside the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model.answer import Note, Question, Topic
from bot.model.query import Result
from bot.model.table import Kind
from bot.model.writing import count, duration, many, written

# The record's start is its @timestamp; min and max go over milliseconds because what Insights
# prints for an aggregate of @timestamp itself is not documented.
HEALTH = (
    "stats count(*) as records, min(toMillis(@timestamp)) as first,"
    " max(toMillis(@timestamp)) as last by logStatus"
)
# Asked over a wide window when the question's own holds nothing.
EXTENT = "stats min(toMillis(@timestamp)) as first, max(toMillis(@timestamp)) as last"
GAP = timedelta(minutes=15)  # without records at the window's start, before it is worth a word


@dataclass(frozen=True, slots=True)
class Health:
    """Records by status. `first` and `last` are the starts of the first and last flow record.

    `extent` is where records are, when this window has none: the starts of the first and the last.
    """

    flows: int = 0
    nodata: int = 0
    skipdata: int = 0
    first: datetime | None = None
    last: datetime | None = None
    extent: tuple[datetime, datetime] | None = None

    @property
    def records(self) -> int:
        return self.flows + self.nodata + self.skipdata

    @classmethod
    def of(cls, result: Result) -> Health:
        counts = {"NODATA": 0, "SKIPDATA": 0}
        flows, first, last = 0, [], []
        for row in result.rows:
            status = row.text("logStatus")
            if status in counts:
                counts[status] += row.number("records")
                continue
            flows += row.number("records")
            first.append(row.moment("first"))
            last.append(row.moment("last"))
        return cls(
            flows,
            counts["NODATA"],
            counts["SKIPDATA"],
            min(filter(None, first), default=None),
            max(filter(None, last), default=None),
        )


def notes(
    health: Health, results: Sequence[Result], question: Question, delivery: timedelta
) -> Iterator[Note]:
    """What a reader of the figures must know about the records behind them.

    `delivery` is how long records take to arrive.
    """
    if health.skipdata:
        yield Note(
            Topic.CAUTION,
            f"{many(health.skipdata, 'SKIPDATA record')}: AWS left out an unknown number of flows,"
            " so every figure is a lower bound.",
        )
    if any(result.truncated for result in results):
        rows = max(len(result.rows) for result in results if result.truncated)
        yield Note(
            Topic.CAUTION,
            f"A query stopped at its limit of {count(rows)} rows: what comes after is left out."
            " A shorter window or a narrower question has it all.",
        )
    if health.records and results and not any(result.rows for result in results):
        yield Note(Topic.COVERAGE, "Nothing matched; the logs themselves are there.")
    yield Note(Topic.COVERAGE, _coverage(health, question, delivery))
    yield from _freshness(health, question, delivery)


def _coverage(health: Health, question: Question, delivery: timedelta) -> str:
    if not health.records:
        return _nothing_logged(health, question, delivery)
    parts = [f"{many(health.flows, 'flow record')} in the window"]
    if health.first and health.last:
        parts[0] += f", from {_time(health.first, question.zone)}"
        parts[0] += f" to {_time(health.last, question.zone)}"
        late = health.first - question.window.start
        if late > GAP:
            parts.append(f"none in its first {duration(late.total_seconds())}")
    if health.nodata:
        parts.append(f"{many(health.nodata, 'NODATA record')} (an interface without traffic)")
    return "; ".join(parts) + "."


def _nothing_logged(health: Health, question: Question, delivery: timedelta) -> str:
    nothing = "Nothing is logged in this window"
    if question.now - question.window.start <= delivery:
        takes = duration(delivery.total_seconds())
        return f"{nothing} yet: it is newer than delivery, which takes about {takes}."
    if health.extent is None:
        return (
            f"{nothing}: no flow log was writing then, its records are not kept that long, or they"
            " are elsewhere."
        )
    first, last = (_time(moment, question.zone) for moment in health.extent)
    if question.window.end <= health.extent[0]:
        return f"{nothing}: it is older than the oldest record, which is of {first}."
    if question.window.start > health.extent[1]:
        return f"{nothing}: it is newer than the newest record, which is of {last}."
    return f"{nothing}, though there are records from {first} to {last}."


def extent_of(result: Result) -> tuple[datetime, datetime] | None:
    """What `EXTENT` found: the starts of the first and the last record, if there are any."""
    for row in result.rows:
        first, last = row.moment("first"), row.moment("last")
        if first and last:
            return first, last
    return None


def _freshness(health: Health, question: Question, delivery: timedelta) -> Iterator[Note]:
    age = question.now - question.window.end
    if age >= delivery or not health.records:
        return
    newest = f"; the newest is of {_time(health.last, question.zone)}" if health.last else ""
    yield Note(
        Topic.FRESHNESS,
        f"Records arrive about {duration(delivery.total_seconds())} after the traffic, so the"
        f" window's last minutes may still fill up{newest}.",
    )


def _time(moment: datetime, zone: ZoneInfo) -> str:
    return written(moment, Kind.TIME, zone)
