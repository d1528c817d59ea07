"""A stretch of the past through the real scheduler, in virtual time."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from bot.ask.asker import Surroundings
from bot.engines.engine import Engine, Watch
from bot.model.answer import Network
from bot.model.message import Message
from bot.model.window import Window
from bot.network.aws_ranges import AwsRanges
from bot.network.teams import Teams
from bot.schedule.duties import DIGEST
from bot.schedule.opening import Watching
from bot.schedule.words import clock_time
from bot.store.opening import Store, open_store
from bot.store.schedules import Schedule, Schedules

STEP = timedelta(minutes=1)
HISTORY = timedelta(days=2)  # the detector wants one day at least


@dataclass
class Clock:
    """Time that passes only when it is told to."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Printed:
    """A channel that prints what would have been posted, and remembers it."""

    clock: Callable[[], datetime]
    write: Callable[[str], None]
    as_json: bool = False
    _serial: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _posted: dict[str, str] = field(default_factory=dict)

    def post(self, channel: str, message: Message, key: str) -> str:
        self._posted[key] = str(next(self._serial))
        self._say(channel, message, key, "")
        return self._posted[key]

    def edit(self, channel: str, timestamp: str, message: Message, key: str) -> None:
        self._say(channel, message, key, "edited: ")

    def reply(self, channel: str, timestamp: str, message: Message, key: str) -> str:
        """Details: a thread's tables are not printed."""
        self._posted[key] = str(next(self._serial))
        return self._posted[key]

    def find(self, channel: str, key: str, since: datetime, thread: str | None) -> str | None:
        return self._posted.get(key)

    def _say(self, channel: str, message: Message, key: str, how: str) -> None:
        at = f"{self.clock():%Y-%m-%dT%H:%M:%SZ}"
        if not self.as_json:
            self.write(f"{at}  {how}{message.about} {message.state}: {message.headline}")
            for line in message.lines:
                self.write(f"{'':22}{line}")
            return
        told = {
            "at": at,
            "channel": channel,
            "kind": message.about.value,
            "state": message.state,
            "headline": message.headline,
            "key": message.key,
        }
        self.write(json.dumps(told, ensure_ascii=False))


def replay(
    engine: Engine,
    window: Window,
    *,
    channel: str,
    write: Callable[[str], None],
    watch: Watch,
    zone: ZoneInfo,
    as_json: bool = False,
    inside: tuple[Network, ...] = (),
    history: timedelta = HISTORY,
    digest_at: str | None = None,
    ranges: Callable[[], AwsRanges | None] = lambda: None,
    surroundings: Surroundings | None = None,
    teams: Teams | None = None,
) -> None:
    """Run the scheduler from the window's start to its end, a minute a tick.

    What was logged in the `history` before the window is learned from. `digest_at` (HH:MM in the
    zone) has a digest posted every day. `surroundings` are what the logs are of, `ranges` which
    addresses are AWS services', `teams` whose hosts are. Nothing is remembered afterwards.
    """
    clock = Clock(window.start)
    with _scratch() as store:
        if digest_at:
            daily = Schedule(DIGEST, channel, "replay", window.start)
            digest = replace(daily, at=clock_time(digest_at), zone=str(zone))
            Schedules(store).add(digest)
        watching = Watching(
            store=store,
            engine=engine,
            clock=clock,
            who="replay",
            zone=zone,
            inside=inside,
            ranges=ranges,
            surroundings=surroundings,
            teams=teams,
            history=history,
            warn=channel,
        )
        ticker = watching.ticker(Printed(clock, write, as_json))
        while clock.now <= window.end:
            watch.check()
            ticker.tick(watch)
            clock.now += STEP


@contextmanager
def _scratch() -> Iterator[Store]:
    with TemporaryDirectory(prefix="flows-replay-") as folder:
        store = open_store(str(Path(folder, "state.db")), lasting=False)
        try:
            yield store
        finally:
            store.close()
