"""Who tries ports or hosts one after the other, let through or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.writing import count, many, wider_words, window_words
from bot.network.ports import EPHEMERAL_FROM, service
from bot.network.ranges import holds, is_inside, within

PORTS = 15  # of one target, from which trying them is a scan
TARGETS = 10  # on one port, from which trying them is a sweep
SLOW = 2  # ports, or targets, a minute, below which it is slow
LISTED = 100
NAMED = 5  # known scanners in a note
DRAWN = 12

SCAN_COLUMNS = (
    Column("source", "Source", Kind.ADDRESS),
    Column("target", "Target", Kind.ADDRESS),
    Column("ports", "Ports", Kind.COUNT),
    Column("pace", "Pace"),
    Column("accepted", "Let through", Kind.COUNT),
    Column("rejected", "Rejected", Kind.COUNT),
    Column("answered", "Ports that answered", Kind.COUNT, detail=True),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
    Column("inside", "From", detail=True),
)
SWEEP_COLUMNS = (
    Column("source", "Source", Kind.ADDRESS),
    Column("port", "Port", Kind.PORT),
    Column("service", "Service"),
    Column("targets", "Targets", Kind.COUNT),
    Column("pace", "Pace"),
    Column("accepted", "Let through", Kind.COUNT),
    Column("rejected", "Rejected", Kind.COUNT),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
    Column("inside", "From", detail=True),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One address that scans or sweeps, and how many of its records were let through."""

    address: str
    targets: int
    ports: int
    accepted: int
    rejected: int
    slow: bool


def answer(question: Question, logs: Logs) -> Answer:
    pairs, tried, replied = logs.query(*texts(question))
    known = _known(question)
    every = [found for found in _scans(pairs.rows) if _is_asked(found[0], question)]
    scans = [found for found in every if not known(found[0].text("srcAddr"))]
    swept = list(_sweeps(tried.rows, replied.rows))
    sweeps = [row for row in swept if not known(row.text("srcAddr"))]
    sources = _sources(scans, sweeps)
    kept_out = [s for s in _sources(every, swept) if known(s.address)]
    return Answer(
        question,
        _headline(question, sources),
        tables=tuple(_tables(question, scans, sweeps)),
        charts=(_chart(sources),) if sources else (),
        notes=tuple(_notes(question, sources, kept_out)),
        next=_next(question, sources),
    )


METHOD = (
    f"A source scans when it tries {PORTS} or more ports of one target and fewer than half of them"
    " answer, or when those that answer are no client's ports; it sweeps when it tries one port of"
    f" {TARGETS} or more targets and fewer than half of them answer. Replies answer to someone who"
    f" asked, so they are in neither. Slow is fewer than {SLOW} ports or targets a minute. Counts"
    " are of records as logged."
)


def _known(question: Question) -> Callable[[str], str]:
    """Who a source is that may scan; empty for others. One that is asked for by name is shown."""
    asked = question.network("source")
    if asked is not None and asked.num_addresses == 1:
        return lambda _: ""
    return lambda address: next(
        (who for network, who in question.scanners.items() if holds(network, address)), ""
    )


def _notes(
    question: Question, sources: Sequence[Source], kept_out: Sequence[Source]
) -> Iterator[Note]:
    if sources or kept_out:
        yield Note(Topic.METHOD, METHOD)
    if kept_out:
        known = _known(question)
        named = ", ".join(
            f"{known(s.address)} ({s.address}, {many(s.accepted + s.rejected, 'probe')})"
            for s in kept_out[:NAMED]
        )
        rest = f" and {count(len(kept_out) - NAMED)} more" if len(kept_out) > NAMED else ""
        yield Note(Topic.COVERAGE, f"Known scanners, kept out: {named}{rest}.")


def texts(question: Question) -> tuple[str, str, str]:
    """Ports tried by pair, targets tried by port, and targets that replied from that port.

    A pair is kept in both directions, as what came back tells a scan from a server's replies.
    """
    source, target = question.network("source"), question.network("target")
    there = [within(f, n) for f, n in (("srcAddr", source), ("dstAddr", target)) if n]
    back = [within(f, n) for f, n in (("dstAddr", source), ("srcAddr", target)) if n]
    forth = f"filter {' and '.join(there)}" if there else None
    return_ = f"filter {' and '.join(back)}" if back else None
    either = f"filter ({' and '.join(there)}) or ({' and '.join(back)})" if there else None
    measures = (
        "count(*) as records, sum(refused) as rejected, min(toMillis(@timestamp)) as firstSeen,"
        " max(toMillis(@timestamp)) as lastSeen"
    )
    refused = 'if(action = "REJECT", 1, 0) as refused'
    transport = "filter protocol in [6, 17]"
    return (
        pipeline(
            transport,
            either,
            fill(
                f"fields {refused}, if(dstPort < {{limit}}, dstPort, 0) as lowPort",
                limit=EPHEMERAL_FROM,
            ),
            "stats count_distinct(dstPort) as ports, count_distinct(srcPort) as sourcePorts,"
            f" min(srcPort) as lowestSource, count_distinct(lowPort) as lowPorts, {measures}"
            " by srcAddr, dstAddr",
            fill("filter ports >= {least} or sourcePorts >= {least}", least=PORTS),
            "sort ports desc",
            "limit 10000",
        ),
        pipeline(
            transport,
            forth,
            f"fields {refused}",
            f"stats count_distinct(dstAddr) as targets, {measures} by srcAddr, dstPort, protocol",
            fill("filter targets >= {least}", least=TARGETS),
            "sort targets desc",
            "limit 10000",
        ),
        pipeline(
            transport,
            return_,
            "stats count_distinct(srcAddr) as targets by dstAddr, srcPort, protocol",
            fill("filter targets >= {least}", least=TARGETS // 2),
            "sort targets desc",
            "limit 10000",
        ),
    )


def _scans(rows: Sequence[Row]) -> Iterator[tuple[Row, int]]:
    """Pairs that are scans, with how many of the ports answered."""
    by_pair = {(row.text("srcAddr"), row.text("dstAddr")): row for row in rows}
    for (source, target), row in by_pair.items():
        back = by_pair.get((target, source))
        answered = min(back.number("sourcePorts"), row.number("ports")) if back else 0
        if is_scan(row, answered):
            yield row, answered


def _is_asked(row: Row, question: Question) -> bool:
    """Whether a pair is from and to where the question says; its reverse was read as well."""
    ends = ("source", row.text("srcAddr")), ("target", row.text("dstAddr"))
    return all(holds(question.network(name), address) for name, address in ends)


def is_scan(row: Row, answered: int) -> bool:
    """Whether a pair's records are probes rather than a server's replies or ordinary traffic.

    One source port proves nothing: slow scanners use one, as servers do. But whoever a server
    replies to has asked, port for port; and a client's ports are high ones.
    """
    ports = row.number("ports")
    if ports < PORTS:
        return False
    if answered * 2 < ports:
        return True
    no_server = (
        row.number("sourcePorts") * 2 >= ports or row.number("lowestSource") >= EPHEMERAL_FROM
    )
    return no_server and row.number("lowPorts") > PORTS


def _sweeps(tried: Sequence[Row], replied: Sequence[Row]) -> Iterator[Row]:
    answering: Mapping[tuple[str, str, str], int] = {
        (row.text("dstAddr"), row.text("srcPort"), row.text("protocol")): row.number("targets")
        for row in replied
    }
    for row in tried:
        key = (row.text("srcAddr"), row.text("dstPort"), row.text("protocol"))
        if answering.get(key, 0) * 2 < row.number("targets"):
            yield row


def _sources(scans: Sequence[tuple[Row, int]], sweeps: Sequence[Row]) -> list[Source]:
    """One entry a source, most records first; a source that does both counts its larger effort."""
    found: dict[str, Source] = {}
    addresses = dict.fromkeys(row.text("srcAddr") for row in (*(r for r, _ in scans), *sweeps))
    for address in addresses:
        ports = [row for row, _ in scans if row.text("srcAddr") == address]
        hosts = [row for row in sweeps if row.text("srcAddr") == address]
        effort = max((ports, hosts), key=lambda rows: sum(r.number("records") for r in rows))
        found[address] = Source(
            address,
            targets=max(len(ports), *(row.number("targets") for row in hosts), 0),
            ports=max((row.number("ports") for row in ports), default=len(hosts)),
            accepted=sum(_accepted(row) for row in effort),
            rejected=sum(row.number("rejected") for row in effort),
            slow=all(_pace(row) == "slow" for row in (*ports, *hosts)),
        )
    return sorted(found.values(), key=lambda s: (-(s.accepted + s.rejected), s.address))


def _pace(row: Row) -> str:
    """`slow` where few ports, or targets, were tried in a minute."""
    first, last = _times(row)
    minutes = (last - first).total_seconds() / 60 if first and last else 0.0
    tried = row.number("targets") if "targets" in row else row.number("ports")
    return "slow" if tried < SLOW * minutes else "fast"


def _accepted(row: Row) -> int:
    return row.number("records") - row.number("rejected")


def _headline(question: Question, sources: Sequence[Source]) -> str:
    if not sources:
        return "Nobody scans."
    first = sources[0]
    inside = [s for s in sources if is_inside(s.address, question.inside)]
    parts = [f"{many(len(sources), 'source')} scan{'s' if len(sources) == 1 else ''}"]
    if slow := sum(1 for source in sources if source.slow):
        parts[0] += " slowly" if slow == len(sources) else f", {count(slow)} of them slowly"
    if inside:
        parts.append(f"{count(len(inside))} of them from inside, first {inside[0].address}")
    through = [s for s in sources if s.accepted]
    if through:
        parts.append(f"{count(len(through))} got through to something")
    parts.append(
        f"the busiest is {first.address} with up to {many(first.ports, 'port')} on"
        f" {many(first.targets, 'target')}"
    )
    return "; ".join(parts) + "."


def _tables(
    question: Question, scans: Sequence[tuple[Row, int]], sweeps: Sequence[Row]
) -> Iterator[Table]:
    if scans:
        rows = tuple(_scan_row(row, answered, question) for row, answered in scans[:LISTED])
        yield Table("Port scans", SCAN_COLUMNS, rows, left_off=len(scans) - len(rows))
    if sweeps:
        rows = tuple(_sweep_row(row, question) for row in sweeps[:LISTED])
        yield Table("Sweeps", SWEEP_COLUMNS, rows, left_off=len(sweeps) - len(rows))


def _scan_row(row: Row, answered: int, question: Question) -> tuple[Value, ...]:
    tried = (row.text("srcAddr"), row.text("dstAddr"), row.number("ports"))
    return (*tried, _pace(row), *_counts(row), answered, *_times(row), _place(row, question))


def _sweep_row(row: Row, question: Question) -> tuple[Value, ...]:
    port = row.number("dstPort")
    tried = (row.text("srcAddr"), port, service(port), row.number("targets"))
    return (*tried, _pace(row), *_counts(row), *_times(row), _place(row, question))


def _place(row: Row, question: Question) -> str:
    return "inside" if is_inside(row.text("srcAddr"), question.inside) else "outside"


def _counts(row: Row) -> tuple[int, int]:
    return _accepted(row), row.number("rejected")


def _times(row: Row) -> tuple[datetime | None, datetime | None]:
    return row.moment("firstSeen"), row.moment("lastSeen")


def _chart(sources: Sequence[Source]) -> Bars:
    drawn = sources[:DRAWN]
    rest = len(sources) - len(drawn)
    through = sum(source.accepted for source in sources)
    total = through + sum(source.rejected for source in sources)
    return Bars(
        f"{count(through)} of {count(total)} probes were let through",
        tuple(source.address for source in drawn),
        (
            Series("let through", tuple(s.accepted for s in drawn), Tone.ALARMING),
            Series("rejected", tuple(s.rejected for s in drawn), Tone.NOISE),
        ),
        Kind.COUNT,
        "probes",
        f"and {count(rest)} more" if rest else "",
    )


def _next(question: Question, sources: Iterable[Source]) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    first = next(iter(sources), None)
    if first is None:
        return (f"scans {wider_words(question.window)}",)
    return (
        f"rejects from {first.address} {window}",
        f"scans from {first.address} {wider_words(question.window)}",
    )


COMMAND = Command(
    name="scans",
    summary="who tries ports or hosts one after the other, let through or not",
    answer=answer,
    arguments=(
        Argument("source", Takes.NETWORK, "only from this address or range", "from"),
        Argument("target", Takes.NETWORK, "only to this address or range", "to"),
    ),
    needs=("srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "action"),
    examples=("scans", "scans 24h", "scans today to 10.20.0.0/16"),
)
