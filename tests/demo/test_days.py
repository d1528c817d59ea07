"""Days on disk: layout, once made never made again, never half there, many processes at once."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.days import MOST_DAYS, Demo, day_folder, days_of, file_names
from bot.demo.story import DEMO_DAY
from bot.model.errors import BadSource, BadWindow
from bot.model.window import Window

HOUR = Window(datetime(2026, 11, 24, 14, tzinfo=UTC), datetime(2026, 11, 24, 15, tzinfo=UTC))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def made(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.gz")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("days") / "demo"
    Demo(folder).ensure(HOUR)
    return folder


@given(start=MOMENTS, length=st.timedeltas(timedelta(seconds=1), timedelta(days=30)))
def test_every_moment_of_a_window_is_in_one_of_its_days(start: datetime, length: timedelta) -> None:
    window = Window(start, start + length)
    days = days_of(window)
    assert days[0] == window.start.date()
    assert days[-1] == (window.end - timedelta(microseconds=1)).date()
    assert [b - a for a, b in pairwise(days)] == [timedelta(1)] * (len(days) - 1)


@given(start=MOMENTS, length=st.timedeltas(timedelta(days=MOST_DAYS, seconds=1), timedelta(20000)))
def test_a_window_that_touches_too_many_days_is_refused(start: datetime, length: timedelta) -> None:
    with pytest.raises(BadWindow, match="31 days at most"):
        days_of(Window(start, start + length))


def test_a_window_that_ends_at_midnight_does_not_touch_the_next_day() -> None:
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    assert days_of(Window.last(timedelta(hours=24), midnight)) == (date(2026, 11, 24),)
    assert len(days_of(Window.last(timedelta(days=31), midnight))) == 31


def test_making_days_stops_when_asked_and_leaves_nothing(tmp_path: Path) -> None:
    asked = []

    def check() -> None:
        asked.append(len(asked))
        if len(asked) == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Demo(tmp_path / "demo").ensure(HOUR, check)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("year", [1, 1969, 1999])
def test_days_long_ago_are_refused(year: int) -> None:
    with pytest.raises(BadWindow, match="2000-01-01"):
        days_of(Window.last(timedelta(hours=1), datetime(year, 6, 1, tzinfo=UTC)))


def test_the_last_day_there_is_can_be_named() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    assert days_of(Window.last(timedelta(hours=1), end)) == (date.max,)


def test_files_lie_and_are_named_as_aws_delivers_them(folder: Path, texts: list[str]) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert len(files) == 288
    place = folder / "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/11/24"
    assert {file.parent for file in files} == {place}
    start = "123456789012_vpcflowlogs_us-east-1_fl-073505f2f4febfd46_20261124T"
    assert [file.name.removeprefix(start)[:6] for file in files[::100]] == [
        "0000Z_",
        "0820Z_",
        "1640Z_",
    ]
    assert [gzip.decompress(file.read_bytes()).decode() for file in files] == texts


def test_the_same_bytes_are_made_every_time(folder: Path, tmp_path: Path) -> None:
    Demo(tmp_path / "other").ensure(HOUR)
    assert made(tmp_path / "other") == made(folder)


def test_a_day_that_is_there_is_left_alone(folder: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    Demo(folder).ensure(HOUR)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == times
    assert [path.name for path in folder.parent.iterdir()] == ["demo"], "nothing is left beside it"


def test_days_of_another_version_and_damaged_days_are_made_again(tmp_path: Path) -> None:
    demo = Demo(tmp_path / "demo")
    place = demo.folder / day_folder(DEMO_DAY)
    place.mkdir(parents=True)
    for name in file_names(DEMO_DAY, "an older version"):
        (place / name).write_bytes(b"old")
    demo.ensure(HOUR)
    whole = made(demo.folder)
    assert len(whole) == 288
    assert b"old" not in whole.values()
    next(iter(place.iterdir())).unlink()
    demo.ensure(HOUR)
    assert made(demo.folder) == whole
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_nobody_sees_half_a_day(tmp_path: Path) -> None:
    demo = Demo(tmp_path / "demo")
    place = demo.folder / day_folder(DEMO_DAY)
    making = threading.Thread(target=demo.ensure, args=(HOUR,))
    making.start()
    seen = set()
    while making.is_alive():
        seen.add(sum(1 for path in demo.folder.rglob("*") if path.is_file()))
    making.join()
    seen.add(len(list(place.iterdir())))
    assert seen <= {0, 288}
    assert 288 in seen


def test_processes_can_make_the_same_days_at_once(folder: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from datetime import datetime;"
        "from bot.demo.days import Demo; from bot.model.window import Window;"
        "Demo(Path(sys.argv[1])).ensure(Window(*map(datetime.fromisoformat, sys.argv[2:])))"
    )
    target = tmp_path / "demo"
    words = [str(target), HOUR.start.isoformat(), HOUR.end.isoformat()]
    racing = [
        subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [(process.communicate()[1], process.returncode) for process in racing] == [("", 0)] * 3
    assert made(target) == made(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadSource, match="FLOWS_CACHE") as caught:
        Demo(tmp_path / "file" / "demo").ensure(HOUR)
    assert str(tmp_path / "file" / "demo") in str(caught.value)
