"""Answers out of rollups are the answers out of the records."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.insights.parser import parse
from bot.insights.rollups import rollup
from bot.model.errors import Cancelled
from bot.model.query import Query, Result
from bot.model.window import Window
from tests.engines.local.flowfiles import HEADER, START

FILTERS = [
    'action = "REJECT"',
    'isIpv4InSubnet(srcAddr, "192.0.2.0/25")',
    'srcAddr like /^2001/ or srcAddr = "-"',
    "dstPort in [443, 22]",
    "protocol != 6",
    "bin(10m) > 0",
    "not ispresent(srcAddr)",
]
KEYS = ["srcAddr", "dstAddr", "action", "protocol", "dstPort as k", "bin(5m) as k", "bin(1h)"]
SUMS = ["count(*) as n", "sum(bytes) as b", "sum(packets)", "sum(bytes) / count(*) as mean"]
WINDOWS = [(0, 7200), (0, 1800), (330, 2900), (600, 2401), (5000, 6000)]


def line(number: int) -> str:
    """A record every 20 seconds; some hold nothing, some an address of another kind."""
    start = START + 20 * number
    if number % 9 == 8:
        return f"2 123456789012 eni-1 - - - - - - - {start} {start + 9} - NODATA"
    source = "2001:db8::1" if number % 7 == 6 else f"192.0.2.{50 * (number % 5)}"
    return (
        f"2 123456789012 eni-1 {source} 198.51.100.{number % 3} 40000 {(443, 22, 80)[number % 3]}"
        f" {(6, 17)[number % 4 == 3]} {number + 1} {100 * number} {start} {start + 9}"
        f" {('ACCEPT', 'REJECT')[number % 5 == 4]} OK"
    )


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six files of ten minutes each."""
    folder = tmp_path_factory.mktemp("logs")
    for n in range(6):
        slot = datetime.fromtimestamp(START + 600 * n, UTC)
        name = f"1_vpcflowlogs_eu-west-1_fl-1_{slot:%Y%m%dT%H%MZ}_{n}.log"
        lines = [line(number) for number in range(30 * n, 30 * n + 30)]
        (folder / name).write_text("\n".join([HEADER, *lines, ""]))
    return folder


def at(start: int, end: int) -> Window:
    begin = datetime.fromtimestamp(START, UTC)
    return Window(begin + timedelta(seconds=start), begin + timedelta(seconds=end))


def read_apart(folder: Path, cache: Path) -> None:
    """Fill a cache window by window, so that it has several segments."""
    with closing(LocalEngine(folder, cache=cache)) as engine:
        for n in range(6):
            engine.run(Query("limit 1", at(600 * n + 660, 600 * n + 661)), Watch())


@pytest.fixture(scope="module")
def engines(
    logs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LocalEngine, LocalEngine]]:
    """One that sums up everything, and one that sums up nothing."""
    cache = tmp_path_factory.mktemp("cache")
    read_apart(logs, cache)
    with (
        closing(LocalEngine(logs, cache=cache, summed=1)) as summing,
        closing(LocalEngine(logs, cache=cache, summed=10**9)) as reading,
    ):
        yield summing, reading


def told(result: Result) -> tuple[object, ...]:
    counted = (result.statistics.records_matched, result.statistics.records_scanned)
    return result.columns, result.rows, counted, result.notes


def texts(seed: int) -> str:
    rng = random.Random(seed)
    filters = [f"filter {condition}" for condition in rng.sample(FILTERS, rng.randrange(3))]
    keys = ", ".join(rng.sample(KEYS, rng.randrange(3)))
    sums = ", ".join(rng.sample(SUMS, rng.randrange(1, 4)))
    after = rng.choice([[], ["sort n desc"], ["limit 3"], ["stats count(*), max(b)"]])
    return " | ".join([*filters, f"stats {sums}{' by ' if keys else ''}{keys}", *after])


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_rollups_change_no_answer(
    engines: tuple[LocalEngine, LocalEngine], window: tuple[int, int]
) -> None:
    summing, reading = engines
    rolled = 0
    for seed in range(60):
        text = texts(1000 * window[1] + seed)
        if rollup(parse(text)) is None:
            continue
        rolled += 1
        query = Query(text, at(*window))
        assert told(summing.run(query, Watch())) == told(reading.run(query, Watch())), text
    assert rolled > 10


def test_rollups_are_kept_and_bounded(logs: Path, tmp_path: Path) -> None:
    with closing(LocalEngine(logs, cache=tmp_path, summed=1)) as engine:
        for keys in ("srcAddr", "dstAddr", "srcAddr"):
            engine.run(Query(f"stats count(*) by {keys}", at(0, 7200)), Watch())
        kept = {path.name: path.stat().st_ino for path in tmp_path.rglob("*.rollup")}
        assert sorted(kept) == ["0.dstAddr.rollup", "0.srcAddr.rollup"]
        few = "action protocol tcpFlags version accountId logStatus".split()
        for n in range(2, 64):
            by = ", ".join(name for bit, name in enumerate(few) if n >> bit & 1)
            engine.run(Query(f"stats count(*) by {by}", at(0, 7200)), Watch())
        assert len(list(tmp_path.rglob("*.rollup"))) == 16
    assert kept.items() <= {p.name: p.stat().st_ino for p in tmp_path.rglob("*.rollup")}.items()
    assert not [
        path for path in tmp_path.rglob("0.*") if path.suffix not in (".parquet", ".rollup")
    ]


def test_a_file_that_changed_counts_in_no_rollup(logs: Path, tmp_path: Path) -> None:
    copy = tmp_path / "logs"
    copy.mkdir()
    for path in logs.iterdir():
        (copy / path.name).write_text(path.read_text())
    query = Query("stats count(*) as n by action", at(0, 7200))
    with closing(LocalEngine(copy, cache=tmp_path / "cache", summed=1)) as engine:
        before = engine.run(query, Watch()).rows
        changed = min(copy.iterdir())
        changed.write_text(changed.read_text() + line(29) + "\n")
        after = engine.run(query, Watch()).rows
    counted = [sum(int(row["n"]) for row in rows) for rows in (before, after)]
    assert counted == [180, 181]


def test_explain_makes_no_rollup(logs: Path, tmp_path: Path) -> None:
    query = Query("stats count(*) by action", at(0, 7200))
    with closing(LocalEngine(logs, cache=tmp_path, summed=1)) as engine:
        assert ".rollup" not in engine.explain(query, Watch()).sql
        assert not list(tmp_path.rglob("*.rollup"))
        engine.run(query, Watch())
        assert ".rollup" in engine.explain(query, Watch()).sql


def test_a_rollup_that_cannot_be_written_is_done_without(logs: Path, tmp_path: Path) -> None:
    query = Query("stats sum(bytes) as v", at(0, 7200))
    huge = line(3).split()
    huge[9] = str(2**63 - 1)
    copy = tmp_path / "logs"
    copy.mkdir()
    (copy / "flows.log").write_text("\n".join([HEADER, *[" ".join(huge)] * 2, ""]))
    with closing(LocalEngine(copy, cache=tmp_path, summed=1)) as engine:
        assert engine.run(query, Watch()).rows[0]["v"] == str(2 * (2**63 - 1))
    assert not list(tmp_path.rglob("0.*[!t]"))


def test_a_stopped_query_makes_no_rollup(logs: Path, tmp_path: Path) -> None:
    read_apart(logs, tmp_path)
    watch = Watch()
    watch.stop()
    with closing(LocalEngine(logs, cache=tmp_path, summed=1)) as engine, pytest.raises(Cancelled):
        engine.run(Query("stats count(*) by action", at(0, 7200)), watch)
    assert not list(tmp_path.rglob("*.rollup"))
