"""Hostile texts: long, nested, repeated, mutated, or with a pattern that others choke on."""

from __future__ import annotations

import resource
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.insights.parser import LONGEST_QUERY, parse
from bot.model.errors import BadQuery
from tests.insights.data import Data
from tests.insights.test_parser import PIECES, refusal

CASES = sorted((Path(__file__).parent / "cases").glob("*/*/query.txt"))
QUERIES = [path.read_text() for path in CASES]
MOST_MEMORY = 64 * 2**20  # of one text; the longest that is allowed needs a third of that

positions = st.integers(0, LONGEST_QUERY)
additions = st.sampled_from(PIECES) | st.text(max_size=3)


def check(text: str) -> None:
    """A text is parsed or refused, with a place in it; anything else is a crash."""
    error = refusal(text)
    if error is not None:
        assert 0 <= error.start < error.end <= max(len(text), 1) + 1
        assert "\n" not in str(error)
        assert error.caret()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(QUERIES), st.lists(st.tuples(positions, positions, additions), max_size=4))
def test_queries_that_were_tampered_with(query: str, changes: list[tuple[int, int, str]]) -> None:
    for start, length, addition in changes:
        at = start % (len(query) + 1)
        query = query[:at] + addition + query[at + length % 7 :]
    check(query)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6), st.sampled_from(["", " "]))
def test_the_same_words_over_and_over(pieces: list[str], between: str) -> None:
    once = between.join(pieces) + between
    check(("fields " + once * (LONGEST_QUERY // len(once)))[:LONGEST_QUERY])


@pytest.mark.parametrize(
    "text",
    [
        "fields " + "a, " * 3300 + "a",
        "filter " + " or ".join("a = 1" for _ in range(1100)),
        "filter a in [" + "1," * 4900 + "1]",
        "fields " + "(" * 4990 + "a",
        "fields " + "f(" * 4900 + "a",
        "fields a" + "[0]" * 3300,
        "fields a" + ".b" * 4900,
        "| ".join(["limit 1"] * 1100),
        "stats " + ", ".join(["count(*)"] * 990),
        "parse '" + "*" * 2000 + "' as " + ", ".join(f"a{n}" for n in range(1200)),
        "fields '" + "\\" * 9980 + "'",
        "filter a like /" + "(" * 4000 + "a" + ")" * 4000 + "/",
        "filter a like /" + "(a{9}){9}" * 1000 + "/",
        "#" * LONGEST_QUERY,
    ],
    ids=lambda text: text[:30],
)
def test_no_text_takes_much_memory(text: str) -> None:
    tracemalloc.start()
    try:
        check(text[:LONGEST_QUERY])
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [100_000, 10_000_000])
@pytest.mark.parametrize("text", ["(", "a ", '"', "/", "\n", "é", "fields a | "])
def test_what_is_far_too_long_is_not_looked_at(text: str, size: int) -> None:
    long = text * (size // len(text))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadQuery, match="are allowed") as caught:
        parse(long)
    assert caught.value.start == LONGEST_QUERY
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**17  # kilobytes


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        ("(a+)+$", True),
        ("(a|a)*b", False),
        ("(a|aa)+$", True),
        ("(.*a){20}$", True),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", False),
        ("(a?){50}a{50}", True),
        ("(x+x+)+y", False),
    ],
)
def test_patterns_that_stall_others_do_not(
    over: Callable[..., Data], pattern: str, holds: bool
) -> None:
    records = over({"message": "a" * 20_000})
    (row,) = records.rows(f"filter @message like /{pattern}/ | stats count(*) as n")
    assert row == {"n": str(int(holds))}


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "*a*" * 30, "a*" * 40])
def test_globs_of_many_stars_do_not_stall(over: Callable[..., Data], pattern: str) -> None:
    names = ", ".join(f"a{n}" for n in range(pattern.count("*")))
    rows = over({"message": "a" * 20_000}).rows(f'parse @message "{pattern}" as {names}')
    assert len(rows) == 1
