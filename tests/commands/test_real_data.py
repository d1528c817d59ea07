"""Answers over records that others logged, against a count in plain Python that shares no code."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from bot.ask.asker import Asker
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.answer import Answer
from commands import shelf

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "real-eks-v2"
NOW = datetime(2024, 12, 14, 17, 20, tzinfo=UTC)
END = int(NOW.timestamp())

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"NO REAL RECORDS at {DATA}")


class Flow(NamedTuple):
    interface: str
    source: str
    target: str
    source_port: int
    target_port: int
    packets: int
    bytes: int
    start: int
    action: str


def plain_records() -> Iterator[list[str]]:
    for file in DATA.rglob("*.gz"):
        with gzip.open(file, "rt") as lines:
            for line in lines:
                yield line.split()[1:]  # the first word is the time the export task puts there


@pytest.fixture(scope="module")
def flows() -> list[Flow]:
    """Flow records of the hour before NOW."""
    return [
        Flow(r[2], r[3], r[4], int(r[5]), int(r[6]), int(r[8]), int(r[9]), int(r[10]), r[12])
        for r in plain_records()
        if r[13] == "OK" and END - 3600 <= int(r[10]) < END
    ]


@pytest.fixture(scope="module")
def asker() -> Iterator[Asker]:
    with closing(LocalEngine(DATA)) as engine:
        yield Asker(engine, shelf(), clock=lambda: NOW)


def ask(asker: Asker, line: str) -> Answer:
    return asker.ask(line, zone=ZoneInfo("UTC"), watch=Watch())


def rows(answer: Answer, title: str) -> list[dict[str, object]]:
    (table,) = [table for table in answer.tables if table.title == title]
    assert table.left_off == 0
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def is_ours(address: str) -> bool:
    ranges = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
    return any(ip_address(address) in ip_network(text) for text in ranges)


def clients(flows: list[Flow], action: str) -> dict[str, tuple[int, int, int]]:
    """Bytes, packets and connections by client, each pair at the interface with most bytes."""
    seen: dict[tuple[str, str], dict[str, list[Flow]]] = defaultdict(lambda: defaultdict(list))
    for flow in flows:
        if flow.target_port == 443 and flow.action == action:
            seen[flow.source, flow.target][flow.interface].append(flow)
    counted: Counter[tuple[str, int]] = Counter()
    for (source, _), by_interface in seen.items():
        most = max(sum(f.bytes for f in group) for group in by_interface.values())
        same = {n: g for n, g in by_interface.items() if sum(f.bytes for f in g) == most}
        group = same[min(same, key=lambda name: (-len(same[name]), name))]
        counted[source, 0] += most
        counted[source, 1] += sum(f.packets for f in group)
        counted[source, 2] += len({f.source_port for f in group})
    return {
        source: (counted[source, 0], counted[source, 1], counted[source, 2])
        for source in {source for source, _ in seen}
    }


@pytest.mark.parametrize(("title", "action"), [("Accepted", "ACCEPT"), ("Rejected", "REJECT")])
def test_db_clients(asker: Asker, flows: list[Flow], title: str, action: str) -> None:
    told = {
        row["client"]: (row["bytes"], row["packets"], row["connections"])
        for row in rows(ask(asker, "db-clients 443 1h"), title)
    }
    expected = clients(flows, action)
    assert expected
    assert told == expected


def test_db_clients_as_logged(asker: Asker, flows: list[Flow]) -> None:
    records = sum(1 for flow in flows if flow.target_port == 443)
    text = ask(asker, "db-clients 443 1h").notes[0].text.replace("\u2009", "")
    assert f"As logged, they are {records} records" in text


def test_rejects_by_origin(asker: Asker, flows: list[Flow]) -> None:
    names = {
        (True, True): "inside to inside",
        (True, False): "from inside going out",
        (False, True): "from the internet",
        (False, False): "anything else",
    }
    expected = dict.fromkeys(names.values(), 0)
    for flow in flows:
        if flow.action == "REJECT":
            expected[names[is_ours(flow.source), is_ours(flow.target)]] += 1
    told = rows(ask(asker, "rejects 1h"), "Rejected by origin")
    assert {row["origin"]: row["records"] for row in told} == expected
    assert sum(expected.values()) > 1000


def test_rejected_pairs_from_inside(asker: Asker, flows: list[Flow]) -> None:
    expected: Counter[tuple[str, str, int]] = Counter(
        (flow.source, flow.target, flow.target_port)
        for flow in flows
        if flow.action == "REJECT" and is_ours(flow.source)
    )
    told = rows(ask(asker, "rejects 1h"), "Rejected from inside")
    pairs = {(row["source"], row["target"], row["port"]): row["records"] for row in told}
    assert pairs == expected


def test_rejects_over_time(asker: Asker, flows: list[Flow]) -> None:
    (chart,) = ask(asker, "rejects 1h").charts
    expected = Counter(
        (flow.start - flow.start % 60, is_ours(flow.source))
        for flow in flows
        if flow.action == "REJECT"
    )
    for panel, ours in zip(chart.panels, (True, False), strict=True):  # type: ignore[union-attr]
        for index, at in enumerate(chart.times):  # type: ignore[union-attr]
            total = sum(series.values[index] or 0 for series in panel.series)
            assert total == expected[int(at.timestamp()), ours]


def test_top_talkers_counts_each_download_once(asker: Asker, flows: list[Flow]) -> None:
    """What hosts exchange with outside is on record at their own interfaces, free of the gateway.

    An interface is a host's own when nearly all its records name one address; the gateway's is
    left out, as the one that gets most from outside, but for what no host recorded besides.
    """
    pairs: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    named: dict[str, Counter[str]] = defaultdict(Counter)
    for flow in flows:
        if flow.action == "ACCEPT":
            pairs[flow.source, flow.target][flow.interface] += flow.bytes
            named[flow.interface].update((flow.source, flow.target))
    own = {names.most_common(1)[0][0]: at for at, names in named.items()}
    moved = {
        pair: by[own.get(pair[0], "")] or by[own.get(pair[1], "")] or max(by.values())
        for pair, by in pairs.items()
    }
    from_outside: Counter[str] = Counter()
    for (source, target), size in moved.items():
        if not is_ours(source):
            from_outside[target] += size
    gateway = from_outside.most_common(1)[0][0]
    hosts = [pair for pair in moved if gateway not in pair]
    expected = sum(moved[pair] for pair in hosts)
    expected += sum(
        size
        for (source, target), size in moved.items()
        if (target == gateway and not is_ours(source) and source not in {s for s, _ in hosts})
        or (source == gateway and not is_ours(target) and target not in {t for _, t in hosts})
    )
    answer = ask(asker, "top-talkers internal 1h")
    (table,) = answer.tables
    sent = sum(int(str(row[2])) for row in table.rows)
    received = sum(int(str(row[3])) for row in table.rows)
    inner = sum(moved[pair] for pair in hosts if is_ours(pair[0]) and is_ours(pair[1]))
    assert table.left_off == 0
    assert sent + received - inner == pytest.approx(expected, abs=1000)  # scans of the gateway
    assert expected < sum(moved.values()) / 2
    assert "a NAT gateway's own records count only where" in answer.notes[0].text


def test_what_the_logs_lack_is_told(asker: Asker) -> None:
    texts = " ".join(note.text for note in ask(asker, "rejects 1h").notes)
    statuses = Counter(r[13] for r in plain_records() if END - 3600 <= int(r[10]) < END)
    assert f"{statuses['SKIPDATA']} SKIPDATA records" in texts
    assert f"{statuses['NODATA']} NODATA records" in texts


def test_scans_finds_the_slow_scanners_and_nobody_else(asker: Asker, flows: list[Flow]) -> None:
    """A scanner tries ports and gets no answer at all; whoever gets answers is no scanner here."""
    ports: dict[tuple[str, str], set[int]] = defaultdict(set)
    for flow in flows:
        ports[flow.source, flow.target].add(flow.target_port)
    expected = {
        pair: len(tried)
        for pair, tried in ports.items()
        if len(tried) >= 15 and (pair[1], pair[0]) not in ports
    }
    told = rows(ask(asker, "scans 1h"), "Port scans")
    assert {(row["source"], row["target"]): row["ports"] for row in told} == expected
    assert len({source for source, _ in expected}) == 6
    assert not [source for source, _ in expected if is_ours(source)]


def test_traffic_adds_up_to_what_was_logged(asker: Asker, flows: list[Flow]) -> None:
    """What interfaces of hosts exchanged with the internet counts there; the gateway's is again."""
    accepted = [flow for flow in flows if flow.action == "ACCEPT"]
    answer = ask(asker, "traffic 1h")
    told = {row["category"]: row["bytes"] for row in rows(answer, "By category")}
    by_rule = sum(int(str(row["bytes"])) for row in rows(answer, "What decided"))
    assert sum(int(str(size)) for size in told.values()) == by_rule
    own: dict[str, Counter[str]] = defaultdict(Counter)
    for flow in accepted:
        own[flow.interface].update({flow.source, flow.target})
    addresses = {at: counts.most_common(1)[0][0] for at, counts in own.items()}
    received: Counter[str] = Counter()
    for flow in accepted:
        if not is_ours(flow.source) and flow.target == addresses[flow.interface]:
            received[flow.interface] += flow.bytes
    gateway = received.most_common(1)[0][0]
    behind = sum(size for at, size in received.items() if at != gateway)
    counted = sum(int(str(told[c])) for c in ("aws-service", "internet-in", "internet-out"))
    sent = sum(
        flow.bytes
        for flow in accepted
        if not is_ours(flow.target)
        and flow.source == addresses[flow.interface]
        and flow.interface != gateway
    )
    assert counted == pytest.approx(behind + sent, rel=0.001)  # and scans of the gateway itself
    (method,) = [n.text for n in answer.notes if "second sightings" in n.text]
    assert f"of {len(accepted)} records" in method.replace("\u2009", "")


def test_nat_names_the_hosts_that_downloaded(asker: Asker, flows: list[Flow]) -> None:
    told = {row["host"]: row for row in rows(ask(asker, "nat 1h"), "Who uses it")}
    downloads: Counter[str] = Counter()
    for flow in flows:
        if flow.action == "ACCEPT" and not is_ours(flow.source) and flow.bytes > 1_000_000:
            downloads[flow.target] += flow.bytes
    largest = downloads.most_common(1)[0][0]  # the gateway, for all of them
    assert largest not in told
    assert told.keys() <= downloads.keys() | {flow.source for flow in flows}
    assert len(told) == 5
