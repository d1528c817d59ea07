"""`inbound`, and what it has in common with `outbound`."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from bot.model.answer import Answer
from bot.model.chart import Bars
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from bot.network.teams import teams
from tests.commands.conftest import Ask
from tests.commands.records import Record, flow

WEB, DB, APP = "10.0.1.10", "10.0.3.5", "10.0.2.7"
ZONES = teams("ranges: {10.0.3.0/24: CDE, 10.0.9.0/24: CDE, 198.51.100.0/24: partners}")


def talk(
    client: str, server: str, port: int, *, sent: int = 100, back: int = 900, protocol: int = 6
) -> list[Record]:
    return [
        flow(f"{client}:40001", f"{server}:{port}", bytes=sent, protocol=protocol),
        flow(f"{server}:{port}", f"{client}:40001", bytes=back, protocol=protocol),
    ]


RECORDS = [
    *talk("203.0.113.7", WEB, 443, back=5000),
    *talk("203.0.113.8", WEB, 443),
    *talk("203.0.113.7", WEB, 8080),
    *talk("198.51.100.9", WEB, 22),
    *talk(APP, DB, 5432, back=7000),
    *talk(APP, "203.0.113.7", 443),
    flow("203.0.113.66:40001", f"{WEB}:23"),  # let through, never answered
    flow("203.0.113.67:40001", f"{WEB}:3389"),
    flow(f"{WEB}:3389", "203.0.113.67:40001", packets=1),  # refused
    flow("203.0.113.68:40001", f"{WEB}:25", "REJECT"),
]


def rows(answer: Answer, title: str) -> list[tuple[object, ...]]:
    return [row for table in answer.tables if table.title == title for row in table.rows]


def test_ports_that_are_used_from_outside(ask: Ask) -> None:
    answer = ask("inbound 1h", *RECORDS)
    assert rows(answer, "By port") == [
        (443, "tcp", "https", 2, 1, 2, 200, 5900),
        (22, "tcp", "ssh", 1, 1, 1, 100, 900),
        (8080, "tcp", "http-alt", 1, 1, 1, 100, 900),
    ]
    assert answer.headline == (
        "3 hosts outside used 3 ports inside: most 443 (https) with 6.10 kB, by 203.0.113.7 at"
        " 10.0.1.10."
    )
    assert [table.title for table in answer.tables] == ["By port", "Largest conversations"]
    assert "is no use: 2 clients got no more." in answer.notes[0].text
    assert answer.next == ("port 443 1h", "pair 203.0.113.7 10.0.1.10 1h")
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert chart.title == "8.10 kB on 3 ports went in and back"


@pytest.mark.parametrize(
    ("words", "ports", "said"),
    [
        ("allow 443,8080", [22], "1 host outside used 1 port inside besides ports 443, 8080: most"),
        ("only ssh,telnet", [22], "1 host outside used 1 port inside of ports 22–23: most 22"),
        ("only rdp", [], "Nobody outside used port 3389 (rdp) inside."),
        (
            "allow 22,443,8080",
            [],
            "Nobody outside used any port inside besides ports 22, 443, 8080.",
        ),
        ("except partners", [443, 8080], "2 hosts outside used 2 ports"),
    ],
)
def test_lists(ask: Ask, words: str, ports: list[int], said: str) -> None:
    answer = ask(f"inbound {words}", *RECORDS, teams=ZONES)
    assert [row[0] for row in rows(answer, "By port")] == ports
    assert answer.headline.startswith(said)


def test_into_a_zone(ask: Ask) -> None:
    refused = [flow(f"{WEB}:{n}", f"{DB}:5432", "REJECT") for n in (40001, 40002)]
    late = flow(f"{DB}:5432", f"{APP}:40001", "REJECT")
    answer = ask("inbound zone cde", *RECORDS, *refused, late, teams=ZONES)
    assert answer.headline == (
        "1 host outside CDE used 1 port in CDE: most 5432 (postgres) with 7.10 kB, by 10.0.2.7 at"
        " CDE (10.0.3.5); 1 host was rejected 2 times."
    )
    assert rows(answer, "Rejected") == [(WEB, DB, "CDE", 5432, "tcp", 2)]


def test_ranges_that_are_ours_are_inside(ask: Ask) -> None:
    answer = ask("inbound", *RECORDS, inside=(ip_network("203.0.113.0/24"),))
    assert [row[0] for row in rows(answer, "By port")] == [22]


def test_nothing(ask: Ask) -> None:
    answer = ask("inbound", *talk(APP, DB, 5432))
    assert answer.headline == "Nobody outside used any port inside."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("inbound 7d",))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("only 22 allow 80", "only and allow are two lists"),
        ("zone shop", "no range is called 'shop'. There are CDE, partners."),
        ("except nonsense", "'nonsense' is no address, range or name of a range"),
        ("except 10.0.0.1,,10.0.0.0/99", "'10.0.0.0/99' is no address"),
        ("except " + ",".join(f"192.0.2.{n}" for n in range(21)), "21 ranges are too many"),
        ("allow", "'allow' needs allow"),
        ("alow 80", "Did you mean allow"),
    ],
)
def test_wrong_words(ask: Ask, words: str, said: str) -> None:
    with pytest.raises(BadLine) as error:
        ask(f"inbound {words}", *RECORDS, teams=ZONES)
    assert said in str(error.value)


def test_a_zone_without_a_file_of_teams(ask: Ask) -> None:
    with pytest.raises(BadLine, match=r"Name ranges in the file of teams \(FLOWS_TEAMS\)"):
        ask("inbound zone cde", *RECORDS)


def test_hostile_records(ask: Ask) -> None:
    strange = talk("x\"]|y'", WEB, 443)
    assert len(rows(ask("inbound", *RECORDS, *strange), "Largest conversations")) == 5


def test_a_log_without_packets(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "packets"]
    with pytest.raises(MissingFields, match="packets"):
        ask("inbound", *RECORDS, fields=fields)
