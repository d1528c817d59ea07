from __future__ import annotations

import pytest

from bot.model.answer import Answer
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.plain import counted, inside, made
from tests.commands.records import flow

DB = "10.0.3.5"
PERSON = "203.0.113.7"


def answered(answer: Answer) -> dict[tuple[object, ...], tuple[object, ...]]:
    tables = [table for table in answer.tables if table.title == "Answered"]
    return {row[:3]: (row[5], row[7], row[8]) for table in tables for row in table.rows}


def test_as_counted_in_plain_python(ask: Ask) -> None:
    records = made(12, 600)
    expected = {
        (client, server, port): (sums.connections, sums.sent, sums.back)
        for (client, server, port), sums in counted(records).items()
        if port in (3306, 5432, 6379) and inside(server) and not inside(client)
        if sums.back_packets
    }
    assert len(expected) > 10
    assert answered(ask("databases-exposed", *records)) == expected


@pytest.mark.parametrize("port", [5432, 27017, 50000, 33060])
def test_a_database_that_the_internet_uses(ask: Ask, port: int) -> None:
    answer = ask(
        "databases-exposed",
        flow(f"{PERSON}:41000", f"{DB}:{port}", bytes=5000, packets=50),
        flow(f"{DB}:{port}", f"{PERSON}:41000", bytes=900_000, packets=700),
        flow(f"10.0.1.10:{port}", "10.0.1.11:443"),  # a client that was handed the port
        flow("10.0.1.12:40000", f"{DB}:{port}"),  # from inside
    )
    assert answer.headline.startswith(f"1 address outside used port {port} (")
    assert answer.headline.endswith(f") of {DB}, most {PERSON} (905 kB).")
    assert answered(answer) == {(PERSON, DB, port): (1, 5000, 900_000)}


def test_a_scan_that_is_let_through_is_no_exposure(ask: Ask) -> None:
    answer = ask("databases-exposed", flow(f"{PERSON}:41000", "10.0.0.5:5432", packets=1, bytes=40))
    assert answer.headline == (
        "Nobody outside used a database port; of those who tried, 1 got no answer."
    )
    assert answer.next == ("scans 24h",)


def test_nobody(ask: Ask) -> None:
    answer = ask("databases-exposed 1h", flow("10.0.1.10:40001", f"{DB}:443"))
    assert answer.headline == "Nobody outside used a database port."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("databases-exposed 24h",))


def test_wrong_words(ask: Ask) -> None:
    with pytest.raises(BadLine):
        ask("databases-exposed x'\"]", flow("10.0.1.10:40001", f"{DB}:443"))


def test_a_log_without_ports(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "dstport"]
    with pytest.raises(MissingFields, match="dstPort"):
        ask("databases-exposed", flow("10.0.1.10:40001", f"{DB}:443"), fields=fields)
