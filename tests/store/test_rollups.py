from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.store.opening import Store
from bot.store.rollups import Bucket, Count, Rollups

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def counts(records: int, name: str = "5432") -> list[Count]:
    return [Count("port", name, "REJECT", records, records * 2, records * 100)]


def test_counts_add_up_over_buckets(store: Store) -> None:
    rollups = Rollups(store, "made")
    rollups.keep([(Bucket(NOON + n * FIVE, NOON), counts(n + 1)) for n in range(3)])
    assert rollups.sums(NOON, NOON + 3 * FIVE, "port") == (
        Count("port", "5432", "REJECT", 6, 12, 600),
    )
    assert rollups.sums(NOON, NOON + FIVE, "port")[0].records == 1
    assert rollups.sums(NOON, NOON + 3 * FIVE, "source") == ()


def test_counting_a_bucket_again_takes_the_place_of_before(store: Store) -> None:
    rollups = Rollups(store, "made")
    rollups.keep([(Bucket(NOON, NOON, records=3), counts(3))])
    rollups.keep([(Bucket(NOON, NOON + FIVE, records=4), counts(4))])
    assert rollups.sums(NOON, NOON + FIVE, "port")[0].records == 4
    assert rollups.buckets(NOON, NOON + FIVE) == {NOON: Bucket(NOON, NOON + FIVE, records=4)}


def test_a_failure_is_kept_and_never_overrides_a_count(store: Store) -> None:
    rollups = Rollups(store, "made")
    rollups.keep([(Bucket(NOON, NOON, records=3), counts(3))])
    for _ in range(2):
        rollups.fail([NOON, NOON + FIVE], "away")
    known = rollups.buckets(NOON, NOON + 2 * FIVE)
    assert known[NOON].failure is None
    assert known[NOON + FIVE] == Bucket(NOON + FIVE, failure="away", attempts=2)


def test_sources_do_not_see_each_other(store: Store) -> None:
    Rollups(store, "one").keep([(Bucket(NOON, NOON), counts(3))])
    assert Rollups(store, "two").first() is None
    assert Rollups(store, "one").first() == NOON


def test_series_of_many_names(store: Store) -> None:
    rollups = Rollups(store, "made")
    many = [one for n in range(1200) for one in counts(n + 1, str(n))]
    rollups.keep([(Bucket(NOON, NOON), many)])
    wanted = [("port", str(n)) for n in range(1300)]
    found = rollups.series(NOON, NOON + FIVE, "REJECT", wanted)
    assert found["port", "1199"] == {NOON: 1200}
    assert found["port", "1299"] == {}
    assert rollups.values(NOON, NOON + FIVE, "ACCEPT", "port") == {}
