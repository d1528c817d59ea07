"""Whoever asks may leave, and a question has its time: reading ends then, and loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.errors import Cancelled, TimedOut
from bot.model.query import Query
from bot.model.window import Window
from tests.engines.local.flowfiles import (
    COUNT,
    DAY,
    LAYOUTS,
    RECORDS,
    a_file_of,
    count,
)


def test_stopping_ends_reading(tmp_path: Path, opened: Callable[..., LocalEngine]) -> None:
    for number in range(3):
        a_file_of(tmp_path, f"{number}.log.gz", RECORDS * 100)
    watch = Watch()
    engine = opened(tmp_path, prepare=lambda *_: watch.stop())
    with pytest.raises(Cancelled):
        engine.run(Query(COUNT, DAY), watch)
    assert count(opened(tmp_path)) == 18000


def test_stopping_ends_reading_for_fields_and_preparing(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    watch = Watch()

    def prepare(_: Window, check: Callable[[], None]) -> None:
        check()
        watch.stop()
        check()
        pytest.fail("the check did not stop it")

    with pytest.raises(Cancelled):
        opened(tmp_path, prepare=prepare).fields(DAY, watch)


def test_waiting_for_another_to_prepare_can_be_stopped(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    LAYOUTS["bare"](tmp_path)
    began, go_on = threading.Event(), threading.Event()

    def prepare(*_: object) -> None:
        began.set()
        go_on.wait(10)

    engine, watch = opened(tmp_path, prepare=prepare), Watch()
    first = threading.Thread(target=count, args=(engine,))
    first.start()
    began.wait(10)
    threading.Timer(0.05, watch.stop).start()
    with pytest.raises(Cancelled):
        engine.fields(DAY, watch)
    go_on.set()
    first.join()


def test_reading_counts_against_the_timeout(
    tmp_path: Path, opened: Callable[..., LocalEngine]
) -> None:
    LAYOUTS["bare"](tmp_path)
    with pytest.raises(TimedOut):
        count(opened(tmp_path, timeout=1e-9))
