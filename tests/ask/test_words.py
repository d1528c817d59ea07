from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ask.words import shown, split
from bot.model.errors import BadLine


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  \t\n ", []),
        ("a  b\tc", ["a", "b", "c"]),
        ("'a b' c", ["a b", "c"]),
        ('x="a b"c', ["x=a bc"]),
        ("“a b” ‘c d’ „e f“", ["a b", "c d", "e f"]),
        ('""', [""]),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    assert [word.text for word in split(line)] == words


def test_places_and_quotes() -> None:
    first, second = split(' ab "c d"')
    assert (first.start, first.end, first.quoted) == (1, 3, False)
    assert (second.start, second.end, second.quoted) == (4, 9, True)


@pytest.mark.parametrize("line", ['a "b c', "it's", "“never", "a 'b' 'c"])
def test_a_stray_quote_is_named(line: str) -> None:
    with pytest.raises(BadLine, match="never closed"):
        split(line)


def test_long_words_are_cut_in_messages() -> None:
    assert len(shown("x" * 1000)) == 62


@given(st.text(max_size=60))
def test_words_are_where_they_say(line: str) -> None:
    try:
        words = split(line)
    except BadLine:
        return
    for word in words:
        assert word.quoted or line[word.start : word.end] == word.text
    assert [w.start for w in words] == sorted(w.start for w in words)
