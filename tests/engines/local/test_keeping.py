from __future__ import annotations

import os
from pathlib import Path

from bot.engines.local.keeping import shrink, sweep, use

NOW = 1_763_650_000.0


def segment(cache: Path, name: str, age: float, size: int = 100) -> Path:
    folder = cache / "source" / name
    folder.mkdir(parents=True)
    (folder / "0.parquet").write_bytes(b"x" * size)
    os.utime(folder, (NOW - age, NOW - age))
    return folder


def test_what_was_used_least_recently_goes_first(tmp_path: Path) -> None:
    old, older, new = (segment(tmp_path, f"segment-{n}", age) for n, age in enumerate((20, 30, 10)))
    shrink(tmp_path, 200, frozenset())
    assert (old.exists(), older.exists(), new.exists()) == (True, False, True)
    use(old)
    shrink(tmp_path, 100, frozenset())
    assert (old.exists(), new.exists()) == (True, False)


def test_what_is_needed_stays_whatever_the_limit(tmp_path: Path) -> None:
    needed, other = segment(tmp_path, "segment-a", 99), segment(tmp_path, "segment-b", 1)
    shrink(tmp_path, 0, frozenset({needed}))
    assert (needed.exists(), other.exists()) == (True, False)


def test_only_abandoned_writing_is_swept(tmp_path: Path) -> None:
    dead, alive = segment(tmp_path, "writing-a", 90_000), segment(tmp_path, "writing-b", 100)
    done = segment(tmp_path, "segment-c", 90_000)
    sweep(tmp_path, NOW)
    assert (dead.exists(), alive.exists(), done.exists()) == (False, True, True)


def test_using_what_is_gone_is_no_trouble(tmp_path: Path) -> None:
    use(tmp_path / "gone")
    sweep(tmp_path / "gone", NOW)
    shrink(tmp_path / "gone", 0, frozenset())
