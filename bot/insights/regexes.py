"""Regular expressions: Insights' spelling into RE2's, judged before they run.

RE2 never backtracks, so no expression can stall the process. It has no look-around and no
back-references; neither has Insights.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import re2  # type: ignore[import-untyped]  # it ships no types

# An escaped character, a class as a whole, or a named group: `(?<` in the first two is no group.
_PIECES = re.compile(
    r"\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\(\?P?<(?P<name>\w[^>]*)>|.", re.DOTALL
)


class BadRegex(ValueError):
    """Why RE2 refuses an expression; `offset` is where in the pattern, in characters."""

    def __init__(self, reason: str, offset: int = 0, length: int = 1) -> None:
        super().__init__(reason)
        self.offset = offset
        self.length = length


@dataclass(frozen=True, slots=True)
class Compiled:
    """`pattern` as DuckDB takes it; `groups` the number of each named group, in order."""

    pattern: str
    groups: dict[str, int]


def compiled(pattern: str) -> Compiled:
    """A pattern with `(?<name>…)` groups, checked. Raises `BadRegex`."""
    text, names = "", set()
    for piece in _PIECES.finditer(pattern):
        name = piece["name"]
        if name in names:
            raise BadRegex(f"two groups are called {name}", piece.start(), len(piece[0]))
        names |= {name} if name else set()
        text += f"(?P<{name}>" if name else piece[0]
    numbers = _numbers(text, pattern)
    return Compiled(text, dict(sorted(numbers.items(), key=lambda item: item[1])))


def _numbers(text: str, original: str) -> dict[str, int]:
    """The number of each named group, once RE2 has taken the pattern."""
    options = re2.Options()
    options.log_errors = False
    try:
        return dict(re2.compile(text, options).groupindex)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if error.args else "not understood"
        said, _, fragment = reason.partition(": ")
        offset = max(original.find(fragment.replace("(?P<", "(?<")), 0) if fragment else 0
        raise BadRegex(_plain(said, fragment), offset, max(len(fragment), 1)) from None


def _plain(said: str, fragment: str) -> str:
    if said == "invalid perl operator":
        return f"look-around and other Perl extensions ({fragment}) do not exist here"
    if said == "invalid escape sequence" and fragment[1:2].isdigit():
        return "back-references do not exist here"
    return f"{said}: {fragment}" if fragment else said


def glob(pattern: str) -> str:
    """The RE2 text of a glob of `parse`: each `*` a group, the rest as it stands.

    Each `*` takes as little as it can, a last one everything up to the end of the line. A pattern
    that begins with text may begin anywhere, one that begins with `*` starts at the beginning.
    """
    texts = [re2.escape(text) for text in pattern.split("*")]
    lead = "^" if pattern.startswith("*") else ""
    if len(texts) > 1 and texts[-1] == "":
        return lead + "(.*?)".join(texts[:-1]) + "(.*)"
    return lead + "(.*?)".join(texts)


def separated(pattern: str) -> str | None:
    """What stands between the stars of a glob, if always the same and nothing stands outside."""
    first, *between, last = pattern.split("*")
    if first or last or len(set(between)) != 1 or not between[0] or "\n" in between[0]:
        return None
    return between[0]
