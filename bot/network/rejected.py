"""The question that a reject raises, as a line to ask."""

from __future__ import annotations

from collections.abc import Iterable

from bot.model.answer import Question
from bot.model.query import Row
from bot.model.writing import window_words

MOST = 20  # as many as an answer lists rows


def why_lines(question: Question, rows: Iterable[Row]) -> tuple[str, ...]:
    """`why CLIENT SERVER PORT WINDOW` for each reject, in order, each once.

    Rows have `srcAddr`, `dstAddr` and `port`, the server's; in replies (`leg`) the server is the
    source. A port that is not known, or that the protocol does not have, is left out.
    """
    window = window_words(question.window, question.now, question.zone)
    lines: dict[str, None] = {}
    for row in rows:
        ends = [row.text("srcAddr"), row.text("dstAddr")]
        if row.text("leg") == "reply":
            ends.reverse()
        port = [str(row.number("port"))] if row.number("port") else []
        lines[" ".join(["why", *ends, *port, window])] = None
        if len(lines) == MOST:
            break
    return tuple(lines)
