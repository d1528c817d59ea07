from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.store.opening import Store
from bot.store.schedules import Schedule, Schedules

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DIGEST = Schedule("digest", "C1", "U1", NOON, at="08:30", days="12345", zone="Europe/Berlin")
WATCH = Schedule("watch", "C2", "U1", NOON, line="db-clients 5432", condition="new client")


def test_what_was_set_reads_back_the_same(store: Store) -> None:
    kept = Schedules(store)
    number = kept.add(DIGEST)
    (found,) = kept.live()
    assert found.id == number
    assert (found.at, found.days, found.zone) == ("08:30", "12345", "Europe/Berlin")
    assert found.created_at == NOON


def test_live_ones_are_found_by_kind_and_channel(store: Store) -> None:
    kept = Schedules(store)
    kept.add(DIGEST)
    watch = kept.add(WATCH)
    assert [schedule.id for schedule in kept.live("watch")] == [watch]
    assert kept.live("watch", "C1") == ()
    assert kept.change(watch, deleted_at=NOON)
    assert kept.live("watch") == ()
    assert not kept.change(watch, muted_until=NOON)


def test_only_one_replica_advances_a_schedule(store: Store) -> None:
    kept = Schedules(store)
    kept.add(WATCH)
    (seen_by_both,) = kept.live()
    due = NOON + timedelta(minutes=5)
    assert kept.advance(seen_by_both, due, state={"known": ["10.0.0.5"]})
    assert not kept.advance(seen_by_both, due)
    (after,) = kept.live()
    assert (after.last_due, after.state) == (due, {"known": ["10.0.0.5"]})
    assert kept.advance(after, due + timedelta(minutes=5))
