"""Every example of the AWS guide for flow logs, and of the console, against a count by hand.

The count knows nothing of the engine: lines are split, grouped and added up. Addresses are chosen
out of the records, which is how one text asks both of the demo's and of real ones.
"""

from __future__ import annotations

import gzip
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.demo.days import Demo
from bot.demo.story import DEMO_DAY
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.query import Query, Result
from bot.model.window import Window

REAL = Path(__file__).parents[2] / ".." / "shared" / "data" / "real-eks-v2"
Cells = tuple[str | None, ...]


class Flow(NamedTuple):
    """A version-2 record, as its line has it."""

    version: str
    account: str
    interface: str
    src: str
    dst: str
    src_port: str
    dst_port: str
    protocol: str
    packets: str
    bytes: str
    start: str
    end: str
    action: str
    status: str

    @property
    def pair(self) -> Cells:
        return self.src, self.dst

    @property
    def connection(self) -> Cells:
        return self.src, self.dst, self.src_port, self.dst_port, self.protocol


@dataclass(frozen=True)
class Logs:
    """Records of a window, the engine over the same files, and the names that texts leave open."""

    engine: LocalEngine
    window: Window
    flows: Sequence[Flow]
    names: Mapping[str, str]

    def ask(self, text: str) -> Result:
        for name, value in self.names.items():
            text = text.replace(f"<{name}>", value)
        return self.engine.run(Query(text, self.window), Watch())


def names_in(flows: Sequence[Flow]) -> dict[str, str]:
    """The busiest address, which stands for the NAT gateway's; networks around it; an interface."""
    nat = Counter(f.dst for f in flows if f.dst.startswith("10.")).most_common(1)[0][0]
    first, second, third, _ = nat.split(".")
    return {
        "nat": nat,
        "near": f"{first}.{second}.",
        "subnet": f"{first}.{second}.{third}.",
        "interface": Counter(f.interface for f in flows).most_common(2)[1][0],
    }


def flows(folder: Path, window: Window) -> list[Flow]:
    """The records below a folder that start in a window."""
    found = []
    for path in sorted(folder.rglob("*.gz")):
        for line in gzip.decompress(path.read_bytes()).decode("ascii").splitlines():
            words = line.split()[-14:]  # an export writes a time before each record
            if words[0] != "version":  # the header
                found.append(Flow(*words))
    first, end = window.start.timestamp(), window.end.timestamp()
    return [flow for flow in found if first <= int(flow.start) < end]


@pytest.fixture(scope="module", params=["the demo's", "real"])
def logs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Logs]:
    if request.param == "real":
        if not REAL.exists():
            pytest.skip(f"{REAL} is not there")
        place, start, hours = REAL, datetime(2024, 12, 14, 16, tzinfo=UTC), 2
    else:
        place, hours = tmp_path_factory.mktemp("guide") / "demo", 5
        start = datetime.combine(DEMO_DAY, datetime.min.time(), UTC) + timedelta(hours=5)
    window = Window(start, start + timedelta(hours=hours))
    if request.param != "real":
        Demo(place).ensure(window)
    engine = LocalEngine(place)
    found = flows(place, window)
    yield Logs(engine, window, found, names_in(found))
    engine.close()


def numbers(found: Sequence[Flow], name: str) -> list[int]:
    """What is recorded under a name, without `-`."""
    return [int(value) for flow in found if (value := getattr(flow, name)) != "-"]


def total(name: str) -> Callable[[Sequence[Flow]], list[float | None]]:
    def add(found: Sequence[Flow]) -> list[float | None]:
        values = numbers(found, name)
        return [sum(values) if values else None]

    return add


def count(found: Sequence[Flow]) -> list[float | None]:
    return [len(found)]


def spread(*measures: str) -> Callable[[Sequence[Flow]], list[float | None]]:
    def measure(found: Sequence[Flow]) -> list[float | None]:
        values = numbers(found, "bytes")
        known = {"avg": sum(values) / len(values), "min": min(values), "max": max(values)}
        return [known[each] for each in measures]

    return lambda found: measure(found) if numbers(found, "bytes") else [None] * len(measures)


@dataclass(frozen=True)
class Question:
    """An example of the guide, and how it is counted by hand.

    `keep` has the names that are filled into the text. With `top` the rows are the largest of so
    many, by their last value.
    """

    text: str
    key: Callable[[Flow], Cells]
    value: Callable[[Sequence[Flow]], list[float | None]]
    keep: Callable[[Flow, Mapping[str, str]], bool] = lambda flow, names: True
    top: int | None = None

    def by_hand(self, logs: Logs) -> dict[Cells, list[float | None]]:
        names = logs.names
        groups: dict[Cells, list[Flow]] = defaultdict(list)
        for flow in logs.flows:
            if self.keep(flow, names):
                groups[self.key(flow)].append(flow)
        return {key: self.value(found) for key, found in groups.items()}


def hour(flow: Flow) -> Cells:
    begins = datetime.fromtimestamp(int(flow.start) // 3600 * 3600, UTC)
    return (f"{begins:%Y-%m-%d %H:%M:%S}.000",)


TEN_BY_BYTES = (
    " | stats sum(bytes) as bytesTransferred by srcAddr, dstAddr"
    " | sort bytesTransferred desc | limit 10"
)
QUESTIONS = {
    "top 15 pairs by packets": Question(
        "stats sum(packets) as packetsTransferred by srcAddr, dstAddr"
        " | sort packetsTransferred desc | limit 15",
        lambda f: f.pair,
        total("packets"),
        top=15,
    ),
    "top 15 destinations of a subnet": Question(
        'filter isIpv4InSubnet(srcAddr, "<subnet>0/24")'
        " | stats sum(bytes) as bytesTransferred by dstAddr"
        " | sort bytesTransferred desc | limit 15",
        lambda f: (f.dst,),
        total("bytes"),
        lambda f, names: f.src.startswith(names["subnet"]),
        top=15,
    ),
    "sources of UDP": Question(
        "filter protocol=17 | stats count(*) by srcAddr",
        lambda f: (f.src,),
        count,
        lambda f, _: f.protocol == "17",
    ),
    "hours in which records were skipped": Question(
        'filter logStatus="SKIPDATA" | stats count(*) by bin(1h) as t | sort t',
        hour,
        count,
        lambda f, _: f.status == "SKIPDATA",
    ),
    "who sends most through NAT": Question(
        "filter (dstAddr like '<nat>' and srcAddr like '<near>')" + TEN_BY_BYTES,
        lambda f: f.pair,
        total("bytes"),
        lambda f, names: names["nat"] in f.dst and names["near"] in f.src,
        top=10,
    ),
    "both ways through NAT": Question(
        "filter (dstAddr like '<nat>' and srcAddr like '<near>')"
        " or (srcAddr like '<nat>' and dstAddr like '<near>')" + TEN_BY_BYTES,
        lambda f: f.pair,
        total("bytes"),
        lambda f, names: (
            (names["nat"] in f.dst and names["near"] in f.src)
            or (names["nat"] in f.src and names["near"] in f.dst)
        ),
        top=10,
    ),
    "uploads through NAT": Question(
        "filter (srcAddr like '<nat>' and dstAddr not like '<near>')" + TEN_BY_BYTES,
        lambda f: f.pair,
        total("bytes"),
        lambda f, names: names["nat"] in f.src and names["near"] not in f.dst,
        top=10,
    ),
    "downloads through NAT": Question(
        "filter (dstAddr like '<nat>' and srcAddr not like '<near>')" + TEN_BY_BYTES,
        lambda f: f.pair,
        total("bytes"),
        lambda f, names: names["nat"] in f.dst and names["near"] not in f.src,
        top=10,
    ),
    "average and largest by destination": Question(
        "stats avg(bytes), max(bytes) by dstAddr",
        lambda f: (f.dst,),
        spread("avg", "max"),
    ),
    "interface out of the line": Question(
        "parse @message /(?<NetworkInterface>eni-.*?) /"
        " | stats count(*) as records by NetworkInterface",
        lambda f: (f.interface,),
        count,
    ),
    "console: average, least and most by pair": Question(
        "stats avg(bytes), min(bytes), max(bytes) by srcAddr, dstAddr",
        lambda f: f.pair,
        spread("avg", "min", "max"),
    ),
    "console: top 10 pairs by bytes": Question(
        TEN_BY_BYTES.removeprefix(" | "), lambda f: f.pair, total("bytes"), top=10
    ),
    "console: top 20 rejected sources": Question(
        'filter action="REJECT" | stats count(*) as numRejections by srcAddr'
        " | sort numRejections desc | limit 20",
        lambda f: (f.src,),
        count,
        lambda f, _: f.action == "REJECT",
        top=20,
    ),
}


def shown(result: Result, keys: int) -> dict[Cells, list[float | None]]:
    """Rows by their keys, in their order."""
    found: dict[Cells, list[float | None]] = {}
    for row in result.rows:
        cells = [row.get(column) for column in result.columns]
        assert tuple(cells[:keys]) not in found
        found[tuple(cells[:keys])] = [None if c is None else float(c) for c in cells[keys:]]
    return found


def agrees(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    return len(one) == len(other) and all(
        a is b is None or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-12))
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_count_by_hand_agrees(logs: Logs, question: Question) -> None:
    by_hand = question.by_hand(logs)
    assert by_hand, "these records have nothing of that kind"
    found = shown(logs.ask(question.text), len(next(iter(by_hand))))
    for key, values in found.items():
        assert agrees(values, by_hand[key]), key
    if question.top is None:
        assert found.keys() == by_hand.keys()
    else:
        # Of equally large ones any may be shown.
        best = sorted((values[-1] or 0 for values in by_hand.values()), reverse=True)
        assert [values[-1] for values in found.values()] == best[: question.top]


CONNECTIONS = (
    "fields @timestamp, srcAddr, dstAddr, srcPort, dstPort, protocol, bytes"
    " | filter {} | sort @timestamp desc | dedup srcAddr, dstAddr, srcPort, dstPort, protocol"
)


def test_one_record_of_each_connection(logs: Logs) -> None:
    newest: dict[Cells, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for flow in logs.flows:
        if flow.interface == logs.names["interface"] and flow.status == "OK":
            newest[flow.connection][flow.start].add(flow.bytes)
    only = 'interfaceId = "<interface>" and logStatus = "OK"'
    rows = logs.ask(CONNECTIONS.format(only)).rows
    assert 20 < len(rows) == len(newest) < 10_000
    for row in rows:
        connection = tuple(
            row[each] for each in ("srcAddr", "dstAddr", "srcPort", "dstPort", "protocol")
        )
        when = datetime.fromisoformat(row["@timestamp"]).replace(tzinfo=UTC).timestamp()
        assert int(when) == max(map(int, newest[connection]))
        assert row["bytes"] in newest[connection][str(int(when))]
    times = sorted((max(map(int, starts)) for starts in newest.values()), reverse=True)
    limited = logs.ask(CONNECTIONS.format(only) + " | limit 20").rows
    assert [row["@timestamp"] for row in limited] == [
        f"{datetime.fromtimestamp(when, UTC):%Y-%m-%d %H:%M:%S}.000" for when in times[:20]
    ]


def test_the_example_that_forgets_the_at_sign_is_told_so(logs: Logs) -> None:
    result = logs.ask(CONNECTIONS.format('logStream = "<interface>-all"'))
    assert result.rows == ()
    assert any(note.startswith("there is no logStream") for note in result.notes)
