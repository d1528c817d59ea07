"""What every part of a translation shares: the query, the moment, and what is to be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.insights.nodes import Node, Pipeline, Stats
from bot.model.errors import BadQuery, NotSupported
from bot.model.window import Window


@dataclass(slots=True)
class Context:
    """`timestamp` is the SQL of `@timestamp`, `in_time` SQL that puts records in order of time with
    ties broken; both None once `stats` dropped them. `count` is SQL that counts the records in a
    group of rows.
    """

    pipeline: Pipeline
    window: Window
    now: datetime
    timestamp: str | None
    in_time: str | None
    notes: list[str] = field(default_factory=list)
    count: str = "count(*)"
    offset: int = 0  # microseconds by which bins begin later, while the keys of stats are compiled

    def note(self, text: str) -> None:
        """Have the answer say something; twice the same is said once."""
        if text not in self.notes:
            self.notes.append(text)

    def is_key(self, node: Node) -> bool:
        """Whether a node stands among the keys of a `stats`."""
        stats = (each for each in self.pipeline.commands if isinstance(each, Stats))
        keys = (key for command in stats for key in command.keys)
        return any(key.start <= node.start < key.end for key in keys)

    def bad(self, node: Node, what: str, hint: str | None = None) -> BadQuery:
        return BadQuery(what, text=self.pipeline.text, start=node.start, end=node.end, hint=hint)

    def unsupported(self, node: Node, what: str, hint: str | None = None) -> NotSupported:
        return NotSupported(
            what, text=self.pipeline.text, start=node.start, end=node.end, hint=hint
        )
