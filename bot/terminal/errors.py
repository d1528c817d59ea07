"""Errors as one line for people, and as JSON for programs."""

from __future__ import annotations

from typing import TextIO

from bot.model.errors import BadQuery, FlowsError
from bot.terminal.text import safe

_AROUND = 60  # characters of a long query line that are shown to either side of what is wrong
_MOST = 2000  # characters of the line, in case a name in it is endless


def tell(error: FlowsError, stream: TextIO) -> None:
    """Write the error on one line; below it the place in the query when somebody is looking.

    Into a pipe or a file goes the one line only.
    """
    lines = [f"flows: {_cut(safe(str(error)))}"]
    if isinstance(error, BadQuery) and stream.isatty():
        lines += [f"  {line}" for line in _place(error)]
    encoding = stream.encoding or "utf-8"
    for line in lines:
        stream.write(line.encode(encoding, "replace").decode(encoding) + "\n")


def document(error: FlowsError) -> dict[str, str]:
    """The error as JSON: {"error": one line that says what, where and what to try}."""
    return {"error": safe(str(error))}


def _place(error: BadQuery) -> tuple[str, str]:
    """The line of the query and what underlines it, cut to where the error is."""
    text, _, below = error.caret().rpartition("\n")
    at, width = below.find("^"), below.count("^")
    begin, end = max(0, at - _AROUND), at + min(width, _AROUND) + _AROUND
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text[begin:end])
    return shown, below[begin:end]


def _cut(line: str) -> str:
    return line if len(line) <= _MOST else line[: _MOST - 1] + "…"
