"""What a command declares about itself, and what it is handed to answer with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.model.answer import Answer, Question
from bot.model.changes import Changes
from bot.model.inventory import Inventory
from bot.model.published import Prices, Ranges
from bot.model.query import Result
from bot.model.window import Window


class Takes(StrEnum):
    """What kind of words an argument takes."""

    PORTS = "ports"  # 5432, 8000-8010, postgres → tuple[int, ...]
    NETWORK = "network"  # an address, a range, or the name of a host → ip_network
    CHOICE = "choice"  # one of `choices`, or any one word when there are none → str
    COUNT = "count"  # a positive whole number → int
    WINDOW = "window"  # a second window, behind a keyword, in its own words → Window
    REST = "rest"  # everything to the end of the line, untouched → str


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument. With a `keyword` it is written after that word (`on 10.0.0.5`)."""

    name: str
    takes: Takes
    help: str
    keyword: str | None = None
    required: bool = False
    choices: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """How it is written: `PORT`, `[on HOST]`, `[internal|external]`."""
        name = "WINDOW" if self.takes is Takes.WINDOW else self.name.upper()
        value = "|".join(self.choices) or name
        words = f"{self.keyword} {value}" if self.keyword else value
        return words if self.required else f"[{words}]"


class Logs(Protocol):
    """The logs a question is asked of, over the question's window, and the network they are of.

    Without a snapshot of the network the inventory is empty. `fields` are the Insights names that
    records carry; empty when that is not known. `ranges` and `prices` (by Region) are AWS's.
    """

    @property
    def inventory(self) -> Inventory: ...

    @property
    def fields(self) -> frozenset[str]: ...

    @property
    def ranges(self) -> Ranges: ...

    @property
    def prices(self) -> Mapping[str, Prices]: ...

    def query(self, *texts: str, window: Window | None = None) -> tuple[Result, ...]:
        """Run Insights texts, at the same time where the engine can; results in the same order.

        They run over the question's window, or over another `window`.
        """
        ...

    def changes(self, resources: Iterable[str], since: datetime) -> Changes:
        """How the rules of security groups and NACLs, by id, changed since a moment.

        Asked of AWS only when called; takes seconds there. Says what it does not know.
        """
        ...


@dataclass(frozen=True)
class Command:
    """One question a person can ask. Its file's name is `name` with underscores.

    `needs` are the Insights fields without which it cannot be answered. `examples` are lines that
    are shown as help and run by tests, each over the demo's day. A command without a window
    (`help`) sets `length` to None.
    """

    name: str
    summary: str
    answer: Callable[[Question, Logs], Answer]
    examples: tuple[str, ...]
    arguments: tuple[Argument, ...] = ()
    needs: tuple[str, ...] = ()
    length: timedelta | None = timedelta(hours=1)  # of the window, when the line names none

    @property
    def usage(self) -> str:
        """The line to write: `db-clients PORT [on HOST] [WINDOW]`."""
        rest = [argument.usage for argument in self.arguments if argument.takes is Takes.REST]
        others = [argument.usage for argument in self.arguments if argument.takes is not Takes.REST]
        window = ["[WINDOW]"] if self.length else []
        return " ".join((self.name, *others, *window, *rest))
