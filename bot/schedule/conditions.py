"""When a watch speaks: what its answer must hold. Pure.

`new client` (or destination, source, target, server, host, port): a name in the answer's tables
that was not there before. `> 500 in 5m`, `>= 10GB in 1h`: the sum of a column of the answer.
`any`: the answer has a row at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.model.answer import Answer
from bot.model.errors import BadLine
from bot.model.table import Kind, Table
from bot.model.writing import count, many, size
from bot.schedule.words import length_of

USUAL = timedelta(minutes=15)  # that one look covers, when the condition names no length
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=1)
HINT = "Write when new client, when > 500 in 5m, when > 10GB in 1h, or when any."

_LIMIT = re.compile(r"(>=?)\s*(\d+(?:\.\d+)?)\s*(k|m|g|t)?(b)?")
_FACTORS = {None: 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
# What people call a column, and the names it has in answers' tables; the first of them is enough.
_COLUMNS = {
    "client": ("client", "source"),
    "source": ("source", "client"),
    "destination": ("destination", "target", "server", "peer", "address"),
    "target": ("target", "destination", "server"),
    "server": ("server", "target"),
    "host": ("host", "address", "source", "client"),
    "port": ("port",),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """`noun` for what must be new, `limit` for what must be exceeded; neither for any row."""

    text: str
    every: timedelta
    noun: str | None = None
    limit: float | None = None
    strictly: bool = True
    of_bytes: bool = False

    def found(self, answer: Answer) -> tuple[str, ...]:
        """The names that count, in order; of an answer that has no such column, none."""
        if self.noun is None:
            return ()
        tables = answer.tables
        if self.noun == "client":
            tables = tuple(_answered(table) for table in tables if table.title != "Rejected")
        names = (name for table in tables for name in _names(table, self.noun))
        return tuple(dict.fromkeys(names))

    def unseen(self, answer: Answer) -> int:
        """Rows that count, but that the answer's tables leave off."""
        if self.noun is not None:
            wanted = _COLUMNS[self.noun]
            return sum(
                t.left_off for t in answer.tables if any(c.name in wanted for c in t.columns)
            )
        if self.limit is None:
            return 0
        sums = [
            (self._sum(table, self._measure(answer)), table.left_off) for table in answer.tables
        ]
        return max(sums, default=(0, 0), key=lambda one: (one[0], -one[1]))[1]

    def amount(self, answer: Answer) -> float:
        """What is compared with the limit; the number of rows where there is none.

        An answer's tables often cut the same sum in several ways, and list the largest rows alone:
        the table with most of it counts.
        """
        if self.limit is None:
            return sum(len(table.rows) + table.left_off for table in answer.tables)
        measure = self._measure(answer)
        return max((self._sum(table, measure) for table in answer.tables), default=0)

    def exceeded(self, amount: float) -> bool:
        """Whether an amount makes the watch speak."""
        if self.limit is None:
            return amount > 0
        return amount > self.limit if self.strictly else amount >= self.limit

    def said(self, amount: float) -> str:
        """What a watch says of an amount."""
        return f"{self.shown(amount)} ({self.text})" if self.limit else many(amount, "row")

    def shown(self, amount: float) -> str:
        return size(amount) if self.of_bytes else count(amount)

    def _measure(self, answer: Answer) -> str:
        """The column that is added up: records, else the first of counts; the first of bytes."""
        kind = Kind.BYTES if self.of_bytes else Kind.COUNT
        names = [c.name for table in answer.tables for c in table.columns if c.kind is kind]
        return "records" if "records" in names else next(iter(names), "")

    def _sum(self, table: Table, measure: str) -> float:
        places = [n for n, column in enumerate(table.columns) if column.name == measure]
        values = [row[places[0]] for row in table.rows] if places else []
        return sum(value for value in values if isinstance(value, int | float))


def condition(text: str) -> Condition:
    """Read a condition. Raises `BadLine`."""
    words = text.lower().split()
    every = USUAL
    if len(words) > 2 and words[-2] == "in":
        every = length_of(words[-1])
        words = words[:-2]
    if not SHORTEST <= every <= LONGEST:
        last = text.rsplit(maxsplit=1)[-1]
        raise BadLine(f"a watch cannot look every {last}", hint="5m to 1d are possible.")
    plain = " ".join(words)
    if plain == "any":
        return Condition(text, every)
    if words[:1] == ["new"] and len(words) == 2:
        noun = words[1].removesuffix("s")
        if noun in _COLUMNS:
            return Condition(text, every, noun=noun)
    if match := _LIMIT.fullmatch(plain):
        limit = float(match[2]) * _FACTORS[match[3]]
        strictly = match[1] == ">"
        return Condition(text, every, limit=limit, strictly=strictly, of_bytes=bool(match[4]))
    raise BadLine(f"{text[:60]!r} is not a condition", hint=HINT)


def _answered(table: Table) -> Table:
    """Whoever got no answer is no client: on a public address that is every scanner."""
    places = [n for n, column in enumerate(table.columns) if column.name == "bytes_back"]
    return replace(table, rows=tuple(row for row in table.rows if all(row[n] for n in places)))


def _names(table: Table, noun: str) -> Iterable[str]:
    for wanted in _COLUMNS[noun]:
        for n, column in enumerate(table.columns):
            if column.name == wanted:
                return [str(row[n]) for row in table.rows if row[n] is not None]
    return []
