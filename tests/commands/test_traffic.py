"""`traffic`, over made records of the demo's network and a count in plain Python."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from bot.model.answer import Answer, Topic
from bot.model.chart import Timeline
from bot.model.errors import MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.known import INTERFACES, S3, known
from tests.commands.records import Record, flow

INSIDE = [address for address in INTERFACES if address != "10.20.0.5"]
OUTSIDE = ["198.51.100.7", "203.0.113.80", S3]


def plain_category(source: str, target: str) -> str:
    """By the third number of the demo's addresses: an even one is zone a."""
    if S3 in (source, target):
        return "aws-service"
    if not source.startswith("10."):
        return "internet-in"
    if not target.startswith("10."):
        return "internet-out"
    one, other = (int(address.split(".")[2]) for address in (source, target))
    if one == other:
        return "within-subnet"
    return "within-zone" if one % 2 == other % 2 else "cross-zone"


def made(count: int, seed: int = 7) -> tuple[list[Record], Counter[str], int]:
    """Flows as both ends record them, the true bytes by category, and the bytes logged."""
    draw = random.Random(seed)
    records, truth, logged = [], Counter[str](), 0
    for n in range(count):
        source, target = draw.sample([*INSIDE, *OUTSIDE], 2)
        if source in OUTSIDE and target in OUTSIDE:
            continue
        size = draw.randint(100, 100_000)
        truth[plain_category(source, target)] += size
        for end in {source, target} & INTERFACES.keys():
            records.append(
                flow(
                    f"{source}:40000",
                    f"{target}:443",
                    at=n % 50,
                    bytes=size,
                    interface_id=INTERFACES[end],
                )
            )
            logged += size
    return records, truth, logged


def by_category(answer: Answer) -> dict[object, object]:
    return {row[0]: row[1] for row in answer.tables[0].rows}


def test_each_flow_is_in_its_category_once_and_the_sums_match(ask: Ask) -> None:
    records, truth, logged = made(400)
    rejected = flow(f"{OUTSIDE[0]}:1", "10.20.10.21:22", "REJECT", bytes=10**9)
    answer = ask("traffic 1h", *records, rejected, network=known())
    assert by_category(answer) == truth
    assert sum(row[1] for row in answer.tables[1].rows) == truth.total()  # type: ignore[misc]
    (method, *_) = [note.text for note in answer.notes if "second sightings" in note.text]
    assert f"of {len(records)} records" in method
    assert logged > truth.total()
    assert not [note for note in answer.notes if note.topic is Topic.CAUTION]


def test_over_time_the_categories_add_up_to_the_same(ask: Ask) -> None:
    records, truth, _ = made(400)
    (chart,) = ask("traffic 1h", *records, network=known()).charts
    assert isinstance(chart, Timeline)
    drawn = {s.name: sum(v or 0 for v in s.values) for s in chart.panels[0].series}
    assert drawn == pytest.approx(dict(truth))


def test_the_headline_names_the_largest(ask: Ask) -> None:
    far = {"interface_id": INTERFACES["10.20.10.21"]}
    answer = ask(
        "traffic 1h",
        flow("10.20.10.21:1", "10.20.21.30:5432", bytes=800, **far),
        flow("10.20.10.21:2", "10.20.20.30:5432", bytes=200, **far),
        network=known(),
    )
    assert answer.headline == (
        "1.00 kB moved: 80 % across zones, 20 % within a zone; nothing unclassified."
    )
    assert answer.next == ("costs 1h", "matrix zone 1h")


def test_without_an_inventory_it_says_what_cannot_be_told_and_what_would(ask: Ask) -> None:
    records, truth, _ = made(200)
    answer = ask("traffic 1h", *records)
    found = by_category(answer)
    assert found["aws-service"] == truth["aws-service"]
    inner = sum(truth[c] for c in ("within-subnet", "within-zone", "cross-zone"))
    assert found["unclassified"] == inner
    (said,) = [note.text for note in answer.notes if "unclassified" in note.text]
    assert "flows inventory --save FILE" in said
    assert "aws ec2 create-flow-logs" in said
    assert "${az-id}" in said


def test_what_a_full_format_records_is_enough(ask: Ask) -> None:
    fields = [*DEFAULT_FORMAT, "vpc-id", "subnet-id", "az-id", "flow-direction"]
    place = {"a": {"vpc_id": "vpc-1", "subnet_id": "subnet-a", "az_id": "use1-az1"}}
    place["b"] = {"vpc_id": "vpc-1", "subnet_id": "subnet-b", "az_id": "use1-az2"}
    place["a"] |= {"interface_id": "eni-a", "flow_direction": "egress"}
    place["b"] |= {"interface_id": "eni-b", "flow_direction": "ingress"}
    records = [flow("10.0.1.5:1", "10.0.2.5:2", **place[end]) for end in "ab"]
    answer = ask("traffic 1h", *records, fields=fields)
    assert by_category(answer) == {"cross-zone": 1000}


def test_nothing_moved(ask: Ask) -> None:
    answer = ask("traffic 1h", flow("198.51.100.7:1", "10.20.10.21:22", "REJECT"))
    assert answer.headline == "No traffic was let through in this window."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("traffic 24h",))


@pytest.mark.parametrize("name", ["bytes", "interface-id"])
def test_a_log_that_lacks_a_field(ask: Ask, name: str) -> None:
    fields = [field for field in DEFAULT_FORMAT if field != name]
    with pytest.raises(MissingFields, match="create-flow-logs"):
        ask("traffic", flow("10.0.1.5:1", "10.0.2.5:2"), fields=fields)


@pytest.mark.parametrize("word", ["\"' or 1=1", "a\\b", "999.1.1.1", "-"])
def test_hostile_addresses_are_only_unclassified(ask: Ask, word: str) -> None:
    odd = flow("10.20.10.21:1", "10.20.10.22:2") | {"srcaddr": word.replace(" ", "_")}
    answer = ask("traffic 1h", odd, network=known())
    assert by_category(answer) == {"unclassified": 1000}


def test_what_exceeds_a_querys_limit_is_summed_and_said(ask: Ask) -> None:
    at = {"interface_id": INTERFACES["10.20.0.11"]}
    small = [
        flow(f"198.51.{n // 250}.{n % 250}:40000", "10.20.0.11:443", bytes=10, **at)
        for n in range(10_050)
    ]
    large = flow("203.0.113.9:40000", "10.20.0.11:443", bytes=1_000_000, **at)
    answer = ask("traffic 1h", *small, large, network=known())
    assert by_category(answer) == {"internet-in": 1_000_000 + 9_999 * 10}
    cautions = [note.text for note in answer.notes if note.topic is Topic.CAUTION]
    assert any("510 B (<1 % of what was logged, 51 records)" in text for text in cautions)
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    drawn = {s.name: sum(v or 0 for v in s.values) for s in chart.panels[0].series}
    assert drawn == pytest.approx({"internet-in": 1_099_990, "not told apart": 510})
