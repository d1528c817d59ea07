"""Why one host reaches another or does not: what the logs saw, held against the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.changes import Changes
from bot.model.chart import Mark, Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadLine
from bot.model.query import Row
from bot.model.table import Column, Kind, Table
from bot.model.window import Period
from bot.model.writing import many, window_words, written
from bot.network.counting import ANSWER, ENDS, both_ways, legs
from bot.network.ports import protocol as protocol_name
from bot.network.ranges import is_inside
from bot.network.rules import Check, Flow, Leg, Side, checks, spelled
from bot.network.sightings import own_addresses, sighting
from bot.network.verdicts import BEFORE, Outcome, Sighting, Verdict, judge

TCP = 6
MOST_ROWS = 10_000
MOST_CHANGES, MOST_MARKS = 20, 4
TELLING = ("rejectReason", "tcpFlags")  # fields that say more, where the format has them

COLUMNS = (
    Column("leg", "Leg"),
    Column("side", "Seen at"),
    Column("interface", "Interface"),
    Column("action", "Action"),
    Column("port", "Port", Kind.PORT),
    Column("protocol", "Protocol"),
    Column("records", "Records", Kind.COUNT),
    Column("packets", "Packets", Kind.COUNT),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
)
GATES = (
    Column("leg", "Leg"),
    Column("side", "At the"),
    Column("by", "Gate"),
    Column("says", "Says"),
    Column("why", "Because"),
)
CHANGES = (
    Column("at", "At", Kind.TIME),
    Column("what", "Change"),
    Column("who", "By"),
    Column("resource", "Of"),
    Column("rule", "Rule", detail=True),
    Column("event", "Call", detail=True),
)
AS_OF = "Rules are as of the snapshot of the network; logs are of the window."


@dataclass(frozen=True, slots=True)
class Seen:
    """One grouped row: records of one connection, one way, at one interface, with one action."""

    row: Row
    leg: Leg
    client_port: str
    first: datetime
    last: datetime

    @property
    def service(self) -> tuple[int, int]:
        """Protocol and the server's port."""
        return self.row.number("protocol"), self.row.number("port")

    @property
    def flags(self) -> int | None:
        """tcp-flags, where the record has them; `-` stands for a combination that cannot be."""
        text = self.row.text("tcpFlags")
        return int(text) if self.service[0] == TCP and text.isdigit() else None


def answer(question: Question, logs: Logs) -> Answer:
    client, server = _host(question, "source"), _host(question, "target")
    period = question.window.period()
    found, over_time = logs.query(*texts(question, period, logs.fields))
    seen = [s for row in found.rows if (s := _seen(row, client)) is not None]
    service = _asked_service(question, seen)
    seen = [s for s in seen if s.service == service]
    sides = _sides(logs, {s.row.text("interfaceId") for s in seen}, client, server)
    gates = checks(logs.inventory, _flow(client, server, service, seen))
    changes = _changes(question, logs, gates, seen)
    placed = _sightings(seen, sides)
    verdict = judge(
        placed,
        gates,
        changes or Changes(unread="nothing was rejected"),
        logs.inventory.taken,
        question.zone,
    )
    if seen and not placed:
        verdict = replace(verdict, evidence=(_nowhere(seen), *verdict.evidence[1:]))
    chart = _chart(question, over_time.rows, period, verdict, changes or Changes())
    return Answer(
        question,
        _headline(client, server, service, verdict, gates),
        tables=tuple(_tables(seen, sides, gates, changes or Changes())),
        charts=(chart,) if over_time.rows else (),
        notes=tuple(_notes(question, logs, verdict, changes)),
        next=_next(question, client, server, service),
        facts={"verdict": facts(verdict), "changes": changes_facts(changes)},
    )


def facts(verdict: Verdict) -> Mapping[str, object]:
    """The verdict for programs: names of this project and of AWS, null for what is not known."""
    return {
        "outcome": verdict.outcome.value,
        "by": verdict.by and verdict.by.value,
        "leg": verdict.leg and verdict.leg.value,
        "side": verdict.side and verdict.side.value,
        "resource": verdict.resource,
        "rule": verdict.rule,
        "evidence": list(verdict.evidence),
    }


def changes_facts(changes: Changes | None) -> Mapping[str, object]:
    """What is known of changes, for programs: `known` says whether these are all."""
    found = changes.found if changes else ()
    return {
        "known": changes is not None and changes.known,
        "unread": changes.unread if changes else "it was not asked",
        "found": [
            {
                "at": one.at.isoformat().replace("+00:00", "Z"),
                "resource": one.resource,
                "rule": one.rule,
                "what": one.what,
                "who": one.who or None,
                "event": one.event,
            }
            for one in found
        ],
    }


def texts(question: Question, period: Period, fields: frozenset[str]) -> tuple[str, str]:
    """Every connection by interface and action; and records over time."""
    telling = "".join(f", {name}" for name in TELLING if name in fields)
    one, other = question.network("source"), question.network("target")
    assert one is not None and other is not None  # noqa: S101, PT018  # both are required
    ports = question.ports("port")
    between = pipeline(
        both_ways(one, other, ports),
        legs(ANSWER),
        fill("filter port in {ports}", ports=ports) if ports else None,
    )
    return (
        pipeline(
            between,
            "stats count(*) as records, sum(packets) as totalPackets,"
            " min(toMillis(@timestamp)) as firstSeen, max(toMillis(@timestamp)) as lastSeen"
            " by srcAddr, dstAddr, srcPort, dstPort, leg, port, protocol, action, interfaceId"
            + telling,
            "sort lastSeen desc",
            f"limit {MOST_ROWS}",
        ),
        pipeline(
            between,
            f"stats count(*) as records by action, bin({period.text}) as at",
            "sort at asc",
            f"limit {MOST_ROWS}",
        ),
    )


def _host(question: Question, name: str) -> str:
    network = question.network(name)
    if network is None or network.num_addresses != 1:
        raise BadLine(
            f"why is about two hosts, and {network} is a range", hint="Write one address of it."
        )
    return str(network.network_address)


def _seen(row: Row, client: str) -> Seen | None:
    """The row as a leg of a conversation that `client` began; None of one the other end began."""
    leg = Leg(row.text("leg"))
    begins = row.text("srcAddr") if leg is Leg.REQUEST else row.text("dstAddr")
    first, last = row.moment("firstSeen"), row.moment("lastSeen")
    if begins != client or first is None or last is None:
        return None
    return Seen(row, leg, row.text("srcPort" if leg is Leg.REQUEST else "dstPort"), first, last)


def _asked_service(question: Question, seen: Sequence[Seen]) -> tuple[int, int]:
    """Protocol and port the verdict is about: the one rejected most, else the busiest."""
    ports = question.ports("port")
    counts: dict[tuple[int, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one in seen:
        rejected, records = counts[one.service]
        number = one.row.number("records")
        is_reject = one.row.text("action") == "REJECT"
        counts[one.service] = (rejected + number * is_reject, records + number)
    if counts:
        return max(counts, key=lambda service: (counts[service], service))
    return TCP, ports[0] if ports else 0


def _sides(logs: Logs, interfaces: set[str], client: str, server: str) -> dict[str, Side]:
    """At which end each interface is: by the inventory, else by what else it recorded."""
    known = {
        name: frozenset(logs.inventory.interfaces[name].addresses)
        for name in interfaces
        if name in logs.inventory.interfaces
    }
    own = dict(known)
    if unknown := sorted(interfaces - known.keys()):
        (others,) = logs.query(
            pipeline(
                fill("filter interfaceId in {names} and logStatus = 'OK'", names=tuple(unknown)),
                "stats count(*) as records by interfaceId, srcAddr, dstAddr"
                + (", flowDirection" if "flowDirection" in logs.fields else ""),
                "sort records desc",
                f"limit {MOST_ROWS}",
            )
        )
        own |= own_addresses((sighting(row) for row in others.rows), known)
    sides = {}
    for name, addresses in own.items():
        if client in addresses:
            sides[name] = Side.SOURCE
        elif server in addresses:
            sides[name] = Side.DESTINATION
    if len(interfaces) == 1 and not sides and is_inside(client) != is_inside(server):
        sides = dict.fromkeys(interfaces, Side.SOURCE if is_inside(client) else Side.DESTINATION)
    return sides


def _changes(
    question: Question, logs: Logs, gates: Sequence[Check], seen: Sequence[Seen]
) -> Changes | None:
    """How the rules on the way changed since a day before the window.

    None where it does not matter: nothing was rejected, or no rules are known. An interface that
    is gone had rules of its own, of which these changes say nothing.
    """
    rejected = [s for s in seen if s.row.text("action") == "REJECT"]
    resources = sorted({name for gate in gates for name in gate.rests_on})
    if not resources or (seen and not rejected):
        return None
    changes = logs.changes(resources, question.window.start - BEFORE)
    gone = {s.row.text("interfaceId") for s in rejected} - logs.inventory.interfaces.keys()
    if gone and changes.known:
        return replace(changes, unread=f"{min(gone)}, which rejected it, is not in the inventory")
    return changes


def _sightings(seen: Sequence[Seen], sides: Mapping[str, Side]) -> list[Sighting]:
    return [
        Sighting(
            one.leg,
            sides[one.row.text("interfaceId")],
            one.row.text("action") == "ACCEPT",
            one.client_port,
            one.first,
            one.last,
            one.row.number("totalPackets"),
            one.row.number("records"),
            one.row.get("rejectReason"),
            one.flags,
        )
        for one in seen
        if one.row.text("interfaceId") in sides and one.row.text("action") in {"ACCEPT", "REJECT"}
    ]


def _nowhere(seen: Sequence[Seen]) -> str:
    records = many(sum(one.row.number("records") for one in seen), "record")
    names = ", ".join(sorted({one.row.text("interfaceId") for one in seen})[:3])
    return f"{records} of it, but at which end {names} is, or between them, is not known"


def _flow(client: str, server: str, service: tuple[int, int], seen: Sequence[Seen]) -> Flow:
    """The flow whose gates are looked at; its client ports are those last seen, rejected if any."""
    protocol, port = service
    rejected = [s for s in seen if s.row.text("action") == "REJECT"] or seen
    ports = [int(s.client_port) for s in rejected if s.client_port.isdigit()]
    flow = Flow(client, server, protocol, port or None)
    if not ports:
        return flow
    return Flow(client, server, protocol, port or None, (min(ports), max(ports)))


def _headline(
    client: str,
    server: str,
    service: tuple[int, int],
    verdict: Verdict,
    gates: Sequence[Check],
) -> str:
    protocol, port = service
    way = f"{client} → {server} {spelled(protocol, (port, port) if port else None)}"
    first = verdict.evidence[0] if verdict.evidence else ""
    match verdict.outcome:
        case Outcome.BLOCKED:
            there = [g for g in gates if (g.leg, g.side) == (verdict.leg, verdict.side)]
            opened = there and all(gate.allows for gate in there)
            return f"{way} {'was' if opened else 'is'} blocked: {first}."
        case Outcome.ALLOWED:
            return f"{way} gets through: {first}."
        case Outcome.UNKNOWN:
            return f"{way}: cannot tell why or whether: {first}."


def _tables(
    seen: Sequence[Seen], sides: Mapping[str, Side], gates: Sequence[Check], changes: Changes
) -> list[Table]:
    tables = []
    if gates:
        says = {True: "lets it through", False: "stops it", None: "cannot be told"}
        rows = tuple((g.leg.value, g.side.value, g.by.value, says[g.allows], g.why) for g in gates)
        tables.append(Table("Gates on the way, as the rules are now", GATES, rows))
    if changes.found:
        listed = changes.found[-MOST_CHANGES:]
        changed = tuple((c.at, c.what, c.who or None, c.resource, c.rule, c.event) for c in listed)
        left = len(changes.found) - len(listed)
        tables.append(Table("How the rules were changed", CHANGES, changed, left_off=left))
    if seen:
        tables.append(_evidence(seen, sides))
    return tables


def _evidence(seen: Sequence[Seen], sides: Mapping[str, Side]) -> Table:
    """What each interface saw, connections added up."""
    groups: dict[tuple[str, str, str, str], list[Seen]] = defaultdict(list)
    for one in seen:
        interface = one.row.text("interfaceId")
        side = sides[interface].value if interface in sides else "on the way"
        groups[one.leg.value, side, interface, one.row.text("action")].append(one)
    rows = [
        (
            *group,
            theirs[0].service[1],
            protocol_name(theirs[0].service[0]),
            sum(s.row.number("records") for s in theirs),
            sum(s.row.number("totalPackets") for s in theirs),
            min(s.first for s in theirs),
            max(s.last for s in theirs),
        )
        for group, theirs in sorted(groups.items(), key=lambda item: item[0], reverse=True)
    ]
    return Table("What the logs saw", COLUMNS, tuple(rows))


def _chart(
    question: Question, rows: Sequence[Row], period: Period, verdict: Verdict, changes: Changes
) -> Timeline:
    times = question.window.bins(period)
    counts = {(row.text("action"), row.moment("at")): row.number("records") for row in rows}
    one, other = question.network("source"), question.network("target")
    assert one is not None and other is not None  # noqa: S101, PT018  # both are required
    client, server = one.network_address, other.network_address
    titles = {
        Outcome.BLOCKED: f"{client} does not reach {server}",
        Outcome.ALLOWED: f"{client} reaches {server}",
        Outcome.UNKNOWN: f"{client} to {server}: cannot tell",
    }
    series = tuple(
        Series(name, tuple(float(counts.get((action, at), 0)) for at in times), tone)
        for action, name, tone in (
            ("REJECT", "rejected", Tone.ALARMING),
            ("ACCEPT", "accepted", Tone.ACCEPTED),
        )
    )
    return Timeline(
        titles[verdict.outcome],
        times,
        period.seconds,
        (Panel("As logged at every interface", series, unit="flow records"),),
        tuple(
            Mark(one.at, f"{one.resource[:8]}… changed")
            for one in changes.found
            if question.window.start <= one.at < question.window.end
        )[-MOST_MARKS:],
    )


def _notes(question: Question, logs: Logs, verdict: Verdict, changes: Changes | None) -> list[Note]:
    notes = [Note(Topic.METHOD, f"{text[0].upper()}{text[1:]}.") for text in verdict.evidence[1:]]
    if logs.inventory.groups or logs.inventory.nacls:
        return [*notes, _changed_note(question, changes)]
    return [
        *notes,
        Note(
            Topic.CAUTION,
            "No rules are known: with a snapshot of the network (flows inventory --save FILE) the"
            " rule itself can be named.",
        ),
    ]


def _changed_note(question: Question, changes: Changes | None) -> Note:
    """How far the rules of now can be held against the logs of then."""
    if changes is None:
        return Note(Topic.METHOD, AS_OF)
    if changes.unread is not None:
        return Note(
            Topic.COVERAGE,
            f"{AS_OF} Whether a rule changed in between is not known: {changes.unread}.",
        )
    if changes.found:
        return Note(Topic.METHOD, f"{AS_OF} CloudTrail says how they were changed.")
    since = written(question.window.start - BEFORE, Kind.TIME, question.zone)
    return Note(Topic.METHOD, f"{AS_OF} CloudTrail knows of no change of them since {since}.")


def _next(
    question: Question, client: str, server: str, service: tuple[int, int]
) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    port = f" {service[1]}" if service[1] else ""
    return (
        f"pair {client} {server}{port} {window}",
        f"why {server} {client} {window}",
        f"rejects to {server} {window}",
    )


COMMAND = Command(
    name="why",
    summary="why a host reaches another or does not: the rule or the missing rule, by name",
    answer=answer,
    arguments=(
        Argument("source", Takes.NETWORK, "the host that asks", required=True),
        Argument("target", Takes.NETWORK, "the host that is asked", required=True),
        Argument("port", Takes.PORTS, "only this port of the target"),
    ),
    needs=(*ENDS, "packets", "logStatus"),
    examples=("why 10.20.11.21 10.20.20.30 5432 2h", "why 10.20.10.41 192.0.2.25 25 24h"),
)
