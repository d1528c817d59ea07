"""What must be true of a day: its shape, its network, its rules and its story."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bot.demo import network, noise, rules
from bot.demo.log import HEADER
from bot.demo.network import Host
from bot.demo.story import BACKUP, DEMO_DAY, mistake
from bot.demo.traffic import day_of_records

if TYPE_CHECKING:
    from tests.demo.conftest import Record

MIDNIGHT = 1795478400
BY_INTERFACE = {host.interface_id: host for host in network.HOSTS}
BY_ADDRESS = {host.address: host for host in network.HOSTS}
ZONE_B = {network.APP_B1.address, network.APP_B2.address, network.WORKER_B.address}


def rejected_inside(records: Iterable[Record]) -> list[Record]:
    return [
        r for r in records if r.action == "REJECT" and r.src in BY_ADDRESS and r.dst in BY_ADDRESS
    ]


def test_a_day_is_always_the_same(texts: list[str]) -> None:
    assert day_of_records(DEMO_DAY) == texts


def test_a_day_is_the_same_on_every_machine_and_python(texts: list[str]) -> None:
    # After a change that is meant to change the traffic, write the new digest here.
    assert (
        sha256("".join(texts).encode()).hexdigest()
        == "e5b58d34a250728d04ba9051799f1761d58bdf9987e9c7115518cbe0b0a3fb16"
    )


def test_days_tell_the_same_story_with_other_noise() -> None:
    days = [
        [line.split() for text in day_of_records(day) for line in text.splitlines()[1:]]
        for day in (date(2026, 11, 25), date(2026, 11, 28))
    ]
    refused = [
        {(r[3], r[4]) for r in day if r[12] == "REJECT" and r[6] == "5432" and r[3] in ZONE_B}
        for day in days
    ]
    assert refused[0] == refused[1] != set()
    assert noise.slow_scanners(date(2026, 11, 25)) != noise.slow_scanners(date(2026, 11, 28))


def test_every_line_has_the_default_format(texts: list[str], lines: list[str]) -> None:
    assert len(texts) == 288
    assert {text.split("\n", 1)[0] for text in texts} == {HEADER}
    assert all(text.endswith("\n") for text in texts)
    address = r"\d{1,3}(\.\d{1,3}){3}"
    data = re.compile(
        rf"2 123456789012 eni-[0-9a-f]{{17}} {address} {address}( \d+){{7}} (ACCEPT|REJECT) OK"
    )
    gap = re.compile(r"2 123456789012 eni-[0-9a-f]{17}( -){7}( \d+){2} - (NODATA|SKIPDATA)")
    assert [line for line in lines if not data.fullmatch(line) and not gap.fullmatch(line)] == []


def test_every_record_ends_in_its_files_five_minutes_and_within_its_minute(
    texts: list[str],
) -> None:
    for slot, text in enumerate(texts):
        for line in text.splitlines()[1:]:
            start, end = (int(word) - MIDNIGHT for word in line.split()[10:12])
            assert 0 <= start <= end < 86400, line
            assert end // 300 == slot, line
            assert start // 60 == end // 60, line


def test_counts_are_those_of_a_small_network(lines: list[str]) -> None:
    counts = Counter(tuple(line.split()[12:]) for line in lines)
    assert 60_000 < len(lines) < 125_000
    assert counts["ACCEPT", "OK"] > 0.85 * len(lines)
    assert 5_000 < counts["REJECT", "OK"] < 10_000
    assert 2_000 < counts["-", "NODATA"] < 8_000
    assert 4 <= counts["-", "SKIPDATA"] <= 8
    assert sum(counts.values()) == len(lines)


def test_packets_and_bytes_are_possible(records: list[Record]) -> None:
    for r in records:
        assert r.packets >= 1
        assert 40 * r.packets <= r.size <= 9001 * r.packets, r
        assert 0 <= r.src_port <= 65535
        assert 0 <= r.dst_port <= 65535
        assert (r.protocol == 1) == (r.src_port == r.dst_port == 0), r


def test_every_interface_records_its_own_address(records: list[Record]) -> None:
    for r in records:
        own = BY_INTERFACE[r.interface_id].address
        assert own in (r.src, r.dst), r
        assert r.src != r.dst


def test_every_address_is_ours_or_reserved_for_examples_or_s3s(records: list[Record]) -> None:
    examples = [
        ip_network(text)
        for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", *network.S3_RANGES)
    ]
    strange = {address for r in records for address in (r.src, r.dst)} - BY_ADDRESS.keys()
    assert [a for a in strange if not any(ip_address(a) in n for n in examples)] == []


def test_interfaces_are_silent_exactly_when_nodata_says_so(lines: list[str]) -> None:
    spoken: Counter[str] = Counter()
    silent: Counter[str] = Counter()
    for line in lines:
        words = line.split()
        minute = f"{words[2]} {int(words[10]) // 60}"
        (silent if words[13] == "NODATA" else spoken)[minute] += words[13] != "SKIPDATA"
    assert set(silent.values()) == {1}
    spoken = +spoken
    assert not silent.keys() & spoken.keys()
    assert len(silent) + len(spoken) == len(network.HOSTS) * 1440


def test_what_one_of_ours_sends_another_is_recorded_by_both(records: list[Record]) -> None:
    sides: dict[object, Counter[str]] = defaultdict(Counter)
    for r in records:
        if {r.src, r.dst} <= BY_ADDRESS.keys() and network.NAT.address not in (r.src, r.dst):
            sides[r[1:10]][r.interface_id] += 1
    assert len(sides) > 10_000
    for key, interfaces in sides.items():
        assert interfaces.keys() == {BY_ADDRESS[str(a)].interface_id for a in key[:2]}, key  # type: ignore[index]
        assert len(set(interfaces.values())) == 1, key


def test_the_nat_gateway_repeats_what_hosts_send_through_it(records: list[Record]) -> None:
    hosts: Counter[object] = Counter()
    inside: Counter[object] = Counter()
    outside: Counter[object] = Counter()
    for r in records:
        amount = r[6:10]
        host = BY_INTERFACE[r.interface_id]
        if host is network.NAT and r.dst == host.address and r.src in BY_ADDRESS:
            inside[r.src, r.src_port, r.dst_port, amount] += 1
        elif host is network.NAT and r.src == host.address and r.dst not in BY_ADDRESS:
            outside[r.dst, r.dst_port, amount] += 1
        elif r.action == "ACCEPT" and not host.subnet.public and r.dst not in BY_ADDRESS:
            by_endpoint = host.subnet.s3_endpoint and r.dst in network.S3
            hosts[r.src, r.src_port, r.dst_port, amount] += not by_endpoint
    assert +hosts == inside
    assert inside.total() == outside.total() > 1_000


def test_every_accepted_request_of_ours_is_answered(records: list[Record]) -> None:
    accepted = {r.ends for r in records if r.action == "ACCEPT"}
    refused = {r.ends for r in records if r.action == "REJECT"}
    services = {22, 5432, 6379, 8080, 9100, 9121, 9187}
    lonely = [
        r
        for r in records
        if r.dst_port in services
        and {r.src, r.dst} <= BY_ADDRESS.keys()
        and r.turned not in accepted
        and r.ends not in refused
    ]
    assert lonely == []


def lets_in(host: Host, src: str, port: int, protocol: int, *, broken: bool) -> bool:
    """Whether one of the host's groups has a rule for it; a host without groups is open."""
    sender = BY_ADDRESS.get(src)
    for group in rules.groups(broken=broken):
        if group.name not in host.groups:
            continue
        for rule in group.inbound:
            by_group = sender is not None and rule.peer in sender.groups
            by_range = "/" in rule.peer and ip_address(src) in ip_network(rule.peer)
            if protocol == 6 and rule.ports[0] <= port <= rule.ports[1] and (by_group or by_range):
                return True
    return not host.groups


def nacl_lets_pass(host: Host, r: Record, *, egress: bool) -> bool:
    nacl = next(nacl for nacl in rules.NACLS if host.subnet in nacl.subnets)
    peer = ip_address(r.dst if egress else r.src)
    for entry in sorted(nacl.outbound if egress else nacl.inbound, key=lambda e: e.number):
        if (
            peer in ip_network(entry.range)
            and entry.protocol in (None, r.protocol)
            and (entry.ports is None or entry.ports[0] <= r.dst_port <= entry.ports[1])
        ):
            return entry.allow
    return False


def test_the_rules_decide_every_record_but_the_late_packets(records: list[Record]) -> None:
    started = {(r.interface_id, r.ends) for r in records if r.action == "ACCEPT"}
    first = {
        r.ends: r.start for r in sorted(records, key=lambda r: -r.start) if r.action == "ACCEPT"
    }
    window = mistake(DEMO_DAY)
    late, decided = [], {}
    for r in records:
        host = BY_INTERFACE[r.interface_id]
        egress = r.src == host.address
        broken = window.start.timestamp() <= r.start < window.end.timestamp()
        question = (host.name, r.ends, broken)
        if question not in decided:
            decided[question] = nacl_lets_pass(host, r, egress=egress) and (
                egress
                or (r.interface_id, r.turned) in started
                or lets_in(host, r.src, r.dst_port, r.protocol, broken=broken)
            )
        if decided[question] != (r.action == "ACCEPT"):
            late.append(r)
    assert 20 < len(late) < 250
    for r in late:
        assert r.action == "REJECT"
        assert r.packets <= 2
        assert r.size == 40 * r.packets
        assert min(first[ends] for ends in (r.ends, r.turned) if ends in first) < r.start, r


def test_the_mistake_rejects_zone_b_and_nobody_else(records: list[Record]) -> None:
    window = mistake(DEMO_DAY)
    refused = [r for r in rejected_inside(records) if r.packets > 2]
    assert {r.src for r in refused} == ZONE_B
    assert {r.interface_id for r in refused} == {d.interface_id for d in network.DATABASES}
    assert {r.dst_port for r in refused} == {5432}
    assert min(r.start for r in refused) - window.start.timestamp() < 60
    assert 0 < window.end.timestamp() - max(r.end for r in refused) < 60
    per_minute = Counter(r.start // 60 for r in refused)
    assert len(per_minute) == 68
    assert min(per_minute.values()) >= 10
    ports = {(r.src, r.src_port, r.dst) for r in refused}
    assert len(ports) == len(refused), "each attempt has a port of its own"


def test_zone_b_reaches_postgresql_before_and_after_the_mistake_only(
    records: list[Record],
) -> None:
    window = mistake(DEMO_DAY)
    served = [
        r.start for r in records if r.action == "ACCEPT" and r.dst in ZONE_B and r.src_port == 5432
    ]
    start, end = window.start.timestamp(), window.end.timestamp()
    assert any(t < start for t in served)
    assert any(t >= end for t in served)
    assert [t for t in served if start <= t < end] == []


def test_the_few_other_rejects_inside_are_late_packets(records: list[Record]) -> None:
    others = [r for r in rejected_inside(records) if r.packets <= 2]
    assert 5 <= len(others) <= 60
    assert {r.size // r.packets for r in others} == {40}


def test_what_goes_out_and_is_rejected_is_mail_alone(records: list[Record]) -> None:
    outward = [
        r
        for r in records
        if r.action == "REJECT" and r.src in BY_ADDRESS and r.dst not in BY_ADDRESS
    ]
    assert {(r.dst, r.dst_port) for r in outward} == {(network.MAIL, 25)}
    assert {(r.start - MIDNIGHT) // 3600 for r in outward} == set(range(24))
    assert sum(r.packets for r in outward) == 24 * 3


def test_slow_scanners_have_one_port_each_and_many_targets_ports(records: list[Record]) -> None:
    scanners = noise.slow_scanners(DEMO_DAY)
    assert len({scanner.address for scanner in scanners}) == 6
    for scanner in scanners:
        theirs = [r for r in records if r.src == scanner.address]
        assert {r.src_port for r in theirs} == {scanner.port}
        assert {r.dst for r in theirs} == {target.address for target in scanner.targets}
        assert len({r.dst_port for r in theirs}) > 200
        gaps = [b.start - a.start for a, b in pairwise(r for r in theirs if r.dst == theirs[0].dst)]
        assert min(gaps) >= 45


def test_scans_of_the_nat_gateway_are_accepted_and_unanswered(records: list[Record]) -> None:
    at_nat = [
        r
        for r in records
        if r.interface_id == network.NAT.interface_id and r.src.startswith("198.51.100.")
    ]
    assert len(at_nat) > 500
    assert {r.action for r in at_nat} == {"ACCEPT"}
    assert not any(
        r.dst.startswith("198.51.100.") and r.src == network.NAT.address for r in records
    )


def test_the_backup_goes_through_the_nat_gateway_at_night(records: list[Record]) -> None:
    start = MIDNIGHT + BACKUP.hour * 3600
    sent = [
        r for r in records if r.interface_id == network.REPLICA.interface_id and r.dst in network.S3
    ]
    assert {(r.start - start) // 3600 for r in sent} == {0}
    assert 15e9 < sum(r.size for r in sent) < 30e9


@pytest.mark.parametrize("subnet", [network.APP_A, network.APP_B], ids=lambda s: str(s.name))
def test_s3_is_reached_by_two_roads(records: list[Record], subnet: network.Subnet) -> None:
    hosts = {host.address for host in network.APPS if host.subnet is subnet}
    inside_nat = [
        r
        for r in records
        if r.interface_id == network.NAT.interface_id and r.src in hosts and r.dst_port == 443
    ]
    to_s3 = [r for r in records if r.src in hosts and r.dst in network.S3]
    assert to_s3
    assert (len(inside_nat) > len(to_s3)) == (subnet is network.APP_B)


def test_nights_are_quieter_than_afternoons(records: list[Record]) -> None:
    visits = Counter((r.start - MIDNIGHT) // 3600 for r in records if r.src.startswith("203."))
    assert visits[16] > 3 * visits[4] > 0


def test_the_spare_host_never_speaks(records: list[Record]) -> None:
    assert not any(r.interface_id == network.SPARE.interface_id for r in records)
