"""Everything about a port: who serves it, who asks, who is turned away, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period
from bot.model.writing import count, many, size, wider_words, window_words
from bot.network import conversations as talk
from bot.network.counting import legs
from bot.network.ports import described, spoken
from bot.network.ports import protocol as protocol_name
from bot.network.ranges import inside
from bot.network.rejected import why_lines

LISTED = 50
IN, OUT = "inside", "outside"

TIMES = (Column("first", "First seen", Kind.TIME), Column("last", "Last seen", Kind.TIME))
SERVERS = (
    Column("server", "Server", Kind.ADDRESS),
    Column("port", "Port", Kind.PORT),
    Column("protocol", "Protocol"),
    Column("clients", "Clients", Kind.COUNT),
    Column("received", "Received", Kind.BYTES),
    Column("sent", "Sent", Kind.BYTES),
    Column("connections", "Connections", Kind.COUNT),
    *TIMES,
)
CLIENTS = (
    Column("client", "Client", Kind.ADDRESS),
    Column("servers", "Servers", Kind.COUNT),
    Column("sent", "Sent", Kind.BYTES),
    Column("received", "Received", Kind.BYTES),
    Column("connections", "Connections", Kind.COUNT),
    *TIMES,
)
REJECTED = (
    Column("source", "Source", Kind.ADDRESS),
    Column("target", "Target", Kind.ADDRESS),
    Column("port", "Port", Kind.PORT),
    Column("records", "Rejected", Kind.COUNT),
    *TIMES,
)


@dataclass(frozen=True)
class Door:
    """Servers and clients that talked, counts by side, and rejected pairs from inside."""

    servers: Sequence[Row]
    clients: Sequence[Row]
    talked: Counter[str]  # clients that were answered, by side
    silent: Counter[str]  # clients that were let through and got no answer, by side
    rejects: Counter[str]  # records, by side of their source
    pairs: Sequence[Row]
    by_bin: Counter[tuple[str, datetime]]

    @property
    def moved(self) -> int:
        return sum(row.number(talk.MOVED) for row in self.servers)

    @property
    def seen(self) -> bool:
        return bool(self.by_bin)


def answer(question: Question, logs: Logs) -> Answer:
    period = question.window.period()
    found = _door(*logs.query(*texts(question, period)))
    return Answer(
        question,
        _headline(question, found),
        tables=tuple(_tables(found)),
        charts=(_chart(question, found, period),) if found.seen else (),
        notes=(Note(Topic.METHOD, f"{talk.COUNTED} {METHOD}"),) if found.seen else (),
        next=_next(question, found),
        why=why_lines(question, found.pairs),
    )


METHOD = (
    "Whoever sent nothing back is no server, and whoever got nothing back no client of one; the"
    " chart counts records as logged."
)


def texts(question: Question, period: Period) -> tuple[str, ...]:
    """Servers, clients, clients by side, rejected pairs from inside, and records over time."""
    ports = question.ports("port")
    accepted = ('filter action = "ACCEPT"', _either(ports))
    reply, only = talk.reply_from(ports), (fill("filter port in {ports}", ports=ports),)
    by_client = talk.conversations(
        *accepted,
        reply=reply,
        only=only,
        by=("client",),
        also="count_distinct(server) as servers",
    )
    return (
        pipeline(
            talk.conversations(
                *accepted,
                reply=reply,
                only=only,
                by=("server", "port", "protocol"),
                also="sum(pairAnswered) as clients",
            ),
            f"filter {talk.BACK_PACKETS} > 0",
            f"sort {talk.MOVED} desc",
            "limit 10000",
        ),
        pipeline(
            by_client, f"filter {talk.BACK_PACKETS} > 0", f"sort {talk.MOVED} desc", "limit 10000"
        ),
        pipeline(
            by_client,
            f'fields if({inside("client", question.inside)}, "{IN}", "{OUT}") as side,'
            f" if({talk.BACK_PACKETS} > 0, 1, 0) as answered",
            "stats count(*) as clients by side, answered",
        ),
        pipeline(
            'filter action = "REJECT"',
            fill("filter dstPort in {ports}", ports=ports),
            f"filter {inside('srcAddr', question.inside)}",
            legs(reply),
            'filter leg = "request"',
            f"stats count(*) as records, min(toMillis(@timestamp)) as {talk.FIRST},"
            f" max(toMillis(@timestamp)) as {talk.LAST} by srcAddr, dstAddr, port",
            "sort records desc, srcAddr asc",
            "limit 10000",
        ),
        pipeline(
            _either(ports),
            legs(reply),
            *only,
            'filter action = "ACCEPT" or leg = "request"',
            f'fields if(action = "REJECT" and {inside("srcAddr", question.inside)}, "{IN}",'
            f' if(action = "REJECT", "{OUT}", "accepted")) as what',
            f"stats count(*) as records by what, bin({period.text}) as at",
            "sort at asc",
            "limit 10000",
        ),
    )


def _either(ports: tuple[int, ...]) -> str:
    return fill("filter dstPort in {ports} or srcPort in {ports}", ports=ports)


def _door(servers: Result, clients: Result, sides: Result, pairs: Result, bins: Result) -> Door:
    talked: Counter[str] = Counter()
    silent: Counter[str] = Counter()
    for row in sides.rows:
        into = talked if row.number("answered") else silent
        into[row.text("side")] += row.number("clients")
    rejects: Counter[str] = Counter()
    by_bin: Counter[tuple[str, datetime]] = Counter()
    for row in bins.rows:
        if at := row.moment("at"):
            by_bin[row.text("what"), at] += row.number("records")
        if row.text("what") in (IN, OUT):
            rejects[row.text("what")] += row.number("records")
    return Door(servers.rows, clients.rows, talked, silent, rejects, pairs.rows, by_bin)


def _headline(question: Question, found: Door) -> str:
    name = spoken(question.ports("port"))
    name = name[0].upper() + name[1:]
    if not found.seen:
        return f"Nothing was seen of {spoken(question.ports('port'))}."
    parts = [f"{name}: {_served(found)}"]
    if found.pairs:
        first = found.pairs[0]
        times = many(first.number("records"), "time")
        rejects = sum(row.number("records") for row in found.pairs)
        parts.append(
            f"{many(rejects, 'reject')} from inside, most often"
            f" {first.text('srcAddr')} → {first.text('dstAddr')} ({times})"
        )
    return "; ".join(parts) + "."


def _served(found: Door) -> str:
    if not found.servers:
        return "nobody answers on it"
    servers = list(dict.fromkeys(row.text("server") for row in found.servers))
    who = servers[0] if len(servers) == 1 else f"{count(len(servers))} servers, most {servers[0]},"
    sides = [f"{count(found.talked[side])} {side}" for side in (IN, OUT) if found.talked[side]]
    clients = many(found.talked.total(), "client")
    if len(sides) == 1:
        clients += f" {next(side for side in (IN, OUT) if found.talked[side])}"
    else:
        clients += f" ({', '.join(sides)})"
    serves = "serves" if len(servers) == 1 else "serve"
    return f"{who} {serves} {clients}, moving {size(found.moved)}"


def _tables(found: Door) -> Iterator[Table]:
    for title, columns, rows in (
        ("Rejected from inside", REJECTED, [_rejected_row(row) for row in found.pairs]),
        ("Servers", SERVERS, [_server_row(row) for row in found.servers]),
        ("Clients", CLIENTS, [_client_row(row) for row in found.clients]),
    ):
        if rows:
            listed = tuple(rows[:LISTED])
            yield Table(title, columns, listed, left_off=len(rows) - len(listed))
    if found.seen:
        yield Table(
            "By side",
            (
                Column("side", "From"),
                Column("clients", "Clients answered", Kind.COUNT),
                Column("silent", "Let through, no answer", Kind.COUNT),
                Column("rejected", "Rejected records", Kind.COUNT),
            ),
            tuple(
                (side, found.talked[side], found.silent[side], found.rejects[side])
                for side in (IN, OUT)
            ),
        )


def _server_row(row: Row) -> tuple[Value, ...]:
    return (
        row.text("server"),
        row.number("port"),
        protocol_name(row.number("protocol")),
        row.number("clients"),
        *_sums(row),
    )


def _client_row(row: Row) -> tuple[Value, ...]:
    return row.text("client"), row.number("servers"), *_sums(row)


def _rejected_row(row: Row) -> tuple[Value, ...]:
    ends = row.text("srcAddr"), row.text("dstAddr")
    return *ends, row.number("port"), row.number("records"), *_times(row)


def _sums(row: Row) -> tuple[Value, ...]:
    sums = (row.number(talk.SENT), row.number(talk.BACK), row.number(talk.CONNECTIONS))
    return *sums, *_times(row)


def _times(row: Row) -> tuple[datetime | None, datetime | None]:
    return row.moment(talk.FIRST), row.moment(talk.LAST)


def _chart(question: Question, found: Door, period: Period) -> Timeline:
    bins = question.window.bins(period)

    def series(name: str, what: str, tone: Tone) -> Series:
        return Series(name, tuple(found.by_bin[what, at] for at in bins), tone)

    rejected = [series("from inside", IN, Tone.ALARMING)] if found.rejects[IN] else []
    rejected.append(series("from outside", OUT, Tone.NOISE))
    panels = [Panel("Accepted", (series("accepted", "accepted", Tone.ACCEPTED),), unit="records")]
    if found.rejects:
        panels.append(Panel("Rejected", tuple(rejected), unit="records"))
    return Timeline(_title(question, found), bins, period.seconds, tuple(panels))


def _title(question: Question, found: Door) -> str:
    ports = question.ports("port")
    name = described(ports[0]) if len(ports) == 1 else spoken(ports)
    if found.rejects[IN]:
        return f"{name}: {many(found.rejects[IN], 'reject')} from inside"
    if found.talked:
        return f"{name}: {many(found.talked.total(), 'client')} served, none from inside rejected"
    return f"{name}: nobody answers on it"


def _next(question: Question, found: Door) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    lines = []
    if found.pairs:
        row = found.pairs[0]
        ends = f"{row.text('srcAddr')} {row.text('dstAddr')}"
        lines.append(f"why {ends} {row.number('port')} {window}")
    if found.servers:
        first = found.servers[0]
        lines.append(f"clients {first.number('port')} on {first.text('server')} {window}")
        lines.append(f"host {first.text('server')} {window}")
    elif not found.pairs:
        ports = question.ports("port")
        lines.append(f"port {ports[0]} {wider_words(question.window)}")
    return tuple(lines)


COMMAND = Command(
    name="port",
    summary="everything about a port: who serves it, who asks, who is turned away, and when",
    answer=answer,
    arguments=(
        Argument("port", Takes.PORTS, "5432, 8000-8010, or a name like postgres", required=True),
    ),
    needs=talk.NEEDS,
    examples=("port 5432 2h", "port https", "port ssh 24h"),
)
