"""Which servers a host uses, and which it tries in vain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.insights.quoting import pipeline
from bot.model.answer import Answer, Network, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.writing import count, many, size, wider_words, window_words
from bot.network import conversations as talk
from bot.network.counting import ANSWER, legs
from bot.network.following import nat_addresses
from bot.network.ports import described, service
from bot.network.ports import protocol as protocol_name
from bot.network.ranges import spelled, within

LISTED = 50
DRAWN = 12

SERVER = (
    Column("server", "Server", Kind.ADDRESS),
    Column("port", "Port", Kind.PORT),
    Column("protocol", "Protocol"),
    Column("service", "Service"),
)
TIMES = (Column("first", "First seen", Kind.TIME), Column("last", "Last seen", Kind.TIME))
USED = (
    *SERVER,
    Column("clients", "Hosts that use it", Kind.COUNT, detail=True),
    Column("sent", "Sent", Kind.BYTES),
    Column("received", "Received", Kind.BYTES),
    Column("connections", "Connections", Kind.COUNT),
    *TIMES,
)
TRIED = (
    *SERVER,
    Column("rejected", "Rejected", Kind.COUNT),
    Column("unanswered", "Let through, no answer", Kind.COUNT),
    *TIMES,
)


@dataclass(frozen=True)
class Dependencies:
    """Servers that answered, those that did not, and rejected attempts; largest first."""

    used: Sequence[Row]
    silent: Sequence[Row]
    rejected: Sequence[Row]
    gateways: frozenset[str]
    truncated: bool

    @property
    def moved(self) -> int:
        return sum(row.number(talk.MOVED) for row in self.used)

    def in_vain(self) -> list[Row]:
        """What was rejected, except where a server answered as well; then who never answered."""
        reached = {_key(row) for row in self.used}
        return [r for r in (*self.rejected, *self.silent) if _key(r) not in reached]


def answer(question: Question, logs: Logs) -> Answer:
    accepted, rejected = logs.query(*texts(question))
    found = _dependencies(question, logs, accepted, rejected)
    return Answer(
        question,
        _headline(question, found),
        tables=tuple(_tables(found)),
        charts=(_chart(question, found),) if found.moved else (),
        notes=tuple(_notes(found)) if accepted.rows else (),
        next=_next(question, found),
    )


METHOD = "Connections are distinct client ports. Traffic within an asked range is left out."


def texts(question: Question) -> tuple[str, str]:
    """Servers the host talked to, and requests of it that were rejected."""
    network = _asked(question)
    either = f"({within('srcAddr', network)} or {within('dstAddr', network)})"
    is_client = talk.between(
        partial(within, network=network), lambda field: f"(not {within(field, network)})"
    )
    accepted = talk.conversations(
        f'filter action = "ACCEPT" and {either}',
        only=(is_client,),
        by=("server", "port", "protocol"),
        also="count_distinct(client) as clients",
    )
    return (
        pipeline(
            accepted,
            f"sort {talk.MOVED} desc",
            "limit 10000",
        ),
        pipeline(
            f'filter action = "REJECT" and {within("srcAddr", network)}',
            f"filter not ({within('dstAddr', network)})",
            legs(ANSWER),
            'filter leg = "request"',
            "fields dstAddr as server",
            f"stats count(*) as records, min(toMillis(@timestamp)) as {talk.FIRST},"
            f" max(toMillis(@timestamp)) as {talk.LAST} by server, port, protocol",
            "sort records desc, server asc",
            "limit 10000",
        ),
    )


def _asked(question: Question) -> Network:
    network = question.network("host")
    if network is None:
        raise AssertionError("host is a required argument")
    return network


def _dependencies(
    question: Question, logs: Logs, accepted: Result, rejected: Result
) -> Dependencies:
    servers = {row.text("server") for row in accepted.rows}
    gateways = nat_addresses(question, logs, servers)
    own = [row for row in accepted.rows if row.text("server") not in gateways]
    return Dependencies(
        [row for row in own if talk.answered(row)],
        [row for row in own if not talk.answered(row)],
        rejected.rows,
        gateways,
        accepted.truncated,
    )


def _notes(found: Dependencies) -> Iterator[Note]:
    yield Note(Topic.METHOD, f"{talk.COUNTED} {METHOD}")
    if found.gateways:
        yield Note(
            Topic.METHOD,
            f"{', '.join(sorted(found.gateways))} passes on what is meant for servers outside, as a"
            " NAT gateway does, and is not listed.",
        )


def _key(row: Row) -> tuple[str, int, int]:
    return row.text("server"), row.number("port"), row.number("protocol")


def _headline(question: Question, found: Dependencies) -> str:
    name, vain = _spelled(question), found.in_vain()
    if not found.used:
        parts = [f"{name} uses no server"]
    else:
        first = found.used[0]
        least = "at least " if found.truncated else ""
        servers = len({row.text("server") for row in found.used})
        parts = [
            f"{name} uses {least}{many(len(found.used), 'service')} of {many(servers, 'server')},"
            f" most {_service(first)} ({size(first.number(talk.MOVED))})"
        ]
    if turned_away := [row for row in vain if row in found.rejected]:
        first = turned_away[0]
        times = many(first.number("records"), "time")
        parts.append(
            f"{many(len(turned_away), 'service')} never answered and rejected it, most often"
            f" {_service(first)} ({times})"
        )
    return "; ".join(parts) + "."


def _service(row: Row) -> str:
    port = row.number("port")
    return row.text("server") + (f" port {described(port)}" if port else " without a port")


def _spelled(question: Question) -> str:
    return spelled(_asked(question))


def _tables(found: Dependencies) -> Iterator[Table]:
    if vain := found.in_vain():
        rows = tuple(_tried_row(row, row in found.rejected) for row in vain[:LISTED])
        yield Table("Tried in vain", TRIED, rows, left_off=len(vain) - len(rows))
    if found.used:
        rows = tuple(_used_row(row) for row in found.used[:LISTED])
        yield Table("Servers it uses", USED, rows, left_off=len(found.used) - len(rows))


def _used_row(row: Row) -> tuple[Value, ...]:
    return (
        *_server(row),
        row.number("clients"),
        row.number(talk.SENT),
        row.number(talk.BACK),
        row.number(talk.CONNECTIONS),
        *_times(row),
    )


def _tried_row(row: Row, is_rejected: bool) -> tuple[Value, ...]:
    records = row.number("records")
    return (*_server(row), *((records, 0) if is_rejected else (0, records)), *_times(row))


def _server(row: Row) -> tuple[str, int, str, str]:
    server, port, protocol = _key(row)
    return server, port, protocol_name(protocol), service(port)


def _times(row: Row) -> tuple[datetime | None, datetime | None]:
    return row.moment(talk.FIRST), row.moment(talk.LAST)


def _chart(question: Question, found: Dependencies) -> Bars:
    drawn = found.used[:DRAWN]
    rest = len(found.used) - len(drawn)
    first = drawn[0]
    return Bars(
        f"{_spelled(question)} uses {_service(first)} most: {size(first.number(talk.MOVED))}",
        tuple(_label(row) for row in drawn),
        (
            Series("sent", tuple(row.number(talk.SENT) for row in drawn), Tone.PLAIN),
            Series("received", tuple(row.number(talk.BACK) for row in drawn), Tone.ACCEPTED),
        ),
        Kind.BYTES,
        "bytes",
        f"and {count(rest)} more" if rest else "",
    )


def _label(row: Row) -> str:
    port = row.number("port")
    return f"{row.text('server')} {service(port) or port}"


def _next(question: Question, found: Dependencies) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    name, lines = _spelled(question), []
    rejected = [row for row in found.in_vain() if row in found.rejected]
    if rejected and _asked(question).num_addresses == 1:
        port = f" {rejected[0].number('port')}" if rejected[0].number("port") else ""
        lines.append(f"why {name} {rejected[0].text('server')}{port} {window}")
    if found.used:
        lines.append(f"pair {name} {found.used[0].text('server')} {window}")
    else:
        lines.append(f"deps {name} {wider_words(question.window)}")
    return (*lines, f"host {name} {window}")


COMMAND = Command(
    name="deps",
    summary="which servers a host uses, and which it tries in vain",
    answer=answer,
    arguments=(Argument("host", Takes.NETWORK, "an address or a range: 10.0.3.5", required=True),),
    needs=talk.NEEDS,
    examples=("deps 10.20.11.21", "deps 10.20.10.41 24h", "deps 10.20.11.0/24 2h"),
)
