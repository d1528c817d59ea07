"""Many queries at once: JSON lines {id, query, start, end} in, a JSON line for each out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.engines.engine import Engine, Watch
from bot.model.errors import BadLine, FlowsError
from bot.model.query import Query
from bot.model.times import moment
from bot.model.window import Window
from bot.terminal import errors, rows


def replies(engine: Engine, lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """One reply a line, in order; a line that cannot be read or run gets an error of its own."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name: object = None
        try:
            asked = _asked(line, number)
            name = asked["id"]
            window = Window(moment(str(asked["start"])), moment(str(asked["end"])))
            result = engine.run(Query(str(asked["query"]), window), Watch())
            yield {"id": name, "results": rows.document(result)["results"]}
        except FlowsError as error:
            yield {"id": name, **errors.document(error)}


def _asked(line: str, number: int) -> dict[str, Any]:
    where = f"line {number}"
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError):
        raise BadLine("not JSON", where=where) from None
    missing = [
        key
        for key in ("id", "query", "start", "end")
        if not isinstance(asked, dict) or key not in asked
    ]
    if missing:
        raise BadLine(
            f"{', '.join(missing)} missing",
            where=where,
            hint='Write {"id", "query", "start", "end"}.',
        )
    return dict(asked)
