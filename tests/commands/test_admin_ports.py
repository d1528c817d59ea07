from __future__ import annotations

import pytest

from bot.model.answer import Answer
from bot.model.chart import Bars, Tone
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.plain import counted, inside, made
from tests.commands.records import Record, flow

BASTION = "10.0.1.10"
PERSON = "203.0.113.7"


def rows(answer: Answer, title: str) -> list[dict[str, object]]:
    tables = [table for table in answer.tables if table.title == title]
    return [
        dict(zip((column.name for column in table.columns), row, strict=True))
        for table in tables
        for row in table.rows
    ]


def session(client: str, server: str, connections: int, packets: int) -> list[Record]:
    """Both legs of connections from ports of their own."""
    return [
        flow(*ends, packets=packets, bytes=packets * 100)
        for n in range(connections)
        for ends in (
            (f"{client}:{40000 + n}", server),
            (server, f"{client}:{40000 + n}"),
        )
    ]


def probes(count: int, action: str = "ACCEPT") -> list[Record]:
    """Scanners; whom a NAT gateway's interface lets through, and nobody answers."""
    return [
        flow(f"198.51.100.{n}:5{n:04}", "10.0.0.5:22", action, packets=1, bytes=40)
        for n in range(1, count + 1)
    ]


def test_as_counted_in_plain_python(ask: Ask) -> None:
    records = made(11, 600)
    expected = {
        (client, server, port): (sums.connections, sums.sent, sums.back)
        for (client, server, port), sums in counted(records).items()
        if port in (22, 23) and inside(server) and not inside(client) and sums.back_packets
    }
    told = {
        (row["client"], row["server"], row["port"]): (row["connections"], row["sent"], row["back"])
        for row in rows(ask("admin-ports", *records), "Answered")
    }
    assert len(expected) > 10
    assert told == expected


def test_whoever_used_a_port_is_in_the_headline(ask: Ask) -> None:
    answer = ask("admin-ports", *session(PERSON, f"{BASTION}:22", 2, 400), *probes(9))
    assert answer.headline == (
        "1 address outside used port 22 (ssh) of 10.0.1.10, most 203.0.113.7 (160 kB)."
    )
    assert rows(answer, "Let through, never answered") == [
        {"server": "10.0.0.5", "port": 22, "service": "ssh", "clients": 9, "records": 9}
    ]


def test_noise_makes_no_trouble(ask: Ask) -> None:
    refusals = [
        flow(*ends, packets=1, bytes=44)
        for ends in (
            ("198.51.100.77:50000", "10.0.1.12:3389"),
            ("10.0.1.12:3389", "198.51.100.77:50000"),
        )
    ]
    rejected = [flow("198.51.100.88:50000", f"{BASTION}:22", "REJECT") for _ in range(30)]
    answer = ask("admin-ports", *probes(40), *refusals, *rejected)
    assert answer.headline == (
        "Nobody outside used an administration port; of those who tried, 1 got a handshake or a"
        " refusal and no more, 40 got no answer, 1 were rejected."
    )
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert {series.tone for series in chart.series} == {Tone.NOISE}
    assert "30 records from 1 address outside" in answer.notes[1].text


def test_only_noise_is_drawn_as_noise(ask: Ask) -> None:
    (chart,) = ask("admin-ports", *probes(40)).charts
    assert isinstance(chart, Bars)
    assert chart.title == "No administration port answered anyone outside"
    assert (chart.labels, chart.series[0].values) == (("10.0.0.5 ssh",), (40,))


@pytest.mark.parametrize(
    ("connections", "packets", "looks"),
    [
        (20, 14, "guessing passwords"),
        (19, 14, "session"),
        (20, 51, "session"),
        (400, 2, "handshake or refusal"),
    ],
)
def test_the_shape_of_guessing(ask: Ask, connections: int, packets: int, looks: str) -> None:
    answer = ask("admin-ports", *session("198.51.100.9", f"{BASTION}:22", connections, packets))
    assert [row["shape"] for row in rows(answer, "Answered")] == [looks]
    assert ("guess" in answer.headline) == (looks == "guessing passwords")


def test_guessing_comes_first(ask: Ask) -> None:
    answer = ask(
        "admin-ports",
        *session("198.51.100.9", f"{BASTION}:22", 240, 12),
        *session(PERSON, f"{BASTION}:22", 1, 9000),
    )
    assert answer.headline == (
        "198.51.100.9 seems to guess passwords at port 22 (ssh) of 10.0.1.10: 240 short"
        " connections; 1 address outside used port 22 (ssh) of 10.0.1.10, most 203.0.113.7"
        " (1.80 MB)."
    )


def test_who_is_inside_is_not_outside(ask: Ask) -> None:
    answer = ask("admin-ports", *session("10.0.9.9", f"{BASTION}:22", 30, 12))
    assert answer.headline == "Nobody outside used an administration port."
    assert (answer.tables, answer.charts) == ((), ())
    assert answer.next == ("admin-ports 7d",)


def test_hostile_records(ask: Ask) -> None:
    answer = ask("admin-ports", *session("x\"]|y'", f"{BASTION}:22", 1, 9))
    assert rows(answer, "Answered")[0]["client"] == "x\"]|y'"


def test_wrong_words(ask: Ask) -> None:
    with pytest.raises(BadLine, match="22"):
        ask("admin-ports 22", *probes(1))


def test_a_log_without_packets(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "packets"]
    with pytest.raises(MissingFields, match="packets"):
        ask("admin-ports", *probes(1), fields=fields)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("admin-ports", *session(PERSON, f"{BASTION}:22", 2, 400))
    assert answer.next == ("port 22 24h", f"pair {PERSON} {BASTION} 24h", f"host {PERSON} 24h")
    assert ask("admin-ports 1h").next[0] == "port 22 1h"
    for line in answer.next[1:]:
        assert ask(line).headline
