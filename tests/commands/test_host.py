from __future__ import annotations

import pytest

from bot.model.answer import Answer
from bot.model.chart import Bars
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from bot.model.inventory import Instance, Interface, Inventory
from bot.network.snapshots import Still
from tests.commands.conftest import Ask
from tests.commands.records import NOW, flow

HOST = "10.0.3.5"
RECORDS = [
    flow("10.0.1.10:40001", f"{HOST}:5432", bytes=100, at=1),
    flow("10.0.1.11:40001", f"{HOST}:5432", bytes=50, at=3),
    flow(f"{HOST}:5432", "10.0.1.10:40001", bytes=900, at=1),
    flow(f"{HOST}:5432", "10.0.1.10:40001", bytes=900, at=1, interface_id="eni-0b"),
    flow(f"{HOST}:41000", "198.51.100.7:443", bytes=30),
    flow("198.51.100.7:443", f"{HOST}:41000", bytes=70),
    flow(f"{HOST}:41001", "10.0.9.9:15017", bytes=5),  # a port that no list knows
    flow("10.0.9.9:15017", f"{HOST}:41001", bytes=6),
    flow("203.0.113.9:50000", f"{HOST}:22", "REJECT"),
    flow("10.0.1.10:40001", "10.0.3.50:5432", bytes=10**6),
]


def rows(answer: Answer, title: str) -> list[tuple[object, ...]]:
    return [row for table in answer.tables if table.title == title for row in table.rows]


def test_services_offered_and_used_and_rejects(ask: Ask) -> None:
    answer = ask(f"host {HOST}", *RECORDS)
    (offered,) = rows(answer, "Services it offers")
    assert offered[:6] == (5432, "tcp", "postgres", 2, "10.0.1.10", 1050)
    assert [row[:5] for row in rows(answer, "Services it uses")] == [
        ("198.51.100.7", 443, "tcp", "https", 100),
        ("10.0.9.9", 15017, "tcp", "", 11),
    ]
    (rejected,) = rows(answer, "Rejected")
    assert rejected[:6] == ("203.0.113.9", HOST, 22, "tcp", "ssh", 1)
    assert answer.headline == (
        "10.0.3.5 moved 1.16 kB, served 2 clients, most on port 5432 (postgres), used 2 services"
        " and had 1 reject."
    )


def test_the_chart_is_of_peers(ask: Ask) -> None:
    (chart,) = ask(f"host {HOST}", *RECORDS).charts
    assert isinstance(chart, Bars)
    assert chart.labels == ("10.0.1.10", "198.51.100.7", "10.0.1.11", "10.0.9.9")
    assert [series.values for series in chart.series] == [(900, 30, 0, 5), (100, 70, 50, 6)]
    assert chart.title == "10.0.3.5 moved most with 10.0.1.10: 1.00 kB"


def test_a_range(ask: Ask) -> None:
    answer = ask("host 10.0.3.0/24", *RECORDS)
    assert rows(answer, "Services it offers")[0][5] == 1_001_050


def test_nothing_seen(ask: Ask) -> None:
    answer = ask("host 192.0.2.1", *RECORDS)
    assert answer.headline == "Nothing was seen of 192.0.2.1."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("host 192.0.2.1 24h",))


def test_only_rejects(ask: Ask) -> None:
    answer = ask("host 203.0.113.9", *RECORDS)
    assert answer.headline == "203.0.113.9 moved 0 B and had 1 reject."
    assert answer.charts == ()


def test_hostile_records(ask: Ask) -> None:
    answer = ask(f"host {HOST}", flow("*a*<b>:40001", f"{HOST}:5432"))
    assert rows(answer, "Services it offers")[0][4] == "*a*<b>"


def test_no_address(ask: Ask) -> None:
    with pytest.raises(BadLine, match="host needs HOST"):
        ask("host", *RECORDS)


def test_a_log_without_interfaces(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "interface-id"]
    with pytest.raises(MissingFields, match="interfaceId"):
        ask(f"host {HOST}", *RECORDS, fields=fields)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask(f"host {HOST}", *RECORDS)
    assert answer.next == (
        "db-clients 5432 on 10.0.3.5 1h",
        "rejects to 10.0.3.5 1h",
        "rejects from 10.0.3.5 1h",
    )
    assert answer.why
    for line in (*answer.next, *answer.why):
        assert ask(line).headline


def two_interfaces() -> Still:
    """An instance with an address on each of two interfaces, and a public one."""
    made = [
        Interface(f"eni-{n}", "vpc-1", "subnet-1", "use1-az1", (f"10.0.3.{n}",), public, (), "i-1")
        for n, public in ((5, ("198.51.100.5",)), (6, ()))
    ]
    return Still(
        Inventory(interfaces={i.id: i for i in made}, instances={"i-1": Instance("i-1", "db-1")}),
        lambda: NOW,
    )


@pytest.mark.parametrize("word", ["db-1", "i-1", "eni-6", "10.0.3.5"])
def test_a_host_is_all_its_addresses(ask: Ask, word: str) -> None:
    records = [
        flow("10.0.1.9:40001", "10.0.3.5:5432", bytes=100, interface_id="eni-5"),
        flow("10.0.1.9:40001", "10.0.3.6:5432", bytes=20, interface_id="eni-6"),
        flow("198.51.100.5:40001", "203.0.113.7:443", bytes=3, interface_id="eni-5"),
    ]
    answer = ask(f"host {word}", *records, network=two_interfaces())
    assert "moved 123 B, served 1 client, most on port 5432 (postgres)" in answer.headline
    assert answer.notes[1].text.startswith("With all addresses of the same host: ")


def test_an_interface_that_nothing_is_called(ask: Ask) -> None:
    with pytest.raises(BadLine, match="eni-77"):
        ask("host eni-77", network=two_interfaces())
