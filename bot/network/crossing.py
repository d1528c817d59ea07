"""What crosses a boundary, by the server's port: the edge of what is ours, or of a named range.

One way at a time: clients on the far side and servers on the near one (inbound), or the other way
(outbound). Ports may be on a list or off it, and far ends approved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Answer, Network, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Argument, Logs, Takes
from bot.model.errors import BadLine
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.writing import count, many, size, wider_words, window_words
from bot.network import conversations as talk
from bot.network.ports import described, protocol, service, spoken
from bot.network.ranges import Range, inside, within

LISTED = 50
DRAWN = 12
SAID = 3  # packets back in a TCP connection, below which it was a handshake or a refusal
MOST_APPROVED = 20
UDP = 17
# What has no other end: multicast and broadcast.
NOBODY: tuple[Range, ...] = tuple(
    ip_network(text) for text in ("224.0.0.0/4", "255.255.255.255/32", "ff00::/8")
)
ARGUMENTS = (
    Argument("only", Takes.PORTS, "only these ports of servers: a block-list", "only"),
    Argument("allow", Takes.PORTS, "all but these ports: an allow-list", "allow"),
    Argument("zone", Takes.CHOICE, "across the edge of this range of the teams file", "zone"),
    Argument("approved", Takes.CHOICE, "far ends that are fine: 10.0.0.2,192.0.2.0/24", "except"),
)
PORTS = (
    Column("port", "Port", Kind.PORT),
    Column("protocol", "Protocol"),
    Column("service", "Service"),
    Column("clients", "Clients", Kind.COUNT),
    Column("servers", "Servers", Kind.COUNT),
    Column("connections", "Connections", Kind.COUNT),
    Column("sent", "Sent", Kind.BYTES),
    Column("back", "Got back", Kind.BYTES),
)
PAIRS = (
    Column("client", "Client", Kind.ADDRESS),
    Column("server", "Server", Kind.ADDRESS),
    Column("port", "Port", Kind.PORT),
    Column("service", "Service"),
    Column("answered", "Answered"),
    Column("connections", "Connections", Kind.COUNT),
    Column("sent", "Sent", Kind.BYTES),
    Column("back", "Got back", Kind.BYTES),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
)
REJECTED = (
    Column("source", "Source", Kind.ADDRESS),
    Column("target", "Target", Kind.ADDRESS),
    Column("port", "Port", Kind.PORT),
    Column("protocol", "Protocol"),
    Column("records", "Rejected", Kind.COUNT),
)


@dataclass(frozen=True)
class Crossing:
    """What is looked at: which way, across which edge, on which ports.

    `noise` says that what the far side tries and does not get is of no interest: the internet
    knocks at every door.
    """

    inbound: bool
    near: tuple[Network, ...]  # of a zone; empty for all that is ours
    name: str  # of the zone
    only: tuple[int, ...]
    allow: tuple[int, ...]
    approved: tuple[Network, ...]

    @property
    def noise(self) -> bool:
        return self.inbound and not self.near

    @property
    def here(self) -> str:
        return f"in {self.name}" if self.name else "inside"

    @property
    def beyond(self) -> str:
        return f"outside {self.name}" if self.name else "outside"


@dataclass(frozen=True)
class Found:
    """Ports, the largest first, conversations, rejects, and how many were not answered."""

    ports: Sequence[Row]
    pairs: Result
    rejects: Result
    silent: int


def crossing(question: Question, *, inbound: bool, only: tuple[int, ...] = ()) -> Crossing:
    """What the question asks for; `only` are the ports when it names none. Raises `BadLine`."""
    asked, allow = question.ports("only"), question.ports("allow")
    if asked and allow:
        raise BadLine("only and allow are two lists", hint="Leave one out.")
    word = question.word("zone")
    zones = {name.lower(): (name, ranges) for name, ranges in question.zones.items()}
    if word is not None and word not in zones:
        known = f"There are {', '.join(sorted(question.zones))}." if zones else (
            "Name ranges in the file of teams (FLOWS_TEAMS): ranges: {10.20.20.0/24: cde}."
        )  # fmt: skip
        raise BadLine(f"no range is called {word!r}", hint=known)
    name, near = zones[word] if word is not None else ("", ())
    default = () if allow or near else only
    return Crossing(inbound, near, name, asked or default, allow, _approved(question))


def _approved(question: Question) -> tuple[Network, ...]:
    found: list[Network] = []
    for part in (question.word("approved") or "").split(","):
        zone = next((r for n, r in question.zones.items() if part and n.lower() == part), None)
        try:
            found += zone if zone is not None else [ip_network(part, strict=False)] if part else []
        except ValueError:
            raise BadLine(
                f"{part!r} is no address, range or name of a range",
                hint="Write except 10.0.0.2,192.0.2.0/24.",
            ) from None
    if len(found) > MOST_APPROVED:
        raise BadLine(f"{len(found)} ranges are too many", hint=f"Write {MOST_APPROVED} at most.")
    return tuple(found)


def answer(question: Question, logs: Logs, what: Crossing) -> Answer:
    nats = tuple(a for n in logs.inventory.nat_gateways.values() for a in n.private_addresses)
    ports, pairs, silent, rejects = logs.query(*texts(question, what, nats))
    count_silent = sum(row.number("clients") for row in silent.rows)
    found = Found(ports.rows, pairs, rejects, count_silent)
    return Answer(
        question,
        _headline(what, found),
        tables=tuple(_tables(what, found)),
        charts=tuple(_charts(what, found)),
        notes=tuple(_notes(what, found, nats)),
        next=_next(question, what, found),
    )


def texts(question: Question, what: Crossing, nats: tuple[str, ...]) -> tuple[str, str, str, str]:
    """Sums by port, conversations, how many clients got no answer, and what was rejected."""
    near = partial(_near, question, what)
    far = partial(_far, question, what)
    client, server = (far, near) if what.inbound else (near, far)
    ports = _ports(what)
    others = "filter srcAddr not in {nats} and dstAddr not in {nats}"
    whole = talk.conversations(
        'filter action = "ACCEPT" and protocol in [6, 17]',
        fill(others, nats=nats) if nats and not what.inbound else None,
        reply=talk.reply_from(what.only),
        only=(f"filter {ports}" if ports else None, talk.between(client, server)),
    )
    # Who never sent anything is no client: somebody outside came from a port that looks like one.
    asked = f"{talk.SENT_PACKETS} > 0"
    used = f"filter {asked} and ({ANSWERED})" if what.noise else f"filter {asked}"
    return (
        pipeline(
            whole,
            used,
            f"stats count_distinct(client) as clients, count_distinct(server) as servers,"
            f" sum({talk.CONNECTIONS}) as links, sum({talk.SENT}) as sent, sum({talk.BACK}) as"
            f" back, sum({talk.MOVED}) as moved by port, protocol",
            "sort moved desc, port asc",
            "limit 1000",
        ),
        pipeline(whole, used, f"sort {talk.MOVED} desc", "limit 10000"),
        pipeline(
            whole, f"filter {asked} and not ({ANSWERED})", "stats count_distinct(client) as clients"
        ),
        pipeline(
            'filter action = "REJECT" and protocol in [6, 17]',
            talk.ends(talk.reply_from(what.only)),
            f'filter leg = "request" and {client("srcAddr")} and {server("dstAddr")}',
            f"filter {ports}" if ports else None,
            "stats count(*) as records by srcAddr, dstAddr, dstPort, protocol",
            "sort records desc",
            "limit 10000",
        ),
    )


# One packet back by UDP is an answer; by TCP it is part of a handshake, or a refusal.
ANSWERED = (
    f"(protocol = 17 and {talk.BACK_PACKETS} > 0) or"
    f" (protocol = 6 and {talk.BACK_PACKETS} >= {SAID} * {talk.CONNECTIONS})"
)


def _is_answered(row: Row) -> bool:
    back = row.number(talk.BACK_PACKETS)
    if row.number("protocol") == UDP:
        return back > 0
    return back >= SAID * row.number(talk.CONNECTIONS)


def _ports(what: Crossing) -> str:
    if what.only:
        return fill("port in {ports}", ports=what.only)
    return fill("port not in {ports}", ports=what.allow) if what.allow else ""


def _near(question: Question, what: Crossing, field: str) -> str:
    if not what.near:
        return inside(field, question.inside)
    return "(" + " or ".join(within(field, network) for network in what.near) + ")"


def _far(question: Question, what: Crossing, field: str) -> str:
    others = " or ".join(within(field, network) for network in (*NOBODY, *what.approved))
    return f"(not {_near(question, what, field)} and not ({others}))"


def _headline(what: Crossing, found: Found) -> str:
    if not found.ports:
        return f"{_nobody(what)}{_tried(what, found)}."
    clients = len({row.text("client") for row in found.pairs.rows})
    least = "at least " if found.pairs.truncated else ""
    first, pair = found.ports[0], found.pairs.rows[0]
    who, where = (what.beyond, what.here) if what.inbound else (what.here, what.beyond)
    text = (
        f"{least}{many(clients, 'host')} {who} used {many(len(found.ports), 'port')} {where}"
        f"{_listed(what)}: most {described(first.number('port'))} with {size(_moved(first))},"
        f" by {pair.text('client')} at {pair.text('server')}"
    )
    return f"{text[:1].upper()}{text[1:]}{_tried(what, found)}."


def _nobody(what: Crossing) -> str:
    who, where = (what.beyond, what.here) if what.inbound else (what.here, what.beyond)
    if what.only:
        return f"Nobody {who} used {spoken(what.only)} {where}"
    besides = f" besides {spoken(what.allow)}" if what.allow else ""
    return f"Nobody {who} used any port {where}{besides}"


def _listed(what: Crossing) -> str:
    if what.only:
        return f" of {spoken(what.only)}"
    return f" besides {spoken(what.allow)}" if what.allow else ""


def _tried(what: Crossing, found: Found) -> str:
    sources = len({row.text("srcAddr") for row in found.rejects.rows})
    rejected = sum(row.number("records") for row in found.rejects.rows)
    if not sources or what.noise:
        return ""
    return f"; {many(sources, 'host')} {'were' if sources > 1 else 'was'} rejected" + (
        f" {count(rejected)} times" if rejected > 1 else ""
    )


def _moved(row: Row) -> int:
    return row.number("sent") + row.number("back")


def _tables(what: Crossing, found: Found) -> Iterator[Table]:
    if found.ports:
        rows = tuple(_port_row(row) for row in found.ports[:LISTED])
        yield Table("By port", PORTS, rows, left_off=len(found.ports) - len(rows))
        pairs = tuple(_pair_row(row) for row in found.pairs.rows[:LISTED])
        left_off = len(found.pairs.rows) - len(pairs)
        yield Table("Largest conversations", PAIRS, pairs, left_off=left_off)
    if found.rejects.rows and not what.noise:
        refused = tuple(_reject_row(row) for row in found.rejects.rows[:LISTED])
        left_off = len(found.rejects.rows) - len(refused)
        yield Table("Rejected", REJECTED, refused, left_off=left_off)


def _port_row(row: Row) -> tuple[Value, ...]:
    port = row.number("port")
    counts = (row.number(name) for name in ("clients", "servers", "links", "sent", "back"))
    return (port, protocol(row.number("protocol")), service(port), *counts)


def _pair_row(row: Row) -> tuple[Value, ...]:
    port = row.number("port")
    sums = (row.number(name) for name in (talk.CONNECTIONS, talk.SENT, talk.BACK))
    return (
        row.text("client"),
        row.text("server"),
        port,
        service(port),
        "yes" if _is_answered(row) else "no",
        *sums,
        row.moment(talk.FIRST),
        row.moment(talk.LAST),
    )


def _reject_row(row: Row) -> tuple[Value, ...]:
    ends = row.text("srcAddr"), row.text("dstAddr"), row.number("dstPort")
    return (*ends, protocol(row.number("protocol")), row.number("records"))


def _charts(what: Crossing, found: Found) -> Iterator[Bars]:
    if not found.ports:
        yield from _rejects_chart(what, found)
        return
    drawn = found.ports[:DRAWN]
    rest = len(found.ports) - len(drawn)
    way = "in" if what.inbound else "out"
    if what.name:
        way = f"{'into' if what.inbound else 'out of'} {what.name}"
    total = size(sum(_moved(row) for row in found.ports))
    yield Bars(
        f"{total} on {many(len(found.ports), 'port')} went {way} and back",
        tuple(
            f"{described(row.number('port'))} {protocol(row.number('protocol'))}" for row in drawn
        ),
        (
            Series("sent", tuple(row.number("sent") for row in drawn), Tone.PLAIN),
            Series("got back", tuple(row.number("back") for row in drawn), Tone.ACCEPTED),
        ),
        Kind.BYTES,
        "bytes",
        f"and {count(rest)} more" if rest else "",
    )


def _rejects_chart(what: Crossing, found: Found) -> Iterator[Bars]:
    """Who was rejected, where that is all there is to see."""
    tries: Counter[str] = Counter()
    for row in found.rejects.rows:
        tries[row.text("srcAddr")] += row.number("records")
    if what.noise or not tries:
        return
    drawn, rest = tries.most_common(DRAWN), len(tries) - DRAWN
    yield Bars(
        f"{many(tries.total(), 'flow')} rejected, none let through",
        tuple(source for source, _ in drawn),
        (Series("rejected", tuple(number for _, number in drawn), Tone.REJECTED),),
        Kind.COUNT,
        "rejected flows",
        f"and {count(rest)} more" if rest > 0 else "",
    )


def _notes(what: Crossing, found: Found, nats: tuple[str, ...]) -> Iterator[Note]:
    if not (found.ports or found.rejects.rows or found.silent):
        return
    text = f"TCP and UDP that was let through. {talk.COUNTED}"
    if what.noise:
        text += (
            f" Below {SAID} packets back a TCP connection was a handshake or a refusal, which is no"
            f" use: {many(found.silent, 'client')} got no more."
        )
    elif nats and not what.inbound:
        text += " NAT gateways are left out: the hosts behind them have it under their own names."
    yield Note(Topic.METHOD, text)
    if what.approved:
        listed = ", ".join(str(network) for network in what.approved)
        yield Note(Topic.METHOD, f"Left out as approved: {listed}.")


def _next(question: Question, what: Crossing, found: Found) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    if not found.pairs.rows and found.rejects.rows and not what.noise:
        row = found.rejects.rows[0]
        ends = f"{row.text('srcAddr')} {row.text('dstAddr')}"
        return (
            f"why {ends} {row.text('dstPort')} {window}",
            f"rejects from {row.text('srcAddr')} {window}",
        )
    if not found.pairs.rows:
        return (f"{question.command} {wider_words(question.window)}",)
    first = found.pairs.rows[0]
    return (
        f"port {first.number('port')} {window}",
        f"pair {first.text('client')} {first.text('server')} {window}",
    )
