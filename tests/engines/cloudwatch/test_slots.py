from __future__ import annotations

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


def leave(_: float) -> None:
    raise Cancelled("gone")


def test_a_free_place_is_for_who_stood_in_line_first() -> None:
    slots, holder = Slots(1), ExitStack()
    holder.enter_context(slots.place(nobody_waits))
    turned_away: list[bool] = []

    def wait(_: float) -> None:
        holder.close()
        with pytest.raises(Cancelled), slots.place(leave):
            raise AssertionError("who came later got in first")
        turned_away.append(True)

    with slots.place(wait):
        assert turned_away == [True]


def test_who_leaves_the_line_does_not_block_it() -> None:
    slots = Slots(1)
    with slots.place(nobody_waits), pytest.raises(Cancelled), slots.place(leave):
        raise AssertionError("nobody gets in")
    with slots.place(nobody_waits):
        pass
