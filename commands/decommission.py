"""Whether a host can be switched off: who used it last, and what proves that nobody did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.inventory import Inventory
from bot.model.query import Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period
from bot.model.writing import duration, many, wider_words, window_words, written
from bot.network.conversations import client_and_server
from bot.network.counting import ANSWER, BYTES, busiest, legs
from bot.network.covering import Proof, hours_of, prove, recorded
from bot.network.machine import MOST_ADDRESSES, Thing, thing_asked
from bot.network.ports import protocol, service
from bot.network.ranges import insider, spelled

LISTED = 50
MOST = 10_000
TCP = 6

TALK = (
    Column("port", "Port", Kind.PORT),
    Column("protocol", "Protocol"),
    Column("service", "Service"),
    Column("records", "Flow records", Kind.COUNT),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("answered", "Answered"),
    Column("last", "Last seen", Kind.TIME),
)
PROOF = (
    Column("interface", "Interface"),
    Column("flows", "Flow records", Kind.COUNT),
    Column("nodata", "NODATA", Kind.COUNT),
    Column("skipdata", "SKIPDATA", Kind.COUNT),
    Column("hours", "Hours with records", Kind.COUNT),
    Column("of", "Of", Kind.COUNT),
    Column("says", "Says"),
)


class Verdict(StrEnum):
    USED = "used"  # others asked it
    WORKS = "works"  # nobody asked it, but it asked others
    IDLE = "idle"  # neither, and the logs prove it
    UNPROVEN = "unproven"  # neither was seen, which proves nothing


@dataclass
class Talk:
    """Requests of one client to one port of one server; `answered` says that replies came back."""

    records: int = 0
    bytes: int = 0
    last: datetime | None = None
    answered: bool = False

    def add(self, row: Row) -> None:
        self.bytes += row.number(BYTES)
        if row.text("leg") == "reply":
            self.answered = True
        else:
            self.records += row.number("records")
        seen = row.moment("lastSeen")
        if seen and (self.last is None or seen > self.last):
            self.last = seen


Key = tuple[str, int, int]  # the other end, the server's port, the protocol
Talks = dict[Key, Talk]


@dataclass
class Traffic:
    """What a thing had to do with others: who asked it, whom it asked, what it passed on.

    `knocks` are attempts from outside to connect by TCP that got no answer: no use.
    """

    asked: Talks = field(default_factory=dict)
    asks: Talks = field(default_factory=dict)
    through: Talks = field(default_factory=dict)
    knocks: Talks = field(default_factory=dict)
    rejected: int = 0


def answer(question: Question, logs: Logs) -> Answer:
    thing = thing_asked(question, logs.inventory)
    period = question.window.period(60)
    flows, over_time = logs.query(*texts(thing, period))
    if not thing.interfaces:
        thing = Thing(thing.networks, _own_interfaces(thing, logs))
    proof = _proof(question, thing, logs)
    key = ("action", "leg", "srcAddr", "dstAddr", "port", "protocol")
    traffic = _traffic(thing, busiest(flows.rows, key), insider(question.inside))
    verdict = _verdict(traffic, proof)
    return Answer(
        question,
        _headline(question, verdict, traffic, proof),
        tables=tuple(_tables(question, traffic, proof)),
        charts=(_chart(question, verdict, period, over_time.rows),),
        notes=tuple(_notes(question, thing, traffic, logs.inventory)),
        next=_next(question, verdict),
        facts={"decommission": _facts(verdict, traffic, proof)},
    )


def texts(thing: Thing, period: Period) -> tuple[str, str]:
    """Everything it has to do with, the latest first; and how many records over time."""
    of_it = f"{thing.condition('srcAddr')} or {thing.condition('dstAddr')}"
    if thing.interfaces:
        of_it += fill(" or interfaceId in {names}", names=thing.interfaces)
    base = pipeline(f"filter ({of_it}) and logStatus = 'OK'", legs(ANSWER))
    return (
        pipeline(
            base,
            f"stats sum(bytes) as {BYTES}, count(*) as records, max(toMillis(@timestamp)) as"
            " lastSeen by action, leg, srcAddr, dstAddr, port, protocol, interfaceId",
            "sort lastSeen desc",
            f"limit {MOST}",
        ),
        pipeline(
            base,
            f'fields if({thing.condition("srcAddr")}, "out", "in") as way',
            f"stats count(*) as records by action, leg, way, bin({period.text}) as at",
            "sort at asc",
            f"limit {MOST}",
        ),
    )


def _own_interfaces(thing: Thing, logs: Logs) -> tuple[str, ...]:
    """Interfaces whose every flow record is of the thing: its own, where no inventory tells."""
    is_its = f"{thing.condition('srcAddr')} or {thing.condition('dstAddr')}"
    (found,) = logs.query(
        pipeline(
            "filter logStatus = 'OK'",
            f"fields if({is_its}, 1, 0) as ofIt",
            "stats count(*) as records, sum(ofIt) as ofIts by interfaceId",
            "filter ofIts > 0",
            "sort ofIts desc",
            f"limit {MOST}",
        )
    )
    return tuple(
        row.text("interfaceId")
        for row in found.rows
        if row.number("records") == row.number("ofIts") and row.text("interfaceId") != "-"
    )[:MOST_ADDRESSES]


def _proof(question: Question, thing: Thing, logs: Logs) -> Proof:
    if not thing.interfaces:
        return Proof({}, {}, "its interface is not known")
    only = fill("filter interfaceId in {names}", names=thing.interfaces)
    (found,) = logs.query(recorded(logs.fields, only))
    return prove(thing.interfaces, found.rows, logs.inventory, question.window)


def _traffic(thing: Thing, rows: Iterable[Row], is_ours: Callable[[str], bool]) -> Traffic:
    found = Traffic()
    for row in rows:
        if row.text("action") != "ACCEPT":
            found.rejected += row.number("records")
            continue
        client, server = client_and_server(row)
        port, number = row.number("port"), row.number("protocol")
        if thing.has(server):
            found.asked.setdefault((client, port, number), Talk()).add(row)
        elif thing.has(client):
            found.asks.setdefault((server, port, number), Talk()).add(row)
        else:
            found.through.setdefault((client, port, number), Talk()).add(row)
    for key, talk in list(found.asked.items()):
        client, _, number = key
        if number == TCP and not talk.answered and not is_ours(client):
            found.knocks[key] = found.asked.pop(key)
    return found


def _verdict(traffic: Traffic, proof: Proof) -> Verdict:
    if traffic.asked or traffic.through:
        return Verdict.USED
    if traffic.asks:
        return Verdict.WORKS
    return Verdict.UNPROVEN if proof.doubt else Verdict.IDLE


def _headline(question: Question, verdict: Verdict, traffic: Traffic, proof: Proof) -> str:
    name, length = _name(question), duration(question.window.seconds)
    if verdict is Verdict.USED:
        talks = traffic.asked or traffic.through
        others = {other for other, _, _ in talks}
        verb = "used it" if traffic.asked else "sent traffic through it"
        text = f"Do not switch {name} off: {many(len(others), 'host')} {verb} in {length}"
        if not any(talk.answered for talk in talks.values()):
            text += ", though it answered none"
        return f"{text}; the last was {_last(question, talks)}."
    if verdict is Verdict.WORKS:
        others = {other for other, _, _ in traffic.asks}
        return (
            f"Nobody used {name} in {length}, but it works itself: it asked"
            f" {many(len(others), 'host')}, the last {_last(question, traffic.asks)}."
        )
    if verdict is Verdict.IDLE:
        return (
            f"{name} can go, by its traffic: in {length} nobody asked it and it asked nobody, and"
            " its interface was logged in every hour."
        )
    return f"No traffic of {name} in {length}, which proves nothing: {proof.doubt}."


def _name(question: Question) -> str:
    network = question.network("host")
    return spelled(network) if network else ""


def _last(question: Question, talks: Talks) -> str:
    (other, port, number), talk = _latest(talks)[0]
    when = written(talk.last, Kind.TIME, question.zone)
    name = protocol(number)
    where = f"{name} {port}" if port else name
    return f"{other} on {where} at {when}"


def _latest(talks: Talks) -> list[tuple[Key, Talk]]:
    return sorted(
        talks.items(),
        key=lambda item: (-(item[1].last.timestamp() if item[1].last else 0), item[0]),
    )


def _tables(question: Question, traffic: Traffic, proof: Proof) -> Iterator[Table]:
    for title, column, talks in (
        ("Who used it, the last first", Column("client", "Client", Kind.ADDRESS), traffic.asked),
        ("What it used, the last first", Column("server", "Server", Kind.ADDRESS), traffic.asks),
        ("What went through it", Column("client", "Client", Kind.ADDRESS), traffic.through),
    ):
        if talks:
            rows = tuple(_talk_row(key, talk) for key, talk in _latest(talks)[:LISTED])
            yield Table(title, (column, *TALK), rows, left_off=len(talks) - len(rows))
    yield Table("Proof", PROOF, tuple(_proof_rows(question, proof)))


def _talk_row(key: Key, talk: Talk) -> tuple[Value, ...]:
    other, port, number = key
    answered = "yes" if talk.answered else "no"
    return (
        other,
        port,
        protocol(number),
        service(port),
        talk.records,
        talk.bytes,
        answered,
        talk.last,
    )


def _proof_rows(question: Question, proof: Proof) -> Iterator[tuple[Value, ...]]:
    hours = hours_of(question.window)
    for name in dict.fromkeys((*proof.seen, *proof.doubts)):
        seen = proof.seen.get(name)
        says = proof.doubts.get(name, "logged in every hour")
        if seen is None:
            yield name, 0, 0, 0, 0, hours, says
        else:
            yield name, seen.flows, seen.nodata, seen.skipdata, seen.hours, hours, says
    if not (proof.seen or proof.doubts):
        yield "not known", 0, 0, 0, 0, hours, proof.doubt


def _chart(question: Question, verdict: Verdict, period: Period, rows: Sequence[Row]) -> Timeline:
    bins = question.window.bins(period)
    counts: Counter[tuple[str, datetime]] = Counter()
    for row in rows:
        if moment := row.moment("at"):
            counts[_panel_of(row), moment] += row.number("records")
    titles = {
        Verdict.USED: f"{_name(question)} is used",
        Verdict.WORKS: f"Nobody uses {_name(question)}, but it works itself",
        Verdict.IDLE: f"No traffic of {_name(question)}, and the logs are complete",
        Verdict.UNPROVEN: f"No traffic of {_name(question)}, but the logs are not complete",
    }
    panels = tuple(
        Panel(
            title,
            (Series(title, tuple(float(counts[name, at]) for at in bins), tone),),
            unit="flow records",
        )
        for name, title, tone in (
            ("asked", "Others ask it", Tone.ACCEPTED),
            ("asks", "It asks others", Tone.PLAIN),
            ("rejected", "Rejected", Tone.REJECTED),
        )
    )
    return Timeline(titles[verdict], bins, period.seconds, panels)


def _panel_of(row: Row) -> str:
    """Requests in and replies out are of those who ask it; the rest is what it asks itself."""
    if row.text("action") == "REJECT":
        return "rejected"
    is_reply, is_out = row.text("leg") == "reply", row.text("way") == "out"
    return "asked" if is_reply == is_out else "asks"


def _notes(
    question: Question, thing: Thing, traffic: Traffic, inventory: Inventory
) -> Iterator[Note]:
    yield Note(
        Topic.METHOD,
        "A request that was let through counts as use, answered or not; monitoring that asks it"
        " counts too. Proven means: its interface wrote a record in every hour (NODATA when there"
        " was no traffic), all traffic is logged, and none was skipped.",
    )
    if traffic.knocks:
        knocking = len({other for other, _, _ in traffic.knocks})
        yield Note(
            Topic.METHOD,
            f"{many(knocking, 'outside address', 'outside addresses')} knocked by TCP and got no"
            " answer, as scanners do: that is no use of it.",
        )
    if traffic.rejected:
        yield Note(
            Topic.METHOD,
            f"{many(traffic.rejected, 'rejected record')} to or from it are no use of it.",
        )
    routes = _routes(thing, inventory)
    if routes:
        yield Note(Topic.CAUTION, f"Routes lead to it: {', '.join(routes)}.")
    if question.window.seconds < 28 * 86400:
        yield Note(
            Topic.CAUTION,
            f"{duration(question.window.seconds)} shows no monthly job; 90d does.",
        )
    if not inventory.interfaces:
        yield Note(
            Topic.CAUTION,
            "Without a snapshot of the network (flows inventory --save FILE, then --inventory FILE)"
            " its interface is known only if it wrote flow records, and its other addresses and"
            " routes are not known.",
        )


def _routes(thing: Thing, inventory: Inventory) -> list[str]:
    """Route tables with a route by one of its interfaces, or by its NAT gateway."""
    targets = {
        *thing.interfaces,
        *(
            n.id
            for n in inventory.nat_gateways.values()
            if set(n.interfaces) & set(thing.interfaces)
        ),
    }
    return [
        table.id
        for table in inventory.route_tables.values()
        if any(route.via in targets for route in table.routes)
    ]


def _next(question: Question, verdict: Verdict) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    name = _name(question)
    if verdict in (Verdict.USED, Verdict.WORKS):
        return f"host {name} {window}", f"coverage {window}"
    return f"decommission {name} {wider_words(question.window)}", f"coverage {window}"


def _facts(verdict: Verdict, traffic: Traffic, proof: Proof) -> Mapping[str, object]:
    """The verdict for programs; `last` is when somebody last used it, null for never."""
    last = max((t.last for t in traffic.asked.values() if t.last), default=None)
    return {
        "verdict": verdict.value,
        "last_used": last.isoformat() if last else None,
        "clients": len({other for other, _, _ in traffic.asked}),
        "doubt": proof.doubt or None,
    }


COMMAND = Command(
    name="decommission",
    summary="whether a host can be switched off: who used it last, and what proves it",
    answer=answer,
    arguments=(Argument("host", Takes.NETWORK, "what shall be switched off", required=True),),
    needs=(
        "srcAddr",
        "dstAddr",
        "srcPort",
        "dstPort",
        "protocol",
        "bytes",
        "action",
        "interfaceId",
        "logStatus",
    ),
    length=timedelta(days=30),
    examples=("decommission 10.20.11.90 24h", "decommission 10.20.20.50 24h"),
)
