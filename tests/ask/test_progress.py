from __future__ import annotations

import pytest

from bot.ask.progress import Together
from bot.engines.engine import Watch
from bot.model.errors import Cancelled
from bot.model.query import Progress, Statistics


def test_progress_is_the_sum_and_time_the_longest() -> None:
    heard: list[Progress] = []
    together = Together(Watch(heard.append))
    first, second = together.child(), together.child()
    first.progress(Progress(Statistics(1, 10, 100, 2.0)))
    second.progress(Progress(Statistics(2, 20, 200, 1.5)))
    first.progress(Progress(Statistics(3, 30, 300, 3.0)))
    assert [progress.statistics for progress in heard] == [
        Statistics(1, 10, 100, 2.0),
        Statistics(3, 30, 300, 2.0),
        Statistics(5, 50, 500, 3.0),
    ]


def test_the_askers_watch_stops_every_query() -> None:
    watch = Watch()
    together = Together(watch)
    before = together.child()
    watch.stop()
    for child in (before, together.child()):
        with pytest.raises(Cancelled):
            child.check()


def test_stopping_the_queries_leaves_the_askers_watch_alone() -> None:
    watch = Watch()
    together = Together(watch)
    child = together.child()
    together.stop()
    watch.check()
    with pytest.raises(Cancelled):
        child.check()
