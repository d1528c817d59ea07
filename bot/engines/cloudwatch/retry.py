"""Calls to AWS: an error is understood first, and only then is the call made again or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bot.engines.cloudwatch.call import Call
from bot.engines.cloudwatch.errors import Truncated, passes, told
from bot.engines.engine import Watch
from bot.model.errors import FlowsError, TimedOut
from bot.model.writing import duration

T = TypeVar("T")


class Waiter(Protocol):
    def wait(self, seconds: float) -> None:
        """Sleep. Raises to stop what waits."""
        ...


class Deadline:
    """A watch's sleep that also ends when time is up; `clock` counts seconds, as monotonic does."""

    def __init__(self, watch: Watch, clock: Callable[[], float], seconds: float) -> None:
        self._watch = watch
        self._clock = clock
        self._seconds = seconds
        self._end = clock() + seconds

    def wait(self, seconds: float) -> None:
        """Sleep, at most to the deadline. Raises `TimedOut` past it, `Cancelled` when stopped."""
        left = self._end - self._clock()
        if left <= 0:
            raise TimedOut(
                f"the query took longer than {duration(self._seconds)} and was stopped",
                hint="Ask about a shorter window, or raise FLOWS_QUERY_TIMEOUT.",
            )
        self._watch.wait(min(seconds, left))


@dataclass(frozen=True)
class Backoff:
    """How often a call is made, and the seconds between: doubling from `first` to `longest`.

    `jitter` yields numbers from 0 to 1; each wait is between half of its length and all of it.
    """

    jitter: Callable[[], float]
    attempts: int = 5
    first: float = 0.5
    longest: float = 8.0

    def waits(self) -> Iterator[float]:
        for n in range(self.attempts - 1):
            yield min(self.first * 2**n, self.longest) * (1 + self.jitter()) / 2


def make(
    ask: Callable[[], T],
    call: Call,
    waiter: Waiter,
    backoff: Backoff,
    tell: Callable[[Exception, Call], FlowsError] = told,
) -> T:
    """Make a call; again after a while when what was wrong may pass. Raises `FlowsError`, which
    `tell` makes of the last error."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    waits = backoff.waits()
    while True:
        try:
            return ask()
        except (BotoCoreError, ClientError, Truncated) as error:
            wait = next(waits, None) if passes(error) else None
            if wait is None:
                raise tell(error, call) from None
        waiter.wait(wait)


def whole(response: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The response, which has `key`: a body that was cut off parses into one without it."""
    if key not in response:
        raise Truncated(key)
    return response
