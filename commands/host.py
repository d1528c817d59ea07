"""Everything about one address or range: what it offers, what it uses, what was rejected."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot.insights.quoting import pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.writing import count, many, size, wider_words, window_words
from bot.network.conversations import COUNTED, client_and_server
from bot.network.counting import ANSWER, BYTES, busiest, legs
from bot.network.machine import Thing, thing_asked
from bot.network.ports import described, service
from bot.network.ports import protocol as protocol_name
from bot.network.ranges import spelled
from bot.network.rejected import why_lines

Key = TypeVar("Key")

LISTED = 50
DRAWN = 12

PORT = (
    Column("port", "Port", Kind.PORT),
    Column("protocol", "Protocol"),
    Column("service", "Service"),
)
TIMES = (Column("first", "First seen", Kind.TIME), Column("last", "Last seen", Kind.TIME))
OFFERED = (
    *PORT,
    Column("clients", "Clients", Kind.COUNT),
    Column("client", "Busiest client", Kind.ADDRESS),
    Column("bytes", "Bytes", Kind.BYTES),
    *TIMES,
)
USED = (
    Column("server", "Server", Kind.ADDRESS),
    *PORT,
    Column("bytes", "Bytes", Kind.BYTES),
    *TIMES,
)
REJECTED = (
    Column("source", "Source", Kind.ADDRESS),
    Column("target", "Target", Kind.ADDRESS),
    *PORT,
    Column("records", "Rejected", Kind.COUNT),
    *TIMES,
)


@dataclass
class Talk:
    """What belongs to one line of a table: sums over its records."""

    bytes: Counter[str] = field(default_factory=Counter)  # by the address at the other end
    moments: list[datetime] = field(default_factory=list)

    def add(self, other: str, row: Row) -> None:
        self.bytes[other] += row.number(BYTES)
        self.moments += filter(None, (row.moment("firstSeen"), row.moment("lastSeen")))

    @property
    def span(self) -> tuple[datetime | None, datetime | None]:
        return min(self.moments, default=None), max(self.moments, default=None)


@dataclass
class Host:
    """What was seen of the address: services it offers and uses, peers, and what was rejected."""

    offered: dict[tuple[int, int], Talk] = field(default_factory=lambda: defaultdict(Talk))
    used: dict[tuple[str, int, int], Talk] = field(default_factory=lambda: defaultdict(Talk))
    sent: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    rejected: list[Row] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return self.sent.total() + self.received.total()

    def clients(self) -> set[str]:
        return {client for talk in self.offered.values() for client in talk.bytes}


def answer(question: Question, logs: Logs) -> Answer:
    thing = thing_asked(question, logs.inventory)
    (result,) = logs.query(text(thing))
    key = ("action", "leg", "srcAddr", "dstAddr", "port", "protocol")
    host = _host(busiest(result.rows, key), thing.has)
    return Answer(
        question,
        _headline(question, host),
        tables=tuple(_tables(host)),
        charts=(_chart(question, host),) if host.bytes else (),
        notes=tuple(_notes(thing)) if result.rows else (),
        next=_next(question, host),
        why=why_lines(question, host.rejected),
    )


def _notes(thing: Thing) -> Iterator[Note]:
    yield Note(Topic.METHOD, COUNTED)
    if len(thing.networks) > 1:
        others = ", ".join(spelled(network) for network in thing.networks[1:])
        yield Note(Topic.METHOD, f"With all addresses of the same host: {others}.")


def text(thing: Thing) -> str:
    return pipeline(
        f"filter {thing.condition('srcAddr')} or {thing.condition('dstAddr')}",
        legs(ANSWER),
        f"stats sum(bytes) as {BYTES}, count(*) as records, min(toMillis(@timestamp)) as firstSeen,"
        " max(toMillis(@timestamp)) as lastSeen"
        " by action, leg, srcAddr, dstAddr, port, protocol, interfaceId",
        f"sort {BYTES} desc",
        "limit 10000",
    )


def _host(rows: Sequence[Row], is_asked: Callable[[str], bool]) -> Host:
    host = Host()
    for row in rows:
        if row.text("action") == "REJECT":
            host.rejected.append(row)
            continue
        source, target = row.text("srcAddr"), row.text("dstAddr")
        client, server = client_and_server(row)
        port, protocol = row.number("port"), row.number("protocol")
        if is_asked(server):
            host.offered[port, protocol].add(client, row)
        if is_asked(client):
            host.used[server, port, protocol].add(client, row)
        if is_asked(source):
            host.sent[target] += row.number(BYTES)
        else:
            host.received[source] += row.number(BYTES)
    host.rejected.sort(key=lambda row: -row.number("records"))
    return host


def _headline(question: Question, host: Host) -> str:
    name = _spelled(question)
    if not host.bytes and not host.rejected:
        return f"Nothing was seen of {name}."
    parts = [f"{name} moved {size(host.bytes)}"]
    if host.offered:
        busiest_port = max(host.offered, key=lambda key: host.offered[key].bytes.total())[0]
        parts.append(
            f"served {many(len(host.clients()), 'client')}, most on port {described(busiest_port)}"
        )
    if host.used:
        parts.append(f"used {many(len(host.used), 'service')}")
    if host.rejected:
        parts.append(f"had {many(sum(r.number('records') for r in host.rejected), 'reject')}")
    return ", ".join(parts[:-1]) + f" and {parts[-1]}." if len(parts) > 1 else f"{parts[0]}."


def _spelled(question: Question) -> str:
    network = question.network("host")
    return spelled(network) if network else ""


def _tables(host: Host) -> Iterator[Table]:
    offered = [_offered_row(key, talk) for key, talk in _largest(host.offered)]
    used = [_used_row(key, talk) for key, talk in _largest(host.used)]
    rejected = [_rejected_row(row) for row in host.rejected]
    for title, columns, rows in (
        ("Rejected", REJECTED, rejected),
        ("Services it offers", OFFERED, offered),
        ("Services it uses", USED, used),
    ):
        if rows:
            listed = tuple(rows[:LISTED])
            yield Table(title, columns, listed, left_off=len(rows) - len(listed))


def _largest(talks: dict[Key, Talk]) -> list[tuple[Key, Talk]]:
    return sorted(talks.items(), key=lambda item: -item[1].bytes.total())


def _offered_row(key: tuple[int, int], talk: Talk) -> tuple[Value, ...]:
    client = talk.bytes.most_common(1)[0][0]
    return (*_port(*key), len(talk.bytes), client, talk.bytes.total(), *talk.span)


def _used_row(key: tuple[str, int, int], talk: Talk) -> tuple[Value, ...]:
    server, *port = key
    return (server, *_port(*port), talk.bytes.total(), *talk.span)


def _rejected_row(row: Row) -> tuple[Value, ...]:
    port, protocol, name = _port(row.number("port"), row.number("protocol"))
    if row.text("leg") == "reply":
        name = f"reply of {name or 'a service'}"
    times = (row.moment("firstSeen"), row.moment("lastSeen"))
    ends = (row.text("srcAddr"), row.text("dstAddr"))
    return (*ends, port, protocol, name, row.number("records"), *times)


def _port(port: int, protocol: int) -> tuple[int, str, str]:
    return port, protocol_name(protocol), service(port)


def _chart(question: Question, host: Host) -> Bars:
    both = host.sent + host.received
    drawn = [peer for peer, _ in both.most_common(DRAWN)]
    rest = len(both) - len(drawn)
    return Bars(
        f"{_spelled(question)} moved most with {drawn[0]}: {size(both[drawn[0]])}",
        tuple(drawn),
        (
            Series("sent", tuple(host.sent[peer] for peer in drawn), Tone.PLAIN),
            Series("received", tuple(host.received[peer] for peer in drawn), Tone.ACCEPTED),
        ),
        Kind.BYTES,
        "bytes",
        f"and {count(rest)} more" if rest > 0 else "",
    )


def _next(question: Question, host: Host) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    name = _spelled(question)
    lines = []
    if host.offered:
        port = _largest(host.offered)[0][0][0]
        if port:
            lines.append(f"db-clients {port} on {name} {window}")
    if host.rejected:
        lines += [f"rejects to {name} {window}", f"rejects from {name} {window}"]
    return tuple(lines) or (f"host {name} {wider_words(question.window)}",)


COMMAND = Command(
    name="host",
    summary="everything about an address or a host: services it offers and uses, peers, rejects",
    answer=answer,
    arguments=(
        Argument(
            "host", Takes.NETWORK, "an address, a range, or a host by name or id", required=True
        ),
    ),
    needs=(
        "srcAddr",
        "dstAddr",
        "srcPort",
        "dstPort",
        "protocol",
        "bytes",
        "action",
        "interfaceId",
    ),
    examples=("host 10.20.20.30", "host 10.20.10.0/24 24h"),
)
