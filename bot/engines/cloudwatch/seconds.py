"""A window as CloudWatch takes it: whole seconds, both ends included. The one place that knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.model.window import Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Seconds:
    """From the second `first` to the second `last`, since 1970 in UTC; both belong to it."""

    first: int
    last: int


def seconds(window: Window) -> Seconds | None:
    """The whole seconds that lie in the window; None when there is none.

    A flow record's time is its start, a whole second, so windows that meet share no record and lose
    none, wherever between two seconds they meet.
    """
    first = max(0, _ceiling(window.start))
    last = _ceiling(window.end) - 1
    return Seconds(first, last) if first <= last else None


def _ceiling(moment: datetime) -> int:
    return -((_EPOCH - moment) // _SECOND)
