"""One five-minute bucket of flow records → the counts that later answers add up. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from bot.model.query import Row
from bot.network.ports import EPHEMERAL_FROM, ports_named
from bot.network.sightings import BYTES, PACKETS, RECORDS, grouping
from bot.store.rollups import Count

BUCKET = timedelta(minutes=5)
REST = "…"  # the name under which a dimension's smaller names are added up
ACCEPT, REJECT = "ACCEPT", "REJECT"


def text(fields: frozenset[str]) -> str:
    """The query that counts buckets, of logs whose records have some fields; empty: not known.

    Rejects come first, so that the limit cuts accepted flows before it cuts any of them. An
    accepted flow is known by the lower of its ports; a rejected one by the port it was sent to.
    Which side is the server is only clear where the other port is one that clients are handed. The
    last fields tell which road a flow took.
    """
    told = [name for name in grouping(fields) if not fields or name in fields]
    road = ", ".join(name for name in told if name not in ("srcAddr", "dstAddr"))
    return f"""\
fields if(action = "REJECT" or dstPort <= srcPort, dstPort, srcPort) as port, \
if(action = "REJECT" or (dstPort <= srcPort and srcPort >= {EPHEMERAL_FROM}), "request", \
if(srcPort < dstPort and dstPort >= {EPHEMERAL_FROM}, "reply", "unclear")) as leg
| stats count(*) as {RECORDS}, sum(packets) as {PACKETS}, sum(bytes) as {BYTES}, \
max(toMillis(@timestamp)) as latest, max(end - start) as span \
by bin(5m) as at, action, srcAddr, dstAddr, port, leg, logStatus{road and ", " + road}
| sort action desc, {RECORDS} desc"""


TEXT = text(frozenset())


class Dimension(StrEnum):
    """What counts are told apart by. A name with several parts has them in order, with spaces."""

    ALL = "all"  # "" by action; `lost` for what AWS could not record
    ORIGIN = "origin"
    PORT = "port"
    SOURCE = "source"
    TARGET = "target"
    OUR_TARGET = "inside target"  # rejected, from inside: target
    OUR_PORT = "inside port"  # rejected, from inside: port
    PAIR = "pair"  # rejected, from inside: source target port
    DOOR = "door"  # target port, of what the internet was answered by; rejects at the same
    PROBE = "probe"  # rejected at a door: source target port
    CLIENT = "client"  # accepted, inside, at a watched port: port source
    ROAD = "road"  # accepted, each packet counted once: the category of its road


class Origin(StrEnum):
    """Which way a flow was going."""

    INSIDE = "inside"
    OUTGOING = "outgoing"
    INTERNET = "internet"
    OTHER = "other"


_ORIGINS = {
    (True, True): Origin.INSIDE,
    (True, False): Origin.OUTGOING,
    (False, True): Origin.INTERNET,
    (False, False): Origin.OTHER,
}
OURS = (Origin.INSIDE, Origin.OUTGOING)
KEPT: Mapping[Dimension, int] = {  # names a bucket keeps of each dimension and action
    Dimension.PORT: 20,
    Dimension.SOURCE: 20,
    Dimension.TARGET: 20,
    Dimension.OUR_TARGET: 100,
    Dimension.OUR_PORT: 100,
    Dimension.PAIR: 100,
    Dimension.DOOR: 40,
    Dimension.PROBE: 20,
    Dimension.CLIENT: 300,
}
LOST = "SKIPDATA"
WATCHED_PORTS = frozenset(
    port
    for name in (
        "postgres pgbouncer mysql mssql oracle mongo redis memcached cassandra elasticsearch"
        " clickhouse kafka"
    ).split()
    for port in ports_named(name)
)


def bucket_of(moment: datetime) -> datetime:
    """The start of the bucket that a moment is in."""
    seconds = int(BUCKET.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def buckets(start: datetime, end: datetime) -> Iterator[datetime]:
    """Starts of the buckets that lie wholly between two moments."""
    at = bucket_of(start)
    at = at if at == start else at + BUCKET
    while at + BUCKET <= end:
        yield at
        at += BUCKET


@dataclass
class Counted:
    """What was counted in one bucket. `latest` is the start of its newest record."""

    counts: tuple[Count, ...] = ()
    records: int = 0  # flows; records without one (NODATA, SKIPDATA) are not among them
    latest: datetime | None = None
    span: int = 0  # seconds of the longest record


RoadOf = Callable[[Row], str | None]  # None for what was recorded elsewhere too
Key = tuple[str, str, str]  # dimension, name, action


def count(
    rows: Iterable[Row], is_ours: Callable[[str], bool], road: RoadOf = lambda _: None
) -> dict[datetime, Counted]:
    """Counts by bucket, from the rows of `text`."""

    @cache  # the same flows come in every bucket
    def keys(action: str, source: str, target: str, port: str, leg: str) -> tuple[Key, ...]:
        ours = is_ours(source), is_ours(target)
        flow = Flow(action, source, target, port, leg, _ORIGINS[ours])
        return tuple((one, name, action) for one, name in _names(flow))

    tallies: dict[datetime, _Tally] = defaultdict(_Tally)
    moment = cache(lambda at: Row({"at": at}).moment("at"))
    for row in rows:
        get = row.values_by_field.get  # hundreds of thousands of rows pass here at the first start
        if at := moment(get("at", "-")):
            flow = (get(name, "-") for name in _FLOW)
            tallies[at].add(row, keys(*flow), road)
    return {at: tally.counted() for at, tally in tallies.items()}


_FLOW = ("action", "srcAddr", "dstAddr", "port", "leg")


class Flow(NamedTuple):
    """What one row is about."""

    action: str
    source: str
    target: str
    port: str
    leg: str
    origin: Origin


@dataclass
class _Tally:
    """One bucket, while its rows are added up: [records, packets, bytes] by what they are."""

    sums: dict[Key, list[int]] = field(default_factory=dict)
    records: int = 0
    latest: str = ""  # epoch milliseconds
    span: int = 0

    def add(self, row: Row, keys: tuple[Key, ...], road: RoadOf) -> None:
        amounts = row.number(RECORDS), row.number(PACKETS), row.number(BYTES)
        action = row.text("action")
        if action not in (ACCEPT, REJECT):
            if row.text("logStatus") == LOST:
                self._add((Dimension.ALL, "lost", "-"), amounts)
            return
        self.records += amounts[0]
        self.span = max(self.span, row.number("span"))
        latest = row.text("latest", "")
        if (len(latest), latest) > (len(self.latest), self.latest):
            self.latest = latest
        for key in keys:
            self._add(key, amounts)
        if action == ACCEPT and (category := road(row)):
            self._add((Dimension.ROAD, category, ACCEPT), amounts)

    def counted(self) -> Counted:
        latest = Row({"latest": self.latest}).moment("latest")
        return Counted(tuple(self._kept()), self.records, latest, self.span)

    def _add(self, key: Key, amounts: tuple[int, int, int]) -> None:
        sums = self.sums.get(key)
        if sums is None:
            self.sums[key] = list(amounts)
            return
        records, packets, size = amounts
        sums[0] += records
        sums[1] += packets
        sums[2] += size

    def _kept(self) -> Iterator[Count]:
        """The largest names of each dimension; the rest under one name, so that sums are exact."""
        groups: dict[tuple[str, str], list[tuple[str, list[int]]]] = defaultdict(list)
        for (dimension, name, action), sums in self.sums.items():
            groups[dimension, action].append((name, sums))
        for (dimension, action), named in groups.items():
            most = KEPT.get(Dimension(dimension), len(named))
            by_size = sorted(named, key=lambda one: (-one[1][0], one[0]))
            if action == ACCEPT and dimension in (Dimension.SOURCE, Dimension.TARGET):
                by_size = sorted(named, key=lambda one: (-one[1][2], one[0]))
            for name, sums in by_size[:most]:
                yield Count(dimension, name, action, *sums)
            if rest := [sums for _, sums in by_size[most:]]:
                totals = [sum(one[n] for one in rest) for n in range(3)]
                yield Count(dimension, REST, action, *totals)


def _names(flow: Flow) -> Iterator[tuple[Dimension, str]]:
    """Every dimension a flow counts in, and its name there."""
    action, source, target, port, leg, origin = flow
    yield Dimension.ALL, ""
    yield Dimension.ORIGIN, origin
    yield Dimension.PORT, port
    yield Dimension.SOURCE, source
    yield Dimension.TARGET, target
    if action == REJECT and origin in OURS:
        yield Dimension.OUR_TARGET, target
        yield Dimension.OUR_PORT, port
        yield Dimension.PAIR, f"{source} {target} {port}"
    elif action == REJECT and origin is Origin.INTERNET:
        yield Dimension.DOOR, f"{target} {port}"
        yield Dimension.PROBE, f"{source} {target} {port}"
    elif action == ACCEPT:
        if leg == "reply" and origin is Origin.OUTGOING:
            yield Dimension.DOOR, f"{source} {port}"  # it answered: somebody is served there
        if leg == "request" and origin is Origin.INSIDE and _watched(port):
            yield Dimension.CLIENT, f"{port} {source}"


def _watched(port: str) -> bool:
    return port.isdigit() and int(port) in WATCHED_PORTS
