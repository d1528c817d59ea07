"""Every settled bucket is read once; what cannot be read is unknown, not zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.engines.engine import Watch
from bot.model.errors import EngineError, TimedOut
from bot.schedule.counting import BUCKET, REJECT, Dimension
from bot.schedule.rollup import REST, Counter, Trouble
from bot.store.opening import Store
from bot.store.rollups import Rollups
from tests.schedule.network import START, Network

HOUR = timedelta(hours=1)
DELIVERY = timedelta(minutes=5)


def counter(store: Store, network: Network, **options: object) -> tuple[Counter, Rollups]:
    rollups = Rollups(store, "made")
    return Counter(network, rollups, delivery=DELIVERY, **options), rollups  # type: ignore[arg-type]


def run(made: Counter, start: datetime, until: datetime) -> list[Trouble]:
    """Catch up every minute; the troubles there were."""
    troubles, now = [], start
    while now <= until:
        if trouble := made.catch_up(START, now, Watch()):
            troubles.append(trouble)
        now += timedelta(minutes=1)
    return troubles


def test_a_bucket_is_read_once_and_only_when_it_has_settled(store: Store) -> None:
    network = Network()
    made, rollups = counter(store, network)
    run(made, START, START + 2 * HOUR)
    assert [window.start for window in network.asked] == [START + n * BUCKET for n in range(22)]
    known = rollups.buckets(START, START + 2 * HOUR)
    assert all(
        one.counted_at and one.counted_at >= one.at + BUCKET + DELIVERY + timedelta(minutes=1)
        for one in known.values()
    )
    assert all(one.records >= 100 for one in known.values())


def test_catching_up_reads_several_buckets_with_one_query(store: Store) -> None:
    network = Network()
    made, rollups = counter(store, network)
    made.catch_up(START, START + 6 * HOUR, Watch())
    assert len(network.asked) == 1
    assert len(rollups.buckets(START, START + 6 * HOUR)) == 70


def test_too_many_rows_are_read_in_halves_and_one_bucket_states_its_rest(store: Store) -> None:
    network = Network(limit=4)
    made, rollups = counter(store, network)
    made.learn(START, START + 4 * BUCKET, Watch())
    known = rollups.buckets(START, START + HOUR).values()
    assert [one.left_off > 0 for one in known] == [True] * 4
    sums = rollups.sums(START, START + HOUR, Dimension.ALL)
    assert sum(one.records for one in sums) + sum(one.left_off for one in known) == sum(
        one.records for one in known
    )
    assert next(one for one in sums if one.action == REJECT).records == 20 + 25 + 23 + 21


def test_a_query_that_takes_too_long_is_cut_in_halves(store: Store) -> None:
    network = Network(fails=lambda window: TimedOut("long") if window.seconds > 700 else None)
    made, rollups = counter(store, network)
    made.learn(START, START + HOUR, Watch())
    assert all(one.counted_at for one in rollups.buckets(START, START + HOUR).values())


def test_an_engine_that_is_down_for_an_hour_is_asked_seldom_and_caught_up(store: Store) -> None:
    down = [START + HOUR, START + 2 * HOUR]
    now = [START]
    network = Network(
        fails=lambda _: EngineError("no answer") if down[0] <= now[0] < down[1] else None
    )
    made, rollups = counter(store, network)
    troubles = []
    while now[0] <= START + 3 * HOUR:
        if trouble := made.catch_up(START, now[0], Watch()):
            troubles.append(trouble)
        if now[0] == down[1] - BUCKET:
            waiting = [one for one in rollups.buckets(START, now[0]).values() if one.failure]
            assert len(waiting) >= 10
            assert all(one.counted_at is None for one in waiting)
        now[0] += timedelta(minutes=1)
    assert {one.reason for one in troubles} == {"no answer."}
    assert len({one.since for one in troubles}) == 1
    failed = [w for w in network.asked if w.seconds > BUCKET.total_seconds()]
    assert len(failed) <= HOUR / REST + 1
    known = rollups.buckets(START, START + 3 * HOUR - 3 * BUCKET).values()
    assert all(one.counted_at and not one.failure for one in known)


def test_a_bucket_whose_end_is_missing_is_read_again(store: Store) -> None:
    network = Network()
    made, rollups = counter(store, network)
    run(made, START, START + 2 * HOUR)
    network.tail = timedelta(minutes=4)
    made.catch_up(START, START + 2 * HOUR + BUCKET, Watch())
    late = network.asked[-1].start
    network.tail = timedelta(seconds=20)
    run(made, START + 2 * HOUR + 2 * BUCKET, START + 3 * HOUR)
    assert [window.start for window in network.asked].count(late) == 2
    assert rollups.buckets(late, late + BUCKET)[late].attempts == 2


def test_records_that_gather_for_ten_minutes_are_waited_for(store: Store) -> None:
    made, rollups = counter(store, Network())
    quick = made.settled(START + HOUR)
    run(made, START, START + HOUR)
    (bucket,) = rollups.buckets(quick - BUCKET, quick).values()
    rollups.keep([(replace(bucket, span=600), ())])
    assert made.settled(START + HOUR) == quick - BUCKET


@pytest.mark.parametrize("days", [40])
def test_old_counts_are_forgotten(store: Store, days: int) -> None:
    made, rollups = counter(store, Network())
    made.learn(START, START + HOUR, Watch())
    rollups.forget(START + timedelta(days=days))
    assert rollups.first() is None
    assert rollups.sums(START, START + HOUR, Dimension.ALL) == ()
