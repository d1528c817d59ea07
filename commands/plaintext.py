"""What is sent where it can be read on the way: by protocol, inside and across the internet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.writing import count, many, size, wider_words, window_words
from bot.network import conversations as talk
from bot.network.ports import PLAINTEXT, described, service
from bot.network.ranges import inside, is_inside, within

LISTED = 50
DRAWN = 12
SAID = 3  # packets back in a connection, below which it was a handshake or a refusal

WAYS = ("in from the internet", "out to the internet", "inside", "anything else")
IN, OUT, INSIDE, OTHER = WAYS
SERVICES = (
    Column("way", "Way"),
    Column("port", "Port", Kind.PORT),
    Column("service", "Service"),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("clients", "Clients", Kind.COUNT),
    Column("servers", "Servers", Kind.COUNT),
    Column("connections", "Connections", Kind.COUNT),
)
PAIRS = (
    Column("client", "Client", Kind.ADDRESS),
    Column("server", "Server", Kind.ADDRESS),
    Column("port", "Port", Kind.PORT),
    Column("service", "Service"),
    Column("way", "Way"),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("connections", "Connections", Kind.COUNT),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
)


@dataclass(frozen=True)
class Readable:
    """Sums by way and port, and the conversations behind them; largest first."""

    services: Sequence[Row]
    pairs: Result

    def bytes(self, *ways: str) -> int:
        return sum(row.number("total") for row in self.services if row.text("way") in ways)

    def most(self, *ways: str) -> Row:
        return next(row for row in self.services if row.text("way") in ways)


def answer(question: Question, logs: Logs) -> Answer:
    services, pairs = logs.query(*texts(question))
    found = Readable(services.rows, pairs)
    return Answer(
        question,
        _headline(found),
        tables=tuple(_tables(question, found)),
        charts=(_chart(found),) if found.services else (),
        notes=(Note(Topic.METHOD, f"{talk.COUNTED} {METHOD}"),) if found.services else (),
        next=_next(question, found),
    )


METHOD = (
    "Clear text is told by the port alone: a server may well speak TLS on such a port, or clear"
    f" text on another. Connections in which fewer than {SAID} packets came back are left out."
)


def texts(question: Question) -> tuple[str, str]:
    """Sums by way and port, and the largest conversations."""
    host = question.network("host")
    ours = {side: inside(side, question.inside) for side in ("client", "server")}
    whole = pipeline(
        talk.conversations(
            'filter action = "ACCEPT" and protocol in [6, 17]',
            fill("filter dstPort in {ports} or srcPort in {ports}", ports=PLAINTEXT),
            f"filter {within('srcAddr', host)} or {within('dstAddr', host)}" if host else None,
            only=(fill("filter port in {ports}", ports=PLAINTEXT),),
        ),
        fill(f"filter {talk.BACK_PACKETS} >= {{least}} * {talk.CONNECTIONS}", least=SAID),
    )
    return (
        pipeline(
            whole,
            f'fields case({ours["client"]} and {ours["server"]}, "{INSIDE}", {ours["client"]},'
            f' "{OUT}", {ours["server"]}, "{IN}", "{OTHER}") as way',
            f"stats sum({talk.MOVED}) as total, count_distinct(client) as clients,"
            f" count_distinct(server) as servers, sum({talk.CONNECTIONS}) as links by way, port",
            "sort total desc",
            "limit 1000",
        ),
        pipeline(whole, f"sort {talk.MOVED} desc", "limit 10000"),
    )


def _headline(found: Readable) -> str:
    if not found.services:
        return "Nothing was sent in clear text, as far as ports tell."
    parts = []
    for way, where in ((IN, "came in from the internet"), (OUT, "went out to the internet")):
        if total := found.bytes(way):
            parts.append(f"{size(total)} {where}, most on {_service(found.most(way))}")
    if total := found.bytes(INSIDE, OTHER):
        parts.append(f"{size(total)} stayed inside, most on {_service(found.most(INSIDE, OTHER))}")
    return f"In clear text {'; '.join(parts)}."


def _service(row: Row) -> str:
    return f"port {described(row.number('port'))} by {many(row.number('clients'), 'client')}"


def _tables(question: Question, found: Readable) -> Iterator[Table]:
    if not found.services:
        return
    order = sorted(found.services, key=lambda row: WAYS.index(row.text("way")))
    yield Table("By protocol", SERVICES, tuple(_service_row(row) for row in order))
    rows = tuple(_pair_row(row, question) for row in found.pairs.rows[:LISTED])
    yield Table("Largest conversations", PAIRS, rows, left_off=len(found.pairs.rows) - len(rows))


def _service_row(row: Row) -> tuple[Value, ...]:
    port = row.number("port")
    counts = (row.number("clients"), row.number("servers"), row.number("links"))
    return row.text("way"), port, service(port), row.number("total"), *counts


def _pair_row(row: Row, question: Question) -> tuple[Value, ...]:
    port = row.number("port")
    ends = row.text("client"), row.text("server")
    sides = (is_inside(ends[0], question.inside), is_inside(ends[1], question.inside))
    way = {(True, True): INSIDE, (True, False): OUT, (False, True): IN}.get(sides, OTHER)
    return (
        *ends,
        port,
        service(port),
        way,
        row.number(talk.MOVED),
        row.number(talk.CONNECTIONS),
        row.moment(talk.FIRST),
        row.moment(talk.LAST),
    )


def _chart(found: Readable) -> Bars:
    totals: dict[int, dict[str, int]] = {}
    for row in found.services:
        totals.setdefault(row.number("port"), {})[row.text("way")] = row.number("total")
    ports = sorted(totals, key=lambda port: -sum(totals[port].values()))
    rest = len(ports) - DRAWN
    tones = {IN: Tone.REJECTED, OUT: Tone.ALARMING, INSIDE: Tone.PLAIN, OTHER: Tone.NOISE}
    shown = [way for way in WAYS if any(way in ways for ways in totals.values())]
    crossed = found.bytes(IN, OUT)
    title = f"{size(crossed)} in clear text crossed the internet" if crossed else (
        f"{size(found.bytes(INSIDE, OTHER))} in clear text, none of it across the internet"
    )  # fmt: skip
    return Bars(
        title,
        tuple(described(port) for port in ports[:DRAWN]),
        tuple(
            Series(way, tuple(totals[port].get(way, 0) for port in ports[:DRAWN]), tones[way])
            for way in shown
        ),
        Kind.BYTES,
        "bytes",
        f"and {count(rest)} more" if rest > 0 else "",
    )


def _next(question: Question, found: Readable) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    if not found.pairs.rows:
        return (f"plaintext {wider_words(question.window)}",)
    first = found.pairs.rows[0]
    return (
        f"port {first.number('port')} {window}",
        f"pair {first.text('client')} {first.text('server')} {window}",
    )


COMMAND = Command(
    name="plaintext",
    summary="what is sent in clear text, by protocol, inside and across the internet",
    answer=answer,
    arguments=(Argument("host", Takes.NETWORK, "only to or from this address or range", "of"),),
    needs=talk.NEEDS,
    length=timedelta(hours=24),
    examples=("plaintext", "plaintext of 10.20.11.0/24 2d"),
)
