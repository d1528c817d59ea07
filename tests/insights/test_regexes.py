from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.insights.regexes import BadRegex, compiled, glob, separated


def test_named_groups_are_spelt_as_duckdb_takes_them() -> None:
    regex = compiled(r"(a)(?<first>b)\((?:c)(?P<second>[(?<x>]d)")
    assert regex.pattern == r"(a)(?P<first>b)\((?:c)(?P<second>[(?<x>]d)"
    assert regex.groups == {"first": 2, "second": 3}


@pytest.mark.parametrize(
    ("pattern", "offset", "reason"),
    [
        (r"ab(?=c)", 2, "look-around"),
        (r"a(?<!c)", 1, "look-around"),
        (r"(a)\1", 3, "back-references"),
        (r"a(b", 0, "missing )"),
        (r"a[z-a]", 2, "range"),
        (r"a**", 1, "repetition"),
        (r"(?<a>b)(?<a>c)", 7, "two groups"),
        (r"x{2000}", 1, "repetition size"),
        (r"((a{100}){100}){100}", 3, "repetition size"),
    ],
)
def test_what_re2_refuses_is_refused_with_its_place(pattern: str, offset: int, reason: str) -> None:
    with pytest.raises(BadRegex, match=re.escape(reason)) as caught:
        compiled(pattern)
    assert caught.value.offset == offset


@given(st.text(max_size=30))
def test_any_pattern_is_taken_or_refused(pattern: str) -> None:
    with contextlib.suppress(BadRegex):
        assert len(compiled(pattern).pattern) >= len(pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "groups"),
    [
        ("* *", "a b c", ("a", "b c")),
        ("x=*", "y=1 x=2 3", ("2 3",)),
        ("x=*;", "x=1;2;", ("1",)),
        ("*", "a\nb", ("a",)),
        ("[*]", "a [b] c", ("b",)),
        ("**", "ab", ("", "ab")),
    ],
)
def test_globs(pattern: str, text: str, groups: tuple[str, ...]) -> None:
    found = re.search(glob(pattern), text)
    assert found is not None
    assert found.groups() == groups


@pytest.mark.parametrize(
    ("pattern", "separator"),
    [
        ("* * *", " "),
        ("*--*", "--"),
        ("*", None),
        ("**", None),
        ("a* *", None),
        ("* *b", None),
        ("* *-*", None),
        ("*\n*", None),
    ],
)
def test_globs_of_one_separator(pattern: str, separator: str | None) -> None:
    assert separated(pattern) == separator
