from __future__ import annotations

import numpy as np
import pytest

from bot.detect.state import BadState, State


def state(count: int) -> State:
    blank = State.blank(count)
    blank.rows[...] = np.random.default_rng(5).normal(size=blank.rows.shape)
    return blank


def test_a_name_is_a_view_of_its_rows() -> None:
    blank = State.blank(3)
    blank["strain"] = 4.0
    blank["mean"][2] = 7.0
    assert blank["strain"].tolist() == [4.0, 4.0, 4.0]
    assert blank["mean"][:, 0].tolist() == [0, 0, 7, 0, 0, 0, 0]
    assert blank.rows.sum() == 33


def test_bytes_hold_every_number_exactly() -> None:
    before = state(4)
    after = State.from_bytes(before.to_bytes())
    assert np.array_equal(before.rows, after.rows)
    assert after.rows.flags.writeable


def test_series_can_be_stored_apart_and_put_together_in_another_order() -> None:
    before = state(3)
    parts = before.to_bytes()
    after = State.from_bytes([parts[2], parts[0]])
    assert np.array_equal(after.rows, before.rows[:, [2, 0]])


def test_no_series_is_a_state_too() -> None:
    assert State.from_bytes(()).count == 0


def test_a_series_takes_less_than_four_kilobytes() -> None:
    assert len(state(1).to_bytes()[0]) <= 4096


@pytest.mark.parametrize(
    "damage",
    [
        lambda part: b"",
        lambda part: b"nope" + part[4:],
        lambda part: part[:4] + b"\x63\x00" + part[6:],
        lambda part: part[:-8],
        lambda part: part + b"\0",
    ],
)
def test_other_bytes_are_refused_in_one_line(damage) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadState) as caught:
        State.from_bytes([damage(state(1).to_bytes()[0])])
    assert "\n" not in str(caught.value)
    assert "history" in str(caught.value)
