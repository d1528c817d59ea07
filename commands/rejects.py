"""What was rejected, by where it came from: trouble inside apart from the noise outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period
from bot.model.writing import count, many, share, wider_words, window_words
from bot.network import ports as known_ports
from bot.network.counting import REPLY, legs
from bot.network.ranges import inside, within
from bot.network.rejected import why_lines

LISTED = 20
SCANNED = 5  # targets or ports from which a source looks like a scan
IN, OUT = "inside", "outside"


class Origin(StrEnum):
    """Which way a rejected flow was going."""

    INSIDE = "inside to inside"
    OUTGOING = "from inside going out"
    INTERNET = "from the internet"
    OTHER = "anything else"


_ORIGINS = {(IN, IN): Origin.INSIDE, (IN, OUT): Origin.OUTGOING, (OUT, IN): Origin.INTERNET}
PORT_NAMES = (
    Column("port", "Port", Kind.PORT),
    Column("protocol", "Protocol"),
    Column("service", "Service"),
)
REJECTED = Column("records", "Rejected", Kind.COUNT)
PAIR_COLUMNS = (
    Column("source", "Source", Kind.ADDRESS),
    Column("target", "Target", Kind.ADDRESS),
    *PORT_NAMES[:1],
    REJECTED,
    *PORT_NAMES[1:],
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
    Column("origin", "Origin", detail=True),
)
SOURCE_COLUMNS = (
    Column("source", "Source", Kind.ADDRESS),
    Column("origin", "Origin"),
    REJECTED,
    Column("targets", "Targets", Kind.COUNT),
    Column("ports", "Ports", Kind.COUNT),
)
TARGET_COLUMNS = (
    Column("target", "Target", Kind.ADDRESS),
    REJECTED,
    Column("sources", "Sources", Kind.COUNT),
)
PORT_COLUMNS = (*PORT_NAMES, REJECTED, Column("sources", "Sources", Kind.COUNT))
OURS = (Origin.INSIDE, Origin.OUTGOING)


@dataclass(frozen=True)
class Rejects:
    """What the queries brought: counts by origin and bin, and the largest groups."""

    by_origin: Counter[Origin]
    by_bin: Counter[tuple[Origin, datetime]]
    pairs: Sequence[Row]
    sources: Result
    targets: Sequence[Row]
    ports: Sequence[Row]

    @property
    def total(self) -> int:
        return self.by_origin.total()

    @property
    def ours(self) -> int:
        return sum(self.by_origin[origin] for origin in OURS)


def answer(question: Question, logs: Logs) -> Answer:
    period = question.window.period()
    timeline, pairs, sources, targets, ports = logs.query(*texts(question, period))
    by_origin: Counter[Origin] = Counter()
    by_bin: Counter[tuple[Origin, datetime]] = Counter()
    for row in timeline.rows:
        by_origin[_origin(row)] += row.number("records")
        if moment := row.moment("at"):
            by_bin[_origin(row), moment] += row.number("records")
    rejects = Rejects(by_origin, by_bin, pairs.rows, sources, targets.rows, ports.rows)
    return Answer(
        question,
        _headline(rejects),
        tables=tuple(_tables(rejects)) if rejects.total else (),
        charts=(_chart(question, rejects, period),) if rejects.total else (),
        notes=tuple(_notes(rejects)),
        next=_next(question, rejects),
        why=why_lines(question, rejects.pairs),
    )


def texts(question: Question, period: Period) -> tuple[str, ...]:
    """Counts over time, pairs from inside, sources, targets, ports: each grouped where it is."""
    rejected = _rejected(question)
    sides = f"{_side('srcAddr', question)} as source, {_side('dstAddr', question)} as target"
    return (
        pipeline(
            rejected,
            f"fields {sides}",
            f"stats count(*) as records by source, target, bin({period.text}) as at",
            "sort at asc",
            "limit 10000",
        ),
        pipeline(
            rejected,
            f"filter {inside('srcAddr', question.inside)}",
            f"fields {sides}",
            legs(REPLY),
            "stats count(*) as records, min(toMillis(@timestamp)) as firstSeen,"
            " max(toMillis(@timestamp)) as lastSeen"
            " by source, target, srcAddr, dstAddr, port, protocol, leg",
            "sort records desc, srcAddr asc",
            "limit 10000",
        ),
        pipeline(
            rejected,
            f"fields {sides}",
            "stats count(*) as records, count_distinct(dstAddr) as targets,"
            " count_distinct(dstPort) as ports by source, target, srcAddr",
            "sort records desc, srcAddr asc",
            "limit 10000",
        ),
        pipeline(
            rejected,
            "stats count(*) as records, count_distinct(srcAddr) as sources by dstAddr",
            "sort records desc, dstAddr asc",
            "limit 10000",
        ),
        pipeline(
            rejected,
            legs(REPLY),
            "stats count(*) as records, count_distinct(srcAddr) as sources by port, protocol, leg",
            "sort records desc, port asc",
            "limit 10000",
        ),
    )


def _rejected(question: Question) -> str:
    ports = question.ports("port")
    source, target = question.network("source"), question.network("target")
    return pipeline(
        'filter action = "REJECT"',
        fill("filter dstPort in {ports}", ports=ports) if ports else None,
        f"filter {within('srcAddr', source)}" if source else None,
        f"filter {within('dstAddr', target)}" if target else None,
    )


def _side(field: str, question: Question) -> str:
    return f'if({inside(field, question.inside)}, "{IN}", "{OUT}")'


def _origin(row: Row) -> Origin:
    return _ORIGINS.get((row.text("source"), row.text("target")), Origin.OTHER)


def _headline(rejects: Rejects) -> str:
    if not rejects.total:
        return "Nothing was rejected."
    noise = _noise(rejects)
    if not rejects.ours:
        return f"Nothing from inside was rejected; {noise}."
    trouble = f"{many(rejects.ours, 'flow')} from inside rejected"
    if rejects.pairs:
        trouble += f", most often {_pair(rejects.pairs[0])}"
    return f"{trouble}; {noise}." if noise else f"{trouble}."


def _pair(row: Row) -> str:
    way = f"{row.text('srcAddr')} → {row.text('dstAddr')}"
    reply = "reply from port" if row.text("leg") == "reply" else "port"
    return f"{way} {reply} {row.text('port')} ({many(row.number('records'), 'time')})"


def _noise(rejects: Rejects) -> str:
    parts = []
    if internet := rejects.by_origin[Origin.INTERNET]:
        sources = [row for row in rejects.sources.rows if _origin(row) is Origin.INTERNET]
        least = "at least " if rejects.sources.truncated else ""
        parts.append(
            f"{count(internet)} from {least}{many(len(sources), 'source')} on the internet"
        )
    if other := rejects.by_origin[Origin.OTHER]:
        parts.append(f"{count(other)} between outside addresses")
    return " and ".join(parts)


def _tables(rejects: Rejects) -> Iterator[Table]:
    yield Table(
        "Rejected by origin",
        (
            Column("origin", "Origin"),
            Column("records", "Rejected", Kind.COUNT),
            Column("share", "Share", Kind.SHARE),
        ),
        tuple(
            (origin.value, rejects.by_origin[origin], rejects.by_origin[origin] / rejects.total)
            for origin in Origin
        ),
    )
    if rejects.pairs:
        yield _listed("Rejected from inside", PAIR_COLUMNS, rejects.pairs, _pair_row)
    yield _listed("Top sources", SOURCE_COLUMNS, rejects.sources.rows, _source_row)
    yield _listed("Top targets", TARGET_COLUMNS, rejects.targets, _target_row)
    yield _listed("Top ports", PORT_COLUMNS, rejects.ports, _port_row)


def _listed(
    title: str,
    columns: tuple[Column, ...],
    rows: Sequence[Row],
    values: Callable[[Row], tuple[Value, ...]],
) -> Table:
    listed = tuple(values(row) for row in rows[:LISTED])
    return Table(title, columns, listed, left_off=len(rows) - len(listed))


def _pair_row(row: Row) -> tuple[Value, ...]:
    port, *names = _port_values(row)
    return (
        row.text("srcAddr"),
        row.text("dstAddr"),
        port,
        row.number("records"),
        *names,
        row.moment("firstSeen"),
        row.moment("lastSeen"),
        _origin(row).value,
    )


def _source_row(row: Row) -> tuple[Value, ...]:
    numbers = (row.number("records"), row.number("targets"), row.number("ports"))
    return (row.text("srcAddr"), _origin(row).value, *numbers)


def _target_row(row: Row) -> tuple[Value, ...]:
    return row.text("dstAddr"), row.number("records"), row.number("sources")


def _port_row(row: Row) -> tuple[Value, ...]:
    return *_port_values(row), row.number("records"), row.number("sources")


def _port_values(row: Row) -> tuple[Value, ...]:
    """Port, protocol and what the port is known for; a reply's is the port it came from."""
    port = row.number("port")
    name = known_ports.service(port)
    known = f"reply of {name or 'a service'}" if row.text("leg") == "reply" else name
    return port, known_ports.protocol(row.number("protocol")), known


def _chart(question: Question, rejects: Rejects, period: Period) -> Timeline:
    bins = question.window.bins(period)

    def series(origin: Origin, tone: Tone) -> Series:
        return Series(origin.value, tuple(rejects.by_bin[origin, at] for at in bins), tone)

    ours = [series(Origin.INSIDE, Tone.ALARMING)]
    if rejects.by_origin[Origin.OUTGOING]:
        ours.append(series(Origin.OUTGOING, Tone.REJECTED))
    noise = [series(Origin.INTERNET, Tone.NOISE)]
    if rejects.by_origin[Origin.OTHER]:
        noise.append(series(Origin.OTHER, Tone.PLAIN))
    return Timeline(
        _chart_title(rejects),
        bins,
        period.seconds,
        (
            Panel("From inside", tuple(ours), unit="rejected flows"),
            Panel("From outside", tuple(noise), unit="rejected flows"),
        ),
    )


def _chart_title(rejects: Rejects) -> str:
    if rejects.ours:
        first = rejects.pairs[0] if rejects.pairs else None
        who = f", most often {first.text('srcAddr')} → {first.text('dstAddr')}" if first else ""
        return f"{many(rejects.ours, 'reject')} from inside{who}"
    return f"Nothing from inside was rejected, {count(rejects.total)} from outside"


def _notes(rejects: Rejects) -> Iterator[Note]:
    if not rejects.total:
        return
    yield Note(
        Topic.METHOD,
        "Counted are flow records with action REJECT, as logged. Inside are private addresses and"
        " the ranges that settings name. A reply that was rejected is listed under the port it"
        " came from: late after its connection closed, or stopped by a network ACL.",
    )
    internet = [row for row in rejects.sources.rows if _origin(row) is Origin.INTERNET]
    if internet:
        scans = [row for row in internet if _looks_like_a_scan(row)]
        part = _records(scans) / max(1, _records(internet))
        yield Note(
            Topic.METHOD,
            f"Of {many(len(internet), 'source')} on the internet"
            f" {share(len(scans) / len(internet))} tried {SCANNED} or more targets or ports, as"
            f" scans do; they sent {share(part)} of these rejects.",
        )


def _looks_like_a_scan(row: Row) -> bool:
    return max(row.number("targets"), row.number("ports")) >= SCANNED


def _records(rows: Sequence[Row]) -> int:
    return sum(row.number("records") for row in rows)


def _next(question: Question, rejects: Rejects) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    lines = []
    if rejects.pairs:
        row = rejects.pairs[0]
        if row.text("leg") == "request" and row.number("port"):
            way = f"{row.text('srcAddr')} {row.text('dstAddr')} {row.number('port')}"
            lines.append(f"why {way} {window}")
            lines.append(f"db-clients {row.number('port')} on {row.text('dstAddr')} {window}")
        if question.network("source") is None:
            lines.append(f"rejects from {row.text('srcAddr')} {window}")
    if not rejects.total:
        lines.append(f"rejects {wider_words(question.window)}")
    elif question.network("target") is None and rejects.targets:
        lines.append(f"rejects to {rejects.targets[0].text('dstAddr')} {window}")
    return tuple(lines)


COMMAND = Command(
    name="rejects",
    summary="what was rejected, by where it came from: trouble inside apart from outside noise",
    answer=answer,
    arguments=(
        Argument("port", Takes.PORTS, "only to this port, a number or a name", "port"),
        Argument("source", Takes.NETWORK, "only from this address or range", "from"),
        Argument("target", Takes.NETWORK, "only to this address or range", "to"),
    ),
    needs=("srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "action"),
    examples=("rejects 1h", "rejects today port ssh", "rejects 24h from 10.0.0.0/8"),
)
