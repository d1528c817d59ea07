from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.store.deliveries import CLAIM, Deliveries, Delivery, Doing
from bot.store.opening import Store

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def owed(key: str, due: datetime = NOON) -> Delivery:
    return Delivery(key, Doing.POST, "C1", {"line": "traffic"}, due, due + timedelta(hours=6))


def edit(key: str, due: datetime = NOON) -> Delivery:
    return replace(owed(key, due), does=Doing.EDIT, about="m")


def test_the_same_thing_is_owed_once(store: Store) -> None:
    queue = Deliveries(store)
    assert queue.owe(owed("digest:1:monday"))
    assert not queue.owe(owed("digest:1:monday"))
    assert queue.open_count() == 1


def test_a_claim_hands_over_all_that_was_written_down(store: Store) -> None:
    queue = Deliveries(store)
    queue.owe(owed("k"))
    claimed = queue.claim("a", NOON)
    assert claimed == replace(owed("k"), attempts=1, claimed_until=NOON + CLAIM)
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
    queue.release("k", "a", NOON + timedelta(minutes=1))
    assert queue.claim("b", NOON + timedelta(seconds=59)) is None
    again = queue.claim("b", NOON + timedelta(seconds=61))
    assert again is not None
    assert again.maybe_sent


def test_nobody_gives_back_what_another_holds(store: Store) -> None:
    queue = Deliveries(store)
    queue.owe(owed("k"))
    queue.claim("a", NOON)
    queue.release("k", "b", NOON)
    assert queue.claim("b", NOON + timedelta(seconds=1)) is None


def test_edits_wait_for_the_message_and_for_each_other(store: Store) -> None:
    queue = Deliveries(store)
    queue.owe(edit("e1", NOON - timedelta(seconds=2)))
    queue.owe(owed("m"))
    assert queue.claim("a", NOON).key == "m"  # type: ignore[union-attr]
    assert queue.claim("a", NOON) is None
    queue.sent("m", NOON, "ts")
    assert queue.claim("a", NOON).key == "e1"  # type: ignore[union-attr]
    queue.owe(edit("e2"))
    assert queue.claim("b", NOON) is None, "the first one is being made"
    queue.sent("e1", NOON, "ts")
    assert queue.claim("b", NOON).key == "e2"  # type: ignore[union-attr]


def test_a_later_edit_takes_the_place_of_one_nobody_began(store: Store) -> None:
    queue = Deliveries(store)
    queue.owe(owed("m"))
    queue.sent("m", NOON, "ts")
    queue.owe(edit("e1"))
    queue.owe(edit("e2", NOON + timedelta(seconds=1)))
    later = NOON + timedelta(minutes=1)
    assert queue.claim("a", later).key == "e2"  # type: ignore[union-attr]
    queue.sent("e2", NOON, "ts")
    assert queue.open_count() == 0


def test_what_is_over_is_forgotten_and_what_is_owed_is_not(store: Store) -> None:
    queue = Deliveries(store)
    for key in ("sent", "owed"):
        queue.owe(owed(key))
    queue.sent("sent", NOON, "ts")
    queue.forget(NOON + timedelta(days=1))
    assert queue.message_of("sent") is None
    assert queue.open_count() == 1


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
