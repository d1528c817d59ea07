"""What addresses were called at the time of their records, where snapshots of it exist."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.model.answer import Note, Topic
from bot.model.inventory import Inventory
from bot.model.window import Window
from bot.model.writing import many
from bot.network.names import Label, Names
from bot.network.snapshots import MOST_LOADED, Snapshots, Span


class History:
    """Labels as they were at the time of a record. The snapshots are those there are now."""

    def __init__(
        self, snapshots: Snapshots, names: Callable[[Inventory], Names], latest: Names
    ) -> None:
        self.spans = snapshots.spans()
        self._snapshots = snapshots
        self._names = names
        self._latest = latest
        self._by_time: dict[datetime, Names] = {}

    def label(self, address: str, moment: datetime, vpc_id: str = "") -> Label:
        """The label of an address at a moment.

        `certain` when a snapshot speaks for the moment, or those before and after it agree; else
        it is as of `as_of`, which may be now.
        """
        before = [span for span in self.spans if span.first <= moment]
        if not before:
            return self._latest.of(address, vpc_id)
        then = self._of(before[-1].first, address, vpc_id)
        if then is None:
            return self._latest.of(address, vpc_id)
        if moment <= before[-1].last:
            return replace(then, certain=True)
        after = self.spans[len(before) :]
        later = self._of(after[0].first, address, vpc_id) if after else None
        same = later is not None and replace(later, as_of=then.as_of) == then
        return replace(then, certain=same)

    def _of(self, moment: datetime, address: str, vpc_id: str) -> Label | None:
        if moment not in self._by_time:
            then = self._snapshots.at(moment)
            if then is None:
                return None
            if len(self._by_time) >= MOST_LOADED:
                self._by_time.clear()
            self._by_time[moment] = self._names(then.inventory)
        return self._by_time[moment].of(address, vpc_id)


class WindowNames:
    """What addresses were called in a window; `latest` where no snapshot is of that time.

    A name that changed within the window is told with those before it, dated by the looks at the
    network between which it changed. Times are in `zone`.
    """

    def __init__(self, history: History, latest: Names, window: Window, zone: ZoneInfo) -> None:
        self._history = history
        self._latest = latest
        self._window = window
        self._zone = zone
        self._looks = _looks(history.spans, window)

    def of(self, address: str) -> Label:
        """The label of an address; of several, the first one's with all of the names."""
        labels = [(span, self._history.label(address, span.first)) for span in self._looks]
        named = [(span, label) for span, label in labels if label.name != address]
        if not named:
            return labels[-1][1] if labels else self._latest.of(address)
        parts = [list(same) for _, same in groupby(named, key=lambda one: one[1].name)]
        first = parts[0][0][1]
        if len(parts) == 1:
            return first
        told = [f"{first.name} until {self._at(parts[0][-1][0].last)}"]
        told += [f"{part[0][1].name} from {self._at(part[0][0].first)}" for part in parts[1:]]
        return replace(first, name=", ".join(told), certain=False)

    def serving(self, address: str, port: int) -> Label:
        """The same of an address that serves a port."""
        found = self.of(address)
        return (
            found if found.team else replace(found, team=self._latest.serving(address, port).team)
        )

    def notes(self) -> tuple[Note, ...]:
        """Of when the names are, where they are not simply those of now."""
        spans = self._history.spans
        if not self._looks:
            text = "Names are as of now: no snapshot of the network is of that time."
        elif self._window.start < spans[0].first:
            first = self._at(spans[0].first)
            text = f"No snapshot of the network is older than {first}: names before are as of then."
        elif self._looks == spans[-1:]:
            return ()
        else:
            number = many(len(self._looks), "snapshot")
            text = f"Names are those of the window, by {number} of the network."
        return (Note(Topic.METHOD, text),)

    def _at(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M}"


def _looks(spans: Sequence[Span], window: Window) -> list[Span]:
    """Snapshots that speak of a window: the last before it and those in it.

    Where the network was not seen unchanged to the window's end, the next one too. Of many, the
    first and the last.
    """
    found = [span for span in spans if span.first <= window.start][-1:]
    found += [span for span in spans if window.start < span.first < window.end]
    if found and found[-1].last < window.end:
        found += [span for span in spans if span.first >= window.end][:1]
    half = MOST_LOADED // 2
    return found if len(found) <= MOST_LOADED else [*found[:half], *found[-half:]]
