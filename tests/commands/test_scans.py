from __future__ import annotations

import pytest

from bot.model.answer import Answer
from bot.model.chart import Bars
from bot.model.errors import MissingFields
from bot.model.fields import DEFAULT_FORMAT
from bot.model.query import Row
from bot.network.teams import teams
from commands.scans import is_scan
from tests.commands.conftest import Ask
from tests.commands.records import Record, flow

SCANNER, TARGET = "203.0.113.9", "10.0.0.5"


def scan(ports: int, action: str = "REJECT", source_port: int = 52306) -> list[Record]:
    return [
        flow(f"{SCANNER}:{source_port}", f"{TARGET}:{1000 + n}", action, packets=1, bytes=40, at=n)
        for n in range(ports)
    ]


def web(clients: int) -> list[Record]:
    """Requests to a web server and its replies."""
    there = [flow(f"10.0.1.9:{40000 + n}", "10.0.2.2:15021") for n in range(clients)]
    back = [flow("10.0.2.2:15021", f"10.0.1.9:{40000 + n}") for n in range(clients)]
    return there + back


def rows(answer: Answer, title: str) -> list[tuple[object, ...]]:
    return [row for table in answer.tables if table.title == title for row in table.rows]


def test_a_slow_scanner_with_one_source_port_is_found(ask: Ask) -> None:
    answer = ask("scans 1h", *scan(20), *web(200))
    (found,) = rows(answer, "Port scans")
    assert found[:7] == (SCANNER, TARGET, 20, "slow", 0, 20, 0)
    assert answer.headline == (
        "1 source scans slowly; the busiest is 203.0.113.9 with up to 20 ports on 1 target."
    )


def test_one_that_is_let_through_is_found(ask: Ask) -> None:
    answer = ask("scans 1h", *scan(20, "ACCEPT"))
    assert rows(answer, "Port scans")[0][4:6] == (20, 0)
    assert "1 got through to something" in answer.headline
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert chart.title == "20 of 20 probes were let through"


def test_a_few_ports_are_no_scan(ask: Ask) -> None:
    assert ask("scans 1h", *scan(14)).headline == "Nobody scans."


def test_replies_are_no_scan(ask: Ask) -> None:
    answer = ask("scans 1h", *web(300))
    assert answer.headline == "Nobody scans."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("scans 24h",))


@pytest.mark.parametrize("source_port", [0, 52306])
def test_a_scan_that_is_answered_is_found(ask: Ask, source_port: int) -> None:
    there = [
        flow(f"{SCANNER}:{source_port or 40000 + n}", f"{TARGET}:{1000 + n}") for n in range(40)
    ]
    back = [
        flow(f"{TARGET}:{1000 + n}", f"{SCANNER}:{source_port or 40000 + n}") for n in range(40)
    ]
    answer = ask("scans", *there, *back)
    assert [row[:2] for row in rows(answer, "Port scans")] == [(SCANNER, TARGET)]


def test_a_sweep_of_hosts_is_found_and_monitoring_is_not(ask: Ask) -> None:
    sweep = [flow(f"10.0.9.9:{40000 + n}", f"10.0.1.{n}:22", "REJECT") for n in range(12)]
    polls = [flow(f"10.0.8.8:{40000 + n}", f"10.0.1.{n}:9100") for n in range(12)]
    polls += [flow(f"10.0.1.{n}:9100", f"10.0.8.8:{40000 + n}") for n in range(12)]
    answer = ask("scans", *sweep, *polls)
    (found,) = rows(answer, "Sweeps")
    assert found[:7] == ("10.0.9.9", 22, "ssh", 12, "fast", 0, 12)
    assert "1 of them from inside, first 10.0.9.9" in answer.headline


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("scans from 203.0.113.0/24", 1),
        ("scans from 198.51.100.0/24", 0),
        ("scans from 10.0.0.0/8", 0),  # whom it is aimed at
        ("scans to 10.0.0.5", 1),
        ("scans to 10.0.0.6 from 203.0.113.9", 0),
    ],
)
def test_narrowed(ask: Ask, line: str, found: int) -> None:
    assert len(rows(ask(line, *scan(20)), "Port scans")) == found


KNOWN = teams("scanners: {203.0.113.0/28: the auditors, 10.0.9.9: vulnerability scanner}")


def test_known_scanners_are_kept_out_and_said_so(ask: Ask) -> None:
    stranger = [record | {"srcaddr": "198.51.100.7"} for record in scan(16)]
    sweep = [flow(f"10.0.9.9:{40000 + n}", f"10.0.1.{n}:22", "REJECT") for n in range(12)]
    answer = ask("scans", *scan(20), *stranger, *sweep, teams=KNOWN)
    assert answer.headline == (
        "1 source scans slowly; the busiest is 198.51.100.7 with up to 16 ports on 1 target."
    )
    assert [table.title for table in answer.tables] == ["Port scans"]
    assert answer.notes[1].text == (
        "Known scanners, kept out: the auditors (203.0.113.9, 20 probes), vulnerability scanner"
        " (10.0.9.9, 12 probes)."
    )


def test_nobody_but_known_scanners(ask: Ask) -> None:
    answer = ask("scans", *scan(20), teams=KNOWN)
    assert (answer.headline, answer.tables, answer.charts) == ("Nobody scans.", (), ())
    assert "Known scanners, kept out: the auditors" in answer.notes[1].text


def test_a_known_scanner_that_is_asked_for_is_shown(ask: Ask) -> None:
    answer = ask(f"scans from {SCANNER}", *scan(20), teams=KNOWN)
    assert answer.headline.startswith("1 source scans slowly; the busiest is 203.0.113.9")
    assert "kept out" not in " ".join(note.text for note in answer.notes)


def test_many_scanners_of_which_some_are_slow(ask: Ask) -> None:
    hasty = [
        record | {"srcaddr": "198.51.100.7", "start": scan(1)[0]["start"]} for record in scan(20)
    ]
    answer = ask("scans", *scan(20), *hasty)
    assert answer.headline.startswith("2 sources scan, 1 of them slowly; the busiest is ")
    assert {row[0]: row[3] for row in rows(answer, "Port scans")} == {
        SCANNER: "slow",
        "198.51.100.7": "fast",
    }


def test_narrowing_still_sees_the_answers(ask: Ask) -> None:
    assert ask("scans from 10.0.2.2", *web(50)).headline == "Nobody scans."


@pytest.mark.parametrize(
    ("ports", "sources", "lowest", "low", "answered", "expected"),
    [
        (15, 1, 52306, 16, 0, True),
        (14, 14, 40000, 15, 0, False),
        (300, 3, 80, 1, 300, False),  # a server's replies
        (300, 1, 33000, 1, 300, False),  # replies from a high port
        (300, 300, 40000, 60, 300, True),  # every probe from a port of its own
        (300, 3, 80, 300, 300, False),  # replies to a NAT gateway's clients
        (30, 1, 53, 31, 14, True),  # a probe hiding behind port 53
    ],
)
def test_the_rule(
    *, ports: int, sources: int, lowest: int, low: int, answered: int, expected: bool
) -> None:
    numbers = {
        "ports": ports,
        "sourcePorts": sources,
        "lowestSource": lowest,
        "lowPorts": low,
    }
    assert is_scan(Row({name: str(n) for name, n in numbers.items()}), answered) is expected


def test_a_log_without_ports(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "dstport"]
    with pytest.raises(MissingFields, match="dstPort"):
        ask("scans", *scan(20), fields=fields)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("scans", *scan(20))
    assert answer.next == ("rejects from 203.0.113.9 1h", "scans from 203.0.113.9 24h")
    for line in answer.next:
        assert ask(line).headline
