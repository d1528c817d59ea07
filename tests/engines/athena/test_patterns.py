from __future__ import annotations

import re

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engines.athena.patterns import may_be_empty, replacement, trino, whole_match
from bot.engines.athena.typed import Refused


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        (r"10\.0\.\d+", r"10\.0\.[0-9]+"),
        (r"^a$", r"\Aa\z"),
        (r"(?P<name>a+)b", "(a+)b"),
        (r"(?:a|b)*?c", "(?:a|b)*?c"),
        (r"\w\W\s\S\D", r"[0-9A-Za-z_][^0-9A-Za-z_][\t\n\f\r ][^\t\n\f\r ][^0-9]"),
        (r"[\d.\-a-f]", r"[0-9.\-a-f]"),
        (r"[^]a]", r"[^\]a]"),
        (r"[a&&b]", r"[a\&\&b]"),
        (r"a{2,3}b{2}c{,2}", r"a{2,3}b{2}c\{,2\}"),
        ("ü.", "ü."),
    ],
)
def test_spellings(pattern: str, wanted: str) -> None:
    assert trino(pattern) == wanted


@pytest.mark.parametrize(
    "pattern",
    [r"(?i)a", r"\bx", r"\x41", r"\p{L}", r"\pN", r"[[:alpha:]]", r"\Qa\E", r"\7", r"[\D]", r"\C"],
)
def test_what_differs_is_refused(pattern: str) -> None:
    with pytest.raises(Refused):
        trino(pattern)


@pytest.mark.parametrize("pattern", ["(a|b)*", "(?:(a)|b)+", "((a))?", "(a){2}"])
def test_groups_that_repeat_are_refused_where_they_are_kept(pattern: str) -> None:
    assert trino(pattern)
    with pytest.raises(Refused):
        trino(pattern, groups_kept=True)


PIECES = [
    "a",
    "b",
    ".",
    "\n",
    "[ab]",
    "[^a]",
    "a*",
    "(?:a|b)+",
    "(b)",
    "|",
    "^",
    "$",
    r"\d",
    "1",
    "}",
]
PIECES += [r"\s", " ", r"\.", "a{1,2}", "{", "]", "\\-"]


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=6), st.text("ab1. \n-{}]", max_size=8))
def test_another_engine_matches_the_same(pieces: list[str], text: str) -> None:
    """Python's engine backtracks as Trino's does, and reads these spellings as Java does."""
    pattern = "".join(pieces)
    try:
        wanted = re2.search(pattern, text)
    except re2.error:
        return
    found = re.search(trino(pattern).replace(r"\z", r"\Z"), text)
    assert (found and found.span()) == (wanted and wanted.span())


def test_whole_matches_take_no_line_feed_at_the_end() -> None:
    pattern = whole_match("[0-9]+").replace(r"\z", r"\Z")
    assert re.search(pattern, "12")
    assert not re.search(pattern, "12\n")


@pytest.mark.parametrize(
    ("pattern", "empty"), [("a*", True), ("^", True), ("a+", False), ("", True)]
)
def test_patterns_that_match_nothing(pattern: str, empty: bool) -> None:
    assert may_be_empty(pattern) is empty


@pytest.mark.parametrize(
    ("text", "wanted"), [(r"<\1>", "<$1>"), ("a$1", r"a\$1"), (r"\\", r"\\"), (r"\0-\2", "$0-$2")]
)
def test_replacements(text: str, wanted: str) -> None:
    assert replacement(text) == wanted
