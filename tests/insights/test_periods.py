from __future__ import annotations

import pytest

from bot.insights import nodes
from bot.insights.nodes import walk
from bot.insights.parser import parse
from bot.insights.periods import length
from bot.model.window import PERIODS

SPELLINGS = {
    "millisecond": "ms msec msecs millisecond milliseconds",
    "second": "s sec secs second seconds",
    "minute": "m min mins minute minutes",
    "hour": "h hr hrs hour hours",
    "day": "d day days",
    "week": "w week weeks",
    "month": "mo mos mon mons month months",
    "quarter": "q qtr qtrs quarter quarters",
    "year": "y yr yrs year years",
}


def period(text: str) -> nodes.Period:
    (command,) = parse(f"stats count(*) by bin({text})").commands
    (found,) = [node for node, _ in walk(command) if isinstance(node, nodes.Period)]
    return found


@pytest.mark.parametrize(
    ("unit", "spelling"), [(u, s) for u, spellings in SPELLINGS.items() for s in spellings.split()]
)
def test_every_unit_in_every_spelling(unit: str, spelling: str) -> None:
    for text in (f"2{spelling}", f"2{spelling.upper()}"):
        found = length(period(text))
        assert found is not None
        assert (found.count, found.unit, found.capped) == (2, unit, None)


@pytest.mark.parametrize(
    ("text", "count", "capped"),
    [
        ("1000ms", 1000, False),
        ("1001ms", 1000, True),
        ("60s", 60, False),
        ("300s", 60, True),
        ("61m", 60, True),
        ("25h", 24, True),
        ("400d", 400, False),
    ],
)
def test_caps(text: str, count: int, capped: bool) -> None:
    found = length(period(text))
    assert found is not None
    assert found.count == count
    assert (found.capped is not None) is capped


@pytest.mark.parametrize("text", ["0m", "0d", "1201mo", "101y"])
def test_nothing_and_more_than_a_century_are_no_length(text: str) -> None:
    assert length(period(text)) is None


def test_the_periods_of_windows_are_within_their_caps() -> None:
    for seconds, text in PERIODS:
        found = length(period(text))
        assert found is not None
        assert found.capped is None
        assert found.microseconds == seconds * 1_000_000
