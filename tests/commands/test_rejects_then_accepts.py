from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest

from bot.model.answer import Answer
from bot.model.chart import Timeline, Tone
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.records import Record, flow

APP, DB = "10.0.1.10", "10.0.3.5:5432"


def rows(answer: Answer) -> list[tuple[object, ...]]:
    return [row for table in answer.tables for row in table.rows]


def talk(client: str, server: str, at: int) -> list[Record]:
    return [flow(client, server, at=at), flow(server, client, at=at)]


def plainly(records: list[Record]) -> dict[tuple[str, str, int], tuple[int, int]]:
    """Rejected and answered records of pairs, connection by connection."""
    connections: dict[tuple[str, str, int, str], list[Record]] = defaultdict(list)
    for record in records:
        asks = int(str(record["dstport"])) < 32768
        ends = [str(record[name]) for name in ("srcaddr", "dstaddr", "srcport", "dstport")]
        client, server, own, port = ends if asks else (ends[1], ends[0], ends[3], ends[2])
        connections[client, server, int(port), own].append(record | {"asks": asks})
    rejected: Counter[tuple[str, str, int]] = Counter()
    answered: Counter[tuple[str, str, int]] = Counter()
    first: dict[tuple[str, str, int], int] = {}
    last: dict[tuple[str, str, int], int] = {}
    for (client, server, port, _), group in connections.items():
        pair = client, server, port
        refused = [int(str(r["start"])) for r in group if r["asks"] and r["action"] == "REJECT"]
        passed = [int(str(r["start"])) for r in group if not r["asks"] and r["action"] == "ACCEPT"]
        answered[pair] += len(passed)
        last[pair] = max([last.get(pair, 0), *passed])
        if refused and not (passed and min(passed) <= min(refused)):
            rejected[pair] += len(refused)
            first[pair] = min([first.get(pair, 10**12), *refused])
    return {
        pair: (number, answered[pair])
        for pair, number in rejected.items()
        if answered[pair] and last[pair] > first[pair]
    }


def test_as_counted_in_plain_python(ask: Ask) -> None:
    draw = random.Random(5)
    records: list[Record] = []
    for _ in range(500):
        client = f"{draw.choice(('10.0.1', '198.51.100'))}.{draw.randint(1, 9)}"
        own, server = draw.randint(40000, 40004), f"10.0.3.{draw.randint(1, 4)}:5432"
        at, kind = draw.randint(0, 50), draw.random()
        if kind < 0.4:
            records.append(flow(f"{client}:{own}", server, "REJECT", at=at))
            if kind < 0.3:  # its own interface let it out
                records.append(flow(f"{client}:{own}", server, at=at, interface_id="eni-0b"))
        elif kind < 0.6:
            records += talk(f"{client}:{own}", server, at)
    expected = plainly(records)
    told = {
        (str(row[0]), str(row[1]), int(str(row[2]))): row[4:6]
        for row in rows(ask("rejects-then-accepts", *records))
    }
    assert 10 < len(expected) < 60
    assert told == expected


def test_a_rule_that_was_mended(ask: Ask) -> None:
    answer = ask(
        "rejects-then-accepts 1h",
        *talk(f"{APP}:40001", DB, 1),
        *(flow(f"{APP}:4001{n}", DB, "REJECT", at=10 + n) for n in range(5)),
        *(flow(f"{APP}:4001{n}", DB, at=10 + n, interface_id="eni-0b") for n in range(5)),
        *talk(f"{APP}:40030", DB, 20),
    )
    assert answer.headline == (
        "10.0.1.10 → 10.0.3.5 port 5432 (postgres) was rejected 5 times until 2026-11-20 14:19, and"
        " then let through."
    )
    assert rows(answer)[0][4:6] == (5, 2)
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    assert [sum(v or 0 for v in panel.series[0].values) for panel in chart.panels] == [5, 2]


def test_rejected_again(ask: Ask) -> None:
    answer = ask(
        "rejects-then-accepts 1h",
        flow(f"{APP}:40001", DB, "REJECT", at=1),
        *talk(f"{APP}:40002", DB, 5),
        flow(f"{APP}:40003", DB, "REJECT", at=9),
    )
    assert "rejected 2 times, let through in between, and rejected again" in answer.headline
    assert rows(answer)[0][9] == "rejected again"


@pytest.mark.parametrize(
    "records",
    [
        [*talk(f"{APP}:40001", DB, 1), flow(f"{APP}:40001", DB, "REJECT", at=2),
         *talk(f"{APP}:40002", DB, 9)],  # late packets
        [*talk(f"{APP}:40001", DB, 1), flow(f"{APP}:40002", DB, "REJECT", at=2)],  # broken since
        [flow("198.51.100.7:5000", "10.0.0.5:22", "REJECT", at=1),
         flow("198.51.100.7:5001", "10.0.0.5:22", at=9)],  # a scan that nobody answered
        [flow(DB, f"{APP}:40001", "REJECT", at=1), *talk(f"{APP}:40001", DB, 9)],  # a reply
    ],
    ids=["late", "broken", "scan", "reply"],
)  # fmt: skip
def test_what_is_no_such_thing(ask: Ask, records: list[Record]) -> None:
    answer = ask("rejects-then-accepts 1h", *records)
    assert answer.headline == "Nobody was rejected and later let through to the same port."
    assert (answer.tables, answer.charts) == ((), ())
    assert answer.next == ("rejects-then-accepts 24h", "rejects 1h")


def test_inside_comes_first_and_outside_is_no_alarm(ask: Ask) -> None:
    outside = [
        record
        for n in range(9)
        for record in (
            flow(f"198.51.100.{n}:50001", "10.0.1.12:443", "REJECT", at=1),
            *talk(f"198.51.100.{n}:50002", "10.0.1.12:443", 9),
        )
    ]
    (chart,) = ask("rejects-then-accepts", *outside).charts
    assert isinstance(chart, Timeline)
    assert chart.panels[0].series[0].tone is Tone.NOISE


def test_both_sides(ask: Ask) -> None:
    answer = ask(
        "rejects-then-accepts",
        flow("198.51.100.1:50001", "10.0.1.12:443", "REJECT", at=1),
        *talk("198.51.100.1:50002", "10.0.1.12:443", 9),
        flow(f"{APP}:40001", DB, "REJECT", at=1),
        *talk(f"{APP}:40002", DB, 9),
    )
    assert answer.headline.endswith("; 1 source outside was rejected and later answered.")
    assert [row[0] for row in rows(answer)] == [APP, "198.51.100.1"]


@pytest.mark.parametrize(
    ("words", "found"),
    [("port 5432", 1), ("port 22", 0), ("from 10.0.1.0/24", 1), ("to 10.0.1.0/24", 0)],
)
def test_narrowed(ask: Ask, words: str, found: int) -> None:
    records = (flow(f"{APP}:40001", DB, "REJECT", at=1), *talk(f"{APP}:40002", DB, 9))
    assert len(rows(ask(f"rejects-then-accepts {words}", *records))) == found


def test_hostile_records_are_not_looked_at_and_that_is_told(ask: Ask) -> None:
    answer = ask(
        "rejects-then-accepts",
        flow("x\"]|y':40001", DB, "REJECT", at=1),
        *talk("x\"]|y':40002", DB, 9),
    )
    assert rows(answer) == []
    assert "1 more pair may have been rejected" in answer.notes[0].text


def test_wrong_words(ask: Ask) -> None:
    with pytest.raises(BadLine):
        ask("rejects-then-accepts from x'\"]", *talk(f"{APP}:40002", DB, 9))


def test_a_log_without_actions(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "action"]
    with pytest.raises(MissingFields, match="action"):
        ask("rejects-then-accepts", *talk(f"{APP}:40002", DB, 9), fields=fields)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask(
        "rejects-then-accepts 1h",
        flow(f"{APP}:40001", DB, "REJECT", at=1),
        *talk(f"{APP}:40002", DB, 9),
    )
    assert answer.next == (
        "pair 10.0.1.10 10.0.3.5 5432 1h",
        "why 10.0.1.10 10.0.3.5 5432 1h",
    )
    for line in answer.next:
        assert ask(line).headline


def test_pairs_that_are_not_looked_at_are_told(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commands.rejects_then_accepts.CHECKED", 2)
    outside = [
        record
        for n in range(9)
        for record in (
            *(flow(f"198.51.100.{n}:50001", "10.0.1.12:443", "REJECT", at=1) for _ in range(5)),
            *talk(f"198.51.100.{n}:50002", "10.0.1.12:443", 9),
        )
    ]
    inside = (flow(f"{APP}:40001", DB, "REJECT", at=1), *talk(f"{APP}:40002", DB, 9))
    answer = ask("rejects-then-accepts", *outside, *inside)
    assert [row[0] for row in rows(answer)] == [APP, "198.51.100.0"]
    assert "at least 1 source outside" in answer.headline
    assert "8 more pairs may have been rejected" in answer.notes[0].text
