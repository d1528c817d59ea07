from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from bot.store.leases import LENGTH, Leases
from bot.store.opening import Store

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_one_holds_it_and_holds_on_to_it(store: Store) -> None:
    leases = Leases(store)
    assert leases.take("ticking", "a", NOON)
    assert leases.take("ticking", "a", NOON + LENGTH)
    assert not leases.take("ticking", "b", NOON + LENGTH)
    assert leases.take("another", "b", NOON)


def test_what_its_holder_leaves_alone_goes_to_the_next(store: Store) -> None:
    leases = Leases(store)
    leases.take("ticking", "a", NOON)
    assert leases.take("ticking", "b", NOON + LENGTH + timedelta(seconds=1))
    assert not leases.take("ticking", "a", NOON + LENGTH + timedelta(seconds=2))


def test_a_lease_that_is_given_back_is_free(store: Store) -> None:
    leases = Leases(store)
    leases.take("ticking", "a", NOON)
    leases.give("ticking", "b")
    assert not leases.take("ticking", "b", NOON)
    leases.give("ticking", "a")
    assert leases.take("ticking", "b", NOON)


def test_of_many_at_once_one_gets_it(open_again: Callable[[], Store]) -> None:
    replicas = [Leases(open_again()) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        taken = list(
            pool.map(lambda n: replicas[n].take("ticking", f"r{n}", NOON), range(len(replicas)))
        )
    assert sum(taken) == 1
