"""What a person asked and what they get back, the same for Slack, terminal, digest and warning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from zoneinfo import ZoneInfo

from bot.model.chart import Chart
from bot.model.query import Statistics
from bot.model.table import Table
from bot.model.window import Window

Network = IPv4Network | IPv6Network
Argument = str | int | tuple[int, ...] | Network | Window


@dataclass(frozen=True)
class Question:
    """A line that was read: which command, with what, over which window.

    `zone` is the asker's, for reading and writing times; `now` is the moment of asking; `inside`
    are ranges that are the asker's own besides the private ones, `zones` ranges that have a name,
    `scanners` those that may scan, with who that is.
    """

    command: str
    line: str
    window: Window
    zone: ZoneInfo
    now: datetime
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    inside: tuple[Network, ...] = ()
    zones: Mapping[str, tuple[Network, ...]] = field(default_factory=dict)
    scanners: Mapping[Network, str] = field(default_factory=dict)

    def ports(self, name: str) -> tuple[int, ...]:
        """The ports under `name`; empty when not given."""
        value = self.arguments.get(name, ())
        return value if isinstance(value, tuple) else ()

    def network(self, name: str) -> Network | None:
        """The address or range under `name`; a single address is a range of one."""
        value = self.arguments.get(name)
        return value if isinstance(value, IPv4Network | IPv6Network) else None

    def other_window(self, name: str) -> Window | None:
        """The window under `name`, which is not the one the question is about."""
        value = self.arguments.get(name)
        return value if isinstance(value, Window) else None

    def word(self, name: str) -> str | None:
        value = self.arguments.get(name)
        return value if isinstance(value, str) else None


class Topic(StrEnum):
    """What a note is about; renderers order and mark notes by it."""

    CAUTION = "caution"  # the figures may mislead: lost records, damage, truncation
    COVERAGE = "coverage"  # what the logs hold
    FRESHNESS = "freshness"  # how new they are
    METHOD = "method"  # the rule by which something was counted


@dataclass(frozen=True, slots=True)
class Note:
    topic: Topic
    text: str


@dataclass(frozen=True, slots=True)
class QueryRun:
    """A query that was run for an answer. `link` opens it in the AWS console."""

    text: str
    engine: str
    statistics: Statistics
    link: str | None = None


@dataclass(frozen=True)
class Answer:
    """A command fills in `question` to `next`; running it adds `queries` and what the data is like.

    `next` are lines worth asking now, without the slash command; `why` those that ask why something
    it lists was rejected, most rejects first. `facts` are findings that programs
    can use, by their name in the JSON document.
    """

    question: Question
    headline: str
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[Note, ...] = ()
    next: tuple[str, ...] = ()
    queries: tuple[QueryRun, ...] = ()
    facts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    why: tuple[str, ...] = ()
