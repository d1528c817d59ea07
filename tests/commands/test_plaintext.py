from __future__ import annotations

from collections import Counter

import pytest

from bot.model.answer import Answer
from bot.model.chart import Bars
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.plain import counted, inside, made
from tests.commands.records import Record, flow


def table(answer: Answer, title: str) -> list[tuple[object, ...]]:
    return [row for table in answer.tables if table.title == title for row in table.rows]


def talk(client: str, server: str, *, size: int, packets: int = 10) -> list[Record]:
    return [
        flow(client, server, bytes=size, packets=packets),
        flow(server, client, bytes=size, packets=packets),
    ]


def test_as_counted_in_plain_python(ask: Ask) -> None:
    records = made(13, 600)
    ways = {(True, True): "inside", (True, False): "out to the internet"}
    expected: Counter[tuple[str, int]] = Counter()
    for (client, server, port), sums in counted(records).items():
        if port in (23, 80, 6379) and sums.back_packets >= 3 * sums.connections:
            way = ways.get((inside(client), inside(server)), "in from the internet")
            expected[way, port] += sums.sent + sums.back
    told = {(row[0], row[1]): row[3] for row in table(ask("plaintext", *records), "By protocol")}
    assert len(expected) == 9
    assert told == expected


def test_the_headline_puts_the_internet_first(ask: Ask) -> None:
    answer = ask(
        "plaintext",
        *talk("10.0.1.10:40001", "10.0.3.5:6379", size=5000),
        *talk("10.0.1.10:40002", "203.0.113.7:21", size=300),
        *talk("203.0.113.8:40002", "10.0.1.12:80", size=100),
        *talk("10.0.1.10:40002", "203.0.113.7:443", size=9_000_000),
    )
    assert answer.headline == (
        "In clear text 200 B came in from the internet, most on port 80 (http) by 1 client;"
        " 600 B went out to the internet, most on port 21 (ftp) by 1 client;"
        " 10.0 kB stayed inside, most on port 6379 (redis) by 1 client."
    )
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert chart.title == "800 B in clear text crossed the internet"
    assert chart.labels == ("6379 (redis)", "21 (ftp)", "80 (http)")


def test_probes_say_nothing_in_clear_text(ask: Ask) -> None:
    answer = ask("plaintext", *talk("198.51.100.7:50000", "10.0.1.12:80", size=44, packets=2))
    assert answer.headline == "Nothing was sent in clear text, as far as ports tell."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("plaintext 7d",))


def test_only_one_host(ask: Ask) -> None:
    records = [
        *talk("10.0.1.10:40001", "10.0.3.5:6379", size=5000),
        *talk("10.0.1.11:40001", "10.0.3.5:6379", size=7000),
    ]
    answer = ask("plaintext of 10.0.1.11", *records)
    assert [row[0] for row in table(answer, "Largest conversations")] == ["10.0.1.11"]
    (chart,) = answer.charts
    assert chart.title == "14.0 kB in clear text, none of it across the internet"


def test_hostile_records(ask: Ask) -> None:
    answer = ask("plaintext", *talk("x\"]|y':40001", "10.0.3.5:23", size=50))
    assert table(answer, "Largest conversations")[0][0] == "x\"]|y'"


@pytest.mark.parametrize("line", ["plaintext telnet", "plaintext of x'\"]"])
def test_wrong_words(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, *made(1, 3))


def test_a_log_without_protocol(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "protocol"]
    with pytest.raises(MissingFields, match="protocol"):
        ask("plaintext", *made(1, 3), fields=fields)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("plaintext", *talk("10.0.1.10:40001", "10.0.3.5:6379", size=5000))
    assert answer.next == ("port 6379 24h", "pair 10.0.1.10 10.0.3.5 24h")
    assert ask(answer.next[1]).headline
