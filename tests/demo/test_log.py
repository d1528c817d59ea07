"""Which interface records what."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.demo import network
from bot.demo.draw import Draw, Ports
from bot.demo.log import Conversation, DayLog, behind_nat, conversation, split

DAY = date(2026, 11, 24)
MIDNIGHT = 1795478400


def seen(legs: Conversation) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    names = {host.interface_id: host.name for host in network.HOSTS}
    return (
        [(names[leg.interface_id], leg.text) for leg in legs.requests],
        [(names[leg.interface_id], leg.text) for leg in legs.replies],
    )


def test_hosts_of_ours_record_a_conversation_twice_each_way() -> None:
    assert seen(conversation(network.APP_A1, 40000, network.PRIMARY, 5432)) == (
        [
            ("app-a1", "10.20.10.21 10.20.20.30 40000 5432 6"),
            ("db-a1", "10.20.10.21 10.20.20.30 40000 5432 6"),
        ],
        [
            ("db-a1", "10.20.20.30 10.20.10.21 5432 40000 6"),
            ("app-a1", "10.20.20.30 10.20.10.21 5432 40000 6"),
        ],
    )


def test_a_visitor_is_recorded_at_the_load_balancer_alone() -> None:
    assert seen(conversation("203.0.113.7", 50000, network.ALB_A, 443)) == (
        [("alb-a", "203.0.113.7 10.20.0.11 50000 443 6")],
        [("alb-a", "10.20.0.11 203.0.113.7 443 50000 6")],
    )


def test_the_nat_gateway_records_both_of_its_sides() -> None:
    assert seen(conversation(network.APP_B1, 40000, "192.0.2.10", 443, nat_port=2000)) == (
        [
            ("app-b1", "10.20.11.21 192.0.2.10 40000 443 6"),
            ("nat-a", "10.20.11.21 10.20.0.5 40000 443 6"),
            ("nat-a", "10.20.0.5 192.0.2.10 2000 443 6"),
        ],
        [
            ("nat-a", "192.0.2.10 10.20.0.5 443 2000 6"),
            ("nat-a", "10.20.0.5 10.20.11.21 443 40000 6"),
            ("app-b1", "192.0.2.10 10.20.11.21 443 40000 6"),
        ],
    )


def test_only_app_a_has_the_endpoint_for_s3() -> None:
    s3 = network.S3[0]
    assert not behind_nat(network.APP_A1, s3)
    assert behind_nat(network.APP_A1, network.PAYMENTS)
    assert all(behind_nat(host, s3) for host in (network.APP_B1, network.REPLICA))
    assert not behind_nat(network.BASTION, network.PACKAGES)


def test_a_refused_packet_is_accepted_where_it_leaves() -> None:
    log = DayLog(DAY)
    attempt = conversation(network.APP_B1, 40000, network.PRIMARY, 5432)
    log.refuse(attempt.requests, 300, 303, (3, 180))
    head, tail = "10.20.11.21 10.20.20.30 40000 5432 6", f"3 180 {MIDNIGHT + 300} {MIDNIGHT + 303}"
    assert log.slots[1] == [
        f"2 123456789012 {network.APP_B1.interface_id} {head} {tail} ACCEPT OK",
        f"2 123456789012 {network.PRIMARY.interface_id} {head} {tail} REJECT OK",
    ]


def test_what_outlasts_the_day_is_cut_at_its_end() -> None:
    log = DayLog(DAY)
    log.talk(conversation("203.0.113.7", 1, network.ALB_A, 443), 86390, 90000, (9, 900), (9, 900))
    assert [line.split()[11] for line in log.slots[-1]] == [str(MIDNIGHT + 86399)] * 2


def test_silence_is_noted_for_every_minute_without_records() -> None:
    log = DayLog(DAY)
    log.pass_by(conversation("203.0.113.7", 1, network.NAT, 443).requests, 60, 119, (1, 40))
    log.note_silence(Draw("silence"))
    silent = [line for slot in log.slots for line in slot if line.endswith(" - NODATA")]
    assert len(silent) == len(network.HOSTS) * 1440 - 1


@given(
    first=st.integers(0, 80000),
    length=st.integers(0, 5000),
    packets=st.integers(1, 10**6),
    packet=st.integers(40, 9000),
)
def test_pieces_add_up_and_stay_in_their_minute(
    first: int, length: int, packets: int, packet: int
) -> None:
    pieces = list(split(first, first + length, (packets, packets * packet)))
    assert sum(piece[2] for piece in pieces) == packets
    assert sum(piece[3] for piece in pieces) == packets * packet
    for begin, end, count, size in pieces:
        assert first <= begin <= end <= first + length
        assert begin // 60 == end // 60
        assert count >= 1
        assert size == count * packet


def test_ports_stay_in_the_hosts_range_and_do_not_come_back_soon() -> None:
    ports = Ports(Draw("ports"))
    drawn = [ports.next(network.APP_A1) for _ in range(20_000)]
    assert min(drawn) >= 32768
    assert max(drawn) <= 60999
    assert all(len(set(drawn[n : n + 1000])) == 1000 for n in range(0, 20_000, 1000))
