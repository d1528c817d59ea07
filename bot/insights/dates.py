"""Java date patterns, as `formatDate` and `parseDate` take them, into DuckDB's."""

from __future__ import annotations

import re

# Letters in a row mean one thing; how many of them there are says how it is written.
_DIRECTIVES = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dd": "%d",
    "d": "%-d",
    "DDD": "%j",
    "EEEE": "%A",
    "EEE": "%a",
    "EE": "%a",
    "E": "%a",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "SSS": "%g",
    "a": "%p",
}
_OFFSETS = {"Z": "%z", "XXX": "%z", "XX": "%z", "X": "%z", "xxx": "%z", "xx": "%z"}
_PIECES = re.compile(
    r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL
)


class BadPattern(ValueError):
    """Letters of a pattern that have no counterpart."""


def strftime(pattern: str, *, offsets: bool) -> str:
    """A Java pattern in strftime's spelling; offsets from UTC only where they are understood."""
    known = _DIRECTIVES | (_OFFSETS if offsets else {})
    text = ""
    for piece in _PIECES.finditer(pattern):
        letters = piece["letters"]
        if letters is None:
            plain = "'" if piece[0] == "''" else piece["quoted"] or piece["other"] or ""
            text += plain.replace("''", "'").replace("%", "%%")
        elif letters in known:
            text += known[letters]
        else:
            raise BadPattern(letters)
    return text


def has_offset(pattern: str) -> bool:
    """Whether a pattern names an offset from UTC."""
    return any(piece["letters"] in _OFFSETS for piece in _PIECES.finditer(pattern))
