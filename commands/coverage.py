"""What the logs see and what they do not: interfaces without flow logs, gaps, skipped records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Command, Logs
from bot.model.fields import create_flow_log_command
from bot.model.inventory import FlowLog
from bot.model.query import Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import PERIODS, Period
from bot.model.writing import count, duration, many, wider_words, window_words
from bot.network.covering import MINUTE, Covering, Seen, covering, recorded, seen_by_interface

LISTED = 50
HOURS = 48
GOOD, UNSEEN, UNKNOWN = "recorded", "no record in the window", "not in the inventory"
NONE = "no flow log"
FOR_EVER = "for ever"

COLUMNS = (
    Column("interface", "Interface"),
    Column("address", "Address", Kind.ADDRESS),
    Column("subnet", "Subnet"),
    Column("state", "State"),
    Column("flows", "Flow records", Kind.COUNT),
    Column("nodata", "NODATA", Kind.COUNT),
    Column("skipdata", "SKIPDATA", Kind.COUNT),
    Column("last", "Last record", Kind.TIME),
    Column("hours", "Hours with records", Kind.COUNT, detail=True),
    Column("longest", "Longest record", Kind.SECONDS, detail=True),
)
BARE_COLUMNS = (
    Column("kind", "What"),
    Column("id", "Id"),
    Column("name", "Name"),
    Column("interfaces", "Interfaces", Kind.COUNT),
)
LOG_COLUMNS = (
    Column("id", "Flow log"),
    Column("resource", "Of"),
    Column("traffic", "Traffic"),
    Column("aggregation", "Aggregation", Kind.SECONDS),
    Column("destination", "Into"),
    Column("kept", "Keeps records"),
    Column("stored", "Stored", Kind.BYTES, detail=True),
    Column("state", "State"),
)
HOUR_COLUMNS = (
    Column("at", "From", Kind.TIME),
    Column("flows", "Flow records", Kind.COUNT),
    Column("nodata", "NODATA", Kind.COUNT),
    Column("skipdata", "SKIPDATA", Kind.COUNT),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One interface with its state."""

    interface: str
    address: str
    subnet: str
    state: str
    seen: Seen | None


def answer(question: Question, logs: Logs) -> Answer:
    period = question.window.period(60)
    hourly = Period(*next(p for p in PERIODS if p[0] >= max(3600, question.window.seconds / 720)))
    by_interface, by_time, by_hour, delays = logs.query(*texts(logs.fields, period, hourly))
    seen = seen_by_interface(by_interface.rows)
    known = covering(logs.inventory)
    if not seen and not known.interfaces:
        return Answer(
            question,
            "Nothing was recorded in this window, and no inventory says what should have been.",
            next=(f"coverage {wider_words(question.window)}",),
        )
    lines = _lines(known, seen)
    window = window_words(question.window, question.now, question.zone)
    return Answer(
        question,
        _headline(lines, known, by_hour.rows),
        tables=tuple(_tables(lines, known, by_hour.rows)),
        charts=(_chart(question, period, by_time.rows),) if by_time.rows else (),
        notes=tuple(_notes(lines, known, delays.rows, logs)),
        next=(f"unused-rules {window}", f"traffic {window}"),
        facts={"coverage": _facts(lines, known, by_hour.rows)},
    )


def texts(fields: frozenset[str], period: Period, hourly: Period) -> tuple[str, str, str, str]:
    """By interface; by status over time, in the chart's bins and in hours; delays of delivery."""
    timed = {"start", "end"} <= fields
    delay = "toMillis(@ingestionTime) / 1000 - end" if timed else "0"
    by_status = "stats count(*) as records by logStatus, bin({period}) as at"
    return (
        recorded(fields),
        pipeline(fill(by_status, period=period), "sort at asc", "limit 10000"),
        pipeline(fill(by_status, period=hourly), "sort at asc", "limit 10000"),
        pipeline(
            'filter logStatus = "OK"',
            f"fields {delay} as delay",
            "stats pct(delay, 50) as median, pct(delay, 95) as p95, max(delay) as longest",
        ),
    )


def _lines(known: Covering, seen: Mapping[str, Seen]) -> list[Line]:
    """Every interface of the inventory or of the logs, trouble first."""
    lines = []
    for interface in known.interfaces:
        its = seen.get(interface.id)
        address = interface.addresses[0] if interface.addresses else ""
        subnet = known.name(interface.subnet_id)
        lines.append(Line(interface.id, address, subnet, _state(known, interface.id, its), its))
    strange = sorted(seen.keys() - {line.interface for line in lines} - {"-", ""})
    state = UNKNOWN if known.interfaces else GOOD
    for name in strange:
        its = seen[name]
        lines.append(Line(name, "", "", _measured(its) or state, its))
    order = [NONE, UNSEEN]
    lines.sort(
        key=lambda line: (
            line.state == GOOD,
            order.index(line.state) if line.state in order else len(order),
            line.interface,
        )
    )
    return lines


def _state(known: Covering, interface: str, seen: Seen | None) -> str:
    """The worst that is true of an interface."""
    traffic = known.traffic(interface)
    if not traffic and known.readable and not seen:
        return NONE
    if not seen:
        return UNSEEN
    if traffic in ("REJECT", "ACCEPT"):
        return f"{traffic} only"
    return _measured(seen) or GOOD


def _measured(seen: Seen) -> str:
    return "aggregated over 10 min" if seen.longest > MINUTE else ""


def _headline(lines: Sequence[Line], known: Covering, hours: Sequence[Row]) -> str:
    states = Counter(line.state for line in lines)
    wrote = sum(1 for line in lines if line.seen)
    if known.interfaces:
        ours = [line for line in lines if line.state != UNKNOWN]
        text = f"{sum(1 for line in ours if line.seen)} of {many(len(ours), 'interface')} wrote"
        text += " records"
        if not known.readable:
            text += "; whether the others have a flow log is not known"
        else:
            text += f"; {count(states[NONE]) if states[NONE] else 'none'} without a flow log"
        if states[UNKNOWN]:
            text += f"; {count(states[UNKNOWN])} besides not in the inventory"
    else:
        text = f"{many(wrote, 'interface')} wrote records; without an inventory nobody knows who"
        text += " did not"
    return text + "".join(f"; {part}" for part in _troubles(lines, known, hours)) + "."


def _troubles(lines: Sequence[Line], known: Covering, hours: Sequence[Row]) -> Iterator[str]:
    states = Counter(line.state for line in lines)
    if rejecting := states["REJECT only"]:
        yield f"{count(rejecting)} with rejected traffic only"
    elif _only_rejects(lines):
        yield "only rejected traffic is in the logs"
    if slow := sum(1 for line in lines if line.seen and line.seen.longest > MINUTE):
        yield f"{count(slow)} aggregated over 10 minutes"
    elif set_slow := sum(1 for log in known.logs if log.aggregation > MINUTE):
        yield f"{many(set_slow, 'flow log')} set to aggregate over 10 minutes"
    if unhealthy := sum(1 for log in known.logs if not log.healthy):
        yield f"{many(unhealthy, 'flow log')} that cannot deliver"
    groups = {group.id: group for log in known.logs if (group := known.group(log))}
    if endless := sum(1 for group in groups.values() if group.retention is None):
        yield f"{many(endless, 'log group')} without retention"
    skipped = {row.moment("at"): row.number("records") for row in hours if _is(row, "SKIPDATA")}
    if skipped:
        yield (
            f"{many(sum(skipped.values()), 'SKIPDATA record')} in"
            f" {many(len(skipped), 'stretch', 'stretches')} of time"
        )


def _only_rejects(lines: Sequence[Line]) -> bool:
    flows = sum(line.seen.flows for line in lines if line.seen)
    return bool(flows) and not any(line.seen.accepted for line in lines if line.seen)


def _is(row: Row, status: str) -> bool:
    return row.text("logStatus") == status


def _tables(lines: Sequence[Line], known: Covering, hours: Sequence[Row]) -> Iterator[Table]:
    bare = [(kind, id_, name or None, number) for kind, id_, name, number in known.bare()]
    if bare:
        yield Table(
            "Without a flow log", BARE_COLUMNS, tuple(bare[:LISTED]), left_off=len(bare[LISTED:])
        )
    yield Table(
        "Interfaces",
        COLUMNS,
        tuple(_line_row(line) for line in lines[:LISTED]),
        left_off=len(lines[LISTED:]),
    )
    if known.logs:
        yield Table(
            "Flow logs",
            LOG_COLUMNS,
            tuple(
                (
                    log.id,
                    known.name(log.resource_id),
                    log.traffic,
                    log.aggregation,
                    log.destination,
                    _kept(known, log),
                    group.stored if (group := known.group(log)) else None,
                    "delivers" if log.healthy else "cannot deliver",
                )
                for log in known.logs[:LISTED]
            ),
            left_off=len(known.logs[LISTED:]),
        )
    if hours:
        yield _hour_table(hours)


def _kept(known: Covering, log: FlowLog) -> str | None:
    """How long a flow log's records are kept; None where that is not known, or in a bucket."""
    group = known.group(log)
    if group is None:
        return None
    return FOR_EVER if group.retention is None else many(group.retention, "day")


def _line_row(line: Line) -> tuple[Value, ...]:
    seen = line.seen
    return (
        line.interface,
        line.address or None,
        line.subnet or None,
        line.state,
        seen.flows if seen else 0,
        seen.nodata if seen else 0,
        seen.skipdata if seen else 0,
        seen.last if seen else None,
        seen.hours if seen else 0,
        seen.longest if seen and seen.longest else None,
    )


def _hour_table(hours: Sequence[Row]) -> Table:
    """Hours with what was skipped first, then the latest."""
    counts: dict[datetime, Counter[str]] = {}
    for row in hours:
        if moment := row.moment("at"):
            counts.setdefault(moment, Counter())[row.text("logStatus")] += row.number("records")
    ranked = sorted(counts, key=lambda at: (-counts[at]["SKIPDATA"], -at.timestamp()))
    rows = tuple(
        (at, _flows(counts[at]), counts[at]["NODATA"], counts[at]["SKIPDATA"])
        for at in ranked[:HOURS]
    )
    return Table("By hour, with skipped records first", HOUR_COLUMNS, rows, len(ranked[HOURS:]))


def _flows(by_status: Counter[str]) -> int:
    return by_status.total() - by_status["NODATA"] - by_status["SKIPDATA"]


def _chart(question: Question, period: Period, rows: Sequence[Row]) -> Timeline:
    bins = question.window.bins(period)
    counts: dict[datetime, Counter[str]] = {at: Counter() for at in bins}
    for row in rows:
        moment = row.moment("at")
        if moment in counts:
            counts[moment][row.text("logStatus")] += row.number("records")

    def panel(title: str, name: str, tone: Tone) -> Panel:
        values = tuple(
            float(counts[at][name] if name != "OK" else _flows(counts[at])) for at in bins
        )
        return Panel(title, (Series(title, values, tone),), unit="records")

    gaps = [at for at in bins if not counts[at].total()]
    title = "Records in every step of the window"
    if gaps:
        title = f"{many(len(gaps), 'step')} of {duration(period.seconds)} without any record"
    skipped = sum(by_status["SKIPDATA"] for by_status in counts.values())
    if skipped:
        title += f"; {many(skipped, 'record')} skipped"
    return Timeline(
        title,
        bins,
        period.seconds,
        (
            panel("Flow records", "OK", Tone.ACCEPTED),
            panel("NODATA", "NODATA", Tone.NOISE),
            panel("SKIPDATA", "SKIPDATA", Tone.ALARMING),
        ),
    )


def _notes(
    lines: Sequence[Line], known: Covering, delays: Sequence[Row], logs: Logs
) -> Iterator[Note]:
    states = Counter(line.state for line in lines)
    yield Note(
        Topic.METHOD,
        "NODATA: an interface without traffic. SKIPDATA: AWS could not keep an unknown number of"
        " flows. Records longer than a minute mean aggregation over ten.",
    )
    if not known.interfaces:
        yield Note(
            Topic.CAUTION,
            "Without a snapshot of the network (flows inventory --save FILE, then --inventory FILE)"
            " an interface that never wrote a record cannot be missed.",
        )
    elif not known.readable:
        yield Note(Topic.CAUTION, "The inventory has no flow logs: none exist, or none were read.")
    if states[NONE]:
        yield Note(Topic.METHOD, f"To have them recorded: {create_flow_log_command(())}")
    if {"start", "end"} <= logs.fields:
        yield Note(Topic.FRESHNESS, _delay(delays))


def _delay(rows: Sequence[Row]) -> str:
    for row in rows:
        if "median" in row:
            median, p95, most = (row.number(name) for name in ("median", "p95", "longest"))
            return (
                f"From the end of a record to its arrival: half within {duration(max(0, median))},"
                f" 95 % within {duration(max(0, p95))}, at most {duration(max(0, most))}."
            )
    return "How long records take to arrive cannot be measured here: files do not say when."


def _facts(lines: Sequence[Line], known: Covering, hours: Sequence[Row]) -> Mapping[str, object]:
    """Counts for programs; null for what is not known."""
    states = Counter(line.state for line in lines)
    return {
        "interfaces_known": len(known.interfaces) or None,
        "interfaces_seen": sum(1 for line in lines if line.seen),
        "without_flow_log": states[NONE] if known.readable else None,
        "unseen": states[UNSEEN] if known.interfaces else None,
        "skipdata_records": sum(row.number("records") for row in hours if _is(row, "SKIPDATA")),
    }


COMMAND = Command(
    name="coverage",
    summary="what the logs see and what not: interfaces without flow logs, gaps, skipped records",
    answer=answer,
    needs=("interfaceId", "action", "logStatus"),
    examples=("coverage", "coverage 24h"),
)
