"""Who talks to a port: the clients of a database, or of anything else that listens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Chart, Series, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Row
from bot.model.table import Column, Kind, Table
from bot.model.writing import count, many, share, size, wider_words, window_words
from bot.network.conversations import ONCE
from bot.network.counting import BYTES, REPLY, TO_CLIENT, Pair, busiest, passed_on
from bot.network.following import nat_addresses
from bot.network.ports import spoken
from bot.network.ranges import insider, is_inside, spelled, within

LISTED = 200
DRAWN = 12
NAMED = 3

COLUMNS = (
    Column("client", "Client", Kind.ADDRESS),
    Column("server", "Busiest server", Kind.ADDRESS),
    Column("servers", "Servers", Kind.COUNT, detail=True),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("packets", "Packets", Kind.COUNT),
    Column("connections", "Connections", Kind.COUNT),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
    Column("bytes_back", "Bytes back", Kind.BYTES, detail=True),
    Column("records", "Records", Kind.COUNT, detail=True),
)


@dataclass
class Client:
    """One client under one action; sums over the servers it talked to."""

    address: str
    servers: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    packets: int = 0
    connections: int = 0
    records: int = 0
    bytes_back: int = 0
    moments: list[datetime] = field(default_factory=list)

    def add(self, row: Row) -> None:
        self.servers[row.text("dstAddr")] = row.number(BYTES)
        self.bytes += row.number(BYTES)
        self.packets += row.number("totalPackets")
        self.connections += row.number("connections")
        self.records += row.number("records")
        self.moments += filter(None, (row.moment("firstSeen"), row.moment("lastSeen")))

    @property
    def server(self) -> str:
        return max(self.servers, key=lambda address: self.servers[address])


@dataclass(frozen=True, slots=True)
class Found:
    """Clients by action, and the bytes each sent and got back, without a gateway's repetition."""

    accepted: list[Client]
    rejected: list[Client]
    sent: Counter[str]
    back: Counter[str]
    gateways: frozenset[str]

    @property
    def moved(self) -> Counter[str]:
        return self.sent + self.back

    @property
    def answered(self) -> list[Client]:
        """Clients that something was sent back to; none where replies are not recorded."""
        return [client for client in self.accepted if client.bytes_back]


def answer(question: Question, logs: Logs) -> Answer:
    requests, replies = logs.query(*texts(question))
    rows = [row for row in requests.rows if row.text("leg") == "request"]
    aside = [row for row in requests.rows if row.text("leg") != "request"]
    counted = busiest(rows, ("action", "srcAddr", "dstAddr"))
    accepted = _clients(counted, "ACCEPT", BYTES)
    rejected = _clients(counted, "REJECT", "records")
    returned = busiest(replies.rows, ("srcAddr", "dstAddr"))
    for row in returned:
        if client := accepted.get(row.text("dstAddr")):
            client.bytes_back += row.number(BYTES)
    allowed = [row for row in counted if row.text("action") == "ACCEPT"]
    seen = {end for row in (*allowed, *returned) for end in _ends(row)}
    through = nat_addresses(question, logs, seen)
    again = passed_on((*allowed, *returned), through, insider(question.inside))
    sent = _bytes_by("srcAddr", (row for row in allowed if _ends(row) not in again))
    back = _bytes_by("dstAddr", (row for row in returned if _ends(row) not in again))
    found = Found(list(accepted.values()), list(rejected.values()), sent, back, through)
    return Answer(
        question,
        _headline(question, found),
        tables=tuple(_tables(found.accepted, found.rejected)),
        charts=_charts(question.ports("port"), found),
        notes=tuple(_notes(rows, aside, found)),
        next=_next(question, found.accepted, found.rejected),
    )


def texts(question: Question) -> tuple[str, str]:
    """What clients sent to the port, and what was sent back to them."""
    ports, host = question.ports("port"), question.network("host")
    requests = pipeline(
        fill("filter dstPort in {ports}", ports=ports),
        f"filter {within('dstAddr', host)}" if host else None,
        f'fields if({REPLY}, "reply", "request") as leg',
        f"stats sum(bytes) as {BYTES}, sum(packets) as totalPackets,"
        " count_distinct(srcPort) as connections, count(*) as records,"
        " min(toMillis(@timestamp)) as firstSeen, max(toMillis(@timestamp)) as lastSeen"
        " by leg, action, srcAddr, dstAddr, interfaceId",
        f"sort leg desc, {BYTES} desc",
        "limit 10000",
    )
    replies = pipeline(
        fill('filter action = "ACCEPT" and srcPort in {ports}', ports=ports),
        f"filter {within('srcAddr', host)}" if host else None,
        f"filter {TO_CLIENT}",
        f"stats sum(bytes) as {BYTES}, count(*) as records by srcAddr, dstAddr, interfaceId",
        f"sort {BYTES} desc",
        "limit 10000",
    )
    return requests, replies


def _bytes_by(field: str, rows: Iterable[Row]) -> Counter[str]:
    total: Counter[str] = Counter()
    for row in rows:
        total[row.text(field)] += row.number(BYTES)
    return total


def _ends(row: Row) -> Pair:
    return row.text("srcAddr"), row.text("dstAddr")


def _clients(rows: Iterable[Row], action: str, by: str) -> dict[str, Client]:
    """Clients under an action by address, largest first."""
    clients: dict[str, Client] = {}
    for row in rows:
        if row.text("action") == action:
            address = row.text("srcAddr")
            clients.setdefault(address, Client(address)).add(row)
    measure = "bytes" if by == BYTES else by
    largest = sorted(clients.values(), key=lambda c: (-getattr(c, measure), c.address))
    return {client.address: client for client in largest}


def _headline(question: Question, found: Found) -> str:
    host = question.network("host")
    where = spoken(question.ports("port")) + (f" on {spelled(host)}" if host else "")
    parts = []
    if found.accepted:
        talked = found.answered or found.accepted
        parts.append(
            f"{many(len(talked), 'client')} talked to {where}, moving {size(found.moved.total())}"
        )
        if silent := len(found.accepted) - len(talked):
            were = "was" if silent == 1 else "were"
            parts.append(f"{count(silent)} more {were} let through but got no answer")
    elif found.rejected:
        parts.append(f"No client reached {where}")
    else:
        parts.append(f"No client talked to {where}")
    if found.rejected:
        parts.append(_rejection(question, found.rejected))
    return "; ".join(parts) + "."


def _rejection(question: Question, rejected: list[Client]) -> str:
    """Who was turned away: those inside first, as they are trouble and the rest may be noise."""
    ours = [c for c in rejected if is_inside(c.address, question.inside)]
    first = (ours or rejected)[0]
    times = many(first.records, "time")
    if len(rejected) == 1:
        return f"{first.address} was rejected {times}"
    if len(ours) in (0, len(rejected)):
        return f"{count(len(rejected))} were rejected, most often {first.address} ({times})"
    inside = f"{count(len(ours))} from inside, most often {first.address} ({times})"
    return f"rejected: {inside}, and {count(len(rejected) - len(ours))} from outside"


def _tables(accepted: list[Client], rejected: list[Client]) -> Iterable[Table]:
    for title, clients in (("Accepted", accepted), ("Rejected", rejected)):
        if clients:
            rows = tuple(_row(client) for client in clients[:LISTED])
            yield Table(title, COLUMNS, rows, left_off=len(clients) - len(rows))


def _row(client: Client) -> tuple[str | int | datetime | None, ...]:
    return (
        client.address,
        client.server,
        len(client.servers),
        client.bytes,
        client.packets,
        client.connections,
        min(client.moments, default=None),
        max(client.moments, default=None),
        client.bytes_back,
        client.records,
    )


def _charts(ports: tuple[int, ...], found: Found) -> tuple[Chart, ...]:
    """Bytes by client, each counted once; who was rejected, when nobody else was there."""
    if found.rejected and not found.accepted:
        return (_rejects_chart(ports, found.rejected),)
    if not found.moved:
        return ()
    largest = found.moved.most_common()
    first, most = largest[0]
    labels = tuple(address for address, _ in largest[:DRAWN])
    series = (
        Series("to the server", tuple(found.sent[a] for a in labels), Tone.PLAIN),
        Series("back to the client", tuple(found.back[a] for a in labels), Tone.ACCEPTED),
    )
    part = share(most / found.moved.total())
    title = f"{first} moved {part} of the bytes on {spoken(ports)}"
    return (Bars(title, labels, series, Kind.BYTES, "bytes", _more(len(largest))),)


def _rejects_chart(ports: tuple[int, ...], rejected: list[Client]) -> Bars:
    drawn = rejected[:DRAWN]
    return Bars(
        f"Every client of {spoken(ports)} was rejected",
        tuple(client.address for client in drawn),
        (Series("rejected", tuple(client.records for client in drawn), Tone.REJECTED),),
        Kind.COUNT,
        "rejected flows",
        _more(len(rejected)),
    )


def _more(clients: int) -> str:
    return f"and {count(clients - DRAWN)} more" if clients > DRAWN else ""


def _notes(rows: Sequence[Row], aside: Sequence[Row], found: Found) -> Iterable[Note]:
    if rows:
        records = sum(row.number("records") for row in rows)
        logged = sum(row.number(BYTES) for row in rows)
        yield Note(
            Topic.METHOD,
            f"{ONCE} As logged, they are {many(records, 'record')} and {size(logged)}. Connections"
            " are distinct client ports.",
        )
    turned_away = {client.address for client in found.rejected}
    if both := [c.address for c in found.accepted if c.address in turned_away]:
        yield Note(
            Topic.METHOD,
            f"{', '.join(both[:NAMED])}{' and others' if len(both) > NAMED else ''} stand in both"
            " tables: what one interface rejects, another may have let through on its way, so not"
            " all that is accepted arrived.",
        )
    if aside:
        records = sum(row.number("records") for row in aside)
        yield Note(
            Topic.METHOD,
            f"{many(records, 'record')} set aside: replies of other services to clients that"
            " happened to use this port themselves.",
        )
    if found.gateways:
        yield Note(
            Topic.METHOD,
            f"{', '.join(sorted(found.gateways))} passes on others' traffic, as a NAT gateway does:"
            " the tables list it under both, the headline's bytes count it once.",
        )


def _next(question: Question, accepted: list[Client], rejected: list[Client]) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    ports = _port_words(question.ports("port"))
    lines = []
    if rejected:
        lines.append(f"rejects port {ports} from {rejected[0].address} {window}")
    servers = {client.server for client in accepted}
    if len(servers) > 1 and question.network("host") is None:
        lines.append(f"db-clients {ports} on {accepted[0].server} {window}")
    if not accepted and not rejected:
        lines.append(f"db-clients {ports} {wider_words(question.window)}")
    return (*lines, f"top-talkers internal {window}")


def _port_words(ports: tuple[int, ...]) -> str:
    whole = len(ports) > 1 and ports[-1] - ports[0] == len(ports) - 1
    return f"{ports[0]}-{ports[-1]}" if whole else ",".join(map(str, ports))


COMMAND = Command(
    name="db-clients",
    summary="who talks to a database, or to any port, and who is turned away",
    answer=answer,
    arguments=(
        Argument("port", Takes.PORTS, "5432, 8000-8010, or a name like postgres", required=True),
        Argument("host", Takes.NETWORK, "only on this server: an address or a range", "on"),
    ),
    needs=("srcAddr", "dstAddr", "srcPort", "dstPort", "bytes", "packets", "action", "interfaceId"),
    examples=("db-clients 5432", "db-clients postgres 24h", "db-clients redis today"),
)
