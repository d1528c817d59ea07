from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.ask.cache import KEEP_RECENT, KEEP_SETTLED, Cache
from bot.model.query import Query, Result, Row, Statistics
from bot.model.window import Window

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def query(text: str = "fields a", end: datetime = NOW) -> Query:
    return Query(text, Window(end - timedelta(hours=1), end))


def result(rows: int = 1) -> Result:
    return Result(("a",), tuple(Row({"a": str(n)}) for n in range(rows)), Statistics())


def test_a_window_that_ends_near_now_is_kept_for_seconds() -> None:
    clock = Clock()
    cache = Cache(clock)
    cache.put(query(), result())
    clock.now = NOW + KEEP_RECENT - SECOND
    kept = cache.get(query())
    assert kept is not None
    assert (kept.result, kept.at) == (result(), NOW)
    clock.now = NOW + KEEP_RECENT
    assert cache.get(query()) is None


def test_a_settled_window_is_kept_longer() -> None:
    clock = Clock()
    cache = Cache(clock)
    old = query(end=NOW - timedelta(hours=2))
    cache.put(old, result())
    clock.now = NOW + KEEP_SETTLED - SECOND
    assert cache.get(old) is not None
    clock.now = NOW + KEEP_SETTLED
    assert cache.get(old) is None


def test_text_window_and_limit_tell_queries_apart() -> None:
    cache = Cache(Clock())
    cache.put(query(), result())
    assert cache.get(query("fields b")) is None
    assert cache.get(query(end=NOW - SECOND)) is None
    assert cache.get(Query(query().text, query().window, limit=5)) is None


def test_a_clock_that_goes_back_keeps_nothing() -> None:
    clock = Clock()
    cache = Cache(clock)
    cache.put(query(), result())
    clock.now = NOW - SECOND
    assert cache.get(query()) is None


def test_it_is_bounded_by_entries_and_by_rows() -> None:
    cache = Cache(Clock(), entries=2, rows=100)
    for text in ("one", "two"):
        cache.put(query(text), result())
    assert cache.get(query("one")) is not None  # now the one asked for last
    cache.put(query("three"), result())
    assert cache.get(query("two")) is None
    assert cache.get(query("one")) is not None
    cache.put(query("huge"), result(99))
    assert cache.get(query("huge")) is None


def test_rows_make_room() -> None:
    cache = Cache(Clock(), rows=40)
    for number in range(6):
        cache.put(query(str(number)), result(10))
    assert [cache.get(query(str(n))) is not None for n in range(6)] == [False] * 2 + [True] * 4
