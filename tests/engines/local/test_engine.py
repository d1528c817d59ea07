from __future__ import annotations

import gzip
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.errors import BadQuery, BadSource, EngineError
from bot.model.query import Progress, Query
from bot.model.window import Window
from tests.engines.local.flowfiles import (
    COUNT,
    DAY,
    HEADER,
    LAYOUTS,
    RECORDS,
    START,
    a_file_of,
    ask,
    count,
    record,
    seconds,
)


@pytest.mark.parametrize("write", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_gives_the_same_answers(
    tmp_path: Path, opened: Callable[..., LocalEngine], write: Callable[[Path], None]
) -> None:
    write(tmp_path)
    engine = opened(tmp_path)
    by_action = ask(engine, "stats count(*) as n, sum(bytes) as b by action | sort action asc")
    expected: dict[str, list[int]] = {}
    for line in RECORDS:
        words = line.split()
        sums = expected.setdefault(words[12], [0, 0])
        sums[0] += 1
        sums[1] += int(words[9].replace("-", "0"))
    assert {row["action"]: [row.number("n"), row.number("b")] for row in by_action.rows} == expected
    assert by_action.statistics.records_scanned == by_action.statistics.records_matched == 60
    messages = ask(engine, "fields @message | sort start asc")
    assert [row["@message"] for row in messages.rows] == RECORDS
    assert len({row["@ptr"] for row in messages.rows}) == 60
    assert engine.fields(DAY, Watch()) >= {"srcAddr", "bytes", "logStatus"}
    assert any("4 NODATA and 4 SKIPDATA records" in note for note in messages.notes)


def test_the_window_takes_its_start_and_not_its_end(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    LAYOUTS["bare"](tmp_path)
    engine = opened(tmp_path)
    assert count(engine, seconds(0, 10)) == 10
    assert count(engine, seconds(0.5, 10)) == 9
    assert count(engine, seconds(0, 10.5)) == 11
    assert count(engine, seconds(59, 60)) == 1
    assert count(engine, seconds(60, 99)) == 0
    assert count(engine, seconds(-9, 0)) == 0


def test_times_are_those_of_the_start(tmp_path: Path, opened: Callable[..., LocalEngine]) -> None:
    LAYOUTS["console"](tmp_path)
    (row,) = ask(opened(tmp_path), "fields @timestamp | filter logStatus='NODATA' | limit 1").rows
    assert row["@timestamp"] == "2025-11-20 14:00:49.000"


def test_a_dash_is_there_and_a_field_of_another_format_is_not(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    LAYOUTS["bare"](tmp_path)
    (tmp_path / "other.log").write_text(
        f"srcaddr start end tcp-flags\n192.0.2.9 {START} {START} -\n192.0.2.8 {START} {START} 2\n"
    )
    engine = opened(tmp_path)
    text = "stats count(tcpFlags) as flags, count(bytes) as b, count(*) as n, sum(tcpFlags) as s"
    (row,) = ask(engine, text).rows
    assert dict(row) == {"flags": "2", "b": "60", "n": "62", "s": "2"}
    assert engine.fields(DAY, Watch()) >= {"tcpFlags", "bytes"}


def test_windows_read_only_the_files_they_need(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    for hour in range(24):
        at = START + (hour - 14) * 3600
        lines = [record(0).replace(str(START), str(at)).replace(str(START + 59), str(at + 59))]
        a_file_of(tmp_path, f"1_vpcflowlogs_x_fl-1_20251120T{hour:02}00Z_a.log.gz", lines)
    (tmp_path / "2025/11/19").mkdir(parents=True)
    (tmp_path / "2025/11/19" / "1_vpcflowlogs_x_fl-1_20251119T2300Z_a.log.gz").write_text("junk")
    engine = opened(tmp_path)
    result = ask(engine, COUNT, seconds(0, 3600))
    assert result.rows[0]["n"] == "1"
    assert result.statistics.records_scanned == 2
    assert any("23 files left out by the time in their names" in note for note in result.notes)
    assert count(engine) == 24


def test_files_that_appear_change_and_go_are_followed(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    engine = opened(tmp_path)
    paths = [a_file_of(tmp_path, f"{n}.log.gz", RECORDS[n : n + 3]) for n in range(4)]
    assert count(engine) == 12
    a_file_of(tmp_path, "9.log.gz", RECORDS[:10])
    assert count(engine) == 22
    a_file_of(tmp_path, "0.log.gz", RECORDS[:1])
    assert count(engine) == 20
    paths[1].unlink()
    assert count(engine) == 17
    paths[2].rename(tmp_path / "new.log.gz")
    assert count(engine) == 17
    for path in tmp_path.glob("*.gz"):
        path.unlink()
    (tmp_path / "x.log").write_text(RECORDS[0])
    assert count(engine) == 1


def test_a_cache_is_shared_and_never_trusted_over_a_changed_file(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    logs, cache = tmp_path / "logs", tmp_path / "cache"
    logs.mkdir()
    path = a_file_of(logs, "a.log.gz", RECORDS[:5])
    first = opened(logs, cache=cache)
    assert count(first) == 5
    (segment,) = cache.glob("read/*/segment-*")
    second = opened(logs, cache=cache)
    assert count(second) == 5
    assert [segment] == list(cache.glob("read/*/segment-*"))
    status = path.stat()
    text = gzip.decompress(path.read_bytes()).replace(b"REJECT", b"ACCEPT")
    path.write_bytes(gzip.compress(text))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    rejected = "filter action='REJECT' | stats count(*) as n"
    assert [ask(e, rejected).rows[0]["n"] for e in (second, first)] == ["0", "0"]


def test_what_two_processes_read_at_once_counts_once(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    logs, cache = tmp_path / "logs", tmp_path / "cache"
    logs.mkdir()
    for number in range(6):
        a_file_of(logs, f"{number}.log.gz", RECORDS)
    engines = [opened(logs, cache=cache) for _ in range(3)]
    barrier, counts = threading.Barrier(3), []

    def work(engine: LocalEngine) -> None:
        barrier.wait()
        counts.append(count(engine))

    threads = [threading.Thread(target=work, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [360, 360, 360]
    assert [count(engine) for engine in engines] == [360, 360, 360]


def test_files_that_come_one_by_one_are_joined(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    logs, cache = tmp_path / "logs", tmp_path / "cache"
    logs.mkdir()
    engine = opened(logs, cache=cache)
    for number in range(20):
        a_file_of(logs, f"{number:02}.log.gz", [record(number), f" {record(number + 20)}"])
        assert count(engine) == 2 * (number + 1)
    assert len(list(cache.glob("read/*/segment-*"))) < 8
    (logs / "03.log.gz").unlink()
    a_file_of(logs, "04.log.gz", RECORDS[:1])
    rows = ask(engine, "fields @message, @ptr | sort @ptr asc").rows
    expected = [
        (f"{' ' * late}{record(number + 20 * late)}", f"{number:02}.log.gz:{2 + late}")
        for number in range(20)
        for late in (0, 1)
        if number not in (3, 4)
    ]
    found = [(row["@message"], row["@ptr"]) for row in rows]
    assert [pair for pair in found if not pair[1].startswith("04")] == expected
    assert [pair[0] for pair in found if pair[1].startswith("04")] == RECORDS[:1]


def test_a_small_cache_still_answers(tmp_path: Path, opened: Callable[..., LocalEngine]) -> None:
    cache = tmp_path / "cache"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        LAYOUTS["bare"](tmp_path / name)
        assert count(opened(tmp_path / name, cache=cache, keep=1)) == 60
    assert len(list(cache.glob("read/*/segment-*"))) == 1


def test_a_cache_that_cannot_be_written_is_named(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="the cache cannot be used"):
        opened(tmp_path, cache=tmp_path / "file")


def test_what_another_process_removes_is_read_again(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    logs, cache = tmp_path / "logs", tmp_path / "cache"
    logs.mkdir()
    LAYOUTS["bare"](logs)
    engine = opened(logs, cache=cache)
    assert count(engine) == 60
    for folder in cache.glob("read/*/segment-*"):
        shutil.rmtree(folder)
    assert count(engine, seconds(0, 30)) == 30


def test_many_threads_ask_one_engine(tmp_path: Path, opened: Callable[..., LocalEngine]) -> None:
    LAYOUTS["exported"](tmp_path)
    engine, counts = opened(tmp_path), []
    threads = [threading.Thread(target=lambda: counts.append(count(engine))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [60] * 12


def test_what_is_known_is_answered_while_other_files_are_read(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    late = [line.replace(str(START)[:6], str(START + 100_000)[:6]) for line in RECORDS]
    a_file_of(tmp_path, "1_vpcflowlogs_x_fl-1_20251120T1400Z_a.log.gz", RECORDS)
    a_file_of(tmp_path, "1_vpcflowlogs_x_fl-1_20251121T1745Z_a.log.gz", late)
    engine, reading, go_on = opened(tmp_path), threading.Event(), threading.Event()
    assert count(engine, seconds(0, 60)) == 60

    def hold_up(_: Progress) -> None:
        reading.set()
        assert go_on.wait(30)

    other = threading.Thread(
        target=lambda: engine.run(Query(COUNT, seconds(100_000, 110_000)), Watch(hold_up))
    )
    other.start()
    try:
        assert reading.wait(30)
        assert count(engine, seconds(0, 30)) == 30
    finally:
        go_on.set()
        other.join()


def test_damage_is_named_in_the_notes(tmp_path: Path, opened: Callable[..., LocalEngine]) -> None:
    lines = [*RECORDS[:5], "bogus", *RECORDS[5:]]
    (tmp_path / "a.log").write_text("\n".join([HEADER, *lines]))
    whole = gzip.compress("\n".join([HEADER, *RECORDS * 50]).encode())
    (tmp_path / "b.log.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "README.md").write_text("Prose.")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    result = ask(opened(tmp_path), COUNT)
    told = "\n".join(result.notes)
    assert "2 damaged lines in 2 files skipped: a.log line 7: 1 field where" in told
    assert "1 file read in part: b.log.gz: its gzip ends early" in told
    assert "2 files not read: README.md: not flow logs; dangling: No such file" in told


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        (None, b"", "no files in the folder"),
        ("a.txt", b"Prose.", "not flow logs"),
        ("a.log.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff", "its gzip"),
        ("a.log.gz", b"PK\x03\x04....", "compressed with zip"),
        ("a.log", b"3 eni-0a000000000000001 192.0.2.1 ACCEPT\n", "custom format without a header"),
        ("a.parquet", b"PAR1....", "its Parquet is damaged"),
    ],
)
def test_a_source_without_flow_logs_is_an_error(
    tmp_path: Path, opened: Callable[..., LocalEngine], name: str | None, data: bytes, what: str
) -> None:
    if name:
        (tmp_path / name).write_bytes(data)
    engine = opened(tmp_path)
    with pytest.raises(BadSource, match=what) as caught:
        ask(engine, COUNT)
    assert str(tmp_path) in str(caught.value)
    assert engine.fields(DAY, Watch()) == frozenset()


def test_a_folder_of_unrelated_files_names_some(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    for number in range(9):
        (tmp_path / f"{number}.txt").write_text("Prose.")
    with pytest.raises(BadSource, match=r"among 9 files: 0\.txt: .*and 6 more"):
        ask(opened(tmp_path), COUNT)


def test_a_missing_source_is_an_error(tmp_path: Path, opened: Callable[..., LocalEngine]) -> None:
    with pytest.raises(BadSource, match="no such file or folder"):
        ask(opened(tmp_path / "nowhere"), COUNT)


def test_nonsense_is_told_before_anything_is_read(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    with pytest.raises(BadQuery):
        ask(opened(tmp_path / "nowhere"), "nonsense |")


def test_files_outside_the_window_give_no_rows_and_say_so(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    a_file_of(tmp_path, "1_vpcflowlogs_x_fl-1_20251120T1400Z_a.log.gz", RECORDS)
    result = ask(opened(tmp_path), "fields srcAddr", seconds(86400, 90000))
    assert result.rows == ()
    assert result.notes == (
        "no file may hold records of the window; 1 file left out by the time in their names",
    )


def test_prepare_is_called_with_the_window_first(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    windows = []

    def prepare(window: Window, _: Callable[[], None]) -> None:
        windows.append(window)
        LAYOUTS["bare"](tmp_path)

    engine = opened(tmp_path, source="demo", prepare=prepare)
    assert count(engine) == 60
    assert windows == [DAY]
    assert (engine.source, engine.name, engine.link(Query(COUNT, DAY))) == (
        "demo",
        "local files",
        None,
    )


def test_progress_is_told(tmp_path: Path, opened: Callable[..., LocalEngine]) -> None:
    LAYOUTS["bare"](tmp_path)
    told: list[Progress] = []
    opened(tmp_path).run(Query(COUNT, DAY), Watch(told.append))
    assert told[-1].statistics.records_scanned == 60


def test_the_limit_cuts_and_says_so(tmp_path: Path, opened: Callable[..., LocalEngine]) -> None:
    LAYOUTS["bare"](tmp_path)
    engine = opened(tmp_path)
    result = engine.run(Query("fields srcAddr", DAY, limit=5), Watch())
    assert (len(result.rows), result.truncated) == (5, True)
    assert result.statistics.records_matched == 60
    assert not ask(engine, "fields srcAddr | limit 5").truncated


def test_closing_leaves_nothing_behind(tmp_path: Path) -> None:
    LAYOUTS["bare"](tmp_path)
    engine = LocalEngine(tmp_path)
    assert count(engine) == 60
    own = Path(engine._own.name)
    assert own.exists()
    engine.close()
    assert not own.exists()


def test_hostile_names_stay_names(tmp_path: Path, opened: Callable[..., LocalEngine]) -> None:
    folder = tmp_path / 'it\'s "a" *[folder]'
    folder.mkdir()
    a_file_of(folder, "a'; DROP TABLE x; --.log.gz", RECORDS)
    a_file_of(folder, "b'b.log.gz", RECORDS[:9])
    engine = opened(folder, cache=tmp_path / "c'a")
    assert count(engine) == 69
    (folder / "b'b.log.gz").unlink()
    assert count(engine) == 60


def test_names_that_are_no_text_are_read_too(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xe9"))
    folder.mkdir()
    for name in (b"a\xff.log", b"b\xfe.log", "é.log".encode()):
        path = os.fsencode(folder) + b"/" + name
        Path(os.fsdecode(path)).write_text("\n".join([HEADER, *RECORDS]))
    (row,) = ask(opened(folder), "stats count(*) as n, count_distinct(@logStream) as s").rows
    assert dict(row) == {"n": "180", "s": "3"}


@pytest.mark.parametrize(
    "text", ["filter nosuch(bytes) > 1", "fields abs(bytes, 1) as x", "lookup nosuch a OUTPUT b"]
)
def test_what_no_records_can_make_right_is_refused_before_they_are_read(
    tmp_path: Path, opened: Callable[..., LocalEngine], text: str
) -> None:
    def read(window: Window) -> None:
        raise AssertionError("files are looked for")

    engine = opened(tmp_path, prepare=read)
    with pytest.raises(BadQuery, match=r"nosuch|abs takes 1 argument"):
        ask(engine, text)
    with pytest.raises(BadQuery, match=r"nosuch|abs takes 1 argument"):
        engine.explain(Query(text, DAY), Watch())
