"""Random queries over random records: the SQL gives what a plain evaluation gives.

As many are tried as fit in a minute, 20,000 at most; `make property` tries all of them, and the
last line of a run says how many it were.
"""

from __future__ import annotations

import csv
import math
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.insights.parser import parse
from tests.insights.data import CUSTOM, NAMES, PLAIN, Data, message, stamp
from tests.insights.plainly import Evaluator, Moment

ADDRESSES = ["10.0.0.2", "10.0.0.10", "10.1.0.1", "192.0.2.7", "203.0.113.9", "2001:db8::1", "-"]
NUMBERS = ["0", "1", "2", "10", "44", "443", "5432", "40000", "1000000", "-"]
TEXTS = ("srcAddr", "dstAddr", "action", "interfaceId", "flowDirection")
COUNTS = ("srcPort", "dstPort", "bytes", "packets", "tcpFlags", "trafficPath")
TABLES = 12
QUERIES = "random queries"  # tests/conftest.py says how many, under this name
WANTED, ROUND, SECONDS = 20_000, 250, 60


def random_records(seed: int) -> list[dict[str, str]]:
    rng = random.Random(seed)
    records = []
    for n in range(rng.randrange(0, 25)):
        start = 1772445600 + rng.randrange(0, 1800)
        record = PLAIN | {
            "srcAddr": rng.choice(ADDRESSES),
            "dstAddr": rng.choice(ADDRESSES),
            "srcPort": rng.choice(NUMBERS),
            "dstPort": rng.choice(NUMBERS),
            "packets": rng.choice(NUMBERS),
            "bytes": rng.choice(NUMBERS),
            "start": str(start),
            "end": str(start + rng.randrange(0, 60)),
            "action": rng.choice(["ACCEPT", "REJECT", "-"]),
            "interfaceId": f"eni-{n % 3}",
        }
        for name in CUSTOM:
            if rng.random() < 0.5:
                values = NUMBERS if name in ("tcpFlags", "trafficPath") else [*ADDRESSES, "egress"]
                record[name] = rng.choice(values)
        records.append(record)
    return records


def as_rows(records: list[dict[str, str]]) -> list[dict[str, object]]:
    """Records as the plain evaluation takes them."""
    return [
        dict.fromkeys(NAMES)
        | record
        | {"@timestamp": Moment(int(stamp(record).timestamp() * 1000))}
        | {"@message": message(record), "n": n}
        for n, record in enumerate(records)
    ]


class World:
    """Tables that queries are run over, each with its records."""

    def __init__(self) -> None:
        self.records = [random_records(seed) for seed in range(TABLES)]
        self.tables = [Data(records, (*TEXTS, *COUNTS)) for records in self.records]
        self.lookups = {
            path.stem: list(csv.DictReader(path.read_text().splitlines()))
            for path in (Path(__file__).parent / "tables").glob("*.csv")
        }


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    for table in made.tables:
        table.connection.close()


texts = st.sampled_from(TEXTS)
numbers = st.sampled_from(COUNTS)
fields = texts | numbers
number_literals = st.sampled_from(["0", "1", "2", "44", "443", "1.5", "5432", "-1", "40000"])
text_literals = st.sampled_from(
    ['"443"', '"-"', '"ACCEPT"', "'10.0.0.2'", '"x"', '""', '"044"', "'1e1'", '"10"']
)
comparisons = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
patterns = st.sampled_from(
    ["/^10\\./", "/4/", "/(?i)accept/", "/[0-9]+$/", '"10"', '"-"', "'.'", "/^-$/", "/a|b/"]
)


def arithmetic(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/%"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda e: f"floor({e})"),
        inner.map(lambda e: f"ceil({e})"),
        inner.map(lambda e: f"abs({e})"),
        st.tuples(inner, inner).map(lambda t: f"greatest({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"least({t[0]}, {t[1]})"),
    )


numeric = st.recursive(numbers | number_literals, arithmetic, max_leaves=4)
textual = st.recursive(
    fields | text_literals,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda t: f"concat({t[0]}, {t[1]})"),
        inner.map(lambda e: f"toUpper({e})"),
        inner.map(lambda e: f"substr({e}, 1, 3)"),
        st.tuples(inner, inner).map(lambda t: f"coalesce({t[0]}, {t[1]})"),
        inner.map(lambda e: f'replace({e}, ".", "")'),
        inner.map(lambda e: f"ipv4ToNumber({e})"),
    ),
    max_leaves=3,
)
values = st.one_of(fields, number_literals, text_literals, numeric, textual)
literals = st.lists(number_literals | text_literals, min_size=1, max_size=4)
networks = st.sampled_from(["10.0.0.0/15", "10.0.0.0/29", "192.0.2.7/32", "0.0.0.0/0"])
simple = st.one_of(
    st.tuples(fields, comparisons, number_literals | text_literals).map(" ".join),
    st.tuples(values, comparisons, values).map(" ".join),
    st.tuples(fields, st.sampled_from(["like", "not like", "=~"]), patterns).map(" ".join),
    st.tuples(values, st.sampled_from(["in", "not in"]), literals).map(
        lambda t: f"{t[0]} {t[1]} [{', '.join(t[2])}]"
    ),
    fields.map(lambda f: f"isPresent({f})"),
    fields.map(lambda f: f"isEmpty({f})"),
    values.map(lambda v: f"isNumeric({v})"),
    st.tuples(
        texts, st.sampled_from(["10.0.0.0/15", "10.0.0.0/29", "192.0.2.7/32", "0.0.0.0/0"])
    ).map(lambda t: f'isIpv4InSubnet({t[0]}, "{t[1]}")'),
    st.tuples(values, text_literals).map(lambda t: f"strcontains({t[0]}, {t[1]})"),
)
conditions = st.recursive(
    simple,
    lambda inner: st.one_of(
        inner.map(lambda c: f"not ({c})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda t: f"({t[0]}) {t[1]} ({t[2]})"
        ),
    ),
    max_leaves=4,
)
aggregates = st.one_of(
    st.just("count(*)"),
    fields.map(lambda f: f"count({f})"),
    fields.map(lambda f: f"count_distinct({f})"),
    st.tuples(
        st.sampled_from(["sum", "avg", "min", "max", "stddev", "sortsFirst", "sortsLast"]), fields
    ).map(lambda t: f"{t[0]}({t[1]})"),
    st.tuples(st.sampled_from(["earliest", "latest"]), fields).map(lambda t: f"{t[0]}({t[1]})"),
    numeric.map(lambda e: f"sum({e})"),
    numbers.map(lambda f: f"pct({f}, 50)"),
    numbers.map(lambda f: f"sum({f}) / count(*)"),
    numbers.map(lambda f: f"max({f}) - min({f})"),
    numbers.map(lambda f: f"rate({f}, 1m)"),
)
keys = st.one_of(
    fields,
    st.sampled_from(["bin(5m)", "bin(90s)", "bin(1h)"]),
    fields.map(lambda f: f"strlen({f})"),
    numbers.map(lambda f: f"histogram({f}, 500)"),
)


def stats(group: list[str], wanted: list[str]) -> str:
    items = ", ".join(f"{aggregate} as a{n}" for n, aggregate in enumerate(wanted))
    by = ", ".join(f"{key} as k{n}" for n, key in enumerate(group))
    offset = " offset 2m" if "bin(" in by and len(wanted) == 1 else ""
    return f"stats {items} by {by}{offset}" if by else f"stats {items}"


looked_up = st.one_of(
    fields.map(lambda f: f"cidrlookup networks {f}"),
    fields.map(lambda f: f"lookup networks name as {f}"),
    st.tuples(texts, texts).map(lambda t: f"lookup networks range as {t[0]}, zone as {t[1]}"),
)


@st.composite
def queries(draw: st.DrawFn) -> str:
    lines = [f"filter {condition}" for condition in draw(st.lists(conditions, max_size=2))]
    if draw(st.booleans()):
        lines.insert(0, f"fields {draw(values)} as x, {draw(values)} as y")
        lines += draw(st.sampled_from([[], [f"filter x {draw(comparisons)} y"]]))
    if draw(st.integers(0, 4)) == 0:
        lines.insert(0, 'parse @message "* * * *" as p, q, r, s')
        lines.append("filter p != r and s like '.'")
    if draw(st.integers(0, 9)) == 0:
        word, table = draw(st.sampled_from(["OUTPUT", "OUTPUTNEW"])), draw(looked_up)
        lines.append(f"{table} {word} name as found, zone as {draw(fields)}")
        lines += draw(st.sampled_from([[], ["filter found like 'n'"], ["stats count(*) by found"]]))
        if "stats" in lines[-1]:
            return "\n| ".join(lines)
    if draw(st.integers(0, 15)) == 0:
        lines.append(f"stats topk(3, {draw(fields)}) as n")
    elif draw(st.booleans()):
        group = draw(st.lists(keys, max_size=2))
        lines.append(stats(group, draw(st.lists(aggregates, min_size=1, max_size=3))))
        lines += draw(st.sampled_from([[], ["filter a0 > 1"], ["fields a0 * 2 as double"]]))
        order = [f"k{n} asc" for n in range(len(group))]
        lines += [f"sort {', '.join(['a0 desc', *order])}"] if draw(st.booleans()) else []
    else:
        lines += [f"display {draw(fields)}, {draw(values)} as z"] if draw(st.booleans()) else []
        way = draw(st.sampled_from(["asc", "desc"]))
        lines += [f"sort {draw(fields)} {way}"] if draw(st.booleans()) else []
        lines += draw(st.sampled_from([[], [f"dedup {draw(fields)}"], ["limit 5"]]))
    return "\n| ".join(lines or ["fields @timestamp"])


def same(left: dict[str, str], right: dict[str, str]) -> bool:
    return left.keys() == right.keys() and all(
        left[name] == right[name] or close(left[name], right[name]) for name in left
    )


def close(left: str, right: str) -> bool:
    """Whether two values differ by no more than the order in which numbers were added."""
    try:
        return math.isclose(float(left), float(right), rel_tol=1e-9, abs_tol=1e-9)
    except ValueError:
        return False


def unordered(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [dict(items) for items in sorted(sorted(row.items()) for row in rows)]


def check(world: World, number: int, query: str) -> None:
    pipeline = parse(query)
    rows = world.tables[number].rows_of(pipeline)
    wanted = Evaluator(pipeline, world.lookups).run(as_rows(world.records[number]))
    if "stats" in query and "| sort" not in query and "topk" not in query:
        rows, wanted = unordered(rows), unordered(wanted)
    assert len(rows) == len(wanted)
    for row, plain in zip(rows, wanted, strict=True):
        assert same(row, plain), f"{row} is not {plain}"


def tries(world: World, count: int, tried: set[tuple[int, str]]) -> None:
    """Try `count` random queries; one that differs is made as short as it can be."""

    # Not derandomized, as in CI: every round would try the same.
    @settings(
        max_examples=count,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, TABLES - 1), queries())
    def run(number: int, query: str) -> None:
        check(world, number, query)
        tried.add((number, query))

    run()


@pytest.mark.timeout(3600)
def test_random_queries(
    world: World, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]
) -> None:
    asked = pytestconfig.getoption("--examples", default=None)
    wanted, began = int(asked or WANTED), time.monotonic()
    tried: set[tuple[int, str]] = set()  # the same query over the same table counts once
    while len(tried) < wanted and (asked or time.monotonic() - began < SECONDS):
        tries(world, ROUND, tried)
    record_property(QUERIES, len(tried))
    assert tried
