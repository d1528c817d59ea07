from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from bot.engines.cloudwatch.slots import Slots
from bot.model.errors import Cancelled


def nobody_waits(_: float) -> None:
    raise AssertionError("a free place was waited for")


def test_free_places_are_given_at_once() -> None:
    slots = Slots(2)
    with slots.place(nobody_waits), slots.place(nobody_waits):
        pass
    with slots.place(nobody_waits):
        pass


def test_a_full_house_is_waited_for() -> None:
    slots, waits = Slots(1), []
    holder = ExitStack()
    holder.enter_context(slots.place(nobody_waits))

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            holder.close()

    with slots.place(wait):
        assert len(waits) == 3


def test_a_place_comes_free_after_an_error() -> None:
    slots = Slots(1)
    with pytest.raises(KeyError), slots.place(nobody_waits):
        raise KeyError
    with slots.place(nobody_waits):
        pass


def test_places_go_to_who_came_first() -> None:
    slots, order = Slots(1), []
    done = threading.Event()
    entered: list[threading.Event] = [threading.Event() for _ in range(4)]

    def sleeper(number: int) -> Callable[[float], None]:
        def wait(_: float) -> None:
            entered[number].set()
            done.wait(0.002)

        return wait

    def work(number: int) -> None:
        with slots.place(sleeper(number)):
            order.append(number)

    holder = ExitStack()
    holder.enter_context(slots.place(nobody_waits))
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for number, thread in enumerate(threads):
        thread.start()
        assert entered[number].wait(30)
    holder.close()
    for thread in threads:
        thread.join(30)
    assert order == [0, 1, 2, 3]


def test_who_leaves_the_line_does_not_block_it() -> None:
    slots = Slots(1)

    def leave(_: float) -> None:
        raise Cancelled("gone")

    with slots.place(nobody_waits), pytest.raises(Cancelled), slots.place(leave):
        raise AssertionError("nobody gets in")
    with slots.place(nobody_waits):
        pass
