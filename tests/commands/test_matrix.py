"""`matrix`, over made records of the demo's network and sums in plain Python."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from bot.model.answer import Answer
from bot.model.chart import Heatmap
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.known import INTERFACES, S3, known
from tests.commands.records import Record, flow

HOSTS = [address for address in INTERFACES if address != "10.20.0.5"]
SUBNETS = {
    "10.20.0": "public-a",
    "10.20.10": "app-a",
    "10.20.11": "app-b",
    "10.20.20": "data-a",
    "10.20.21": "data-b",
}


def subnet(address: str) -> str:
    return SUBNETS[address.rpartition(".")[0]]


def zone(address: str) -> str:
    return "us-east-1" + subnet(address)[-1]


def made() -> tuple[list[Record], Counter[tuple[str, str]]]:
    """Flows between hosts as both ends record them, and the true bytes of each pair."""
    draw = random.Random(3)
    records, truth = [], Counter[tuple[str, str]]()
    for _ in range(300):
        source, target = draw.sample(HOSTS, 2)
        size = draw.randint(1, 10_000)
        truth[source, target] += size
        records += [
            flow(f"{source}:40000", f"{target}:443", bytes=size, interface_id=INTERFACES[end])
            for end in (source, target)
        ]
    return records, truth


def cells(answer: Answer) -> dict[tuple[object, object], object]:
    """The first table by its ends; names beside addresses left out."""
    table = answer.tables[0]
    places = [n for n, column in enumerate(table.columns) if column.name in ("source", "target")]
    size = next(n for n, column in enumerate(table.columns) if column.name == "bytes")
    return {(row[places[0]], row[places[1]]): row[size] for row in table.rows}


@pytest.mark.parametrize(("by", "name"), [("zone", zone), ("subnet", subnet)])
def test_each_flow_is_in_its_cell_once(ask: Ask, by: str, name: object) -> None:
    records, truth = made()
    expected: Counter[tuple[str, str]] = Counter()
    for (source, target), size in truth.items():
        expected[name(source), name(target)] += size  # type: ignore[operator]
    answer = ask(f"matrix {by} 1h", *records, network=known())
    assert cells(answer) == dict(expected.most_common(25))
    (chart,) = answer.charts
    assert isinstance(chart, Heatmap)
    assert chart.rows == chart.columns == tuple(sorted({end for pair in expected for end in pair}))
    drawn = {
        (row, column): value
        for row, values in zip(chart.rows, chart.values, strict=True)
        for column, value in zip(chart.columns, values, strict=True)
        if value
    }
    assert drawn == expected


def test_hosts_are_the_pairs_themselves(ask: Ask) -> None:
    records, truth = made()
    answer = ask("matrix host 1h", *records, network=known())
    assert cells(answer) == dict(truth.most_common(25))
    assert answer.tables[0].left_off == len(truth) - 25


def test_a_service_is_one_host_and_the_zones_are_of_the_inside_only(ask: Ask) -> None:
    at = {"interface_id": INTERFACES["10.20.10.21"]}
    records = [
        flow("10.20.10.21:1", f"{S3}:443", bytes=100, **at),
        flow("10.20.10.21:1", "52.216.40.77:443", bytes=200, **at),
        flow("10.20.10.21:1", "10.20.21.30:5432", bytes=40, **at),
        flow("10.20.10.21:1", "10.20.10.22:22", bytes=10, **at),
    ]
    answer = ask("matrix host 1h", *records, network=known())
    assert cells(answer)["10.20.10.21", "S3 us-east-1"] == 300
    answer = ask("matrix 1h", network=known())
    assert answer.headline == (
        "80 % of 50 B inside goes from one zone to another, most from us-east-1a to us-east-1b:"
        " 40 B."
    )
    assert any("Of the 350 B counted, 300 B has an end" in note.text for note in answer.notes)


def test_without_an_inventory_hosts_are_left(ask: Ask) -> None:
    records, truth = made()
    answer = ask("matrix 1h", *records)
    assert answer.headline == "No zone is known of any address here."
    assert answer.next == ("matrix host 1h",)
    assert any("flows inventory --save FILE" in note.text for note in answer.notes)
    assert cells(ask("matrix host 1h")) == dict(truth.most_common(25))


def test_nothing_moved(ask: Ask) -> None:
    answer = ask("matrix host 1h", flow("198.51.100.7:1", "10.20.10.21:22", "REJECT"))
    assert answer.headline == "No traffic was let through in this window."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("matrix host 24h",))


def test_sides_that_do_not_exist(ask: Ask) -> None:
    with pytest.raises(BadLine, match="subnt"):
        ask("matrix subnt", flow("10.20.10.21:1", "10.20.10.22:2"))


def test_a_log_without_bytes(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "bytes"]
    with pytest.raises(MissingFields, match="create-flow-logs"):
        ask("matrix", flow("10.20.10.21:1", "10.20.10.22:2"), fields=fields)


def test_a_hostile_address_is_a_name_like_any(ask: Ask) -> None:
    odd = flow("10.20.10.21:1", "10.20.10.22:2") | {"dstaddr": '"|<!here>'}
    assert list(cells(ask("matrix host 1h", odd))) == [("10.20.10.21", '"|<!here>')]
