"""Days of the past through the real scheduler: the mistake is told, the noise is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.demo import documents
from bot.demo.days import Demo
from bot.demo.story import DEMO_DAY, mistake
from bot.demo.trail import events
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.inventory import Inventory
from bot.model.window import Window
from bot.network.changes import Recorded
from bot.network.documents import inventory
from bot.network.snapshots import Still
from bot.schedule.replay import replay

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


def posted(
    engine: LocalEngine, start: datetime, end: datetime, **options: object
) -> list[dict[str, str]]:
    lines: list[str] = []
    replay(
        engine,
        Window(start, end),
        channel="-",
        write=lines.append,
        watch=Watch(),
        zone=ZoneInfo("UTC"),
        as_json=True,
        **options,  # type: ignore[arg-type]
    )
    return [json.loads(line) for line in lines]


def _network() -> Inventory:
    found = {name.removesuffix(".json"): one for name, one in documents.documents().items()}
    return inventory(found)


def test_the_demos_mistake_is_the_one_warning(tmp_path: Path) -> None:
    engine = LocalEngine(tmp_path / "demo", source="demo", prepare=Demo(tmp_path / "demo").ensure)
    broken = mistake(DEMO_DAY)
    asked: list[datetime] = []

    def trail(start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        asked.append(start)
        return events(start, end)

    told = posted(
        engine,
        broken.start - timedelta(hours=1),
        broken.end + timedelta(hours=1),
        history=timedelta(hours=27),
        digest_at="15:45",
        surroundings=Still(_network(), lambda: broken.end, recorded=Recorded(trail)),
    )
    engine.close()
    warnings = [one for one in told if one["kind"] == "warning"]
    assert [one["state"] for one in warnings] == ["open", "high", "resolved"]
    assert len({one["key"] for one in warnings}) == 1
    opened = broken.start.replace(minute=0)
    assert asked == [opened - timedelta(hours=1), opened], "when told of it, and when it is over"
    assert "port 5432 (postgres)" in warnings[0]["headline"]
    assert "app-b1 (10.20.11.21)" in warnings[0]["headline"]
    first = datetime.fromisoformat(warnings[0]["at"]) - broken.start
    assert timedelta() < first < timedelta(minutes=20)
    (digest,) = [one for one in told if one["kind"] == "digest"]
    assert (digest["at"][11:16], digest["headline"]) == ("15:45", "1 incident, over.")
    assert set(digest) == {"at", "channel", "kind", "state", "headline", "key"}


def test_an_hour_of_real_records_is_quiet(tmp_path: Path) -> None:
    folder = SHARED / "real-eks-v2"
    if not folder.exists():
        pytest.skip(f"{folder} is not there: the real hour is not replayed")
    start = datetime(2024, 12, 14, 16, tzinfo=UTC)
    engine = LocalEngine(folder, cache=tmp_path)
    assert posted(engine, start, start + timedelta(hours=2)) == []
    engine.close()
