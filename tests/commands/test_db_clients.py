from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.model.answer import Answer, Topic
from bot.model.chart import Bars
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from bot.model.table import Table
from tests.commands.conftest import Ask
from tests.commands.records import flow, status

DB = "10.0.3.5:5432"


def table(answer: Answer, title: str) -> Table:
    return next(table for table in answer.tables if table.title == title)


def column(answer: Answer, title: str, name: str) -> list[object]:
    found = table(answer, title)
    index = [column.name for column in found.columns].index(name)
    return [row[index] for row in found.rows]


def method(answer: Answer) -> str:
    return " ".join(note.text for note in answer.notes if note.topic is Topic.METHOD)


def test_clients_accepted_and_rejected(ask: Ask) -> None:
    answer = ask(
        "db-clients postgres 1h",
        flow("10.0.1.10:40001", DB, bytes=500, packets=5, at=1),
        flow("10.0.1.10:40002", DB, bytes=700, packets=7, at=9),
        flow("10.0.1.20:40001", DB, bytes=100, packets=1),
        flow("10.0.9.9:51000", DB, "REJECT", bytes=40, packets=1),
        flow("10.0.9.9:51001", DB, "REJECT", bytes=40, packets=1),
        flow("10.0.1.10:40001", "10.0.3.5:443", bytes=9_999_999),
    )
    assert answer.headline == (
        "2 clients talked to port 5432 (postgres), moving 1.30 kB; 10.0.9.9 was rejected 2 times."
    )
    accepted = table(answer, "Accepted")
    assert accepted.rows == (
        (
            "10.0.1.10",
            "10.0.3.5",
            1,
            1200,
            12,
            2,
            datetime(2026, 11, 20, 14, 6, tzinfo=UTC),
            datetime(2026, 11, 20, 14, 14, tzinfo=UTC),
            0,
            2,
        ),
        (
            "10.0.1.20",
            "10.0.3.5",
            1,
            100,
            1,
            1,
            datetime(2026, 11, 20, 14, 5, tzinfo=UTC),
            datetime(2026, 11, 20, 14, 5, tzinfo=UTC),
            0,
            1,
        ),
    )
    assert column(answer, "Rejected", "client") == ["10.0.9.9"]
    assert column(answer, "Rejected", "records") == [2]


def test_replies_are_no_clients_but_their_bytes_are_told(ask: Ask) -> None:
    answer = ask(
        "db-clients 5432",
        flow("10.0.1.10:40001", DB, bytes=500),
        flow(DB, "10.0.1.10:40001", bytes=80_000),
        flow(DB, "10.0.1.11:40001", "REJECT", bytes=60),
    )
    assert column(answer, "Accepted", "client") == ["10.0.1.10"]
    assert column(answer, "Accepted", "bytes_back") == [80_000]
    assert len(answer.tables) == 1


def test_those_who_got_no_answer_did_not_talk(ask: Ask) -> None:
    answer = ask(
        "db-clients 5432",
        flow("10.0.1.10:40001", DB, bytes=500),
        flow(DB, "10.0.1.10:40001", bytes=80_000),
        flow("203.0.113.9:40001", DB, bytes=44),
    )
    assert answer.headline == (
        "1 client talked to port 5432 (postgres), moving 80.5 kB;"
        " 1 more was let through but got no answer."
    )
    assert column(answer, "Accepted", "client") == ["10.0.1.10", "203.0.113.9"]


def test_rejects_from_inside_come_first(ask: Ask) -> None:
    answer = ask(
        "db-clients 5432",
        flow("203.0.113.9:51000", DB, "REJECT"),
        flow("203.0.113.9:51001", DB, "REJECT"),
        flow("10.0.1.10:40001", DB, "REJECT"),
    )
    assert answer.headline == (
        "No client reached port 5432 (postgres);"
        " rejected: 1 from inside, most often 10.0.1.10 (1 time), and 1 from outside."
    )


def test_what_a_nat_gateway_passes_on_counts_once(ask: Ask) -> None:
    gateway, host, web = "10.0.0.5", "10.0.1.10", "198.51.100.7"
    there = [(host, gateway, "eni-0b"), (gateway, web, "eni-0b"), (host, web, "eni-0c")]
    records = [
        flow(f"{a}:40001", f"{b}:443", bytes=100, interface_id=interface)
        for a, b, interface in there
    ]
    records += [
        flow(f"{b}:443", f"{a}:40001", bytes=9000, interface_id=interface)
        for a, b, interface in there
    ]
    answer = ask("db-clients 443", *records)
    assert "moving 9.10 kB" in answer.headline
    assert column(answer, "Accepted", "client") == [host, gateway]
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert (chart.labels, chart.series[1].values) == ((host,), (9000,))
    assert "10.0.0.5 passes on others' traffic, as a NAT gateway does" in method(answer)


def test_a_client_that_was_handed_the_port_is_set_aside(ask: Ask) -> None:
    answer = ask(
        "db-clients 5432",
        flow("10.0.1.10:40001", DB),
        flow("10.0.2.2:443", "10.0.1.77:5432"),  # a web server's reply
        flow("10.0.2.3:6379", "10.0.1.78:5432"),  # a Redis's reply
        flow("10.0.1.78:5432", "10.0.2.3:443", bytes=7),  # its request: no reply of ours
    )
    assert column(answer, "Accepted", "client") == ["10.0.1.10"]
    assert column(answer, "Accepted", "bytes_back") == [0]
    assert "2 records set aside" in method(answer)


def test_a_low_port_is_never_a_clients(ask: Ask) -> None:
    answer = ask("db-clients https", flow("10.0.1.10:80", "10.0.2.2:443"))
    assert column(answer, "Accepted", "client") == ["10.0.1.10"]


def test_a_flow_seen_at_three_interfaces_counts_once(ask: Ask) -> None:
    seen = [
        flow("10.0.1.10:40001", DB, bytes=size, packets=size // 100, interface_id=interface)
        for interface, size in (("eni-0a", 900), ("eni-0b", 1000), ("eni-0c", 1000))
    ]
    answer = ask("db-clients 5432", *seen)
    assert column(answer, "Accepted", "bytes") == [1000]
    assert column(answer, "Accepted", "packets") == [10]
    assert column(answer, "Accepted", "records") == [1]
    assert "As logged, they are 3 records and 2.90 kB." in method(answer)


def test_only_one_server(ask: Ask) -> None:
    records = [
        flow("10.0.1.10:40001", DB),
        flow(DB, "10.0.1.10:40001", bytes=5),
        flow("10.0.1.10:40002", "10.0.3.50:5432"),
        flow("10.0.3.50:5432", "10.0.1.10:40002", bytes=7),
        flow("10.0.1.20:40003", "10.0.4.5:5432", bytes=1),
    ]
    answer = ask("db-clients 5432 on 10.0.3.5", *records)
    assert column(answer, "Accepted", "bytes") == [1000]
    assert column(answer, "Accepted", "bytes_back") == [5]
    assert "on 10.0.3.5, moving" in answer.headline
    both = ask("db-clients 5432 on 10.0.3.0/24")
    assert column(both, "Accepted", "servers") == [2]
    assert column(both, "Accepted", "bytes") == [2000]


def test_ipv6(ask: Ask) -> None:
    answer = ask(
        "db-clients 5432 on 2001:db8::5",
        flow("2001:db8::10:40001", "2001:db8::5:5432"),
        flow("2001:db8::10:40001", "2001:db8::6:5432"),
    )
    assert column(answer, "Accepted", "client") == ["2001:db8::10"]
    assert column(answer, "Accepted", "bytes") == [1000]


def test_the_chart_is_of_bytes_by_client(ask: Ask) -> None:
    clients = [flow(f"10.0.1.{n}:40001", DB, bytes=n * 100) for n in range(1, 16)]
    (chart,) = ask("db-clients 5432", *clients).charts
    assert isinstance(chart, Bars)
    assert chart.labels[0] == "10.0.1.15"
    assert chart.series[0].values[:2] == (1500, 1400)
    assert chart.rest == "and 3 more"
    assert chart.title == "10.0.1.15 moved 12 % of the bytes on port 5432 (postgres)"


def test_the_chart_when_everyone_was_rejected(ask: Ask) -> None:
    answer = ask("db-clients 5432", flow("10.0.9.9:51000", DB, "REJECT"))
    assert answer.headline == (
        "No client reached port 5432 (postgres); 10.0.9.9 was rejected 1 time."
    )
    (chart,) = answer.charts
    assert chart.title == "Every client of port 5432 (postgres) was rejected"


def test_nobody(ask: Ask) -> None:
    answer = ask("db-clients 5432", flow("10.0.1.10:40001", "10.0.3.5:443"))
    assert answer.headline == "No client talked to port 5432 (postgres)."
    assert (answer.tables, answer.charts) == ((), ())
    assert answer.notes[0].text == "Nothing matched; the logs themselves are there."


def test_statuses_are_told_not_summed(ask: Ask) -> None:
    answer = ask(
        "db-clients 5432", flow("10.0.1.10:40001", DB), status("NODATA"), status("SKIPDATA")
    )
    assert column(answer, "Accepted", "records") == [1]
    assert [note.topic for note in answer.notes].count(Topic.CAUTION) == 1


def test_a_log_without_ports(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name not in ("srcport", "dstport")]
    with pytest.raises(MissingFields) as refusal:
        ask("db-clients 5432", flow("10.0.1.10:40001", DB), fields=fields)
    assert refusal.value.fields == ("srcPort", "dstPort")


@pytest.mark.parametrize("line", ["db-clients", "db-clients 5432 on 'x' or 1=1", 'db-clients "]"'])
def test_hostile_lines(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, flow("10.0.1.10:40001", DB))


def test_hostile_records(ask: Ask) -> None:
    answer = ask(
        "db-clients 5432",
        flow("10.0.1.10:40001", DB),
        flow("<!channel>:40001", DB, bytes=5000),
        flow("*x*|`y`:40002", DB),
    )
    assert "<!channel>" in column(answer, "Accepted", "client")


def test_next_lines_narrow_the_question(ask: Ask) -> None:
    answer = ask(
        "db-clients mongo",
        flow("10.0.1.10:40001", "10.0.3.5:27017"),
        flow("10.0.1.11:40001", "10.0.3.6:27017"),
        flow("10.0.9.9:40001", "10.0.3.6:27017", "REJECT"),
    )
    assert answer.next == (
        "rejects port 27017-27019 from 10.0.9.9 1h",
        "db-clients 27017-27019 on 10.0.3.5 1h",
        "top-talkers internal 1h",
    )
    for line in answer.next:
        assert ask(line).headline
