from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.engines.local.layouts import Layout
from tests.engines.local.flowfiles import START, as_line, read


def write(path: Path, **columns: object) -> None:
    pq.write_table(pa.table(columns), path)


def test_columns_of_any_type_are_read(tmp_path: Path) -> None:
    write(
        tmp_path / "a.parquet",
        srcaddr=["192.0.2.1", None],
        account_id=[123456789012, 123456789012],
        dstport=["443", "None"],
        bytes=[40.0, None],
        packets=pa.array([1, None], pa.int32()),
        start=pa.array([datetime.fromtimestamp(START + n, UTC) for n in (0, 1)]),
        end=[START * 1000, (START + 1) * 1000],
        colour=["red", "blue"],
    )
    rows, (report,) = read(tmp_path)
    assert [as_line(row) for row in rows] == [
        f"192.0.2.1 123456789012 443 40 1 {START} {START} red",
        f"- 123456789012 - - - {START + 1} {START + 1} blue",
    ]
    assert report.layout is Layout.PARQUET


def test_rows_with_numbers_that_are_none_are_damaged(tmp_path: Path) -> None:
    write(
        tmp_path / "a.parquet",
        srcaddr=["a", "b", "c", "d"],
        bytes=["1", "many", "-3", "4"],
        start=[START, START, START, None],
    )
    rows, (report,) = read(tmp_path)
    assert [row["srcAddr"] for row in rows] == ["a"]
    assert report.damaged == 3
    assert [line for line, _ in report.samples] == [2, 3, 4]


def test_other_parquet_is_not_flow_logs(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", name=["x"], bytes=[5])
    rows, (report,) = read(tmp_path)
    assert (rows, report.layout, report.trouble) == ([], None, "Parquet, but not flow logs")


def test_without_any_time_nothing_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", srcaddr=["a"], bytes=[5])
    write(tmp_path / "b_20251120T1400Z_x.parquet", srcaddr=["b"], bytes=[6])
    rows, reports = read(tmp_path)
    assert [(row["srcAddr"], row["@time"]) for row in rows] == [("b", START * 1000)]
    assert reports[0].trouble.startswith("no time")


@pytest.mark.parametrize("kept", [4, 100, 600])
def test_damaged_parquet_is_told(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "a.parquet"
    write(path, srcaddr=["a"] * 99, bytes=[5] * 99, start=[START] * 99)
    path.write_bytes(path.read_bytes()[:kept])
    rows, (report,) = read(tmp_path)
    assert rows == []
    assert report.trouble.startswith("its Parquet is damaged")
