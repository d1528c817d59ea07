"""The clock ticks, survives what a tick meets, and ends; a store that refuses loses nothing."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import event

from bot.engines.engine import Watch
from bot.model.errors import EngineError
from bot.schedule.clock import ticking
from bot.schedule.courier import Courier, Owing
from bot.schedule.replay import Clock
from bot.schedule.ticking import Ticker
from bot.store import opening
from bot.store.deliveries import CLAIM, Deliveries
from bot.store.opening import StoreError, open_store
from tests.schedule.test_courier import NOON, Place, message


@dataclass
class Ticks:
    """Something that ticks, and breaks as a test says."""

    breaks: list[Callable[[Watch], None]]
    count: int = 0
    done: threading.Event = field(default_factory=threading.Event)

    def tick(self, watch: Watch) -> None:
        self.count += 1
        if self.breaks:
            self.breaks.pop(0)(watch)
        else:
            self.done.set()


def fail(error: Exception) -> Callable[[Watch], None]:
    def broken(_: Watch) -> None:
        raise error

    return broken


def test_a_tick_that_fails_or_breaks_does_not_end_the_clock(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ticks = Ticks([fail(EngineError("away")), fail(ValueError("a bug"))])
    with caplog.at_level(logging.ERROR), ticking(cast(Ticker, ticks), every=0.02):
        assert ticks.done.wait(10)
    assert "a tick failed: away" in caplog.text
    assert "a tick broke" in caplog.text
    count = ticks.count
    threading.Event().wait(0.1)
    assert ticks.count == count


def test_a_tick_that_runs_long_is_no_warning_and_other_warnings_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ticks, scheduler = Ticks([lambda watch: watch.wait(0.2)]), "apscheduler.scheduler"
    with caplog.at_level(logging.WARNING), ticking(cast(Ticker, ticks), every=0.02):
        assert ticks.done.wait(10)
        logging.getLogger(scheduler).warning("another thing")
    assert [one.message for one in caplog.records if one.name == scheduler] == ["another thing"]
    logging.getLogger(scheduler).warning("maximum number of running instances reached")
    assert caplog.messages[-1].startswith("maximum"), "nothing is left behind"


def test_the_end_stops_a_query_that_runs() -> None:
    began = threading.Event()

    def long(watch: Watch) -> None:
        began.set()
        watch.wait(60)

    with ticking(cast(Ticker, Ticks([long])), every=60):
        assert began.wait(10)


def limit_pages(connection: sqlite3.Connection, _: Any) -> None:
    connection.execute(
        f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}"
    )


def test_a_full_disk_sends_nothing_that_is_not_written_down(tmp_path: Path) -> None:
    place, clock = Place(), Clock(NOON)
    store = open_store(str(tmp_path / "state.db"))
    deliveries = Deliveries(store)
    courier = Courier(deliveries, place, who="a", clock=clock)
    store.engine.dispose()
    event.listen(store.engine, "connect", limit_pages)
    large = message("x" * 20_000)
    with pytest.raises(StoreError, match="full"):
        Owing(deliveries).post(large, "C1", NOON, timedelta(days=1))
    assert courier.deliver() == 0
    event.remove(store.engine, "connect", limit_pages)
    store.engine.dispose()
    Owing(deliveries).post(large, "C1", NOON, timedelta(days=1))
    courier.deliver()
    assert place.posts == ["m@C1", "m@C1/details"]


def test_a_locked_store_is_waited_for_and_then_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.1)
    place, clock = Place(), Clock(NOON)
    path = tmp_path / "state.db"
    deliveries = Deliveries(open_store(str(path)))
    courier = Courier(deliveries, place, who="a", clock=clock)
    Owing(deliveries).post(message(), "C1", NOON, timedelta(days=1))
    other = sqlite3.connect(path, isolation_level=None)
    place.after = lambda: place.posts[1:] or other.execute("BEGIN IMMEDIATE")  # type: ignore[assignment,return-value]
    with pytest.raises(StoreError, match="locked"):
        courier.deliver()
    other.execute("ROLLBACK")
    other.close()
    clock.now += CLAIM + timedelta(seconds=1)
    courier.deliver()
    assert place.posts == ["m@C1", "m@C1/details"], "it was sent, not recorded, and found"
