"""Things that answer lines in tests: slow ones, failing ones, counted ones."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.engines.engine import Watch
from bot.model.answer import Answer
from bot.model.query import Progress, Statistics
from tests.slack import answers


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def quick(line: str, *, zone: ZoneInfo, watch: Watch) -> Answer:
    """Answers at once, with one of everything."""
    return answers.full(line)


@dataclass
class Slow:
    """Runs until `go` is set, and can be stopped. Remembers who asked what in which zone."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    watches: dict[str, Watch] = field(default_factory=dict)
    go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, line: str, *, zone: ZoneInfo, watch: Watch) -> Answer:
        self.asked.append((line, str(zone)))
        self.watches[line] = watch
        watch.on_stop(lambda: self.stopped.append(line))
        while not self.go.is_set():
            watch.wait(0.005)
        return answers.full(line)

    def progress(self, line: str, records: int) -> None:
        self.watches[line].progress(Progress(Statistics(0, records, records * 90, 1.0)))


def raising(error: Callable[[], Exception]) -> Callable[..., Answer]:
    def ask(line: str, *, zone: ZoneInfo, watch: Watch) -> Answer:
        raise error()

    return ask
