from __future__ import annotations

from collections import defaultdict

import pytest

from bot.model.answer import Answer
from bot.model.chart import Timeline
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.plain import counted, inside, made
from tests.commands.records import Record, flow

DB = "10.0.3.5:5432"


def rows(answer: Answer, title: str) -> list[dict[str, object]]:
    tables = [table for table in answer.tables if table.title == title]
    return [
        dict(zip((column.name for column in table.columns), row, strict=True))
        for table in tables
        for row in table.rows
    ]


def talk(client: str, server: str, **other: object) -> list[Record]:
    return [flow(client, server, **other), flow(server, client, **other)]  # type: ignore[arg-type]


@pytest.mark.parametrize("port", [22, 443, 5432])
def test_as_counted_in_plain_python(ask: Ask, port: int) -> None:
    records = made(21, 500) + made(22, 80, action="REJECT")
    servers: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    clients: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    silent = set()
    for (client, server, at), sums in counted(records).items():
        if at != port:
            continue
        for name, into in ((server, servers), (client, clients)):
            into[name][0] += sums.sent
            into[name][1] += sums.back
            into[name][2] += bool(sums.back_packets)
    silent = {name for name, sums in clients.items() if not sums[1]}
    answer = ask(f"port {port}", *records)
    told = {
        str(row["server"]): [row["received"], row["sent"], row["clients"]]
        for row in rows(answer, "Servers")
    }
    assert told == {name: sums for name, sums in servers.items() if sums[1]}
    told_clients = {
        str(row["client"]): [row["sent"], row["received"]] for row in rows(answer, "Clients")
    }
    assert told_clients == {name: sums[:2] for name, sums in clients.items() if sums[1]}
    rejected = [r for r in records if r["action"] == "REJECT" and r["dstport"] == str(port)]
    ours = [r for r in rejected if inside(str(r["srcaddr"]))]
    by_side = {row["side"]: row for row in rows(answer, "By side")}
    assert sum(int(str(row["silent"])) for row in by_side.values()) == len(silent)
    assert by_side["inside"]["rejected"] == len(ours)
    assert by_side["outside"]["rejected"] == len(rejected) - len(ours)


def test_the_headline(ask: Ask) -> None:
    answer = ask(
        "port postgres",
        *talk("10.0.1.10:40001", DB, bytes=500),
        *talk("10.0.1.11:40001", "10.0.3.6:5432", bytes=200),
        flow("10.0.9.9:51000", DB, "REJECT", at=3),
        flow("10.0.9.9:51001", DB, "REJECT", at=3),
        flow(DB, "10.0.1.10:40001", "REJECT"),  # a late reply
        *(flow(f"198.51.100.{n}:51000", DB, "REJECT") for n in range(50)),
    )
    assert answer.headline == (
        "Port 5432 (postgres): 2 servers, most 10.0.3.5, serve 2 clients inside, moving 1.40 kB;"
        " 2 rejects from inside, most often 10.0.9.9 → 10.0.3.5 (2 times)."
    )
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    assert chart.title == "5432 (postgres): 2 rejects from inside"
    accepted, rejected = chart.panels
    assert sum(value or 0 for value in accepted.series[0].values) == 4
    assert [sum(value or 0 for value in one.values) for one in rejected.series] == [2, 50]


def test_noise_makes_no_trouble(ask: Ask) -> None:
    probes = [flow(f"198.51.100.{n}:51000", "10.0.0.5:22") for n in range(30)]
    rejects = [flow(f"198.51.100.{n}:51000", "10.0.0.6:22", "REJECT") for n in range(30)]
    answer = ask("port 22", *probes, *rejects)
    assert answer.headline == "Port 22 (ssh): nobody answers on it."
    (chart,) = answer.charts
    assert chart.title == "22 (ssh): nobody answers on it"
    assert rows(answer, "By side")[1] == {
        "side": "outside",
        "clients": 0,
        "silent": 30,
        "rejected": 30,
    }


def test_one_server_and_clients_on_both_sides(ask: Ask) -> None:
    answer = ask(
        "port 443",
        *talk("10.0.1.10:40001", "10.0.3.5:443", bytes=500),
        *talk("203.0.113.7:40001", "10.0.3.5:443", bytes=500),
    )
    assert answer.headline == (
        "Port 443 (https): 10.0.3.5 serves 2 clients (1 inside, 1 outside), moving 2.00 kB."
    )


@pytest.mark.parametrize("port", ["45000", "45000-45002"])
def test_a_port_that_clients_are_handed_too(ask: Ask, port: str) -> None:
    answer = ask(f"port {port}", *talk("10.0.1.10:50001", "10.0.3.5:45000", bytes=500))
    assert [row["server"] for row in rows(answer, "Servers")] == ["10.0.3.5"]
    assert [row["client"] for row in rows(answer, "Clients")] == ["10.0.1.10"]


def test_nothing(ask: Ask) -> None:
    answer = ask("port 5432", flow("10.0.1.10:40001", "10.0.3.5:443"))
    assert answer.headline == "Nothing was seen of port 5432 (postgres)."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("port 5432 24h",))


def test_hostile_records(ask: Ask) -> None:
    answer = ask("port 5432", *talk("x\"]|y':40001", DB))
    assert rows(answer, "Clients")[0]["client"] == "x\"]|y'"


@pytest.mark.parametrize("line", ["port", "port 99999", "port 5432|limit", "port 22 23"])
def test_wrong_words(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, *made(1, 3))


def test_a_log_without_actions(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "action"]
    with pytest.raises(MissingFields, match="action"):
        ask("port 5432", *made(1, 3), fields=fields)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("port 5432", *talk("10.0.1.10:40001", DB), flow("10.0.9.9:51000", DB, "REJECT"))
    assert answer.next == (
        "why 10.0.9.9 10.0.3.5 5432 1h",
        "clients 5432 on 10.0.3.5 1h",
        "host 10.0.3.5 1h",
    )
    assert answer.why == answer.next[:1]
    for line in answer.next:
        assert ask(line).headline
