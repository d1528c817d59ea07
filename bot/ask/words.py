"""A line → its words, with where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.model.errors import BadLine

# Straight quotes, and the typographic ones that phones and word processors put in their place.
_QUOTED = r""""[^"]*"|'[^']*'|“[^”]*”|‘[^’]*’|„[^“”]*[“”]"""
_WORD = re.compile(rf"""(?:{_QUOTED}|[^\s"'“‘„])+""")
_QUOTES = re.compile(_QUOTED)


@dataclass(frozen=True, slots=True)
class Word:
    """A word without its quotes. `start` and `end` are where it stands, quotes included."""

    text: str
    start: int
    end: int
    quoted: bool


def split(line: str) -> list[Word]:
    """The words of a line; quotes hold one together. Raises `BadLine` for one never closed."""
    words: list[Word] = []
    at = _past_space(line, 0)
    while at < len(line):
        match = _WORD.match(line, at)
        end = match.end() if match else at
        if match is None or not (end == len(line) or line[end].isspace()):
            raise BadLine(f"the quote before {shown(line[end + 1 :])} is never closed")
        text = _QUOTES.sub(lambda quoted: quoted[0][1:-1], match[0])
        words.append(Word(text, at, end, quoted=text != match[0]))
        at = _past_space(line, end)
    return words


def shown(text: str) -> str:
    """A person's words in a message: quoted, and never long."""
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _past_space(line: str, at: int) -> int:
    while at < len(line) and line[at].isspace():
        at += 1
    return at
