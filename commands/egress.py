"""Where hosts send to outside, what of it is new, and which transfers are large or unusual."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.insights.quoting import Unquotable, fill, literal, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadLine
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period, Window
from bot.model.writing import count, duration, many, size, span, wider_words, window_words
from bot.network import conversations as talk
from bot.network.counting import ANSWER, legs
from bot.network.gateways import ALIKE, SHARED
from bot.network.ranges import inside, within
from bot.network.transfers import (
    DESTINATIONS as MORE_DESTINATIONS,
)
from bot.network.transfers import (
    DIVERSE,
    ENOUGH,
    LARGE,
    NOTABLE,
    UNUSUAL,
    Bins,
    Transfer,
    transfers,
)

LISTED = 50
LOOKED_AT = 50  # hosts with the largest bins, whose bins are compared
DRAWN = 4

DESTINATIONS = (
    Column("server", "Destination", Kind.ADDRESS),
    Column("hosts", "Hosts", Kind.COUNT),
    Column("sent", "Sent", Kind.BYTES),
    Column("received", "Received", Kind.BYTES),
    Column("ports", "Ports", Kind.COUNT, detail=True),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
    Column("new", "New"),
)
HOSTS = (
    Column("client", "Host", Kind.ADDRESS),
    Column("destinations", "Destinations", Kind.COUNT),
    Column("sent", "Sent", Kind.BYTES),
    Column("received", "Received", Kind.BYTES),
)
TRANSFERS = (
    Column("client", "Host", Kind.ADDRESS),
    Column("at", "From", Kind.TIME),
    Column("sent", "Sent", Kind.BYTES),
    Column("usual", "Usually", Kind.BYTES),
    Column("score", "Score", Kind.COUNT),
    Column("destinations", "Destinations", Kind.COUNT),
    Column("usual_destinations", "Usually", Kind.COUNT, detail=True),
    Column("why", "Why"),
)


@dataclass(frozen=True)
class Egress:
    """Hosts and destinations by bytes sent, the bins of hosts, and what stands out in them."""

    hosts: Sequence[Row]
    least: str  # "at least " where there are more hosts than a query returns
    destinations: Sequence[Row]
    gateways: set[str]
    new: set[str] | None  # None when no earlier window was asked for
    bins: Bins
    whole: dict[datetime, int]
    transfers: Sequence[Transfer]
    destinations_in_all: int

    @property
    def sent(self) -> int:
        return sum(row.number(talk.SENT) for row in self.hosts)


def answer(question: Question, logs: Logs) -> Answer:
    period = question.window.period()
    earlier = _earlier(question)
    hosts, pairs, passed = logs.query(*texts(question))
    gateways = _gateways(logs, pairs.rows, passed.rows)
    kept = [row for row in hosts.rows if row.text("client") not in gateways]
    destinations, number, peaks, whole = logs.query(*texts_without(question, gateways, period))
    names = [name for row in peaks.rows if _writable(name := row.text("srcAddr"))]
    bins = _bins(logs.query(bins_text(question, names, period))[0]) if names else {}
    new = None if earlier is None else _new(question, logs, destinations.rows, earlier)
    found = Egress(
        kept,
        "at least " if hosts.truncated else "",
        destinations.rows,
        gateways & {row.text("client") for row in hosts.rows},
        new,
        bins,
        {at: row.number("whole") for row in whole.rows if (at := row.moment("at"))},
        transfers(bins),
        sum(row.number("servers") for row in number.rows),
    )
    return Answer(
        question,
        _headline(question, found, period),
        tables=tuple(_tables(found)),
        charts=(_chart(question, found, period),) if found.hosts else (),
        notes=tuple(_notes(question, found, period, earlier)),
        next=_next(question, found),
    )


def texts(question: Question) -> tuple[str, str, str]:
    """Hosts that sent outside, their pairs with servers there, and what hosts have with hosts."""
    outward = _outward(question)
    accepted = 'filter action = "ACCEPT"'
    within_us = (
        f"filter {inside('client', question.inside)} and {inside('server', question.inside)}"
    )
    return (
        pipeline(
            talk.conversations(
                accepted,
                only=outward,
                by=("client",),
                also="count_distinct(server) as destinations",
            ),
            f"sort {talk.SENT} desc",
            "limit 10000",
        ),
        pipeline(
            talk.conversations(accepted, only=_outward(question, all_hosts=True)),
            f"sort {talk.MOVED} desc",
            "limit 10000",
        ),
        pipeline(
            talk.conversations(accepted, only=(within_us,), by=("server",)),
            f"sort {talk.MOVED} desc",
            "limit 10000",
        ),
    )


def texts_without(
    question: Question, gateways: set[str], period: Period
) -> tuple[str, str, str, str]:
    """Destinations, their number, hosts by their largest bin, and all that was sent over time."""
    known = tuple(sorted(name for name in gateways if _writable(name)))
    not_gateways = fill("filter client not in {known}", known=known) if known else None
    by_destination = talk.conversations(
        'filter action = "ACCEPT"',
        only=(*_outward(question), not_gateways),
        by=("server",),
        also="count_distinct(client) as hosts, count_distinct(port) as ports",
    )
    by_bin = _by_bin(
        question,
        period,
        fill("filter srcAddr not in {known}", known=known) if known else None,
    )
    return (
        pipeline(by_destination, f"sort {talk.SENT} desc", "limit 10000"),
        pipeline(by_destination, "stats count(*) as servers"),
        pipeline(
            by_bin,
            "stats max(total) as peak by srcAddr",
            "sort peak desc",
            fill("limit {most}", most=LOOKED_AT),
        ),
        pipeline(
            by_bin, "stats sum(total) as whole by at", "sort at asc",
            "limit 10000",
        ),
    )  # fmt: skip


def bins_text(question: Question, names: Sequence[str], period: Period) -> str:
    """What some hosts sent outside over time, and to how many destinations."""
    only = fill("filter srcAddr in {names}", names=tuple(names))
    return pipeline(_by_bin(question, period, only), "sort at asc", "limit 10000")


def _outward(question: Question, *, all_hosts: bool = False) -> tuple[str | None, ...]:
    host = None if all_hosts else question.network("host")
    return (
        f"filter {inside('client', question.inside)} and not {inside('server', question.inside)}",
        f"filter {within('client', host)}" if host else None,
    )


def _by_bin(question: Question, period: Period, only: str | None) -> str:
    host = question.network("host")
    return pipeline(
        'filter action = "ACCEPT"',
        f"filter {inside('srcAddr', question.inside)} and not {inside('dstAddr', question.inside)}",
        f"filter {within('srcAddr', host)}" if host else None,
        only,
        legs(ANSWER),
        'filter leg = "request"',
        f"stats sum(bytes) as seenBytes by srcAddr, dstAddr, interfaceId, bin({period.text}) as at",
        "stats max(seenBytes) as onceBytes by srcAddr, dstAddr, at",
        "stats sum(onceBytes) as total, count(*) as destinations by srcAddr, at",
    )


def _earlier(question: Question) -> Window | None:
    asked = question.other_window("earlier")
    if asked is None:
        return None
    earlier = asked.without(question.window)
    if earlier is None:
        raise BadLine(
            "the earlier window lies within the window itself",
            hint="Write one that begins before it: egress 24h new 7d.",
        )
    return earlier


def _gateways(logs: Logs, pairs: Sequence[Row], passed: Sequence[Row]) -> set[str]:
    """NAT gateways: of the inventory, and hosts that pass on just what others have as their own."""
    known = {a for nat in logs.inventory.nat_gateways.values() for a in nat.private_addresses}
    into = Counter({row.text("server"): row.number(talk.MOVED) for row in passed})
    out: dict[str, Counter[str]] = defaultdict(Counter)
    for row in pairs:
        out[row.text("client")][row.text("server")] += row.number(talk.MOVED)
    return known | {
        host
        for host, moved in out.items()
        if into[host] and abs(into[host] - moved.total()) <= ALIKE * into[host]
        if _shared(host, out) >= SHARED * moved.total()
    }


def _shared(host: str, out: dict[str, Counter[str]]) -> int:
    """Bytes of a host with servers that other hosts are recorded with."""
    others = {server for other, moved in out.items() if other != host for server in moved}
    return sum(moved for server, moved in out[host].items() if server in others)


def _bins(result: Result) -> Bins:
    bins: Bins = defaultdict(dict)
    for row in result.rows:
        if at := row.moment("at"):
            bins[row.text("srcAddr")][at] = row.number("total"), row.number("destinations")
    return bins


def _new(
    question: Question, logs: Logs, destinations: Sequence[Row], earlier: Window
) -> set[str] | None:
    """Listed destinations that the earlier window has not; None when it has no record at all."""
    names = [name for row in destinations[:LISTED] if _writable(name := row.text("server"))]
    if not names:
        return set()
    only = (*_outward(question), fill("filter server in {names}", names=tuple(names)))
    seen, recorded = logs.query(
        pipeline(
            talk.conversations('filter action = "ACCEPT"', only=only, by=("server",)),
            "limit 10000",
        ),
        "stats count(*) as records",
        window=earlier,
    )
    if not any(row.number("records") for row in recorded.rows):
        return None
    return set(names) - {row.text("server") for row in seen.rows}


def _writable(value: str) -> bool:
    try:
        return bool(literal(value))
    except Unquotable:
        return False


def _headline(question: Question, found: Egress, period: Period) -> str:
    if not found.hosts:
        return "No host sent anything outside."
    parts = []
    if found.transfers:
        parts.append(_told(question, found.transfers[0], period))
        if others := len(found.transfers) - 1:
            parts.append(f"{many(others, 'more transfer')} stood out")
    first = found.hosts[0]
    parts.append(
        f"{found.least}{many(len(found.hosts), 'host')} sent {size(found.sent)} to"
        f" {many(found.destinations_in_all, 'destination')} outside, most"
        f" {first.text('client')} ({size(first.number(talk.SENT))})"
    )
    if found.new:
        parts.append(f"{many(len(found.new), 'of them is', 'of them are')} new")
    return "; ".join(parts) + "."


def _told(question: Question, one: Transfer, period: Period) -> str:
    at = f"{one.at.astimezone(question.zone):%Y-%m-%d %H:%M}"
    where = f"{size(one.sent)} to {many(one.destinations, 'destination')}"
    text = f"{one.client} sent {where} outside in {duration(period.seconds)} at {at}"
    if one.why == MORE_DESTINATIONS:
        return f"{text}, usually {count(one.usual_destinations)}"
    return f"{text}, usually {size(one.usual)}" if one.score is not None else text


def _tables(found: Egress) -> Iterator[Table]:
    if not found.hosts:
        return
    if found.transfers:
        yield Table(
            "Transfers that stand out", TRANSFERS, tuple(map(_transfer_row, found.transfers))
        )
    hosts = tuple(
        (
            row.text("client"),
            row.number("destinations"),
            row.number(talk.SENT),
            row.number(talk.BACK),
        )
        for row in found.hosts[:LISTED]
    )
    yield Table("Hosts", HOSTS, hosts, left_off=len(found.hosts) - len(hosts))
    rows = tuple(_destination_row(row, found.new) for row in found.destinations[:LISTED])
    left_off = found.destinations_in_all - len(rows)
    yield Table("Destinations", DESTINATIONS, rows, left_off=left_off)


def _transfer_row(one: Transfer) -> tuple[Value, ...]:
    return (
        one.client,
        one.at,
        round(one.sent),
        None if one.score is None else round(one.usual),
        None if one.score is None else round(one.score),
        round(one.destinations),
        None if one.score is None else round(one.usual_destinations),
        one.why,
    )


def _destination_row(row: Row, new: set[str] | None) -> tuple[Value, ...]:
    server = row.text("server")
    return (
        server,
        row.number("hosts"),
        row.number(talk.SENT),
        row.number(talk.BACK),
        row.number("ports"),
        row.moment(talk.FIRST),
        row.moment(talk.LAST),
        None if new is None else "new" if server in new else "seen before",
    )


def _chart(question: Question, found: Egress, period: Period) -> Timeline:
    """What the hosts with the largest bins sent, those that stand out first; and the rest."""
    times = question.window.bins(period)
    striking = [one.client for one in found.transfers]
    others = sorted(
        (host for host in found.bins if host not in striking),
        key=lambda host: -sum(sent for sent, _ in found.bins[host].values()),
    )
    order = [*striking, *others][:DRAWN]
    lines = {
        host: tuple(float(found.bins.get(host, {}).get(at, (0, 0))[0]) for at in times)
        for host in order
    }
    series = [
        Series(host, line, Tone.ALARMING if host == (striking or [""])[0] else Tone.PLAIN)
        for host, line in lines.items()
    ]
    rest = tuple(
        max(0.0, found.whole.get(at, 0) - sum(line[n] for line in lines.values()))
        for n, at in enumerate(times)
    )
    if any(rest):
        series.append(Series("other hosts", rest, Tone.NOISE))
    if found.transfers:
        title = _told(question, found.transfers[0], period)
    else:
        title = f"{size(found.sent)} sent outside, nothing unusual among it"
    panel = Panel("Sent outside", tuple(series), Kind.BYTES, "bytes")
    return Timeline(title, times, period.seconds, (panel,))


def _notes(
    question: Question, found: Egress, period: Period, earlier: Window | None
) -> Iterator[Note]:
    if not found.hosts:
        return
    if earlier is not None:
        compared = span(earlier, question.zone)
        if found.new is None:
            yield Note(
                Topic.CAUTION, f"Nothing is logged in {compared}: what is new cannot be told."
            )
        else:
            yield Note(
                Topic.METHOD,
                f"New are destinations among the {LISTED} listed that {compared} does not have.",
            )
    yield Note(
        Topic.METHOD,
        "What hosts inside sent to servers outside over connections they began; answers to visitors"
        f" are not in it. {talk.COUNTED}",
    )
    yield Note(
        Topic.METHOD,
        f"A transfer stands out when its {duration(period.seconds)} is {UNUSUAL:g} robust"
        f" deviations above the host's median and {size(NOTABLE)} or more; or, of a host with fewer"
        f" than {ENOUGH} such bins, {size(LARGE)} or more; or when it has {DIVERSE} destinations or"
        f" more and as far above the usual number. Looked at are the {LOOKED_AT} hosts with the"
        " largest bins.",
    )
    if found.gateways:
        yield Note(
            Topic.METHOD,
            f"{', '.join(sorted(found.gateways))} passes on others' traffic, as a NAT gateway does,"
            " and is left out.",
        )


def _next(question: Question, found: Egress) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    if not found.hosts:
        return (f"egress {wider_words(question.window)}",)
    host = found.transfers[0].client if found.transfers else found.hosts[0].text("client")
    return f"deps {host} {window}", f"egress of {host} {window}"


COMMAND = Command(
    name="egress",
    summary="where hosts send to outside, what is new, which transfers are large or unusual",
    answer=answer,
    arguments=(
        Argument("host", Takes.NETWORK, "only from this address or range", "of"),
        Argument("earlier", Takes.WINDOW, "mark destinations that this window lacks", "new"),
    ),
    needs=talk.NEEDS,
    length=timedelta(hours=24),
    examples=("egress", "egress 2h new 24h", "egress of 10.20.11.0/24 2d"),
)
