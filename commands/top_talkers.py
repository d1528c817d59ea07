"""Which hosts move most bytes, inside and outside apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.insights.quoting import pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Row
from bot.model.table import Column, Kind, Table
from bot.model.writing import count, many, share, size, wider_words, window_words
from bot.network.counting import BYTES, busiest
from bot.network.gateways import repetition
from bot.network.ranges import insider, is_inside

LISTED = 20
DRAWN = 12
INTERNAL, EXTERNAL = "internal", "external"
TITLES = {INTERNAL: "Inside", EXTERNAL: "Outside"}

COLUMNS = (
    Column("host", "Host", Kind.ADDRESS),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("sent", "Sent", Kind.BYTES),
    Column("received", "Received", Kind.BYTES),
    Column("share", "Share", Kind.SHARE),
    Column("peers", "Peers", Kind.COUNT),
    Column("packets", "Packets", Kind.COUNT, detail=True),
)


class Host:
    """One address and what it sent and received."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.sent = 0
        self.received = 0
        self.packets = 0
        self.peers: set[str] = set()

    @property
    def bytes(self) -> int:
        return self.sent + self.received


@dataclass(frozen=True)
class Side:
    """The hosts of one side, largest first."""

    name: str
    hosts: Sequence[Host]

    @property
    def bytes(self) -> int:
        return sum(host.bytes for host in self.hosts)


def answer(question: Question, logs: Logs) -> Answer:
    (result,) = logs.query(TEXT)
    pairs = busiest(result.rows, ("srcAddr", "dstAddr"))
    through, again = repetition(pairs, insider(question.inside))
    counted = [row for row in pairs if (row.text("srcAddr"), row.text("dstAddr")) not in again]
    hosts = _hosts(counted)
    wanted = question.word("side")
    sides = [
        Side(name, [host for host in hosts if _side(host, question) == name])
        for name in (INTERNAL, EXTERNAL)
        if wanted in (None, name)
    ]
    total = sum(row.number(BYTES) for row in counted)
    shown = [side for side in sides if side.hosts]
    return Answer(
        question,
        _headline(shown, total),
        tables=tuple(_table(side, total) for side in shown),
        charts=tuple(_chart(side, total) for side in shown[:1]),
        notes=tuple(_notes(result.rows, total, through)),
        next=_next(question, shown),
    )


# Grouped by pair, not by flow: two interfaces that see a pair see the same flows of it.
TEXT = pipeline(
    'filter action = "ACCEPT"',
    f"stats sum(bytes) as {BYTES}, sum(packets) as totalPackets, count(*) as records"
    " by srcAddr, dstAddr, interfaceId",
    f"sort {BYTES} desc",
    "limit 10000",
)


def _hosts(rows: Iterable[Row]) -> list[Host]:
    hosts: dict[str, Host] = {}
    for row in rows:
        source = hosts.setdefault(row.text("srcAddr"), Host(row.text("srcAddr")))
        target = hosts.setdefault(row.text("dstAddr"), Host(row.text("dstAddr")))
        source.sent += row.number(BYTES)
        target.received += row.number(BYTES)
        for host, peer in ((source, target), (target, source)):
            host.packets += row.number("totalPackets")
            host.peers.add(peer.address)
    return sorted(hosts.values(), key=lambda host: (-host.bytes, host.address))


def _side(host: Host, question: Question) -> str:
    return INTERNAL if is_inside(host.address, question.inside) else EXTERNAL


def _headline(sides: Sequence[Side], total: int) -> str:
    if not sides:
        return "No host moved anything."
    parts = []
    for side in sides:
        top = side.hosts[0]
        part = f" ({share(top.bytes / total)} of the traffic)" if total else ""
        parts.append(f"{top.address} moved most {_side_words(side)}: {size(top.bytes)}{part}")
    return "; ".join(parts) + "."


def _side_words(side: Side) -> str:
    return TITLES[side.name].lower()


def _table(side: Side, total: int) -> Table:
    rows = tuple(
        (
            host.address,
            host.bytes,
            host.sent,
            host.received,
            host.bytes / total if total else 0.0,
            len(host.peers),
            host.packets,
        )
        for host in side.hosts[:LISTED]
    )
    return Table(TITLES[side.name], COLUMNS, rows, left_off=len(side.hosts) - len(rows))


def _chart(side: Side, total: int) -> Bars:
    drawn, rest = side.hosts[:DRAWN], side.hosts[DRAWN:]
    top = drawn[0]
    part = share(top.bytes / total) if total else "none"
    return Bars(
        f"{top.address} took part in {part} of the traffic",
        tuple(host.address for host in drawn),
        (
            Series("sent", tuple(host.sent for host in drawn), Tone.PLAIN),
            Series("received", tuple(host.received for host in drawn), Tone.ACCEPTED),
        ),
        Kind.BYTES,
        "bytes",
        f"and {count(len(rest))} more" if rest else "",
    )


def _notes(rows: Sequence[Row], total: int, through: set[str]) -> Iterator[Note]:
    if not rows:
        return
    records = sum(row.number("records") for row in rows)
    logged = sum(row.number(BYTES) for row in rows)
    yield Note(
        Topic.METHOD,
        f"The accepted traffic is {size(total)}: each pair and direction is counted at the"
        " interface that saw most of its bytes, because a flow inside the VPC is recorded at each"
        f" interface it passes. As logged, it is {many(records, 'record')} and {size(logged)}."
        " A host's share counts what it sent and what it received, so shares add up to more than"
        " 100 %.",
    )
    if through:
        yield Note(
            Topic.METHOD,
            f"{', '.join(sorted(through))} passes on others' traffic, as a NAT gateway does: what"
            " the hosts behind it have under their own addresses is counted there alone.",
        )


def _next(question: Question, sides: Sequence[Side]) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    if not sides:
        return (f"top-talkers {wider_words(question.window)}",)
    other = EXTERNAL if question.word("side") != EXTERNAL else INTERNAL
    return f"top-talkers {other} {window}", f"rejects {window}"


COMMAND = Command(
    name="top-talkers",
    summary="which hosts move most bytes, inside and outside apart",
    answer=answer,
    arguments=(Argument("side", Takes.CHOICE, "only one side", choices=(INTERNAL, EXTERNAL)),),
    needs=("srcAddr", "dstAddr", "bytes", "packets", "action", "interfaceId"),
    examples=("top-talkers", "top-talkers internal 24h", "top-talkers external today"),
)
