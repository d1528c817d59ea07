"""`unanswered`, over made connections whose fate is known."""

from __future__ import annotations

import pytest

from bot.model.answer import Answer
from bot.model.chart import Bars
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.records import Record, flow

CLIENT, SERVER = "10.0.1.9", "10.0.3.5"


def asked(
    n: int, *, server: str = SERVER, port: int = 5432, interface: str = "eni-c"
) -> list[Record]:
    return [
        flow(f"{CLIENT}:{40000 + i}", f"{server}:{port}", interface_id=interface) for i in range(n)
    ]


def replied(n: int, action: str = "ACCEPT", interface: str = "eni-s") -> list[Record]:
    return [
        flow(f"{SERVER}:5432", f"{CLIENT}:{40000 + i}", action, interface_id=interface)
        for i in range(n)
    ]


def rows(answer: Answer) -> list[tuple[object, ...]]:
    """Client, server, port, what happened, connections, rejected, client ports."""
    (table,) = answer.tables
    return [(*row[:3], *row[5:9]) for row in table.rows]


def test_silence(ask: Ask) -> None:
    answer = ask("unanswered", *asked(4), *asked(2, server="203.0.113.7", port=25))
    assert rows(answer) == [
        (CLIENT, SERVER, 5432, "no answer", 4, 0, None),
        (CLIENT, "203.0.113.7", 25, "no answer", 2, 0, None),
    ]
    assert answer.headline == (
        "1 host asked in vain; most often in silence 10.0.1.9 at 10.0.3.5 port 5432 (postgres)."
    )
    assert answer.next == (f"why {CLIENT} {SERVER} 5432 1h", f"pair {CLIENT} {SERVER} 1h")


def test_replies_that_a_nacl_stops_at_the_server(ask: Ask) -> None:
    """Requests arrive; replies leave no interface: the outbound NACL of the server's subnet."""
    answer = ask("unanswered", *asked(3), *replied(3, "REJECT"))
    assert rows(answer) == [
        (CLIENT, SERVER, 5432, "reply rejected", 3, 3, "40000–40002"),
    ]
    assert "security groups do not do that, a NACL without the client's ports does" in (
        answer.headline
    )
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert chart.title == "3 connections: reply rejected"


def test_replies_that_a_nacl_stops_at_the_client(ask: Ask) -> None:
    """The server's interface let them out, the client's did not let them in."""
    records = [*asked(6), *replied(6), *replied(5, "REJECT", "eni-c")]
    assert rows(ask("unanswered", *records)) == [
        (CLIENT, SERVER, 5432, "reply rejected", 5, 5, "40000–40004"),
    ]


def test_late_packets_are_no_blocked_replies(ask: Ask) -> None:
    records = [*asked(12), *replied(12), *replied(5, "REJECT", "eni-c")]
    answer = ask("unanswered", *records)
    assert answer.headline == "Everybody inside who asked got an answer."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("unanswered 24h",))


def test_requests_that_are_rejected_further_on(ask: Ask) -> None:
    there = [record | {"action": "REJECT", "interface-id": "eni-s"} for record in asked(4)]
    answer = ask("unanswered", *asked(4), *there)
    assert rows(answer) == [
        (CLIENT, SERVER, 5432, "request rejected further on", 4, 4, "40000–40003"),
    ]
    assert answer.headline == (
        "1 host asked in vain; requests of 1 pair left and were rejected further on, first"
        " 10.0.1.9 at 10.0.3.5 port 5432 (postgres)."
    )


def test_ports_that_do_not_say_who_asked(ask: Ask) -> None:
    """A load balancer's client ports are as low as a node's port: both look like servers."""
    there = [flow(f"{CLIENT}:{2000 + n}", f"{SERVER}:32027") for n in range(5)]
    back = [flow(f"{SERVER}:32027", f"{CLIENT}:{2000 + n}") for n in range(5)]
    answer = ask("unanswered", *there, *back, *asked(1, server="10.0.3.6", port=32027))
    assert rows(answer) == [(CLIENT, "10.0.3.6", 32027, "no answer", 1, 0, None)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("from 10.0.1.0/24", 1),
        ("from 10.0.2.0/24", 0),
        ("to 10.0.3.5", 1),
        ("to 10.0.3.6", 0),
        ("port postgres", 1),
        ("port 22", 0),
    ],
)
def test_narrowed(ask: Ask, words: str, found: int) -> None:
    answer = ask(f"unanswered {words}", *asked(2))
    assert len(answer.tables) == found


def test_records_of_syn_alone(ask: Ask) -> None:
    fields = [*DEFAULT_FORMAT, "tcp-flags"]
    records = [record | {"tcp-flags": 2 if i < 3 else 3} for i, record in enumerate(asked(4))]
    answer = ask("unanswered", *records, fields=fields)
    assert answer.tables[0].columns[9].name == "syn_only"
    assert answer.tables[0].rows[0][9] == 3


def test_answers_and_clients_outside_are_not_in_it(ask: Ask) -> None:
    knocks = [flow(f"203.0.113.9:{40000 + n}", f"{SERVER}:22") for n in range(5)]
    answer = ask("unanswered", *asked(2), *replied(2), *knocks)
    assert answer.headline == "Everybody inside who asked got an answer."


def test_hostile_records(ask: Ask) -> None:
    strange = flow("10.0.1.8:40001", "x\"]|y':5432", interface_id='e"|x')
    assert len(ask("unanswered", strange, *asked(2)).tables[0].rows) == 2


def test_wrong_words(ask: Ask) -> None:
    with pytest.raises(BadLine, match="Did you mean from"):
        ask("unanswered form 10.0.0.1", *asked(1))


def test_a_log_without_packets(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "packets"]
    with pytest.raises(MissingFields, match="packets"):
        ask("unanswered", *asked(1), fields=fields)
