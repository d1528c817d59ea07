from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.engines.local.discovery import Identity, discover
from bot.engines.local.layouts import Layout
from bot.engines.local.reports import Report
from bot.engines.local.segments import Segments
from tests.engines.local.flowfiles import LAYOUTS


def nothing() -> None:
    pass


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    LAYOUTS["delivered"](folder)
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir()
    return folder


def test_another_process_finds_what_was_written(source: Path, kept: Path) -> None:
    written = Segments(kept).write(discover(source).files, nothing)
    (found,) = Segments(kept).look()
    assert found.reports == written.reports
    assert found.parts == written.parts
    assert [part.rows for part in found.parts] == [60]
    assert all(part.path.exists() for part in found.parts)


def test_a_report_survives_json(source: Path) -> None:
    report = Report(
        "a", Identity(1, 2, 3, 4), Layout.EVENTS, 5, 6, 7, 8, 9, 10, 11, ((12, "why"),), "x", ("f",)
    )
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_what_was_stopped_leaves_nothing(source: Path, kept: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Segments(kept).write(discover(source).files, stop)
    assert list(kept.iterdir()) == []


def test_what_a_crash_left_is_not_taken_for_a_segment(source: Path, kept: Path) -> None:
    written = Segments(kept).write(discover(source).files, nothing)
    written.folder.rename(kept / "writing-crashed")
    assert Segments(kept).look() == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 1}', '{"version": 99, "parts": [], "reports": []}', "\0"]
)
def test_a_damaged_manifest_is_not_read(source: Path, kept: Path, text: str) -> None:
    written = Segments(kept).write(discover(source).files, nothing)
    (written.folder / "manifest.json").write_text(text)
    assert Segments(kept).look() == []


def test_a_manifest_cannot_lead_elsewhere(source: Path, kept: Path) -> None:
    written = Segments(kept).write(discover(source).files, nothing)
    manifest = written.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace("0.parquet", "../../../etc/0.parquet"))
    (found,) = Segments(kept).look()
    assert [part.path for part in found.parts] == [written.folder / "0.parquet"]


def test_a_forgotten_segment_is_gone_for_all(source: Path, kept: Path) -> None:
    segments = Segments(kept)
    segments.forget(segments.write(discover(source).files, nothing))
    assert segments.look() == []
    assert Segments(kept).look() == []
