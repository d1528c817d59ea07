"""Two addresses: what went each way at each interface, and a verdict in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.insights.quoting import pipeline
from bot.model.answer import Answer, Network, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period
from bot.model.writing import many, wider_words, window_words, written
from bot.network.counting import ANSWER, BYTES, ENDS, both_ways, legs
from bot.network.ports import protocol, service, spoken
from bot.network.ranges import within
from bot.network.rejected import why_lines

LISTED = 100
THERE, BACK = "there", "back"

COLUMNS = (
    Column("source", "Source", Kind.ADDRESS),
    Column("target", "Target", Kind.ADDRESS),
    Column("leg", "Leg"),
    Column("port", "Server's port", Kind.PORT),
    Column("protocol", "Protocol"),
    Column("service", "Service", detail=True),
    Column("action", "Action"),
    Column("interface", "Interface"),
    Column("records", "Records", Kind.COUNT),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """Records from one side that asked, and what came back, by action."""

    asked: Counter[str]
    replied: Counter[str]
    last_reject: datetime | None = None


def answer(question: Question, logs: Logs) -> Answer:
    period = question.window.period()
    found, over_time = logs.query(*texts(question, period))
    return Answer(
        question,
        _headline(question, found.rows),
        tables=(_table(found.rows),) if found.rows else (),
        charts=(_chart(question, over_time.rows, period),) if over_time.rows else (),
        notes=(Note(Topic.METHOD, METHOD),),
        next=_next(question, found.rows),
        why=why_lines(question, (row for row in found.rows if row.text("action") == "REJECT")),
    )


METHOD = (
    "Records are listed by the interface that wrote them, so a flow inside the VPC is listed at"
    " each end. A rejected record was stopped where it was written; logs alone do not tell a"
    " security group from a network ACL. Traffic that no interface of the flow log saw, and packets"
    " that never left, are not recorded."
)


def texts(question: Question, period: Period) -> tuple[str, str]:
    """What went each way by interface, and how many records over time."""
    one, other, ports = _ends(question)
    there = f"{within('srcAddr', one)} and {within('dstAddr', other)}"
    either = both_ways(one, other, ports)
    return (
        pipeline(
            either,
            f'fields if({there}, "{THERE}", "{BACK}") as way',
            legs(ANSWER),
            f"stats sum(bytes) as {BYTES}, count(*) as records, min(toMillis(@timestamp)) as"
            " firstSeen, max(toMillis(@timestamp)) as lastSeen"
            " by way, action, leg, srcAddr, dstAddr, port, protocol, interfaceId",
            "sort records desc",
            "limit 10000",
        ),
        pipeline(
            either,
            f'fields if({there}, "{THERE}", "{BACK}") as way',
            f"stats count(*) as records by way, action, bin({period.text}) as at",
            "sort at asc",
            "limit 10000",
        ),
    )


def _ends(question: Question) -> tuple[Network, Network, tuple[int, ...]]:
    one, other = question.network("one"), question.network("other")
    if one is None or other is None:
        raise AssertionError("pair needs both addresses")
    return one, other, question.ports("port")


def _headline(question: Question, rows: Sequence[Row]) -> str:
    one, other, ports = _ends(question)
    names = {THERE: (_spelled(one), _spelled(other)), BACK: (_spelled(other), _spelled(one))}
    where = f" on {spoken(ports)}" if ports else ""
    if not rows:
        return f"Nothing was recorded between {_spelled(one)} and {_spelled(other)}{where}."
    verdicts = [
        verdict
        for way in (THERE, BACK)
        if (verdict := _verdict(*names[way], _seen(rows, way), question.zone))
    ]
    return "; ".join(verdicts) + f"{where}."


def _seen(rows: Sequence[Row], way: str) -> Seen:
    """Requests that went one way and the replies that came the other."""
    asked: Counter[str] = Counter()
    replied: Counter[str] = Counter()
    for row in rows:
        same_way = row.text("way") == way
        if same_way and row.text("leg") == "request":
            asked[row.text("action")] += row.number("records")
        if not same_way and row.text("leg") == "reply":
            replied[row.text("action")] += row.number("records")
    rejects = [
        moment
        for row in rows
        if row.text("way") == way and row.text("action") == "REJECT"
        if (moment := row.moment("lastSeen"))
    ]
    return Seen(asked, replied, max(rejects, default=None))


def _verdict(client: str, server: str, seen: Seen, zone: ZoneInfo) -> str:
    """What became of one side's requests; nothing where there were neither these nor replies."""
    accepted, rejected = seen.asked["ACCEPT"], seen.asked["REJECT"]
    back, stopped = seen.replied["ACCEPT"], seen.replied["REJECT"]
    if not (accepted or rejected):
        return f"{server} replied to {client}, whose requests were not recorded" if back else ""
    if not accepted:
        return f"{client} is rejected at {server} ({many(rejected, 'record')})"
    if stopped and not back:
        return f"{client} reaches {server}, but the replies are rejected"
    last = f", the last at {written(seen.last_reject, Kind.TIME, zone)}" if seen.last_reject else ""
    some = f", with {many(rejected, 'reject')}{last}" if rejected else ""
    if not back:
        return f"{client} is let through to {server}, but nothing came back{some}"
    return f"{client} reaches {server} and is answered{some}"


def _spelled(network: Network) -> str:
    return str(network).removesuffix("/32").removesuffix("/128")


def _table(rows: Sequence[Row]) -> Table:
    listed = tuple(_row(row) for row in rows[:LISTED])
    return Table("At each interface", COLUMNS, listed, left_off=len(rows) - len(listed))


def _row(row: Row) -> tuple[Value, ...]:
    port = row.number("port")
    return (
        row.text("srcAddr"),
        row.text("dstAddr"),
        row.text("leg"),
        port,
        protocol(row.number("protocol")),
        service(port),
        row.text("action"),
        row.text("interfaceId"),
        row.number("records"),
        row.number(BYTES),
        row.moment("firstSeen"),
        row.moment("lastSeen"),
    )


def _chart(question: Question, rows: Sequence[Row], period: Period) -> Timeline:
    one, other, _ = _ends(question)
    bins = question.window.bins(period)
    counts: Counter[tuple[str, str, datetime]] = Counter()
    for row in rows:
        if moment := row.moment("at"):
            counts[row.text("way"), row.text("action"), moment] += row.number("records")

    def panel(way: str, title: str) -> Panel:
        accepted, rejected = (
            tuple(counts[way, action, at] for at in bins) for action in ("ACCEPT", "REJECT")
        )
        series = (
            Series("accepted", accepted, Tone.ACCEPTED),
            Series("rejected", rejected, Tone.REJECTED),
        )
        return Panel(title, series, unit="records")

    ways = (
        panel(THERE, f"{_spelled(one)} → {_spelled(other)}"),
        panel(BACK, f"{_spelled(other)} → {_spelled(one)}"),
    )
    title = f"Between {_spelled(one)} and {_spelled(other)}"
    return Timeline(title, bins, period.seconds, ways)


def _next(question: Question, rows: Sequence[Row]) -> tuple[str, ...]:
    one, other, _ = _ends(question)
    window = window_words(question.window, question.now, question.zone)
    if not rows:
        return (
            f"pair {_spelled(one)} {_spelled(other)} {wider_words(question.window)}",
            f"host {_spelled(other)} {window}",
        )
    return f"host {_spelled(one)} {window}", f"host {_spelled(other)} {window}"


COMMAND = Command(
    name="pair",
    summary="whether two addresses talk, each way and at each interface",
    answer=answer,
    arguments=(
        Argument("one", Takes.NETWORK, "an address or a range", required=True),
        Argument("other", Takes.NETWORK, "the one at the other end", required=True),
        Argument("port", Takes.PORTS, "only this port, a number or a name"),
    ),
    needs=(*ENDS, "bytes"),
    examples=("pair 10.20.11.21 10.20.20.30 postgres", "pair 10.20.10.0/24 10.20.20.0/24 24h"),
)
