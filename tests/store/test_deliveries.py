from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from bot.store.deliveries import CLAIM, Deliveries, Delivery
from bot.store.opening import Store

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def owed(key: str, due: datetime = NOON) -> Delivery:
    return Delivery(key, "digest", "C1", {"line": "traffic"}, due, due + timedelta(hours=6), 0)


def test_the_same_thing_is_owed_once(store: Store) -> None:
    queue = Deliveries(store)
    assert queue.owe(owed("digest:1:monday"))
    assert not queue.owe(owed("digest:1:monday"))
    assert queue.open_count() == 1


def test_a_claim_hands_over_all_that_was_written_down(store: Store) -> None:
    queue = Deliveries(store)
    queue.owe(owed("k"))
    claimed = queue.claim("a", NOON)
    assert claimed == Delivery(
        "k", "digest", "C1", {"line": "traffic"}, NOON, NOON + timedelta(hours=6), 1
    )
    assert not claimed.maybe_sent


def test_nothing_is_due_before_its_time(store: Store) -> None:
    queue = Deliveries(store)
    queue.owe(owed("k"))
    assert queue.claim("a", NOON - timedelta(seconds=1)) is None


def test_what_one_worker_holds_another_cannot_claim(store: Store) -> None:
    queue = Deliveries(store)
    queue.owe(owed("k"))
    assert queue.claim("a", NOON) is not None
    assert queue.claim("b", NOON + CLAIM) is None


def test_a_claim_whose_worker_died_is_taken_over_and_marked(store: Store) -> None:
    queue = Deliveries(store)
    queue.owe(owed("k"))
    queue.claim("a", NOON)
    again = queue.claim("b", NOON + CLAIM + timedelta(seconds=1))
    assert again is not None
    assert again.maybe_sent


def test_what_was_sent_or_given_up_is_over(store: Store) -> None:
    queue = Deliveries(store)
    for key in ("sent", "given up"):
        queue.owe(owed(key))
    queue.sent("sent", NOON, "1700000000.000100")
    queue.give_up("given up", "the channel is gone")
    assert queue.claim("a", NOON + timedelta(days=1)) is None
    assert queue.open_count() == 0
    assert queue.message_of("sent") == "1700000000.000100"
    assert queue.message_of("given up") is None


def test_a_released_claim_waits_for_its_time(store: Store) -> None:
    queue = Deliveries(store)
    queue.owe(owed("k"))
    queue.claim("a", NOON)
    queue.release("k", NOON + timedelta(minutes=1))
    assert queue.claim("b", NOON + timedelta(seconds=59)) is None
    again = queue.claim("b", NOON + timedelta(seconds=61))
    assert again is not None
    assert again.maybe_sent


def test_many_workers_never_share_a_claim(open_again: Callable[[], Store]) -> None:
    queues = [Deliveries(open_again()) for _ in range(4)]
    for number in range(60):
        queues[0].owe(owed(f"k{number}"))

    def drain(queue: Deliveries) -> list[str]:
        keys = []
        while (claimed := queue.claim("w", NOON)) is not None:
            keys.append(claimed.key)
        return keys

    with ThreadPoolExecutor(4) as pool:
        claimed = [key for keys in pool.map(drain, queues) for key in keys]
    assert sorted(claimed) == sorted(f"k{number}" for number in range(60))
