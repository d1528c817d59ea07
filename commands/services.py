"""Which services of AWS hosts use, how much, and by which road."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Command, Logs
from bot.model.fields import create_flow_log_command
from bot.model.inventory import Inventory
from bot.model.table import Column, Kind, Table
from bot.model.writing import many, share, size, wider_words, window_words
from bot.network.aws_ranges import aged
from bot.network.costs import GATED
from bot.network.following import NEEDS, Followed, follow, notes
from bot.network.roads import Category, Road, Rule, Way

Key = TypeVar("Key", bound=Hashable)

LISTED = 25
DRAWN = 12

COLUMNS = (
    Column("service", "Service"),
    Column("region", "Region"),
    Column("road", "By"),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("sent", "Sent", Kind.BYTES),
    Column("received", "Received", Kind.BYTES),
    Column("share", "Share", Kind.SHARE),
    Column("hosts", "Hosts", Kind.COUNT),
    Column("crossing", "To a gateway in another zone", Kind.BYTES, detail=True),
)
HOST_COLUMNS = (
    Column("host", "Host", Kind.ADDRESS),
    Column("service", "Service"),
    Column("road", "By"),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("sent", "Sent", Kind.BYTES),
    Column("received", "Received", Kind.BYTES),
)
CALLED = {"DYNAMODB": "DynamoDB", "AMAZON": "another AWS service", "": "a service not named"}
TONES = {Way.NAT_GATEWAY: Tone.ALARMING, Way.UNKNOWN: Tone.NOISE}
SAID = {
    Way.GATEWAY_ENDPOINT: "through a gateway endpoint",
    Way.INTERFACE_ENDPOINT: "through an interface endpoint",
    Way.NAT_GATEWAY: "through a NAT gateway",
    Way.INTERNET_GATEWAY: "through the internet gateway",
    Way.TRANSIT_GATEWAY: "through a transit gateway",
    Way.UNKNOWN: "by a road that is not known",
}


@dataclass
class Use:
    """What hosts of ours sent to services and received from them."""

    sent: int = 0
    received: int = 0
    crossing: int = 0
    hosts: set[str] = field(default_factory=set)

    @property
    def bytes(self) -> int:
        return self.sent + self.received

    def add(self, flow: Flow) -> None:
        self.hosts.add(flow.host)
        self.sent += flow.bytes if flow.out else 0
        self.received += 0 if flow.out else flow.bytes
        self.crossing += flow.bytes if flow.road.crosses else 0


@dataclass(frozen=True, slots=True)
class Flow:
    """Bytes between one host of ours and a service, one way."""

    host: str
    road: Road
    bytes: int
    out: bool  # from the host to the service

    @property
    def way(self) -> Way:
        return self.road.way or Way.UNKNOWN


def answer(question: Question, logs: Logs) -> Answer:
    found = follow(question, logs)
    flows = _flows(found, logs.inventory)
    if not flows:
        return Answer(
            question,
            "No AWS service was used in this window.",
            notes=tuple(notes(found, logs)),
            next=(f"services {wider_words(question.window)}",),
        )
    return Answer(
        question,
        _headline(flows),
        tables=(_table(flows), _hosts(flows)),
        charts=(_chart(flows),),
        notes=(*_notes(question, flows, found), *notes(found, logs)),
        next=_next(question, flows),
    )


def _flows(found: Followed, inventory: Inventory) -> list[Flow]:
    endpoints = {i for endpoint in inventory.endpoints.values() for i in endpoint.interfaces}
    flows = []
    for one in found.counted:
        if one.road.category is Category.AWS_SERVICE:
            out = one.source.inside and one.source.interface not in endpoints
            host = one.source if out else one.target
            flows.append(Flow(host.address, one.road, one.seen.bytes, out))
    return flows


def _grouped(flows: Iterable[Flow], key: Callable[[Flow], Key]) -> list[tuple[Key, Use]]:
    """Use by a key, the largest first."""
    uses: dict[Key, Use] = {}
    for flow in flows:
        uses.setdefault(key(flow), Use()).add(flow)
    return sorted(uses.items(), key=lambda item: (-item[1].bytes, str(item[0])))


def called(service: str) -> str:
    return CALLED.get(service, service)


def _headline(flows: Sequence[Flow]) -> str:
    services = _grouped(flows, lambda flow: flow.road.service)
    total = sum(flow.bytes for flow in flows)
    name, use = services[0]
    ways = _grouped((f for f in flows if f.road.service == name), lambda flow: flow.way)
    parts = [f"{share(w.bytes / use.bytes if use.bytes else 0)} {SAID[way]}" for way, w in ways]
    text = f"{called(name)} moved {size(use.bytes)}: {', '.join(parts)}"
    if len(services) > 1:
        text = f"{many(len(services), 'AWS service')} moved {size(total)}; {text}"
    return f"{text}."


def _table(flows: Sequence[Flow]) -> Table:
    total = sum(flow.bytes for flow in flows)
    groups = _grouped(flows, lambda flow: (flow.road.service, flow.road.region, flow.way))
    rows = tuple(
        (
            called(service),
            region or None,
            way.value,
            use.bytes,
            use.sent,
            use.received,
            use.bytes / total if total else 0.0,
            len(use.hosts),
            use.crossing,
        )
        for (service, region, way), use in groups[:LISTED]
    )
    return Table("By service and road", COLUMNS, rows, left_off=len(groups) - len(rows))


def _hosts(flows: Sequence[Flow]) -> Table:
    groups = _grouped(flows, lambda flow: (flow.host, flow.road.service, flow.way))
    rows = tuple(
        (host, called(service), way.value, use.bytes, use.sent, use.received)
        for (host, service, way), use in groups[:LISTED]
    )
    return Table("Who uses them", HOST_COLUMNS, rows, left_off=len(groups) - len(rows))


def _chart(flows: Sequence[Flow]) -> Bars:
    """A bar a service, or a host where there is one service only, with its roads as parts."""
    services = _grouped(flows, lambda flow: flow.road.service)
    one = len(services) == 1

    def label(flow: Flow) -> str:
        return flow.host if one else called(flow.road.service)

    bars = _grouped(flows, label)
    labels = [name for name, _ in bars[:DRAWN]]
    moved: Counter[tuple[str, Way]] = Counter()
    for flow in flows:
        moved[label(flow), flow.way] += flow.bytes
    ways = [way for way, _ in _grouped(flows, lambda flow: flow.way)]
    series = tuple(
        Series(way.value, tuple(moved[name, way] for name in labels), TONES.get(way, Tone.PLAIN))
        for way in ways
    )
    rest = len(bars) - len(labels)
    unit = f"bytes to and from {called(services[0][0])}" if one else "bytes"
    return Bars(_title(flows), tuple(labels), series, Kind.BYTES, unit, _more(rest))


def _more(rest: int) -> str:
    return f"and {rest} more" if rest else ""


def _title(flows: Sequence[Flow]) -> str:
    total = sum(flow.bytes for flow in flows)
    way, use = _grouped(flows, lambda flow: flow.way)[0]
    part = share(use.bytes / total if total else 0)
    return f"{part} of the traffic with AWS services goes {SAID[way]}"


def _notes(question: Question, flows: Sequence[Flow], found: Followed) -> Iterator[Note]:
    detour = sum(f.bytes for f in flows if f.way is Way.NAT_GATEWAY and f.road.service in GATED)
    if detour:
        yield Note(
            Topic.METHOD,
            f"{size(detour)} to and from S3 or DynamoDB went through a NAT gateway, which charges"
            " by the GB; a gateway endpoint in the subnet's route table is free.",
        )
    if any(flow.road.rule is Rule.PUBLISHED for flow in flows):
        yield Note(
            Topic.METHOD,
            "Services by the address ranges that AWS published, as of"
            f" {aged(found.published, question.now)}."
            " EC2, CloudFront and Global Accelerator are no services here: customers put hosts of"
            " their own behind them.",
        )
    unknown = sum(flow.bytes for flow in flows if flow.way is Way.UNKNOWN)
    if unknown:
        command = create_flow_log_command(("trafficPath",))
        yield Note(
            Topic.CAUTION,
            f"By which road {size(unknown)} went is not known: route tables (flows inventory --save"
            f" FILE) tell, or traffic-path in a flow log's format: {command}",
        )


def _next(question: Question, flows: Sequence[Flow]) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    (host, _), *_ = _grouped(flows, lambda flow: flow.host)
    by_nat = any(flow.way is Way.NAT_GATEWAY for flow in flows)
    lines = (f"nat {window}", f"costs {window}") if by_nat else (f"traffic {window}",)
    return *lines, f"host {host} {window}"


COMMAND = Command(
    name="services",
    summary="which AWS services hosts use, how much, and by which road",
    answer=answer,
    needs=NEEDS,
    examples=("services", "services 24h"),
)
