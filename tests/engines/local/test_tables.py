from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.engines.local.tables import LARGEST_TABLE
from bot.model.errors import BadQuery, BadSource, FlowsError
from bot.model.query import Query
from bot.model.window import Window

WINDOW = Window(datetime(2026, 3, 2, 10, 0, tzinfo=UTC), datetime(2026, 3, 2, 11, 0, tzinfo=UTC))
LINE = "2 123456789012 eni-0a {} 10.0.2.7 40000 443 6 1 {} 1772445600 1772445660 ACCEPT OK\n"
RECORDS = (LINE.format("10.0.1.9", 100), LINE.format("192.0.2.1", 50), LINE.format("10.9.0.1", 7))
HEAD = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes"

Ask = Callable[[str], list[dict[str, str]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "it's tables"
    made.mkdir()
    (made / "nets.csv").write_text("range,name\n10.0.0.0/8,inside\n10.0.1.0/24,front\n")
    return made


@pytest.fixture
def engine(tmp_path: Path, folder: Path) -> Iterator[LocalEngine]:
    logs = tmp_path / "logs"
    logs.mkdir()
    head = f"{HEAD} start end action log-status\n"
    (logs / "flows.log").write_text(head + "".join(RECORDS))
    made = LocalEngine(logs, source="logs", tables=folder, cache=tmp_path / "cache")
    yield made
    made.close()


@pytest.fixture
def ask(engine: LocalEngine) -> Ask:
    return lambda text: [dict(row) for row in engine.run(Query(text, WINDOW), Watch()).rows]


def test_the_longest_prefix_names_an_address(ask: Ask) -> None:
    query = "cidrlookup nets srcAddr OUTPUT name | stats sum(bytes) as b by name | sort b desc"
    assert ask(query) == [
        {"name": "front", "b": "100"},
        {"b": "50"},
        {"name": "inside", "b": "7"},
    ]


def test_a_table_that_changes_is_read_again(ask: Ask, folder: Path) -> None:
    query = "lookup hosts address as srcAddr OUTPUT host | stats count(host) as n"
    (folder / "hosts.csv").write_text("address,host\n10.0.1.9,web\n")
    assert ask(query) == [{"n": "1"}]
    (folder / "hosts.csv").write_text("\ufeffaddress,host\n10.0.1.9,web\n192.0.2.1,edge\n\n")
    assert ask(query) == [{"n": "2"}]


def test_a_cell_may_hold_anything(ask: Ask, folder: Path) -> None:
    (folder / "odd.csv").write_text('a,"b, c"\n10.0.1.9,"x\'"" ; --\n2"\n')
    query = "lookup odd a as srcAddr OUTPUT `b, c` as found | filter isPresent(found)"
    assert [row["found"] for row in ask(query)] == ["x'\" ; --\n2"]


@pytest.mark.parametrize("name", ["`../hosts`", "`nets.csv`", "NETS", "other"])
def test_only_tables_of_the_folder_are_read(ask: Ask, folder: Path, name: str) -> None:
    (folder.parent / "hosts.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadQuery, match="there is no lookup table"):
        ask(f"lookup {name} a as srcAddr OUTPUT b")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"a,b\n1\n", "row 1 has 1 cells, not 2"),
        (b"a,a\n1,2\n", "a name of its own"),
        (b"a,\n1,2\n", "a name of its own"),
        (b"a,b\n\xff,2\n", "is not UTF-8"),
        (b"a,b\n" + b"x" * 200_000 + b",2\n", "is not CSV"),
        (b"a,b\n" + b"1,2\n" * (LARGEST_TABLE // 4), "at most 10 MB"),
    ],
)
def test_what_is_no_table_is_refused(ask: Ask, folder: Path, content: bytes, what: str) -> None:
    (folder / "bad.csv").write_bytes(content)
    with pytest.raises(BadSource, match=what) as caught:
        ask("lookup bad a as srcAddr OUTPUT b")
    assert "bad.csv" in str(caught.value.where)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "flows.log").write_text(RECORDS[0])
    engine = LocalEngine(tmp_path, tables=tmp_path / "none")
    with pytest.raises(FlowsError, match="folder of lookup tables cannot be read"):
        engine.run(Query("lookup a b as srcAddr OUTPUT c", WINDOW), Watch())
    engine.close()


def test_source_names_what_is_read(ask: Ask) -> None:
    assert ask("SOURCE 'logs' | stats count(*) as n") == [{"n": "3"}]
    with pytest.raises(BadQuery, match="one source is read"):
        ask("SOURCE 'other' | stats count(*) as n")


def test_estimate_is_what_a_query_scans(engine: LocalEngine) -> None:
    told = engine.run(Query("stats count(*) | estimate", WINDOW), Watch())
    scanned = engine.run(Query("stats count(*)", WINDOW), Watch()).statistics.bytes_scanned
    assert [dict(row) for row in told.rows] == [{"estimatedBytes": str(scanned)}]
    assert told.statistics.records_matched == 0
    assert scanned >= sum(map(len, RECORDS))


def test_explain_tells_what_run_would_do(engine: LocalEngine) -> None:
    query = Query("filter dstPort = 443 | stats count(*) as n", WINDOW)
    told, ran = engine.explain(query, Watch()), engine.run(query, Watch()).statistics
    assert "count(*)" in told.sql
    assert (told.files, told.pruned) == (1, 0)
    assert (told.records, told.bytes) == (ran.records_scanned, ran.bytes_scanned)
