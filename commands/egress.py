"""Where hosts send to outside, what of it is new, and which transfers are large or unusual."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.insights.quoting import fill, is_quotable, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadLine
from bot.model.query import Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period, Window
from bot.model.writing import count, duration, many, size, span, wider_words, window_words
from bot.network import conversations as talk
from bot.network.counting import ANSWER
from bot.network.following import nat_addresses
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
    gateways: frozenset[str]
    new: set[str] | None  # None when no earlier window was asked for
    bins: Bins
    rest: dict[datetime, int]  # what all the other hosts sent
    transfers: Sequence[Transfer]
    least_destinations: str
    reached: Mapping[str, int]  # destinations of the hosts that are listed

    @property
    def sent(self) -> int:
        return sum(row.number(talk.SENT) for row in self.hosts)


def answer(question: Question, logs: Logs) -> Answer:
    period = question.window.period()
    earlier = _earlier(question)
    (hosts,) = logs.query(hosts_text(question, period))
    gateways = nat_addresses(question, logs, {row.text("client") for row in hosts.rows})
    known = tuple(sorted(name for name in gateways if is_quotable(name)))
    others = fill("filter client not in {known}", known=known) if known else None
    kept = [row for row in hosts.rows if row.text("client") not in gateways]
    (destinations,) = logs.query(destinations_text(question, others))  # it takes much memory
    largest = sorted(kept, key=lambda row: (-row.number("peak"), row.text("client")))
    names, listed = _names(largest[:LOOKED_AT]), _names(kept[:LISTED])
    over_time = logs.query(bins_text(question, others, names, period))[0].rows if names else ()
    reached = logs.query(reached_text(question, listed))[0].rows if listed else ()
    bins, rest = _bins(over_time)
    new = None if earlier is None else _new(question, logs, destinations.rows, earlier)
    found = Egress(
        kept,
        "at least " if hosts.truncated else "",
        destinations.rows,
        gateways,
        new,
        bins,
        rest,
        transfers(bins),
        "at least " if destinations.truncated else "",
        {row.text("client"): row.number("destinations") for row in reached},
    )
    return Answer(
        question,
        _headline(question, found, period),
        tables=tuple(_tables(found)),
        charts=(_chart(question, found, period),) if found.hosts else (),
        notes=tuple(_notes(question, found, period, earlier)),
        next=_next(question, found),
    )


def hosts_text(question: Question, period: Period) -> str:
    """What each host sent outside, at its own interface, and the most of it in one bin."""
    return pipeline(
        _by_host(question, period=period),
        f"stats sum(onceThere) as {talk.SENT}, sum(onceHere) as {talk.BACK},"
        " max(onceThere) as peak by client",
        f"sort {talk.SENT} desc",
        "limit 10000",
    )


def reached_text(question: Question, names: Sequence[str]) -> str:
    """To how many destinations some hosts sent."""
    only = fill("filter client in {names}", names=tuple(names))
    return pipeline(_by_host(question, only, count="server"), "limit 10000")


def destinations_text(question: Question, others: str | None) -> str:
    """Who got it, and from how many hosts."""
    by_destination = talk.pairs(
        ACCEPTED, only=(*_outward(question), others), by=("server",), also="count(*) as hosts"
    )
    return pipeline(by_destination, f"sort {talk.SENT} desc", "limit 10000")


def bins_text(question: Question, others: str | None, names: Sequence[str], period: Period) -> str:
    """What some hosts sent outside over time and to how many destinations, and what the rest did.

    Destinations of the rest are not counted, for that takes memory.
    """
    named = fill("client in {names}", names=tuple(names))
    return pipeline(
        _by_host(question, others, period, f'if({named}, server, "")'),
        f'fields if({named}, client, "{REST}") as host',
        f"stats sum(onceThere) as {talk.SENT}, max(destinations) as reached by host, at",
        "sort at asc",
        "limit 10000",
    )


REST = "other hosts"
ACCEPTED = 'filter action = "ACCEPT"'


def _by_host(
    question: Question, only: str | None = None, period: Period | None = None, count: str = ""
) -> str:
    """What hosts exchanged with servers outside, by host and perhaps by time.

    A host's own interface sees all of it, so the one that saw most is the one that counts. `count`
    is an expression whose distinct values are counted, which takes memory.
    """
    seen = ", count_distinct(counted) as seenServers" if count else ""
    most = ", max(seenServers) as destinations" if count else ""
    at, seen_at = ("", "") if period is None else (", at", f", bin({period.text}) as at")
    return pipeline(
        ACCEPTED,
        talk.ends(ANSWER),
        *_outward(question),
        only,
        talk.WAYS,
        f"fields {count} as counted" if count else None,
        f"stats sum(thereBytes) as seenThere, sum(hereBytes) as seenHere{seen}"
        f" by client, interfaceId{seen_at}",
        f"stats max(seenThere) as onceThere, max(seenHere) as onceHere{most} by client{at}",
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


def _names(rows: Iterable[Row]) -> list[str]:
    return [name for row in rows if is_quotable(name := row.text("client"))]


def _bins(rows: Iterable[Row]) -> tuple[Bins, dict[datetime, int]]:
    """Those of the hosts that are looked at, and of the rest together."""
    bins: Bins = defaultdict(dict)
    rest: dict[datetime, int] = {}
    for row in rows:
        at, host = row.moment("at"), row.text("host")
        if at and host == REST:
            rest[at] = row.number(talk.SENT)
        elif at:
            bins[host][at] = row.number(talk.SENT), row.number("reached")
    return bins, rest


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
            found.reached.get(row.text("client")),
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
    undrawn = [bins for host, bins in found.bins.items() if host not in lines]
    rest = tuple(
        float(found.rest.get(at, 0) + sum(bins.get(at, (0, 0))[0] for bins in undrawn))
        for at in times
    )
    if any(rest):
        series.append(Series(REST, rest, Tone.NOISE))
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
        f" are not in it. {talk.ONCE}",
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
