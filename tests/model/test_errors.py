from __future__ import annotations

import pytest

from bot.model.errors import BadQuery, FlowsError


def test_an_error_is_one_line_whatever_it_contains() -> None:
    error = FlowsError("cannot read\nthis", where="a\nb", hint="Try\tagain.")
    assert str(error) == "cannot read this (a b). Try again."


@pytest.mark.parametrize(
    ("start", "end", "line", "underline"),
    [
        (0, 6, "fields a", "^^^^^^"),
        (11, 15, "| fooo b", "  ^^^^"),
        (11, 99, "| fooo b", "  ^^^^^^"),
        (17, 17, "| fooo b", "        ^"),
    ],
)
def test_the_caret_stands_under_the_trouble(
    start: int, end: int, line: str, underline: str
) -> None:
    error = BadQuery("no", text="fields a\n| fooo b", start=start, end=end)
    assert error.caret() == f"{line}\n{underline}"


def test_the_place_counts_lines_and_columns_from_one() -> None:
    error = BadQuery("no", text="fields a\n| fooo b", start=11, end=15)
    assert error.where == "line 2, column 3"
