"""What a watch would have said, had it been set a week ago."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.model.answer import Answer
from bot.model.chart import Timeline
from bot.model.query import Statistics
from bot.model.window import Window
from bot.schedule.conditions import Condition
from bot.schedule.counting import bucket_of
from bot.schedule.watches import LEARN, Watches, judged

MOST_LOOKS = 48  # each reads logs
DAY = timedelta(days=1)
MOST_BINS = 96  # of a look, so that the answer's timeline is as fine as the rule's own looks

Said = tuple[Window, str]


class _Enough(Exception):
    """As many looks were made as may be."""


@dataclass
class Rehearsal:
    """Looks back over a week with a watch's eyes. `looks` and `read` (bytes) are what it took."""

    watches: Watches
    line: str
    zone: str
    rule: Condition
    now: datetime
    looks: int = 0
    read: int = 0

    def said(self) -> tuple[timedelta, list[Said]]:
        """Over how long it looked, and what it would have said, in order."""
        end = bucket_of(self.now - self.watches.delivery)
        if self.rule.noun:
            return LEARN, list(self._new(list(_parts(Window(end - LEARN, end), DAY))))
        every = self.rule.every
        end -= timedelta(seconds=end.timestamp() % every.total_seconds())
        step = every * max(1, min(DAY, every * MOST_BINS) // every)
        looks = self._back(Window(end - step * -(-LEARN // step), end), step)
        high, reached = [], end
        with suppress(_Enough):
            for window, amount in looks:
                reached = window.start
                if self.rule.exceeded(amount):
                    high.append((window, self.rule.said(amount)))
        return end - reached, _risen(high[::-1])

    def _new(self, days: list[Window]) -> Iterator[Said]:
        """New names day by day; the first day is learned from."""
        state: dict[str, Any] = {}
        for day in days:
            headline, state = judged(self.rule, self._ask(day), state)
            if headline and day != days[0]:
                yield day, headline

    def _back(self, window: Window, step: timedelta) -> Iterator[tuple[Window, float]]:
        """Amounts of its parts, the last first. What is not too high as a whole stays whole."""
        for part in reversed(list(_parts(window, step))):
            yield from self._amounts(part)

    def _amounts(self, window: Window) -> Iterator[tuple[Window, float]]:
        answer, whole, every = self._ask(window), window.end - window.start, self.rule.every
        amount = self.rule.amount(answer)
        low = not self.rule.exceeded(amount) and not self.rule.unseen(answer)
        if low or whole <= every:
            yield window, amount
            return
        bins = _bins(answer, amount)
        if bins is None or bins.length >= whole:
            yield from self._back(window, every * ((whole // every + 1) // 2))
            return
        for part in reversed(list(_parts(window, every * -(-bins.length // every)))):
            most = bins.most(part)
            if every % bins.length and self.rule.exceeded(most):
                yield from self._amounts(part)
            else:
                yield part, most

    def _ask(self, window: Window) -> Answer:
        if self.looks >= MOST_LOOKS:
            raise _Enough
        self.looks += 1
        answer = self.watches.answer(self.line, self.zone, window, self.now)
        self.read += sum((run.statistics for run in answer.queries), Statistics()).bytes_scanned
        return answer


@dataclass(frozen=True)
class _Bins:
    """An amount over time."""

    length: timedelta
    amounts: dict[datetime, float]

    def most(self, window: Window) -> float:
        """The most that a window can hold: all of every bin that it touches."""
        touched = (at for at in self.amounts if window.start - self.length < at < window.end)
        return sum(self.amounts[at] for at in touched)


def _parts(window: Window, length: timedelta) -> Iterator[Window]:
    start = window.start
    while start < window.end:
        yield Window(start, min(start + length, window.end))
        start += length


def _bins(answer: Answer, amount: float) -> _Bins | None:
    """The answer's timeline, where it shows what adds up to the amount."""
    for chart in answer.charts:
        if not isinstance(chart, Timeline):
            continue
        lines = [series.values for panel in chart.panels for series in panel.series]
        sums = [sum(value or 0 for value in values) for values in zip(*lines, strict=True)]
        if round(sum(sums)) == round(amount):
            amounts = dict(zip(chart.times, sums, strict=True))
            return _Bins(timedelta(seconds=chart.bin_seconds), amounts)
    return None


def _risen(high: list[Said]) -> list[Said]:
    """Of looks in a row that find it too high, only the first is told of."""
    ends = {window.end for window, _ in high}
    return [one for one in high if one[0].start not in ends]
