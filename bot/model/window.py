"""A stretch of time that a question is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.model.errors import BadWindow

# Lengths a bin may have, in seconds, with the Insights period that names each. Insights caps
# minutes at 60 and hours at 24, silently: every period here is within its cap.
PERIODS: tuple[tuple[int, str], ...] = (
    (60, "1m"),
    (300, "5m"),
    (600, "10m"),
    (900, "15m"),
    (1800, "30m"),
    (3600, "1h"),
    (10800, "3h"),
    (21600, "6h"),
    (43200, "12h"),
    (86400, "1d"),
)


@dataclass(frozen=True, slots=True)
class Period:
    """The length of one bin: `seconds`, and `text` as Insights spells it."""

    seconds: int
    text: str


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `end`, both in UTC; `end` itself is excluded."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise BadWindow("a window needs times with a zone", hint="Write 2026-11-20T14:00:00Z.")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.start >= self.end:
            raise BadWindow(
                f"the window ends ({self.end:%Y-%m-%dT%H:%M:%SZ}) before it has begun"
                f" ({self.start:%Y-%m-%dT%H:%M:%SZ})",
                hint="Swap the two times.",
            )

    @classmethod
    def last(cls, length: timedelta, now: datetime) -> Window:
        """The window of `length` that ends at `now`."""
        return cls(now - length, now)

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()

    def without(self, other: Window) -> Window | None:
        """What of this window is not in the other: what is before it, or else what is after it."""
        if self.start < other.start:
            return Window(self.start, min(self.end, other.start))
        if self.end > other.end:
            return Window(max(self.start, other.end), self.end)
        return None

    def period(self, at_most: int = 120) -> Period:
        """The shortest bin that cuts this window into `at_most` bins or fewer."""
        for seconds, text in PERIODS:
            if self.seconds / seconds <= at_most:
                return Period(seconds, text)
        return Period(*PERIODS[-1])

    def bins(self, period: Period) -> tuple[datetime, ...]:
        """Starts of every bin the window touches, on UTC boundaries as Insights draws them.

        Insights returns no row for an empty bin; a timeline that shall show zeros needs this.
        """
        first = int(self.start.timestamp()) // period.seconds * period.seconds
        last = self.end.timestamp()
        count = int(-((first - last) // period.seconds))
        return tuple(datetime.fromtimestamp(first + n * period.seconds, UTC) for n in range(count))
