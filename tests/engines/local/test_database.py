# ruff: noqa: S608

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.engines.engine import Watch
from bot.engines.local.database import Database, Deadline
from bot.model.errors import Cancelled, EngineError, TimedOut

ENDLESS = "SELECT count(*) FROM range(1000000000000) AS r(n) WHERE n % 7 = 3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "it's ours"
    folder.mkdir()
    pq.write_table(pa.table({"n": [1, 2]}), folder / "a.parquet")
    pq.write_table(pa.table({"n": [3]}), tmp_path / "b.parquet")
    (tmp_path / "secret").write_text("x")
    return folder


@pytest.fixture
def database(folder: Path, tmp_path: Path) -> Iterator[Database]:
    database = Database((folder,), memory="200MB", threads=2, spill=tmp_path / "spill")
    with closing(database):
        yield database


def soon() -> Deadline:
    return Deadline(60, time.monotonic)


def test_its_folder_is_read(database: Database, folder: Path) -> None:
    path = str(folder / "a.parquet").replace("'", "''")
    assert database.rows(f"SELECT sum(n) FROM '{path}'", Watch(), soon()) == [(3,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '{outside}/b.parquet'",
        "SELECT * FROM '{outside}/it''s ours/../b.parquet'",
        "SELECT * FROM read_text('{outside}/secret')",
        "SELECT * FROM glob('{outside}/*')",
        "COPY (SELECT 1) TO '{outside}/out.csv'",
        "ATTACH '{outside}/x.db' AS x",
        "SET enable_external_access = true",
        "SET threads = 9",
        "RESET allowed_directories",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM 'https://localhost:1/a.parquet'",
    ],
)
def test_nothing_else_is(database: Database, tmp_path: Path, sql: str) -> None:
    with pytest.raises((EngineError, FileNotFoundError)):
        database.rows(sql.format(outside=tmp_path), Watch(), soon())
    assert not (tmp_path / "out.csv").exists()


def test_a_stopped_query_ends_at_once(database: Database) -> None:
    watch = Watch()
    threading.Timer(0.2, watch.stop).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        database.rows(ENDLESS, watch, soon())
    assert time.monotonic() - began < 30


def test_a_query_stopped_before_it_begins_does_not_begin(database: Database) -> None:
    watch = Watch()
    watch.stop()
    with pytest.raises(Cancelled):
        database.rows(ENDLESS, watch, soon())


def test_a_query_that_takes_too_long_is_stopped(database: Database) -> None:
    with pytest.raises(TimedOut, match=r"longer than 0\.2 s"):
        database.rows(ENDLESS, Watch(), Deadline(0.2, time.monotonic))


def test_stopping_one_query_leaves_others_alone(database: Database) -> None:
    watch, found = Watch(), []
    sql = "SELECT count(*) FROM range(30000000) AS r(n) WHERE n % 7 = 3"
    other = threading.Thread(target=lambda: found.append(database.rows(sql, Watch(), soon())))
    other.start()
    threading.Timer(0.05, watch.stop).start()
    with pytest.raises(Cancelled):
        database.rows(ENDLESS, watch, soon())
    other.join()
    assert found == [[(4285714,)]]


def test_memory_is_bounded(tmp_path: Path, folder: Path) -> None:
    with closing(Database((folder,), memory="40MB", threads=2, spill=tmp_path / "s")) as small:
        sql = "SELECT length(list(n)::VARCHAR) FROM range(30000000) AS r(n)"
        with pytest.raises(EngineError, match="more memory"):
            small.rows(sql, Watch(), soon())


def test_failures_are_one_line(database: Database) -> None:
    with pytest.raises(EngineError) as caught:
        database.rows("SELECT nonsense\nFROM nowhere", Watch(), soon())
    assert "\n" not in str(caught.value)


def test_a_file_that_vanished_is_told_apart(database: Database, folder: Path) -> None:
    path = str(folder / "gone.parquet").replace("'", "''")
    with pytest.raises(FileNotFoundError):
        database.rows(f"SELECT * FROM read_parquet('{path}')", Watch(), soon())
