"""Sums of the logs over time, whole and in parts, and the same of an earlier window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from bot.insights.quoting import Unquotable, fill, literal, pipeline
from bot.model.answer import Question
from bot.model.command import Logs
from bot.model.errors import BadLine
from bot.model.query import Row
from bot.model.table import Kind
from bot.model.window import Period, Window
from bot.model.writing import duration, span
from bot.network import over_time
from bot.network.counting import ANSWER, legs
from bot.network.ranges import inside, within

ROAD_BINS = 30  # at most, by category: each costs a row for every pair of addresses
SPELLED = {86400: "the day before", 7 * 86400: "the week before"}
DRAWN = 4  # parts one can tell apart; the rest is one more
ACCEPTED = 'filter action = "ACCEPT"'


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted: an aggregate, over the records of a filter if there is one."""

    aggregate: str
    kind: Kind
    unit: str
    only: str | None = None


MEASURES = {
    "bytes": Measure("sum(bytes)", Kind.BYTES, "bytes", ACCEPTED),
    "packets": Measure("sum(packets)", Kind.COUNT, "packets", ACCEPTED),
    "flows": Measure("count(*)", Kind.COUNT, "flows", 'filter action in ["ACCEPT", "REJECT"]'),
    "rejects": Measure("count(*)", Kind.COUNT, "rejected flows", 'filter action = "REJECT"'),
}
CATEGORY, HOST = "category", "host"
FIELDS = {
    "action": "action",
    "port": "port",
    "protocol": "protocol",
    "source": "srcAddr",
    "target": "dstAddr",
    "interface": "interfaceId",
    "family": "family",  # IPv4 or IPv6
}
FAMILY = 'fields if(isValidIpV6(srcAddr), "IPv6", "IPv4") as family'
INSTANT = timedelta(microseconds=1)
ALL, OTHERS = "all", "others"

Line = tuple[float, ...]  # one value a bin


@dataclass(frozen=True)
class Trend:
    """The whole over time, its largest parts, and the same of an earlier window.

    The last part is what remains, but for hosts: a flow is in the lines of both its ends.
    """

    total: Line
    parts: Mapping[str, Line]
    earlier: Earlier | None = None


@dataclass(frozen=True)
class Earlier:
    """The whole of an earlier window, in the bins of the question's own; `name` says when."""

    name: str
    window: Window
    total: Line
    recorded: bool

    @property
    def sum(self) -> float:
        return sum(self.total)


def period_of(question: Question) -> Period:
    """The bins of a trend."""
    if question.word("by") == CATEGORY:
        return question.window.period(ROAD_BINS)
    return question.window.period()


def earlier_window(question: Question) -> Window | None:
    """The window to compare with, as long as the question's own.

    Words for a time until now (`24h`, `last week`) say how much earlier it is; days say the day on
    which it ends; any other window says when it begins. Raises `BadLine` where it is no earlier.
    """
    other, window = question.other_window("earlier"), question.window
    if other is None:
        return None
    first, last = (at.astimezone(question.zone) for at in (other.start, other.end))
    if other.end == question.now:
        back = other.end - other.start
    elif first.time() == last.time() == time():
        end = (window.end - INSTANT).astimezone(question.zone)
        days = (end.date() - (last - INSTANT).date()).days
        back = end.astimezone(UTC) - (end - timedelta(days=days)).astimezone(UTC)
    else:
        back = window.start - other.start
    if back <= timedelta():
        raise BadLine(
            f"{span(other, question.zone)} is no earlier than the window itself",
            hint="Write vs yesterday or vs last week.",
        )
    return Window(window.start - back, window.end - back)


def read(question: Question, logs: Logs, measure: Measure, window: Window | None) -> Trend:
    """The trend of a measure; against `window` where there is one."""
    split = question.word("by")
    if split == CATEGORY:
        total, parts = _roads(question, logs)
    elif split == HOST:
        total, parts = _hosts(question, logs, measure)
    else:
        total, parts = _lines(question, logs, measure)
    if window is None:
        return Trend(total, parts)
    return Trend(total, parts, _earlier(question, logs, measure, window))


def _earlier(question: Question, logs: Logs, measure: Measure, window: Window) -> Earlier:
    recorded, before = "stats count(*) as records", question.window.start - window.start
    seconds, period = before.total_seconds(), period_of(question)
    name = SPELLED.get(int(seconds), f"{duration(seconds)} before")
    if question.word("by") == CATEGORY:
        total, _ = _roads(question, logs, window)
        (records,) = logs.query(recorded, window=window)
    else:
        text = whole(base_of(question, measure), measure, period)
        found, records = logs.query(text, recorded, window=window)
        total = line(found.rows, window.bins(period))
    bins = len(question.window.bins(period))
    any_record = any(row.number("records") for row in records.rows)
    fitted = (total + (0.0,) * bins)[:bins]  # a window off the bins' grid touches one more
    return Earlier(name, window, fitted, any_record)


def _roads(
    question: Question, logs: Logs, window: Window | None = None
) -> tuple[Line, dict[str, Line]]:
    """By the road that traffic took, each flow once."""
    measure = over_time.MEASURES[question.word("measure") or "bytes"]
    found = over_time.over_time(question, logs, period_of(question), measure, window)
    parts = {name: tuple(values) for name, values in found.lines.items()}
    return tuple(map(sum, zip(*parts.values(), strict=True))) or (0.0,) * len(found.bins), parts


def base_of(question: Question, measure: Measure) -> str:
    """The stages that keep what the question is about."""
    ports, host = question.ports("port"), question.network("host")
    return pipeline(
        measure.only,
        fill("filter dstPort in {ports} or srcPort in {ports}", ports=ports) if ports else None,
        f"filter {within('srcAddr', host)} or {within('dstAddr', host)}" if host else None,
        legs(ANSWER) if question.word("by") == "port" else None,
        FAMILY if question.word("by") == "family" else None,
    )


def whole(base: str, measure: Measure, period: Period) -> str:
    """The query for a measure over time, without parts."""
    return pipeline(
        base,
        f"stats {measure.aggregate} as total by bin({period.text}) as at",
        "sort at asc",
        "limit 10000",
    )


def _lines(question: Question, logs: Logs, measure: Measure) -> tuple[Line, dict[str, Line]]:
    """The whole over time, and its largest parts with what remains of it as the last."""
    period, base = period_of(question), base_of(question, measure)
    bins, split = question.window.bins(period), question.word("by")
    if split is None:
        (rows,) = logs.query(whole(base, measure, period))
        return line(rows.rows, bins), {}
    field = FIELDS[split]
    largest = pipeline(
        base,
        f"stats {measure.aggregate} as total by {field}",
        "sort total desc",
        fill("limit {limit}", limit=DRAWN),
    )
    rows, found = logs.query(whole(base, measure, period), largest)
    total = line(rows.rows, bins)
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
        value: line([row for row in each.rows if row.text(field) == value], bins)
        for value in values
    }
    rest = tuple(t - sum(part[n] for part in lines.values()) for n, t in enumerate(total))
    return total, lines | ({OTHERS: rest} if any(rest) else {})


def _hosts(question: Question, logs: Logs, measure: Measure) -> tuple[Line, dict[str, Line]]:
    """The whole, and what the busiest hosts inside sent and received."""
    period, base = period_of(question), base_of(question, measure)
    bins = question.window.bins(period)
    ends = ("srcAddr", "dstAddr")
    every, *sums = logs.query(
        whole(base, measure, period),
        *(_of_host(question, base, measure, end) for end in ends),
    )
    moved: dict[str, int] = {}
    gateways = {a for nat in logs.inventory.nat_gateways.values() for a in nat.private_addresses}
    for end, result in zip(ends, sums, strict=True):
        for row in result.rows:
            moved[row.text(end)] = moved.get(row.text(end), 0) + row.number("total")
    known = [host for host in moved if host not in gateways and _writable(host)]
    hosts = tuple(sorted(known, key=lambda host: (-moved[host], host))[:DRAWN])
    if not hosts:
        return line(every.rows, bins), {}
    only = [fill(f"filter {end} in {{hosts}}", hosts=hosts) for end in ends]
    timed = logs.query(
        *(
            _of_host(question, pipeline(base, some), measure, end, period)
            for end, some in zip(ends, only, strict=True)
        )
    )
    lines = {
        host: line(
            [
                row
                for end, result in zip(ends, timed, strict=True)
                for row in result.rows
                if row.text(end) == host
            ],
            bins,
        )
        for host in hosts
    }
    return line(every.rows, bins), lines


def _of_host(
    question: Question, base: str, measure: Measure, end: str, period: Period | None = None
) -> str:
    """What hosts inside sent, or received, in all or in bins.

    Bytes and packets count at the interface that saw most: the host's own has them all.
    """
    at, then = (f", bin({period.text}) as at", ", at") if period else ("", "")
    once = measure.kind is Kind.BYTES or measure.unit == "packets"
    return pipeline(
        base,
        f"filter {inside(end, question.inside)}",
        f"stats {measure.aggregate} as seen by {end}, interfaceId{at}",
        f"stats {'max' if once else 'sum'}(seen) as total by {end}{then}",
        "sort total desc",
        "limit 10000",
    )


def _writable(value: str) -> bool:
    """Whether a value that a record carries can be asked for again."""
    try:
        return value != "-" and bool(literal(value))
    except Unquotable:
        return False


def line(rows: Sequence[Row], bins: Sequence[datetime]) -> Line:
    """One value a bin, zero where nothing was."""
    values = dict.fromkeys(bins, 0.0)
    for row in rows:
        moment = row.moment("at")
        if moment in values:
            values[moment] += row.number("total")
    return tuple(values.values())
