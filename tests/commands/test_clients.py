from __future__ import annotations

import pytest

from bot.model.answer import Answer, Topic
from bot.model.chart import Bars
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.plain import counted, made
from tests.commands.records import Record, flow

DB = "10.0.3.5:5432"
DAY = -1440  # minutes: a day before


def talk(client: str, *, at: int = 0, size: int = 1000, server: str = DB) -> list[Record]:
    return [
        flow(f"{client}:40001", server, at=at, bytes=size),
        flow(server, f"{client}:40001", at=at, bytes=size),
    ]


def clients(answer: Answer, title: str) -> dict[object, tuple[object, ...]]:
    return {
        row[0]: row[2:6] for table in answer.tables if table.title == title for row in table.rows
    }


def test_without_a_port_clients_of_all_that_is_inside(ask: Ask) -> None:
    answer = ask(
        "clients --new 7d 1h",
        *talk("10.0.1.10"),
        *talk("10.0.1.10", server="10.0.3.7:443"),
        *talk("10.0.1.11", server="203.0.113.9:443"),
        *talk("10.0.1.12", at=DAY, server="10.0.3.7:80"),
    )
    assert answer.headline == (
        "1 new client inside (10.0.1.10) of any port inside; 1 gone inside (10.0.1.12)."
    )
    assert clients(answer, "New") == {"10.0.1.10": (2, 2000, 2000, 2)}
    assert clients(answer, "Gone") == {"10.0.1.12": (1, 1000, 1000, 1)}
    assert answer.next == ("host 10.0.1.10 1h", "deps 10.0.1.10 1h")


@pytest.mark.parametrize("line", ["clients 5432 1h new 7d", "clients 5432 --new 7d 1h"])
def test_new_and_gone_as_counted_in_plain_python(ask: Ask, line: str) -> None:
    before, now = made(31, 60, at=3 * DAY), made(32, 60)

    def plainly(records: list[Record]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for (client, _, port), sums in counted(records).items():
            if port == 5432:
                have = found.setdefault(client, [0, 0, 0, 0])
                for n, value in enumerate((1, sums.sent, sums.back, sums.connections)):
                    have[n] += value
        return {client: sums for client, sums in found.items() if sums[2]}

    earlier, present = plainly(before), plainly(now)
    answer = ask(line, *before, *now)
    new = {c: tuple(s) for c, s in present.items() if c not in earlier}
    gone = {c: tuple(s) for c, s in earlier.items() if c not in present}
    assert new
    assert gone
    assert clients(answer, "New") == new
    assert clients(answer, "Gone") == gone
    assert clients(answer, "Seen before") == {
        c: tuple(s) for c, s in present.items() if c in earlier
    }


def test_the_headline_names_those_inside(ask: Ask) -> None:
    answer = ask(
        "clients postgres 1h new 7d",
        *talk("10.0.1.10"),
        *talk("10.0.1.11"),
        *(record for n in range(1, 9) for record in talk(f"203.0.113.{n}", size=44)),
        *talk("10.0.1.11", at=DAY),
        *talk("10.0.1.12", at=DAY),
    )
    assert answer.headline == (
        "1 new client inside (10.0.1.10), 8 outside of port 5432 (postgres);"
        " 1 gone inside (10.0.1.12)."
    )
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert chart.title == "9 new clients of port 5432 (postgres), 1 gone"
    assert chart.labels[:2] == ("10.0.1.10", "10.0.1.12")
    assert [series.name for series in chart.series] == ["new", "gone", "seen before"]


def test_nobody_new_nobody_gone(ask: Ask) -> None:
    answer = ask("clients 5432 1h new 7d", *talk("10.0.1.10"), *talk("10.0.1.10", at=DAY))
    assert answer.headline == ("No new clients inside of port 5432 (postgres); none gone inside.")
    assert answer.next == ("port 5432 1h",)


def test_who_got_no_answer_is_no_client(ask: Ask) -> None:
    probes = [flow(f"198.51.100.{n}:5000", DB) for n in range(9)]
    answer = ask("clients 5432 1h", *talk("10.0.1.10"), *probes, *talk("10.0.1.10", at=DAY))
    assert list(clients(answer, "Seen before")) == ["10.0.1.10"]
    assert clients(answer, "New") == {}


def test_only_one_server(ask: Ask) -> None:
    answer = ask(
        "clients 5432 on 10.0.3.6 1h",
        *talk("10.0.1.10"),
        *talk("10.0.1.11", server="10.0.3.6:5432"),
        *talk("10.0.1.10", at=DAY),
    )
    assert list(clients(answer, "New")) == ["10.0.1.11"]
    assert "port 5432 (postgres) on 10.0.3.6" in answer.headline


def test_without_earlier_logs_nobody_is_new(ask: Ask) -> None:
    answer = ask("clients 5432 1h", *talk("10.0.1.10"))
    assert answer.headline == (
        "1 client of port 5432 (postgres); the earlier window holds no records to compare with."
    )
    assert list(clients(answer, "Clients")) == ["10.0.1.10"]
    assert "who is new cannot be told" in answer.notes[0].text
    assert answer.notes[0].topic is Topic.CAUTION


def test_lists_that_are_cut_off_are_checked_by_name(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a list of two, the third client of the earlier window must not look new."""
    monkeypatch.setattr("commands.clients.MOST", 2)
    before = [talk(f"10.0.1.{n}", at=DAY, size=9000 - n) for n in (10, 11, 12)]
    now = [talk("10.0.1.12", size=9000), talk("10.0.1.13", size=8000)]
    answer = ask("clients 5432 1h new 7d", *(r for group in (*before, *now) for r in group))
    assert list(clients(answer, "New")) == ["10.0.1.13"]
    assert set(clients(answer, "Gone")) == {"10.0.1.10", "10.0.1.11"}


def test_nothing(ask: Ask) -> None:
    records = (*talk("10.0.1.10", server="10.0.3.5:443"), *talk("10.0.1.10", at=DAY * 9))
    answer = ask("clients 5432 1h", *records, *talk("10.0.1.10", at=DAY, server="10.0.3.5:443"))
    assert answer.headline == "Port 5432 (postgres) has no client, and had none before."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("clients 5432 24h",))


def test_hostile_records(ask: Ask) -> None:
    answer = ask("clients 5432 1h", *talk("x\"]|y'"), *talk("10.0.1.10", at=DAY))
    assert list(clients(answer, "New")) == ["x\"]|y'"]


@pytest.mark.parametrize(
    "line",
    ["clients new", "clients 5432 new", "clients 5432 new x", "clients 5432 24h new 1h"],
)
def test_wrong_words(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, *talk("10.0.1.10"))


def test_a_log_without_bytes(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "bytes"]
    with pytest.raises(MissingFields, match="bytes"):
        ask("clients 5432", *talk("10.0.1.10"), fields=fields)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("clients 5432 1h", *talk("10.0.1.10"), *talk("10.0.1.11", at=DAY))
    assert answer.next == ("host 10.0.1.10 1h", "deps 10.0.1.10 1h", "port 5432 1h")
    for line in answer.next:
        assert ask(line).headline
