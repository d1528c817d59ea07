"""One five-minute bucket of flow records → the counts that later answers add up. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.model.query import Row
from bot.network.ports import EPHEMERAL_FROM, ports_named
from bot.store.rollups import Count

BUCKET = timedelta(minutes=5)
REST = "…"  # the name under which a dimension's smaller names are added up
ACCEPT, REJECT = "ACCEPT", "REJECT"

# Rejects come first, so that the limit cuts accepted flows before it cuts any of them. An accepted
# flow is known by the lower of its ports; a rejected one by the port it was sent to. Which side is
# the server is only clear where the other port is one that clients are handed.
TEXT = f"""\
fields if(action = "REJECT" or dstPort <= srcPort, dstPort, srcPort) as port, \
if(action = "REJECT" or (dstPort <= srcPort and srcPort >= {EPHEMERAL_FROM}), "request", \
if(srcPort < dstPort and dstPort >= {EPHEMERAL_FROM}, "reply", "unclear")) as leg
| stats count(*) as records, sum(packets) as totalPackets, sum(bytes) as totalBytes, \
max(toMillis(@timestamp)) as latest, max(end - start) as span \
by bin(5m) as at, action, srcAddr, dstAddr, port, leg, logStatus
| sort action desc, records desc"""


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


def count(rows: Iterable[Row], is_ours: Callable[[str], bool]) -> dict[datetime, Counted]:
    """Counts by bucket, from the rows of `TEXT`."""
    tallies: dict[datetime, _Tally] = defaultdict(_Tally)
    for row in rows:
        if at := row.moment("at"):
            tallies[at].add(row, is_ours)
    return {at: tally.counted() for at, tally in tallies.items()}


@dataclass
class _Tally:
    """One bucket, while its rows are added up: [records, packets, bytes] by what they are."""

    sums: dict[tuple[Dimension, str, str], list[int]] = field(default_factory=dict)
    records: int = 0
    latest: datetime | None = None
    span: int = 0

    def add(self, row: Row, is_ours: Callable[[str], bool]) -> None:
        amounts = [row.number(name) for name in ("records", "totalPackets", "totalBytes")]
        action = row.text("action")
        if action not in (ACCEPT, REJECT):
            if row.text("logStatus") == LOST:
                self._add(Dimension.ALL, "lost", "-", amounts)
            return
        self.records += amounts[0]
        self.span = max(self.span, row.number("span"))
        if (latest := row.moment("latest")) and (self.latest is None or latest > self.latest):
            self.latest = latest
        for dimension, name in _names(row, action, is_ours):
            self._add(dimension, name, action, amounts)

    def counted(self) -> Counted:
        return Counted(tuple(self._kept()), self.records, self.latest, self.span)

    def _add(self, dimension: Dimension, name: str, action: str, amounts: list[int]) -> None:
        sums = self.sums.setdefault((dimension, name, action), [0, 0, 0])
        for n, amount in enumerate(amounts):
            sums[n] += amount

    def _kept(self) -> Iterator[Count]:
        """The largest names of each dimension; the rest under one name, so that sums are exact."""
        groups: dict[tuple[Dimension, str], list[tuple[str, list[int]]]] = defaultdict(list)
        for (dimension, name, action), sums in self.sums.items():
            groups[dimension, action].append((name, sums))
        for (dimension, action), named in groups.items():
            most = KEPT.get(dimension, len(named))
            by_size = sorted(named, key=lambda one: (-one[1][0], one[0]))
            if action == ACCEPT and dimension in (Dimension.SOURCE, Dimension.TARGET):
                by_size = sorted(named, key=lambda one: (-one[1][2], one[0]))
            for name, sums in by_size[:most]:
                yield Count(dimension, name, action, *sums)
            if rest := [sums for _, sums in by_size[most:]]:
                totals = [sum(one[n] for one in rest) for n in range(3)]
                yield Count(dimension, REST, action, *totals)


def _names(
    row: Row, action: str, is_ours: Callable[[str], bool]
) -> Iterator[tuple[Dimension, str]]:
    """Every dimension a flow counts in, and its name there."""
    source, target, port = row.text("srcAddr"), row.text("dstAddr"), row.text("port")
    from_us, to_us = is_ours(source), is_ours(target)
    origin = _ORIGINS[from_us, to_us]
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
        if row.text("leg") == "reply" and origin is Origin.OUTGOING:
            yield Dimension.DOOR, f"{source} {port}"  # it answered: somebody is served there
        if row.text("leg") == "request" and origin is Origin.INSIDE and _watched(port):
            yield Dimension.CLIENT, f"{port} {source}"


def _watched(port: str) -> bool:
    return port.isdigit() and int(port) in WATCHED_PORTS
