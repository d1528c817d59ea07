from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engines.local.discovery import discover
from bot.engines.local.layouts import CUSTOM, Layout
from bot.engines.local.reading import read_files
from tests.engines.local.flowfiles import ENIS, HEADER, LAYOUTS, RECORDS, START, as_line, read


@pytest.mark.parametrize("write", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_gives_the_same_records(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path)
    rows, reports = read(tmp_path)
    assert sorted(as_line(row) for row in rows) == sorted(RECORDS)
    assert sum(r.records for r in reports) == 60
    assert sum(r.skipdata for r in reports) == 4
    assert sum(r.nodata for r in reports) == 4
    assert min(r.first for r in reports if r.first) == START
    assert max(r.last for r in reports if r.last) == START + 59
    assert all(r.formats == ("the default format",) for r in reports)
    assert not any(r.damaged or r.trouble for r in reports)
    assert sum(r.size for r in reports) >= sum(len(line) + 1 for line in RECORDS)


def test_an_export_folder_is_the_stream(tmp_path: Path) -> None:
    LAYOUTS["exported"](tmp_path)
    rows, _ = read(tmp_path)
    assert {row["interfaceId"]: row["@logStream"] for row in rows} == {
        eni: f"{eni}-all" for eni in ENIS
    }


def test_lines_written_oddly_keep_their_text(tmp_path: Path) -> None:
    odd = [
        RECORDS[0].replace(" ", "  ", 1),
        RECORDS[1].replace(" 443 ", " 0443 "),
        RECORDS[2].replace(str(START + 2), str((START + 2) * 1000)),
        " " + RECORDS[3],
    ]
    (tmp_path / "a.log").write_text("\n".join([HEADER, *odd, *RECORDS[4:]]))
    rows, (report,) = read(tmp_path)
    assert [as_line(row) for row in rows] == odd + RECORDS[4:]
    assert [row["start"] for row in rows] == [START + n for n in range(60)]
    assert rows[1]["dstPort"] == 443
    assert report.damaged == 0


def test_damaged_lines_are_named_counted_and_skipped(tmp_path: Path) -> None:
    lines = [HEADER, *RECORDS]
    lines[5] = "nonsense"
    lines[9] = lines[9].replace(" OK", "")
    lines[19] = lines[19].replace(" 443 ", " x ")
    lines[30] = ""
    lines[40] = "\x00\udcff"
    (tmp_path / "a.log").write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    rows, (report,) = read(tmp_path)
    assert len(rows) == report.records == 55
    assert report.damaged == 4
    assert report.samples == (
        (6, "1 field where the format has 14"),
        (10, "13 fields where the format has 14"),
        (20, "dstPort is 'x', not a number"),
    )


def test_one_damaged_line_in_a_long_file_is_found(tmp_path: Path) -> None:
    lines = RECORDS * 2000
    lines[77_777] = "bogus"
    (tmp_path / "a.log").write_text("\n".join([HEADER, *lines]))
    rows, (report,) = read(tmp_path)
    assert len(rows) == 119_999
    assert report.samples == ((77_779, "1 field where the format has 14"),)
    assert [as_line(row) for row in rows] == lines[:77_777] + lines[77_778:]


def test_a_header_in_the_middle_changes_what_follows(tmp_path: Path) -> None:
    custom = "instance-id srcaddr start end\n- 192.0.2.9 1763647200 1763647201"
    text = "\n".join([HEADER, *RECORDS[:3], custom, HEADER, *RECORDS[3:5]])
    (tmp_path / "a.log").write_text(text)
    rows, (report,) = read(tmp_path)
    assert [as_line(row) for row in rows] == [
        *RECORDS[:3],
        "- 192.0.2.9 1763647200 1763647201",
        *RECORDS[3:5],
    ]
    assert report.formats == ("the default format", "a custom format of 4 fields")


def test_a_permuted_header_in_the_middle_of_a_long_file_is_seen(tmp_path: Path) -> None:
    """Packets and bytes change places: columns of the same number and kinds, another meaning."""
    swapped = HEADER.replace("packets bytes", "bytes packets")
    (tmp_path / "a.log").write_text(
        "\n".join([HEADER, *(RECORDS * 2000), swapped, *(RECORDS * 2000)])
    )
    rows, _ = read(tmp_path)
    first = [row["bytes"] for row in rows[:60] if row["bytes"]]
    later = [row["packets"] for row in rows[-60:] if row["packets"]]
    assert len(rows) == 240_000
    assert first == later


def test_small_files_read_together_keep_apart(tmp_path: Path) -> None:
    for number in range(20):
        lines = RECORDS[number : number + 3]
        if number == 7:
            lines[1] = "bogus"
        header = HEADER if number != 12 else HEADER.replace("packets bytes", "bytes packets")
        (tmp_path / f"{number:02}.log").write_text("\n".join([header, *lines, ""]))
    rows, reports = read(tmp_path)
    assert [report.records for report in reports] == [2 if n == 7 else 3 for n in range(20)]
    assert [report.first for report in reports] == [START + n for n in range(20)]
    for row in rows:
        number = row["start"] - START - (row["@line"] - 2)
        assert row["@name"] == f"{number:02}.log"
    assert reports[7].samples == ((3, "1 field where the format has 14"),)


def test_a_custom_format_without_header_is_refused_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("3 eni-0a000000000000001 192.0.2.1 ACCEPT\n" * 5)
    (tmp_path / "b.json").write_text('{"message": "3 eni-0a000000000000001 192.0.2.1 ACCEPT"}\n')
    folder = tmp_path / "eni-1-all"
    folder.mkdir()
    (folder / "000000.gz").write_bytes(
        gzip.compress(b"2025-11-20T14:00:00.000Z 3 eni-0a000000000000001 192.0.2.1 ACCEPT\n")
    )
    rows, reports = read(tmp_path)
    assert rows == []
    assert [(report.layout, report.trouble) for report in reports] == [(None, CUSTOM)] * 3


@pytest.mark.parametrize(
    "text",
    [
        "# Notes\n\nSome prose, bytes and all.\n",
        "a,b\n1,2\n",
        '{"a": 1}\n',
        "\x89PNG\r\n\x1a\n\0\0",
        "bytes, start",
    ],
)
def test_unrelated_files_are_not_flow_logs(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    rows, (report,) = read(tmp_path)
    assert (rows, report.layout, report.trouble) == ([], None, "not flow logs")


def test_empty_files_are_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "b.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "c.log").write_text(HEADER + "\n")
    rows, reports = read(tmp_path)
    assert rows == []
    assert [r.layout for r in reports] == [Layout.EMPTY, Layout.EMPTY, Layout.DELIVERED]
    assert not any(r.trouble or r.damaged for r in reports)


def test_a_cut_gzip_keeps_the_records_before(tmp_path: Path) -> None:
    data = gzip.compress("\n".join([HEADER, *(RECORDS * 500)]).encode())
    (tmp_path / "a.log.gz").write_bytes(data[: len(data) * 3 // 4])
    rows, (report,) = read(tmp_path)
    assert len(rows) > 10_000
    assert [as_line(row) for row in rows] == (RECORDS * 500)[: len(rows)]
    assert report.trouble == "its gzip ends early"
    assert report.damaged == 1


def test_a_gzip_of_one_endless_line_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.log.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(f"{HEADER}\n{RECORDS[0]}\n".encode())
        for _ in range(300):
            file.write(b"9" * (1 << 20))
        file.write(f"\n{RECORDS[1]}\n".encode())
    tracemalloc.start()
    rows, (report,) = read(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [as_line(row) for row in rows] == RECORDS[:2]
    assert report.samples == ((3, "a line longer than 1 MiB"),)
    assert peak < 100 << 20


def test_records_without_a_start_take_the_time_that_is_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "1_20251120T1400Z_a.log").write_text("srcaddr bytes\n192.0.2.1 5\n192.0.2.2 6\n")
    (tmp_path / "2.log").write_text("srcaddr bytes end\n192.0.2.3 7 1763647260\n")
    (tmp_path / "3.log").write_text("srcaddr bytes\n192.0.2.4 8\n")
    event = '{"timestamp": %s, "message": "%s"}\n'
    (tmp_path / "4.json").write_text(
        event % (5, "srcaddr bytes") + event % (1763647300123, "192.0.2.5 9")
    )
    rows, reports = read(tmp_path)
    assert {row["srcAddr"]: row["@time"] for row in rows} == {
        "192.0.2.1": START * 1000,
        "192.0.2.2": START * 1000,
        "192.0.2.3": 1763647260000,
        "192.0.2.5": 1763647300123,
    }
    assert reports[2].damaged == 1
    assert "no time" in reports[2].samples[0][1]


def test_reading_asks_often_whether_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every chunk that is unpacked, and within a run whose lines must be read one by one."""
    monkeypatch.setattr("bot.engines.local.decoding._LARGEST_CHUNK", 8192)
    odd = "".join(f" {line}\n" for line in RECORDS[:8] * 500)
    (tmp_path / "flows.log.gz").write_bytes(gzip.compress(f"{HEADER}\n{odd}".encode()))
    asked = []
    rows = []
    read_files(
        discover(tmp_path).files,
        lambda _, table: rows.append(table.num_rows),
        lambda: asked.append(len(rows)),
    )
    chunks, pieces = len(odd) // 8192, len(odd) // 4096
    assert asked.count(0) >= chunks
    assert len(set(asked)) >= pieces
    assert sum(rows) == 4000


def test_reading_stops_when_asked(tmp_path: Path) -> None:
    LAYOUTS["delivered"](tmp_path)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_files(discover(tmp_path).files, lambda *_: None, stop)
