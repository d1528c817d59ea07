"""Where hosts send to outside, what of it is new, and which transfers are large or unusual."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.insights.quoting import fill, is_quotable, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadLine
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period, Window
from bot.model.writing import count, duration, many, size, span, wider_words, window_words
from bot.network import conversations as talk
from bot.network.counting import ANSWER
from bot.network.gateways import ALIKE, SHARED
from bot.network.ranges import inside, outside, within
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
DESTINATIONS_LISTED = 1000  # a watch on new ones must know them all
LOOKED_AT = 50  # hosts with the largest bins, whose bins are compared
DRAWN = 4

DESTINATIONS = (
    Column("server", "Destination", Kind.ADDRESS),
    Column("hosts", "Hosts", Kind.COUNT),
    Column("sent", "Sent", Kind.BYTES),
    Column("received", "Received", Kind.BYTES),
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
    least_destinations: str

    @property
    def sent(self) -> int:
        return sum(row.number(talk.SENT) for row in self.hosts)


def answer(question: Question, logs: Logs) -> Answer:
    period = question.window.period()
    earlier = _earlier(question)
    hosts, got = logs.query(*texts(question))
    gateways = _gateways(question, logs, hosts.rows, got.rows)
    kept = [row for row in hosts.rows if row.text("client") not in gateways]
    destinations_text, *over_time = texts_without(question, gateways, period)
    (destinations,) = logs.query(destinations_text)  # alone: it may take much memory
    peaks, whole = logs.query(*over_time)
    names = [name for row in peaks.rows if is_quotable(name := row.text("client"))]
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
        "at least " if destinations.truncated else "",
    )
    return Answer(
        question,
        _headline(question, found, period),
        tables=tuple(_tables(found)),
        charts=(_chart(question, found, period),) if found.hosts else (),
        notes=tuple(_notes(question, found, period, earlier)),
        next=_next(question, found),
    )


def texts(question: Question) -> tuple[str, str]:
    """What each host sent outside, at its own interface, and what each got from hosts inside."""
    ours = partial(inside, extra=question.inside)
    return (
        pipeline(_by_host(question), f"sort {talk.SENT} desc", "limit 10000"),
        pipeline(
            ACCEPTED,
            talk.ends(ANSWER),
            f"filter {ours('srcAddr')} and {ours('dstAddr')}",
            "stats sum(bytes) as seenBytes by server, interfaceId",
            f"stats max(seenBytes) as {talk.MOVED} by server",
            f"sort {talk.MOVED} desc",
            "limit 10000",
        ),
    )


def texts_without(question: Question, gateways: set[str], period: Period) -> tuple[str, ...]:
    """Destinations, hosts by their largest bin, and all that was sent over time."""
    known = tuple(sorted(name for name in gateways if is_quotable(name)))
    others = fill("filter client not in {known}", known=known) if known else None
    by_bin = _by_host(question, others, period, count=False)
    by_destination = talk.pairs(
        ACCEPTED,
        only=(*_outward(question), others),
        by=("server",),
        also="count_distinct(client) as hosts",
    )
    return (
        pipeline(by_destination, f"sort {talk.SENT} desc", "limit 10000"),
        pipeline(
            by_bin,
            f"stats max({talk.SENT}) as peak by client",
            "sort peak desc",
            fill("limit {most}", most=LOOKED_AT),
        ),
        pipeline(
            by_bin,
            f"stats sum({talk.SENT}) as whole by at",
            "sort at asc",
            "limit 10000",
        ),
    )


def bins_text(question: Question, names: Sequence[str], period: Period) -> str:
    """What some hosts sent outside over time, and to how many destinations."""
    only = fill("filter client in {names}", names=tuple(names))
    return pipeline(_by_host(question, only, period), "sort at asc", "limit 10000")


ACCEPTED = 'filter action = "ACCEPT"'


def _by_host(
    question: Question,
    only: str | None = None,
    period: Period | None = None,
    *,
    count: bool = True,
) -> str:
    """What hosts exchanged with servers outside, by host and perhaps by time.

    A host's own interface sees all of it, so the one that saw most is the one that counts. To
    `count` destinations takes memory.
    """
    seen = ", count_distinct(server) as seenServers" if count else ""
    most = ", max(seenServers) as destinations" if count else ""
    at, seen_at = ("", "") if period is None else (", at", f", bin({period.text}) as at")
    return pipeline(
        ACCEPTED,
        talk.ends(ANSWER),
        *_outward(question),
        only,
        talk.WAYS,
        f"stats sum(thereBytes) as seenThere, sum(hereBytes) as seenHere{seen}"
        f" by client, interfaceId{seen_at}",
        f"stats max(seenThere) as {talk.SENT}, max(seenHere) as {talk.BACK}{most} by client{at}",
    )


def _outward(question: Question) -> tuple[str | None, ...]:
    ours, host = partial(inside, extra=question.inside), question.network("host")
    return (
        talk.between(ours, partial(outside, extra=question.inside)),
        f"filter {within('client', host)}" if host else None,
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


def _gateways(question: Question, logs: Logs, hosts: Sequence[Row], got: Sequence[Row]) -> set[str]:
    """NAT gateways: of the inventory, and hosts that pass on just what others have as their own."""
    known = {a for nat in logs.inventory.nat_gateways.values() for a in nat.private_addresses}
    into = Counter({row.text("server"): row.number(talk.MOVED) for row in got})
    alike = {
        host: moved
        for row in hosts
        if (host := row.text("client")) not in known and is_quotable(host)
        if (moved := row.number(talk.SENT) + row.number(talk.BACK))
        and abs(into[host] - moved) <= ALIKE * into[host]
    }
    if not alike:
        return known
    (pairs,) = logs.query(
        pipeline(
            talk.pairs(ACCEPTED, only=_outward(question)), f"sort {talk.MOVED} desc", "limit 10000"
        )
    )
    shared = _shared(pairs.rows, set(alike))
    return known | {host for host, moved in alike.items() if shared[host] >= SHARED * moved}


def _shared(pairs: Sequence[Row], hosts: set[str]) -> Counter[str]:
    """Bytes of each of the hosts with servers that others are recorded with too."""
    others = {row.text("server") for row in pairs if row.text("client") not in hosts}
    shared: Counter[str] = Counter()
    for row in pairs:
        if row.text("client") in hosts and row.text("server") in others:
            shared[row.text("client")] += row.number(talk.MOVED)
    return shared


def _bins(result: Result) -> Bins:
    bins: Bins = defaultdict(dict)
    for row in result.rows:
        if at := row.moment("at"):
            bins[row.text("client")][at] = row.number(talk.SENT), row.number("destinations")
    return bins


def _new(
    question: Question, logs: Logs, destinations: Sequence[Row], earlier: Window
) -> set[str] | None:
    """Listed destinations that the earlier window has not; None when it has no record at all."""
    names = [name for row in destinations[:LISTED] if is_quotable(name := row.text("server"))]
    if not names:
        return set()
    only = (*_outward(question), fill("filter server in {names}", names=tuple(names)))
    seen, recorded = logs.query(
        pipeline(
            talk.pairs(ACCEPTED, only=only, by=("server",)),
            "limit 10000",
        ),
        "stats count(*) as records",
        window=earlier,
    )
    if not any(row.number("records") for row in recorded.rows):
        return None
    return set(names) - {row.text("server") for row in seen.rows}


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
        f" {found.least_destinations}{many(len(found.destinations), 'destination')} outside, most"
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
    most = DESTINATIONS_LISTED if found.new is None else LISTED
    rows = tuple(_destination_row(row, found.new) for row in found.destinations[:most])
    left_off = len(found.destinations) - len(rows)
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
        " are not in it. Each host counts at the interface that saw most of its bytes, and so does"
        " each pair of a host and a destination.",
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
