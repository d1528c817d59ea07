"""The largest parts of a window's traffic: what is left out, and that the sums match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.answer import Question
from bot.model.changes import Changes
from bot.model.fields import DEFAULT_FORMAT
from bot.model.inventory import Inventory
from bot.model.query import Query, Result
from bot.model.window import Window
from bot.network import following
from bot.network.aws_ranges import Later, packaged
from bot.network.following import followed, largest, notes
from bot.network.prices import TABLES
from tests.commands.records import NOW, flow, write

WINDOW = Window.last(timedelta(hours=1), NOW)
LARGE, SMALL = 50_000, 300


class Files:
    """Logs over files, that remember what they were asked."""

    inventory = Inventory()
    fields = frozenset[str]()
    ranges = Later(packaged)
    prices = TABLES

    def __init__(self, engine: LocalEngine) -> None:
        self.engine = engine
        self.asked: list[str] = []
        self.most = 10_000

    def query(self, *texts: str, window: Window | None = None) -> tuple[Result, ...]:
        self.asked += texts
        queries = [Query(text, window or WINDOW, self.most) for text in texts]
        return tuple(self.engine.run(query, Watch()) for query in queries)

    def changes(self, resources: Iterable[str], since: datetime) -> Changes:
        return Changes()


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Files]:
    """Six pairs that moved much in one record each, and twenty that moved little."""
    large = [flow(f"10.0.0.{n}:40000", "10.0.1.1:443", bytes=LARGE + n) for n in range(1, 7)]
    small = [flow(f"10.0.2.{n}:40000", "10.0.1.1:443", bytes=SMALL) for n in range(1, 21)]
    write(tmp_path, [*large, *small], DEFAULT_FORMAT)
    with closing(LocalEngine(tmp_path)) as engine:
        yield Files(engine)


def question() -> Question:
    return Question("traffic", "traffic", WINDOW, ZoneInfo("UTC"), NOW)


def test_few_records_are_all_grouped(logs: Files) -> None:
    parts = largest(logs)
    assert len(parts.grouped.rows) == 26
    assert parts.floor == 0
    assert "filter bytes" not in logs.asked[-1]


def test_of_many_records_the_small_ones_are_left_out_and_said(
    logs: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST", 4)
    logs.most = 4
    parts = largest(logs, few=10)
    assert parts.floor == 1_000
    found = followed(question(), logs, parts)
    assert [one.seen.bytes for one in found.traced] == [LARGE + n for n in (6, 5, 4, 3)]
    assert found.left.bytes == 2 * LARGE + 3 + 20 * SMALL
    assert found.left.records == 22
    assert any("records below 1.00 kB or of smaller parts" in n.text for n in notes(found, logs))


def test_small_records_count_where_the_large_ones_are_few(logs: Files) -> None:
    parts = largest(logs, few=10)
    assert parts.floor == 0
    assert len(parts.grouped.rows) == 26
    assert sum("filter bytes >= 1000" in text for text in logs.asked) == 1


def test_sums_by_time_are_those_of_the_whole(logs: Files) -> None:
    parts = largest(logs, "bin(5m) as at")
    assert sum(row.number("totalBytes") for row in parts.whole) == 6 * LARGE + 21 + 20 * SMALL
    assert all(row.moment("at") for row in parts.whole)
