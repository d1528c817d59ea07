from __future__ import annotations

import pytest

from bot.model.answer import Answer
from bot.model.chart import Bars
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.plain import INSIDE, counted, made
from tests.commands.records import flow

HOST = "10.0.1.10"


def rows(answer: Answer, title: str) -> list[dict[str, object]]:
    tables = [table for table in answer.tables if table.title == title]
    return [
        dict(zip((column.name for column in table.columns), row, strict=True))
        for table in tables
        for row in table.rows
    ]


@pytest.mark.parametrize("host", INSIDE[:4])
def test_servers_as_counted_in_plain_python(ask: Ask, host: str) -> None:
    records = made(7) + made(8, 60, action="REJECT")
    expected = {
        (server, port): (sums.sent, sums.back, sums.connections)
        for (client, server, port), sums in counted(records).items()
        if client == host and sums.back_packets
    }
    told = {
        (row["server"], row["port"]): (row["sent"], row["received"], row["connections"])
        for row in rows(ask(f"deps {host}", *records), "Servers it uses")
    }
    assert len(expected) > 10
    assert told == expected


def test_a_range_uses_what_is_outside_it(ask: Ask) -> None:
    records = made(9)
    expected: dict[tuple[object, object], list[int]] = {}
    for (client, server, port), sums in counted(records).items():
        if client.startswith("10.0.1.") and not server.startswith("10.0.1."):
            have = expected.setdefault((server, port), [0, 0, 0])
            have[0] += sums.sent
            have[1] += sums.back
            have[2] += 1
    told = {
        (row["server"], row["port"]): [row["sent"], row["received"], row["clients"]]
        for row in rows(ask("deps 10.0.1.0/24", *records), "Servers it uses")
    }
    assert told == {key: value for key, value in expected.items() if value[1]}


def test_the_headline_and_what_was_tried_in_vain(ask: Ask) -> None:
    answer = ask(
        f"deps {HOST}",
        flow(f"{HOST}:40001", "10.0.3.5:5432", bytes=200),
        flow("10.0.3.5:5432", f"{HOST}:40001", bytes=800),
        flow(f"{HOST}:40002", "10.0.3.6:6379", "REJECT"),
        flow(f"{HOST}:40003", "10.0.3.6:6379", "REJECT"),
        flow(f"{HOST}:40004", "10.0.3.5:5432", "REJECT"),  # late, after a close
        flow("10.0.3.5:5432", f"{HOST}:40009", "REJECT"),  # a reply is no try
        flow(f"{HOST}:40005", "10.0.3.7:443", bytes=60),
    )
    assert answer.headline == (
        "10.0.1.10 uses 1 service of 1 server, most 10.0.3.5 port 5432 (postgres) (1.00 kB);"
        " 1 service never answered and rejected it, most often 10.0.3.6 port 6379 (redis)"
        " (2 times)."
    )
    tried = [(r["server"], r["rejected"], r["unanswered"]) for r in rows(answer, "Tried in vain")]
    assert tried == [("10.0.3.6", 2, 0), ("10.0.3.7", 0, 1)]
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert (chart.labels, chart.series[1].values) == (("10.0.3.5 postgres",), (800,))


def test_a_nat_gateway_is_no_server(ask: Ask) -> None:
    ends = (("10.0.0.5", "eni-0b", 300), ("198.51.100.7", "eni-0a", 100),
            ("198.51.100.8", "eni-0a", 200))  # fmt: skip
    there = [
        flow(f"{HOST}:4000{n}", f"{address}:443", bytes=size, interface_id=interface)
        for n, (address, interface, size) in enumerate(ends)
    ]
    back = [
        flow(f"{address}:443", f"{HOST}:4000{n}", bytes=size, interface_id=interface)
        for n, (address, interface, size) in enumerate(ends)
    ]
    passed = [
        flow(f"{one}:{port}", f"{other}:{its}", bytes=size, interface_id="eni-0b")
        for address, _, size in ends[1:]
        for one, port, other, its in (
            ("10.0.0.5", 1024, address, 443),
            (address, 443, "10.0.0.5", 1024),
        )
    ]
    answer = ask(f"deps {HOST}", *there, *back, *passed)
    assert {row["server"] for row in rows(answer, "Servers it uses")} == {
        "198.51.100.7",
        "198.51.100.8",
    }
    assert "10.0.0.5 passes on what is meant for servers outside" in answer.notes[1].text


def test_visitors_are_no_servers(ask: Ask) -> None:
    answer = ask(
        f"deps {HOST}",
        flow("203.0.113.9:50000", f"{HOST}:443"),
        flow(f"{HOST}:443", "203.0.113.9:50000"),
    )
    assert answer.headline == "10.0.1.10 uses no server."


def test_nothing(ask: Ask) -> None:
    answer = ask("deps 10.9.9.9", flow(f"{HOST}:40001", "10.0.3.5:5432"))
    assert answer.headline == "10.9.9.9 uses no server."
    assert (answer.tables, answer.charts) == ((), ())
    assert answer.next == ("deps 10.9.9.9 24h", "host 10.9.9.9 1h")


def test_hostile_records(ask: Ask) -> None:
    answer = ask(
        f"deps {HOST}",
        flow(f"{HOST}:40001", "x\"]|y':443"),
        flow("x\"]|y':443", f"{HOST}:40001"),
    )
    assert rows(answer, "Servers it uses")[0]["server"] == "x\"]|y'"


@pytest.mark.parametrize("line", ["deps", "deps 10.0.0.1|limit", "deps 10.0.1.1 10.0.1.2"])
def test_wrong_words(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, flow(f"{HOST}:40001", "10.0.3.5:5432"))


def test_a_log_without_interfaces(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "interface-id"]
    with pytest.raises(MissingFields, match="interfaceId"):
        ask(f"deps {HOST}", *made(7, 5), fields=fields)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask(
        f"deps {HOST}",
        flow(f"{HOST}:40001", "10.0.3.5:5432"),
        flow("10.0.3.5:5432", f"{HOST}:40001"),
        flow(f"{HOST}:40002", "10.0.3.6:6379", "REJECT"),
    )
    assert answer.next == (
        f"why {HOST} 10.0.3.6 6379 1h",
        f"pair {HOST} 10.0.3.5 1h",
        f"host {HOST} 1h",
    )
    for line in answer.next:
        assert ask(line).headline
