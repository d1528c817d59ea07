"""A query that AWS does not accept: where it is wrong, in the text the person wrote.

A bad time window comes as the same error though the text is fine. The model calls the members that
hold the position reserved, so they may be absent; then the message may name it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.engines.cloudwatch.call import Call, scrubbed
from bot.engines.cloudwatch.sent import Sent
from bot.model.errors import BadQuery, BadWindow

_BAD_WINDOW = re.compile(r"creation time|retention|end date and time", re.I)
_DEFINED_TWICE = re.compile(r"already defined:?\s*([\w@.]+)", re.I)
_BRACKET = re.compile(r"\s*\(?\[(\d+),\s*(\d+)\]\)?")
_LINE = re.compile(r"\s*at line (\d+) and position (\d+)")


class DefinedTwice(BadQuery):
    """AWS already has a field of the `name` that the query defines."""

    name = ""


def malformed(said: str, compiled: object, call: Call, sent: Sent) -> BadQuery | BadWindow:
    """The error for AWS's message and its `queryCompileError`, if there is one."""
    details = compiled if isinstance(compiled, Mapping) else {}
    said = str(details.get("message") or said)
    if _BAD_WINDOW.search(said):
        return BadWindow(
            "the window ends before the log group was made, or before what its retention keeps",
            where=call.subject,
            hint="Ask about a later window, or have the group keep its records for longer.",
        )
    span = _span(details.get("location"), said, sent.text)
    start, end = sent.span(*span) if span else (0, len(sent.asked))
    twice = _DEFINED_TWICE.search(said)
    kind = DefinedTwice if twice else BadQuery
    what = scrubbed(_BRACKET.sub("", _LINE.sub("", said))) or "no reason is given"
    error = kind(f"AWS cannot run this query: {what}", text=sent.asked, start=start, end=end)
    if isinstance(error, DefinedTwice) and twice:
        error.name = twice[1]
    if span is None:
        error.where = None
    return error


def _span(location: object, said: str, text: str) -> tuple[int, int] | None:
    """Start and end in the text that was sent; None when AWS does not say.

    A message counts lines from 1 and positions in a line from 0, or has offsets in a bracket.
    """
    where = location if isinstance(location, Mapping) else {}
    start, end = where.get("startCharOffset"), where.get("endCharOffset")
    if isinstance(start, int):
        return start, end if isinstance(end, int) else start + 1
    if bracket := _BRACKET.search(said):
        return int(bracket[1]), int(bracket[2])
    if line := _LINE.search(said):
        before = text.split("\n")[: int(line[1]) - 1]
        at = sum(len(each) + 1 for each in before) + int(line[2])
        return at, at + 1
    return None
