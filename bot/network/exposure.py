"""Ports that the internet reaches: who got in, who only knocked, who seems to guess passwords.

Whatever is let through and never answered is noise: a NAT gateway has no security group, so that
all that scanners send it is recorded as accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Logs
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.writing import count, many, size, wider_words, window_words
from bot.network import conversations as talk
from bot.network.ports import described, service
from bot.network.ranges import inside, outside

LISTED = 50
DRAWN = 12
HANDSHAKE = 3  # packets back in a connection, below which nobody said anything
GUESSES = 20  # connections of one client to one server, from which short ones look like guessing
SHORT = 50  # packets to the server in a connection, up to which it is short

REACHED = (
    Column("client", "From outside", Kind.ADDRESS),
    Column("server", "Server", Kind.ADDRESS),
    Column("port", "Port", Kind.PORT),
    Column("service", "Service"),
    Column("shape", "Looks like"),
    Column("connections", "Connections", Kind.COUNT),
    Column("packets", "Packets in one", Kind.COUNT, detail=True),
    Column("sent", "Sent", Kind.BYTES),
    Column("back", "Got back", Kind.BYTES),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
)
SILENT = (
    Column("server", "Server", Kind.ADDRESS),
    Column("port", "Port", Kind.PORT),
    Column("service", "Service"),
    Column("clients", "Clients outside", Kind.COUNT),
    Column("records", "Records", Kind.COUNT),
)


@dataclass(frozen=True, slots=True)
class Ports:
    """Which ports are looked at, and what one of them is called (`database port`)."""

    numbers: tuple[int, ...]
    noun: str


@dataclass(frozen=True)
class Reached:
    """Conversations by what they look like, and counts of what came to nothing."""

    guessing: Sequence[Row]
    sessions: Sequence[Row]
    knocks: Sequence[Row]
    silent: Sequence[Row]
    silent_clients: int
    rejected_clients: int
    rejected: int
    truncated: bool


def answer(question: Question, logs: Logs, ports: Ports) -> Answer:
    found = _reached(*logs.query(*texts(question, ports)))
    return Answer(
        question,
        _headline(found, ports),
        tables=tuple(_tables(found)),
        charts=tuple(_charts(found, ports)),
        notes=tuple(_notes(found, ports)),
        next=_next(question, found, ports),
    )


def texts(question: Question, ports: Ports) -> tuple[str, str, str, str]:
    """Conversations that were answered, those that were not, their clients, and rejects."""
    theirs = partial(outside, extra=question.inside)
    ours = partial(inside, extra=question.inside)
    whole = talk.conversations(
        'filter action = "ACCEPT" and protocol in [6, 17]',
        fill("filter dstPort in {ports} or srcPort in {ports}", ports=ports.numbers),
        reply=talk.reply_from(ports.numbers),
        only=(
            fill("filter port in {ports}", ports=ports.numbers),
            talk.between(theirs, ours),
        ),
    )
    return (
        pipeline(
            whole,
            f"filter {talk.BACK_PACKETS} > 0",
            f"sort {talk.MOVED} desc",
            "limit 10000",
        ),
        pipeline(
            whole,
            f"filter {talk.BACK_PACKETS} = 0",
            f"stats count_distinct(client) as clients, sum({talk.RECORDS}) as tries"
            " by server, port",
            "sort clients desc, server asc, port asc",
            "limit 10000",
        ),
        pipeline(
            whole,
            f"filter {talk.BACK_PACKETS} = 0",
            "stats count_distinct(client) as clients",
        ),
        pipeline(
            'filter action = "REJECT"',
            fill("filter dstPort in {ports}", ports=ports.numbers),
            f"filter {ours('dstAddr')} and {theirs('srcAddr')}",
            "stats count(*) as records, count_distinct(srcAddr) as clients",
        ),
    )


def shape(row: Row) -> str:
    """What a conversation looks like: `guessing passwords`, `session` or `handshake or refusal`."""
    connections = max(1, row.number(talk.CONNECTIONS))
    if row.number(talk.BACK_PACKETS) < HANDSHAKE * connections:
        return "handshake or refusal"
    if connections >= GUESSES and row.number(talk.SENT_PACKETS) <= SHORT * connections:
        return "guessing passwords"
    return "session"


def _reached(answered: Result, silent: Result, clients: Result, rejects: Result) -> Reached:
    by_shape: dict[str, list[Row]] = {}
    for row in answered.rows:
        by_shape.setdefault(shape(row), []).append(row)
    guessing = by_shape.get("guessing passwords", [])
    return Reached(
        sorted(guessing, key=lambda row: -row.number(talk.CONNECTIONS)),
        by_shape.get("session", []),
        by_shape.get("handshake or refusal", []),
        silent.rows,
        sum(row.number("clients") for row in clients.rows),
        sum(row.number("clients") for row in rejects.rows),
        sum(row.number("records") for row in rejects.rows),
        answered.truncated,
    )


def _headline(found: Reached, ports: Ports) -> str:
    parts = []
    if found.guessing:
        first = found.guessing[0]
        parts.append(
            f"{first.text('client')} seems to guess passwords at {_door(first)}:"
            f" {many(first.number(talk.CONNECTIONS), 'short connection')}"
        )
    if found.sessions:
        doors = _doors(found.sessions)
        least = "at least " if found.truncated else ""
        clients = len({row.text("client") for row in found.sessions})
        first = found.sessions[0]
        parts.append(
            f"{least}{many(clients, 'address', 'addresses')} outside used"
            f" {doors}, most {first.text('client')} ({size(first.number(talk.MOVED))})"
        )
    if not parts:
        return f"Nobody outside used {_article(ports.noun)}{_noise(found)}."
    return "; ".join(parts) + "."


def _doors(rows: Sequence[Row]) -> str:
    """The one port that was used, or how many."""
    doors = list(dict.fromkeys((row.text("server"), row.number("port")) for row in rows))
    return _door(rows[0]) if len(doors) == 1 else f"{count(len(doors))} ports"


def _door(row: Row) -> str:
    return f"port {described(row.number('port'))} of {row.text('server')}"


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _noise(found: Reached) -> str:
    """What came to nothing, as an aside to good news."""
    knocked = len({row.text("client") for row in found.knocks})
    parts = []
    if knocked:
        parts.append(f"{count(knocked)} got a handshake or a refusal and no more")
    if found.silent_clients:
        parts.append(f"{count(found.silent_clients)} got no answer")
    if found.rejected_clients:
        parts.append(f"{count(found.rejected_clients)} were rejected")
    return f"; of those who tried, {', '.join(parts)}" if parts else ""


def _tables(found: Reached) -> Iterator[Table]:
    rows = [*found.guessing, *found.sessions, *found.knocks]
    if rows:
        listed = tuple(_row(row) for row in rows[:LISTED])
        yield Table("Answered", REACHED, listed, left_off=len(rows) - len(listed))
    if found.silent:
        silent = tuple(_silent_row(row) for row in found.silent[:LISTED])
        left_off = len(found.silent) - len(silent)
        yield Table("Let through, never answered", SILENT, silent, left_off=left_off)


def _row(row: Row) -> tuple[Value, ...]:
    port, connections = row.number("port"), max(1, row.number(talk.CONNECTIONS))
    return (
        row.text("client"),
        row.text("server"),
        port,
        service(port),
        shape(row),
        connections,
        round(row.number(talk.SENT_PACKETS) / connections),
        row.number(talk.SENT),
        row.number(talk.BACK),
        row.moment(talk.FIRST),
        row.moment(talk.LAST),
    )


def _silent_row(row: Row) -> tuple[Value, ...]:
    port = row.number("port")
    counts = row.number("clients"), row.number("tries")
    return row.text("server"), port, service(port), *counts


def _charts(found: Reached, ports: Ports) -> Iterator[Bars]:
    """Connections by port of a server and by what they look like; the noise when that is all."""
    rows = [*found.guessing, *found.sessions, *found.knocks]
    if not rows:
        yield from _noise_chart(found, ports)
        return
    totals: dict[str, dict[str, int]] = {}
    for row in rows:
        kind = totals.setdefault(_label(row), {})
        kind[shape(row)] = kind.get(shape(row), 0) + row.number(talk.CONNECTIONS)
    labels = sorted(totals, key=lambda label: (-sum(totals[label].values()), label))
    tones = {
        "guessing passwords": Tone.ALARMING,
        "session": Tone.ACCEPTED,
        "handshake or refusal": Tone.NOISE,
    }
    shown = [name for name in tones if any(name in kinds for kinds in totals.values())]
    yield Bars(
        _headline(found, ports).removesuffix("."),
        tuple(labels[:DRAWN]),
        tuple(
            Series(name, tuple(totals[label].get(name, 0) for label in labels[:DRAWN]), tones[name])
            for name in shown
        ),
        Kind.COUNT,
        "answered connections from outside",
        f"and {count(len(labels) - DRAWN)} more" if len(labels) > DRAWN else "",
    )


def _noise_chart(found: Reached, ports: Ports) -> Iterator[Bars]:
    if not found.silent:
        return
    drawn = found.silent[:DRAWN]
    rest = len(found.silent) - len(drawn)
    yield Bars(
        f"No {ports.noun} answered anyone outside",
        tuple(_label(row) for row in drawn),
        (Series("no answer", tuple(row.number("clients") for row in drawn), Tone.NOISE),),
        Kind.COUNT,
        "clients outside that were let through and got no answer",
        f"and {count(rest)} more" if rest else "",
    )


def _label(row: Row) -> str:
    port = row.number("port")
    return f"{row.text('server')} {service(port) or port}"


def _notes(found: Reached, ports: Ports) -> Iterator[Note]:
    if not (found.guessing or found.sessions or found.knocks or found.silent or found.rejected):
        return
    yield Note(
        Topic.METHOD,
        f"Looked at: every {ports.noun} known by number. {talk.COUNTED} Below {HANDSHAKE} packets"
        " back a connection was a handshake or a refusal. Guessing passwords is"
        f" {GUESSES} or more connections of one client to one server with {SHORT} packets or fewer"
        " sent in each: programs that connect anew each time look the same.",
    )
    if found.rejected:
        yield Note(
            Topic.METHOD,
            f"{many(found.rejected, 'record')} from"
            f" {many(found.rejected_clients, 'address', 'addresses')} outside to such ports were"
            " rejected; `rejects` has them.",
        )


def _next(question: Question, found: Reached, ports: Ports) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    rows = [*found.guessing, *found.sessions, *found.knocks]
    if rows:
        first = rows[0]
        return (
            f"port {first.number('port')} {window}",
            f"pair {first.text('client')} {first.text('server')} {window}",
            f"host {first.text('client')} {window}",
        )
    if found.silent or found.rejected:
        return (f"scans {window}",)
    return (f"{question.command} {wider_words(question.window)}",)
